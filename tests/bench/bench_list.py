"""The incident list over a million incidents: pages at any place for the usual combinations of filters, on both databases."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.incidents import Incident
from models.vocabulary import UNRESOLVED, IncidentState, Severity
from services import database, incident_list, related, schema
from services.incident_list import Filters, cursors
from services.incident_list.scans import Place
from tests.bench.incident_seed import Seeded, seed
from tests.bench.rows import Row
from tests.fixtures.databases import postgresql

INCIDENTS = 1_000_000
PAGE = 50
LOOKS = 60
BAR_MS = 20.0
_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]


def main(long: bool) -> Iterator[Row]:
    """The p95 of a page of 50 in the service, its p50 in the note; words too, which take minutes to write, when `long`."""
    with tempfile.TemporaryDirectory(prefix="tocsin-list-") as folder:
        yield from _of("SQLite", f"sqlite:///{Path(folder) / 'tocsin.db'}", findable=long)
    with postgresql() as server:
        server.run(f"CREATE DATABASE list TEMPLATE {server.template}")
        yield from _of("PostgreSQL", server.named("list"), findable=long)


def _of(name: str, url: str, *, findable: bool) -> Iterator[Row]:
    database.use(url)
    try:
        schema.migrate()
        seeded = seed(INCIDENTS, findable=findable)
        floor = _floor(seeded)
        for what, filters in _combinations(seeded).items():
            yield _row(f"list, {name}, {what}", lambda filters=filters: _page(seeded, filters), floor)  # type: ignore[misc]
        if findable:
            for what, words in (("a rare word", "rareword"), ("a word of one in a hundred", "word17"), ("a word of all", "payments")):
                yield _row(f"list, {name}, {what}", lambda words=words: _page(seeded, Filters(words=words)), floor, bar=None)  # type: ignore[misc]
        for what, title, of in (
            ("alike by title", "Error rate above 7 % on host-12 of checkout", None),
            ("alike by service", "Checkout", seeded.services[3]),
        ):
            yield _row(f"{what}, {name}", lambda title=title, of=of: related.unresolved_like(seeded.actor, title, of), floor)  # type: ignore[misc]
        for what, query in (
            ("needs attention first, with its figures", ""),
            ("mine", "view=mine"),
            ("all, as a page shows it", "view=all"),
        ):
            key = incident_list.key_of(seeded.actor, incident_list.wanted_by(seeded.actor, query, "UTC"))
            yield _row(f"list, {name}, page: {what}", lambda key=key: incident_list.read_list(key), floor, bar=None)  # type: ignore[misc]
    finally:
        database.use(None)


def _combinations(seeded: Seeded) -> dict[str, Filters]:
    """Twelve that people ask for, with somebody and something that has much, and that has little."""
    much, little = seeded.people[1], seeded.people[120]
    service, month = seeded.services[3], seeded.began + timedelta(days=400)
    return {
        "all": Filters(),
        "state": Filters((IncidentState.OPEN,)),
        "unresolved": Filters(UNRESOLVED),
        "severity": Filters((), (Severity.CRITICAL,)),
        "severities": Filters((), (Severity.CRITICAL, Severity.HIGH)),
        "unresolved, severities": Filters(UNRESOLVED, (Severity.CRITICAL, Severity.HIGH)),
        "assignee": Filters(assignee=much),
        "assignee, unresolved": Filters(UNRESOLVED, assignee=little),
        "assignee, severity, resolved": Filters((IncidentState.RESOLVED,), (Severity.CRITICAL,), assignee=much),
        "service, severities": Filters((), (Severity.CRITICAL, Severity.HIGH), service=service),
        "service, assignee": Filters(service=service, assignee=little),
        "month, resolved, severity": Filters((IncidentState.RESOLVED,), (Severity.HIGH,), after=month, before=month + timedelta(days=30)),
    }


def _page(seeded: Seeded, filters: Filters) -> None:
    """A page somewhere: one in four times the first, else after a place in time that is as likely as any other."""
    cursor = None
    if random.random() > 0.25:
        at = seeded.began + (seeded.ended - seeded.began) * random.random()
        cursor = cursors.write(Place(at, UUID(int=0)), seeded.actor.tenant_id)
    incident_list.page(seeded.actor, filters, cursor, PAGE)


def _floor(seeded: Seeded) -> tuple[float, float]:
    """Fifty incidents by their primary keys."""
    with database.read(seeded.actor.tenant_id) as session:
        known = list(session.connection().execute(select(_incident.id).order_by(_incident.id).limit(20_000)).scalars())

    def look() -> None:
        wanted = random.sample(known, PAGE)
        with database.read(seeded.actor.tenant_id) as session:
            session.connection().execute(select(Incident.__table__).where(_incident.id.in_(wanted))).all()  # type: ignore[attr-defined]

    return _measure(look)


def _measure(look: Callable[[], object]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, after some looks that are not counted."""
    took: list[float] = []
    for place in range(LOOKS + 10):
        began = time.perf_counter()
        look()
        if place >= 10:
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def _row(what: str, look: Callable[[], object], floor: tuple[float, float], *, bar: float | None = BAR_MS) -> Row:
    p50, p95 = _measure(look)
    return Row(what, p95, "ms", floor[1], "50 rows by key", bar=bar, note=f"p50 {p50:.1f} ms, floor {floor[0]:.1f}")
