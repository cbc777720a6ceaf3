"""Whether anything that was accepted is lost when all processes of the server are killed in the middle of it, again and again."""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from app import bundle
from tests.bench.load import envelope
from tests.bench.rows import Row
from tests.fixtures.senders import Sender
from tests.fixtures.servers import Server

WRITERS = 16
KILLS = 20
_ALERTS_OF_A_GROUP = 7


@dataclass
class Writers:
    """Threads that send new alerts as fast as they are answered, and note what was accepted."""

    sender: Sender
    accepted: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._write, args=(number,), daemon=True) for number in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        link: http.client.HTTPConnection | None = None
        number = 0
        while not self._ended.is_set():
            number += 1
            # all writers share their groups, so that they meet in one incident
            body = envelope("kill", number // _ALERTS_OF_A_GROUP, writer * 10_000_000 + number, 1)
            try:
                link = link or http.client.HTTPConnection("127.0.0.1", self.sender.server.port, timeout=10)
                link.request("POST", self.sender.path, body, {"Content-Type": "application/json"})
                answer = link.getresponse()
                answer.read()
                if answer.status == 202:
                    self.accepted.append(f"kill{writer * 10_000_000 + number:x}")
            except (OSError, http.client.HTTPException):
                if link is not None:
                    link.close()
                link = None
                time.sleep(0.02)


@dataclass(frozen=True)
class Loss:
    """What was found after the last kill."""

    accepted: int
    lost: int
    doubled: int
    integrity: str


def kill_again_and_again(folder: Path, kills: int, *, seconds: float = 1.5) -> Loss:
    """Kill a server on SQLite `kills` times while 16 writers send, and count what is missing of that which it accepted."""
    server = Server(folder)
    server.start()
    writers = Writers(Sender(server, "alertmanager"))
    writers.start()
    try:
        for _ in range(kills):
            before = len(writers.accepted)
            until = time.monotonic() + 60
            time.sleep(seconds)
            while len(writers.accepted) < before + WRITERS and time.monotonic() < until:
                time.sleep(0.05)  # so that each kill meets writers at work
            kill(server)
            server.start()
        time.sleep(seconds)
    finally:
        writers.stop()
        server.stop()
    return _found(folder / "data" / "tocsin.db", writers.accepted)


def kill(server: Server) -> None:
    """End all processes of a server at once, without a word to them."""
    assert server.process is not None
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def _found(database: Path, accepted: list[str]) -> Loss:
    with closing(sqlite3.connect(database)) as connection:
        stored = {row[0] for row in connection.execute("SELECT fingerprint FROM alert")}
        doubled = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM incident WHERE accepts_alerts = 1 GROUP BY group_hash HAVING count(*) > 1)"
        ).fetchone()[0]
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return Loss(len(accepted), len(set(accepted) - stored), doubled, integrity)


def main(long: bool) -> Iterator[Row]:
    """Twenty kills, fifty when `long`. The bar is none lost."""
    bundle.ensure()
    kills = 50 if long else KILLS
    with tempfile.TemporaryDirectory(prefix="tocsin-kill-") as name:
        loss = kill_again_and_again(Path(name), kills)
    if loss.integrity != "ok":
        raise RuntimeError(f"the database is damaged: {loss.integrity}")
    note = f"{kills} × kill -9 under {WRITERS} writers, {loss.accepted:,} accepted"
    yield Row("accepted alerts that were lost", loss.lost, "alerts", bar=0, note=note)
    yield Row("groups with more than one live incident", loss.doubled, "groups", bar=0, note=note)
