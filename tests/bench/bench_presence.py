"""Who looks at an incident: what 200 people who look cost, how soon one is seen by the others, and whether intake minds."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from app import bundle
from app.session import COOKIE
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from models.vocabulary import Role
from services import across_tenants, database, people, presence, sessions
from tests.bench.bench_live import bare_sockets
from tests.bench.load import Load, Outcome, send, summary
from tests.bench.many_pages import Listeners, Recorded, connect, record
from tests.bench.processes import cpu_seconds
from tests.bench.rows import Row
from tests.fixtures.northwind import Northwind, settle
from tests.fixtures.servers import Server

VIEWERS = 200
JOINS = 25
JOIN_EVERY_SECONDS = 1.5
"""Further apart than two updates of a page: what is asked is how soon one join is seen."""
EVENTS_A_SECOND = 50
"""As many as 200 browsers say when half of them write, and more."""
_CPU_SECONDS = 12.0
_INTAKE_SECONDS = 6.0
_ROUNDS = 3
WRITERS = 5
_HERE = b"here_rx_state_"
_ACTS = IncidentActs.get_full_name()


def main(long: bool) -> Iterator[Row]:
    """Each figure beside the same pages when nobody looks, or beside as many events that do nothing."""
    del long
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-presence-") as name:
        folder = Path(name)
        bare = bare_sockets(folder, VIEWERS)
        northwind = settle(Server(folder))
        northwind.server.start()
        try:
            yield from _of(northwind, bare)
        finally:
            northwind.server.stop()


def _of(northwind: Northwind, bare: Outcome) -> Iterator[Row]:
    assert northwind.server.process is not None
    session = northwind.server.process.pid
    number = northwind.fire("presence")
    address = northwind.server.address
    first = record(address, f"/incidents/{number}", {COOKIE: northwind.tokens[Role.RESPONDER]})
    crowd = _Crowd()
    for token in _everybody(northwind):  # those who join later are there, behind another tab
        crowd.add(replace(first, cookies=f"{COOKIE}={token}"), f"/incidents/{number}")
    crowd.settle()

    def per_second(say: Callable[[int], None] | None = None) -> float:
        """The milliseconds of CPU that the server uses in a second, while as many events as that are said."""
        began, used, turn = time.perf_counter(), cpu_seconds(session), 0
        while (passed := time.perf_counter() - began) < _CPU_SECONDS:
            if say is not None:
                say(turn)
                turn += 1
            time.sleep(max(0.0, began + turn / EVENTS_A_SECOND - time.perf_counter()) if say is not None else _CPU_SECONDS - passed)
        return 1000 * (cpu_seconds(session) - used) / (time.perf_counter() - began)

    def close_dialog(turn: int) -> None:
        crowd.say(turn % VIEWERS, "set_dialog_open", {"is_open": False}, state=_ACTS)

    def write(turn: int) -> None:
        crowd.say(turn % VIEWERS, "set_writing", {"is_writing": True})

    def turn_away(turn: int) -> None:
        crowd.say(turn % VIEWERS, "set_in_sight", {"is_in_sight": turn // VIEWERS % 2 == 1})

    nobody, idle = per_second(), "the same pages, nobody looks"
    nothing, as_many = per_second(close_dialog), "as many events that do nothing"
    crowd.join(range(VIEWERS))
    yield Row("CPU a second, 200 look", per_second(), "ms", nobody, idle)
    yield Row(f"CPU a second, {EVENTS_A_SECOND} words that somebody writes", per_second(write), "ms", nothing, as_many)
    yield Row(f"CPU a second, {EVENTS_A_SECOND} pages shown or hidden", per_second(turn_away), "ms", nothing, as_many)
    silent, looking = zip(*(_intake_twice(northwind, crowd) for _ in range(_ROUNDS)), strict=True)
    note = f"one of {WRITERS} writes and a page is hidden or shown, each second; median of {_ROUNDS}"
    yield Row("intake while 200 look", median(looking), "requests/s", median(silent), idle, more_is_better=True, note=note)
    crowd.join(range(VIEWERS))
    heard = crowd.joins(range(VIEWERS, VIEWERS + JOINS))
    lost = f"{JOINS * VIEWERS - heard.requests} of {JOINS * VIEWERS:,} lost"
    yield Row("page in sight → each of 200 sockets, p50", heard.p50, "ms", bare.p50, "bare socket")
    yield Row("page in sight → each of 200 sockets, p95", heard.p95, "ms", bare.p95, "bare socket", note=lost)
    crowd.end()


def _everybody(northwind: Northwind) -> Iterator[str]:
    """A session of each of 225 new people."""
    with northwind.database():
        for place in range(VIEWERS + JOINS):
            email = f"viewer{place}@northwind.example"
            people.create_person(northwind.system, email=email, name=f"Viewer {place:03}", role=Role.RESPONDER)
            found = across_tenants.person_by_email(email)
            assert found is not None
            with database.write(northwind.tenant_id) as tx:
                token = sessions.start(tx, found, address="127.0.0.1", user_agent="Bench", timezone=None).token
            yield token


def _intake_twice(northwind: Northwind, crowd: _Crowd) -> tuple[float, float]:
    """How many alerts of other incidents are answered in a second, while nobody looks and while all do and some write."""
    for place in range(VIEWERS):
        crowd.say(place, "set_in_sight", {"is_in_sight": False})
    time.sleep(presence.HIDDEN_SECONDS + 2)
    silent = _intake(northwind)
    crowd.join(range(VIEWERS))
    ended = threading.Event()

    def meanwhile() -> None:
        turn = 0
        while not ended.wait(1):
            crowd.say(turn % WRITERS, "set_writing", {"is_writing": True})
            crowd.say(VIEWERS - 1 - turn // 2, "set_in_sight", {"is_in_sight": turn % 2 == 1})
            turn += 1

    saying = threading.Thread(target=meanwhile)
    saying.start()
    looking = _intake(northwind)
    ended.set()
    saying.join()
    return silent, looking


def _intake(northwind: Northwind) -> float:
    path, run = f"/intake/{northwind.keys['alertmanager']}", f"presence{time.time_ns()}"
    return send(Load(northwind.server.port, path, connections=8, seconds=_INTAKE_SECONDS, run=run)).rate


class _Crowd:
    """Open pages of many people, which say what their browsers would and note when they hear who is there."""

    def __init__(self) -> None:
        self._at: list[str] = []
        self._heard: list[list[float]] = []
        self._listeners = Listeners(self._take)

    def add(self, recorded: Recorded, at: str) -> None:
        """One more page at this address."""
        self._at.append(at)
        self._heard.append([])
        self._listeners.add(connect(recorded))

    def _take(self, place: int, message: bytes, at: float) -> None:
        if _HERE in message:
            self._heard[place].append(at)

    def settle(self) -> None:
        """Wait until all is said."""
        self._listeners.wait_for_quiet(3.0)

    def say(self, place: int, name: str, payload: dict[str, bool], *, state: str = "") -> None:
        """Send an event of the incident's page."""
        full = f"{state or IncidentDetail.get_full_name()}.{name}"
        routed = {"pathname": self._at[place], "asPath": self._at[place], "query": {"number": self._at[place].rpartition("/")[2]}}
        event = {"name": full, "payload": payload, "router_data": routed}
        self._listeners.say(place, f"42/_event,{json.dumps(['event', event])}")

    def join(self, places: range) -> None:
        """These pages come into sight."""
        for place in places:
            self.say(place, "set_in_sight", {"is_in_sight": True})
            time.sleep(0.005)
        self.settle()

    def joins(self, places: range) -> Outcome:
        """The milliseconds from the moment in which each of these pages comes into sight until each of the others has heard of it."""
        began, took = time.perf_counter(), []
        for place in places:
            said_at = time.perf_counter()
            self.say(place, "set_in_sight", {"is_in_sight": True})
            time.sleep(JOIN_EVERY_SECONDS + random.uniform(0, 0.3))
            for mine in self._heard[:VIEWERS]:
                later = [at for at in mine if at >= said_at]
                took += [later[0] - said_at] if later else []
        return summary(took, {}, time.perf_counter() - began)

    def end(self) -> None:
        """Close them all."""
        self._listeners.end()
