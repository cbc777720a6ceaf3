"""Several web processes on one PostgreSQL."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.fixtures.servers import Server


def web_processes(server: Server) -> set[int]:
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return {int(pid) for pid in children.split()}


def wait_until(what: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)


@pytest.fixture
def pair(new_server: Callable[..., Server], new_database: Callable[[str], str]) -> Server:
    """A server of two web processes."""
    server = new_server(TOCSIN_DATABASE_URL=new_database("postgresql"))
    server.start("--workers", "2")
    return server


def test_two_web_processes_serve_one_address_and_one_that_dies_is_replaced(pair: Server) -> None:
    first = web_processes(pair)
    assert len(first) == 2
    assert pair.log.count("/setup?token=") == 1
    os.kill(min(first), signal.SIGKILL)
    time.sleep(0.5)
    assert httpx.get(f"{pair.address}/incidents").status_code == 200
    wait_until(lambda: len(web_processes(pair)) == 2 and web_processes(pair) != first)
    wait_until(lambda: httpx.get(f"{pair.address}/readyz").status_code == 200)


def test_they_end_together(pair: Server) -> None:
    processes = web_processes(pair)
    began = time.monotonic()
    assert pair.stop() == 0
    assert time.monotonic() - began < 10
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)
