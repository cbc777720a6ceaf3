"""From an alert's POST to its text on the page: one Chromium, idle and under load, and many viewers of one incident."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import websocket
from playwright.sync_api import Page

from app import bundle
from app.session import COOKIE
from models.vocabulary import Role
from tests.bench.load import Load, Outcome, envelope, send, summary
from tests.bench.many_pages import Listeners, connect, record
from tests.bench.processes import running, tocsin_environment
from tests.bench.rows import Row
from tests.fixtures.browsers import chromium
from tests.fixtures.northwind import Northwind, settle
from tests.fixtures.servers import Server, free_port

PROBES = 60
FAN_OUT_PROBES = 30
VIEWERS = 200
VIEWERS_LONG = 1_000
ALERTS_A_SECOND = 500
_QUIET_SECONDS = 2.0
_BARE = [sys.executable, "-m", "tests.bench.bare_push"]
_WATCH = """() => {
    window.seen = {};
    new MutationObserver((records) => {
        const at = performance.timeOrigin + performance.now();
        for (const { addedNodes } of records) for (const node of addedNodes) {
            for (const [word] of (node.textContent ?? "").matchAll(/probe-\\d+/g)) seen[word] ??= at;
        }
    }).observe(document.body, { childList: true, subtree: true });
}"""

_PROBE = re.compile(rb"probe-\d+")
_rounds = itertools.count(1)

Say = Callable[[str], None]


def main(long: bool) -> Iterator[Row]:
    """Each figure beside the same without Tocsin: the same server software passes the words on by a bare socket."""
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-live-") as name:
        folder = Path(name)
        port = free_port()
        with running([*_BARE, str(port)], port, tocsin_environment(folder, port), folder / "bare.log"):
            bare_page = _in_chromium(f"http://127.0.0.1:{port}", "/", {}, _bare_speaker(port))
            bare = {count: _to_bare_viewers(count, port) for count in _counts(long)}
        northwind = settle(Server(folder))
        northwind.server.start()
        try:
            yield from _of(northwind, bare_page, bare, long)
        finally:
            northwind.server.stop()


def bare_sockets(folder: Path, count: int) -> Outcome:
    """The milliseconds from each POST until each of so many bare sockets has heard of it."""
    port = free_port()
    with running([*_BARE, str(port)], port, tocsin_environment(folder, port), folder / "bare.log"):
        return _to_bare_viewers(count, port)


def _to_bare_viewers(count: int, port: int) -> Outcome:
    def one() -> websocket.WebSocket:
        return websocket.create_connection(f"ws://127.0.0.1:{port}/live", timeout=30, skip_utf8_validation=True)

    return _to_viewers(count, one, _bare_speaker(port))


def _counts(long: bool) -> tuple[int, ...]:
    return (VIEWERS, VIEWERS_LONG) if long else (VIEWERS,)


def _of(northwind: Northwind, bare_page: Outcome, bare: dict[int, Outcome], long: bool) -> Iterator[Row]:
    server = northwind.server
    say = _speaker(northwind)
    say("first")
    cookies = {COOKIE: northwind.tokens[Role.RESPONDER]}
    page = (server.address, "/incidents/INC-1", cookies, say)
    _in_chromium(*page, probes=5)  # the first page that a server shows takes longer
    idle = _in_chromium(*page)
    yield from _rows("POST → text in Chromium's DOM, idle", idle, bare_page, PROBES, p50=20, p95=50)
    with _load(server.port, northwind.keys["alertmanager"]) as loaded:
        busy = _in_chromium(*page)
    note = f"{loaded[0].rate:.0f} alerts/s came in, answered in p50 {loaded[0].p50:.1f}, p99 {loaded[0].p99:.1f} ms"
    yield from _rows(f"POST → text in Chromium's DOM, {ALERTS_A_SECOND} alerts/s", busy, bare_page, PROBES, p95=60, note=note)
    yield from _of_list(northwind, bare_page)
    recorded = record(server.address, "/incidents/INC-1", cookies)
    for count in _counts(long):
        heard = _to_viewers(count, lambda: connect(recorded), say)
        bar = 120 if count == VIEWERS else 800
        yield from _rows(f"POST → each of {count:,} viewers' sockets", heard, bare[count], FAN_OUT_PROBES * count, p95=bar)


def _of_list(northwind: Northwind, bare_page: Outcome) -> Iterator[Row]:
    """A new incident on the list of all, the newest first: among many that wait, the list of now shows the worst alone."""
    server = northwind.server
    page = (server.address, "/incidents?view=all", {COOKIE: northwind.tokens[Role.RESPONDER]}, _opener(northwind))
    yield from _rows("POST → new row of the list, idle", _in_chromium(*page), bare_page, PROBES, p95=80)
    with _load(server.port, northwind.keys["alertmanager"]):
        busy = _in_chromium(*page)
    yield from _rows(f"POST → new row of the list, {ALERTS_A_SECOND} alerts/s", busy, bare_page, PROBES, p95=150)


def _rows(what: str, found: Outcome, bare: Outcome, sent: int, *, p95: float, p50: float | None = None, note: str = "") -> Iterator[Row]:
    lost = f"max {found.worst:.0f} ms, {sent - found.requests} of {sent:,} lost"
    yield Row(f"{what}, p50", found.p50, "ms", bare.p50, "bare socket", bar=p50, note=note)
    yield Row(f"{what}, p95", found.p95, "ms", bare.p95, "bare socket", bar=p95, note=lost)


# ── who speaks ──


class _Connection:
    """Posts over one connection, which is made anew after a pause: the server does not keep an idle one for long."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._used_at = 0.0

    def post(self, path: str, body: str) -> None:
        if time.monotonic() - self._used_at > 3:
            self._connection.close()
            self._connection.connect()
        self._connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        said = answer.read()
        self._used_at = time.monotonic()
        if answer.status not in (200, 202):
            raise RuntimeError(f"it was not taken: {answer.status} {said!r}")


def _opener(northwind: Northwind) -> Say:
    """Opens an incident with these words as its title."""
    connection = _Connection(northwind.server.port)

    def say(words: str) -> None:
        alert = {"title": words, "severity": "critical", "dedup_key": f"{words} {next(_rounds)}"}
        connection.post(f"/intake/{northwind.keys['generic']}", json.dumps(alert))

    return say


def _speaker(northwind: Northwind) -> Say:
    """Sends an alert with these words as its title; all of them belong to one incident."""
    connection = _Connection(northwind.server.port)
    number = iter(range(1_000_000))

    def say(words: str) -> None:
        document = json.loads(envelope("live", 0, next(number), 1))
        document["alerts"][0]["annotations"]["summary"] = words
        connection.post(f"/intake/{northwind.keys['alertmanager']}", json.dumps(document))

    return say


def _bare_speaker(port: int) -> Say:
    connection = _Connection(port)
    return lambda words: connection.post("/say", words)


@contextmanager
def _load(port: int, key: str) -> Iterator[list[Outcome]]:
    """Alerts of other incidents that come in meanwhile; what became of them is known after the block."""
    came: list[Outcome] = []
    seconds = 3 + PROBES * 0.2
    load = Load(port, f"/intake/{key}", connections=16, seconds=seconds, run=f"load{time.time_ns() % 10**6}x", per_second=ALERTS_A_SECOND)
    sending = threading.Thread(target=lambda: came.append(send(load)))
    sending.start()
    time.sleep(1.5)
    yield came
    sending.join()


# ── who hears ──


def _in_chromium(address: str, path: str, cookies: dict[str, str], say: Say, probes: int = PROBES) -> Outcome:
    """The milliseconds from each POST until its words are in the page."""
    with chromium() as browser:
        context = browser.new_context(base_url=address)
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        page: Page = context.new_page()
        page.goto(path)
        page.wait_for_selector("[data-seq], [data-row]" if cookies else "ol", state="attached")
        page.wait_for_timeout(1_000)
        page.evaluate(_WATCH)
        began = time.perf_counter()
        posted: dict[str, float] = {}
        for probe in range(probes):
            time.sleep(random.uniform(0.1, 0.2))
            word = f"probe-{probe}"
            posted[word] = time.time()
            say(word)
        page.wait_for_timeout(2_000)
        seen: dict[str, float] = page.evaluate("seen")
        context.close()
    return summary([seen[word] / 1000 - at for word, at in posted.items() if word in seen], {}, time.perf_counter() - began)


class _Viewers:
    """Sockets that note when they first hear of each probe."""

    def __init__(self) -> None:
        self._heard: list[dict[str, float]] = []
        self._listeners = Listeners(self._take)

    def add(self, socket: websocket.WebSocket) -> None:
        self._heard.append({})
        self._listeners.add(socket)

    def _take(self, place: int, message: bytes, at: float) -> None:
        for word in _PROBE.findall(message):
            self._heard[place].setdefault(word.decode(), at)

    def hear(self, say: Say, probes: int) -> Outcome:
        """The milliseconds from each POST until each socket has heard of it; `requests` counts what was heard. Ends them all."""
        self._listeners.wait_for_quiet(_QUIET_SECONDS)  # until all pages have loaded
        began = time.perf_counter()
        posted: dict[str, float] = {}
        for probe in range(probes):
            time.sleep(random.uniform(0.3, 0.5))
            word = f"probe-{probe + 1000 * next(_rounds)}"
            posted[word] = time.perf_counter()
            say(word)
        time.sleep(3)
        self._listeners.end()
        took = [mine[word] - at for mine in self._heard for word, at in posted.items() if word in mine]
        return summary(took, {}, time.perf_counter() - began)


def _to_viewers(count: int, open_one: Callable[[], websocket.WebSocket], say: Say) -> Outcome:
    viewers = _Viewers()
    for _ in range(count):
        viewers.add(open_one())
    return viewers.hear(say, FAN_OUT_PROBES)
