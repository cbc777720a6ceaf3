"""What all processes of the server take: idle, after many alerts, and after many pages came and left."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from app import bundle
from tests.bench.load import Load, send
from tests.bench.many_pages import opened, record
from tests.bench.processes import EMPTY_SERVER, memory_mib, running, tocsin_environment
from tests.bench.rows import Row
from tests.fixtures.servers import Server, free_port

ALERTS = 100_000
PAGES = 200
_AT_ONCE = 50
_FORGET_SECONDS = 30
"""How long the state of a page that left is kept here; as delivered it is nine minutes."""
_COLLECT_SECONDS = 75
"""Within this time the server finds a quiet moment to collect garbage."""
_LOGIN = {"email": "ada@example.org", "password": "correct-horse-battery"}


def main(long: bool) -> Iterator[Row]:
    """Each figure is of the server's whole session, with shared memory counted once; more rounds of pages when `long`."""
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-memory-") as name:
        folder = Path(name)
        floor = _empty_mib(folder)
        server = Server(folder, settings={"REFLEX_REDIS_TOKEN_EXPIRATION": str(_FORGET_SECONDS)})
        server.command(
            "create-user", "--name", "Ada", "--email", _LOGIN["email"], "--role", "admin", "--password-stdin", stdin=_LOGIN["password"]
        )
        made = server.command("create-integration", "--kind", "alertmanager", "--name", "Load", "--json")
        server.start()
        try:
            yield from _of(server, json.loads(made)["key"], floor, rounds=3 if long else 1)
        finally:
            server.stop()


def _of(server: Server, key: str, floor: float, *, rounds: int) -> Iterator[Row]:
    assert server.process is not None
    session = server.process.pid
    cookies = _sign_in(server.address)
    httpx.get(f"{server.address}/api/v1/incidents", cookies=cookies)
    time.sleep(5)
    idle = memory_mib(session)
    yield Row("memory, idle", idle, "MiB", floor, "empty server", bar=180)

    took = _send_alerts(server.port, key)
    time.sleep(5)
    loaded = memory_mib(session)
    note = f"{loaded:.0f} MiB in all, {ALERTS / took:,.0f} alerts a second"
    yield Row(f"memory, more after {ALERTS:,} alerts", loaded - idle, "MiB", bar=20e6 / 2**20, note=note)

    recorded = record(server.address, "/incidents/INC-1", cookies)
    before = memory_mib(session)
    for this_round in range(1, rounds + 1):
        with opened(recorded, PAGES) as tabs:
            time.sleep(2)
            during = memory_mib(session)
            if tabs.lost:
                raise RuntimeError(f"the server closed {tabs.lost} of {PAGES} pages")
        time.sleep(_FORGET_SECONDS + _COLLECT_SECONDS)
        after = memory_mib(session)
        if this_round == 1:
            each = f"{(during - before) * 1024 / PAGES:.0f} KiB a page"
            yield Row(f"memory, more while {PAGES} pages follow one incident", during - before, "MiB", note=each)
        what = f"memory, more after {PAGES} pages have left" + (f", {this_round} times" if this_round > 1 else "")
        yield Row(what, after - before, "MiB", note=f"{_FORGET_SECONDS + _COLLECT_SECONDS} s later, kept for {_FORGET_SECONDS} s")


def _empty_mib(folder: Path) -> float:
    port = free_port()
    with running([*EMPTY_SERVER, str(port)], port, tocsin_environment(folder, port), folder / "empty.log") as (session, _):
        return memory_mib(session)


def _sign_in(address: str) -> dict[str, str]:
    answer = httpx.post(f"{address}/auth/sign-in", data=_LOGIN, headers={"origin": address})
    if not answer.cookies:
        raise RuntimeError(f"could not sign in: {answer.status_code}")
    return dict(answer.cookies)


def _send_alerts(port: int, key: str) -> float:
    """Send them; the seconds that it took."""
    seconds, stored, part = 0.0, 0, 0
    while stored < ALERTS:
        outcome = send(Load(port, f"/intake/{key}", connections=8, seconds=4.0, alerts=_AT_ONCE, run=f"memory{part}x"))
        if set(outcome.statuses) != {"202"}:
            raise RuntimeError(f"not all alerts were stored: {outcome.statuses}")
        stored += outcome.requests * _AT_ONCE
        seconds += outcome.seconds
        part += 1
    return seconds
