"""A large organisation for benchmarks, the same rows on both databases, made by a few set-based inserts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from models.columns import new_id
from models.incidents import Incident
from models.integrations import Service
from models.people import ActorRow, User
from models.timeline import TimelineEvent
from models.vocabulary import ActorKind, Role, Theme
from services import database, people
from services.access import Actor

PEOPLE = 200
SERVICES = 100
_YEARS = 2
_TITLE = "'Error rate above ' || (i % 17) || ' % on host-' || (i % 5000)"

# A number from 0 to 1 for each row and purpose, the same on both databases.
_UNIT = "((({i} * {multiplier}) % 1000003) / 1000003.0)"
_MULTIPLIERS = {"state": 7919, "severity": 104729, "assignee": 15485863, "service": 32452843, "took": 49979687}


@dataclass(frozen=True)
class Seeded:
    """What was made: a responder to ask as, and the people and services in the order of how much they have, the most first."""

    actor: Actor
    people: list[UUID]
    services: list[UUID]
    began: datetime
    ended: datetime


def seed(incident_count: int, *, findable: bool = False) -> Seeded:
    """Fill the migrated database in use with one organisation of `incident_count` incidents over two years.

    0.75 % of them are unresolved, half of those among the newest. With `findable` each has a text in the search index.
    """
    system = people.create_organisation("Northwind")
    who = [new_id() for _ in range(PEOPLE)]
    what = [new_id() for _ in range(SERVICES)]
    with database.write(system.tenant_id) as tx:
        for place, person_id in enumerate(who):
            tx.insert(ActorRow, id=person_id, kind=ActorKind.PERSON, name=f"Person {place}")
            tx.insert(
                User, id=person_id, email=f"person{place}@northwind.example", handle=f"person{place}", role=Role.RESPONDER, active=True,
                password_hash=None, timezone=None, theme=Theme.SYSTEM, shortcuts=True, timeline_newest_first=False, manager_id=None,
                created_at=tx.now,
            )  # fmt: skip
        for place, service_id in enumerate(what):
            tx.insert(Service, id=service_id, name=f"Service {place}", description="", runbook_url=None, created_at=tx.now)
    ended = datetime.now(UTC).replace(microsecond=0)
    began = ended - timedelta(days=365 * _YEARS)
    storage = database.storage()
    words = _sqlite_words() if storage.is_sqlite else _postgresql_words()
    values = {"count": incident_count, "tenant": _id(system.tenant_id), "system": _id(system.id), "began": int(began.timestamp())}
    values["span"] = int((ended - began).total_seconds()) - 60
    with database.write(system.tenant_id) as tx:
        connection = tx.connection
        connection.execute(text(f"CREATE TEMPORARY TABLE seed_person (place integer PRIMARY KEY, id {words['uuid']})"))
        connection.execute(text(f"CREATE TEMPORARY TABLE seed_service (place integer PRIMARY KEY, id {words['uuid']})"))
        for table, ids in (("seed_person", who), ("seed_service", what)):
            rows = [{"place": place, "id": _id(one)} for place, one in enumerate(ids)]
            connection.execute(text(f"INSERT INTO {table} VALUES (:place, :id)"), rows)
        with _without_indexes(connection):
            connection.execute(text(_incidents(words)), values)
            connection.execute(text(_events(words)), values)
        if findable:
            connection.execute(text(_documents(words)), values)
        connection.execute(text("UPDATE tenant SET next_number = :count + 1 WHERE id = :tenant"), values)
        for table in ("seed_person", "seed_service"):
            connection.execute(text(f"DROP TABLE {table}"))
    if not storage.is_sqlite:  # what autovacuum would have done by the time that an organisation is that large
        with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    actor = Actor(who[0], system.tenant_id, ActorKind.PERSON, Role.RESPONDER, "Person 0")
    return Seeded(actor, who, what, began, ended)


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Indexes are made at the end, in one go each: row by row they would take most of the time."""
    indexes = [index for table in (Incident, TimelineEvent) for index in table.__table__.indexes]  # type: ignore[attr-defined]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _id(value: UUID) -> str:
    return value.hex if database.storage().is_sqlite else str(value)


def _sqlite_words() -> dict[str, str]:
    return {
        "uuid": "text",
        "numbers": "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :count)",
        "from": "numbers",
        "hex_id": "printf('%012x7%03x8%015x', {ms}, i % 4096, {low})",
        "time": "(strftime('%Y-%m-%d %H:%M:%S', {epoch}, 'unixepoch') || '.000000')",
        "true": "1",
        "false": "0",
        "json": "'{}'",
    }


def _postgresql_words() -> dict[str, str]:
    return {
        "uuid": "uuid",
        "numbers": "",
        "from": "generate_series(1, CAST(:count AS bigint)) AS numbers(i)",
        "hex_id": "CAST(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex(i % 4096), 3, '0') "
        "|| '8' || lpad(to_hex({low}), 15, '0') AS uuid)",
        "time": "to_timestamp({epoch})",
        "true": "true",
        "false": "false",
        "json": "CAST('{}' AS jsonb)",
    }


def _unit(purpose: str) -> str:
    return _UNIT.format(i="i", multiplier=_MULTIPLIERS[purpose])


def _created() -> str:
    return "(CAST(:began AS bigint) + i * CAST(:span AS bigint) / CAST(:count AS bigint))"


def _incident_id(words: dict[str, str]) -> str:
    return words["hex_id"].format(ms=f"({_created()} * 1000)", low="i")


def _incidents(words: dict[str, str]) -> str:
    created = words["time"].format(epoch=_created())
    acknowledged = words["time"].format(epoch=f"({_created()} + {_whole(_unit('took') + ' * 600')})")
    resolved = words["time"].format(epoch=f"({_created()} + {_whole(_unit('took') + ' * 7200')})")
    unit = {purpose: _unit(purpose) for purpose in _MULTIPLIERS}
    recent = "i > CAST(:count AS bigint) * 0.9925"
    live = f"(({recent} AND {unit['state']} < 0.5) OR {unit['state']} < 0.00375)"
    state = f"CASE WHEN NOT {live} THEN 'resolved' WHEN i % 3 = 0 THEN 'open' WHEN i % 3 = 1 THEN 'acknowledged' ELSE 'investigating' END"
    severity = (
        f"CASE WHEN {unit['severity']} < 0.05 THEN 'critical' WHEN {unit['severity']} < 0.2 THEN 'high' "
        f"WHEN {unit['severity']} < 0.7 THEN 'medium' ELSE 'low' END"
    )
    person = f"(SELECT id FROM seed_person WHERE place = {_skewed(PEOPLE, unit['assignee'])})"
    service = f"(SELECT id FROM seed_service WHERE place = {_skewed(SERVICES, unit['service'])})"
    touched = f"NOT ({live} AND i % 3 = 0)"
    columns = {
        "tenant_id": ":tenant", "id": _incident_id(words), "number": "i", "title": _TITLE,
        "description": "''", "severity": severity, "state": state,
        "service_id": f"CASE WHEN {unit['service']} > 0.95 THEN NULL ELSE {service} END",
        "assigned_to": f"CASE WHEN {unit['assignee']} > 0.9 THEN NULL ELSE {person} END",
        "created_by": ":system", "created_at": created, "updated_at": created, "started_at": created,
        "acknowledged_at": f"CASE WHEN {touched} THEN {acknowledged} END",
        "first_acknowledged_at": f"CASE WHEN {touched} THEN {acknowledged} END",
        "tta_seconds": f"CASE WHEN {touched} THEN {_whole(unit['took'] + ' * 600')} END",
        "resolved_at": f"CASE WHEN NOT {live} THEN {resolved} END", "first_resolved_at": f"CASE WHEN NOT {live} THEN {resolved} END",
        "ttr_seconds": f"CASE WHEN NOT {live} THEN {_whole(unit['took'] + ' * 7200')} END",
        "resolution_notes": f"CASE WHEN NOT {live} THEN 'Rolled back' END", "occurrence": "1", "why": "'Default rule'",
        "accepts_alerts": words["false"], "alert_count": "1", "firing_count": f"CASE WHEN {live} THEN 1 ELSE 0 END", "truncated_count": "0",
        "touched": words["true"], "last_seq": "1", "version": "1",
    }  # fmt: skip
    if words["uuid"] == "uuid":
        columns |= {name: f"CAST({columns[name]} AS uuid)" for name in ("tenant_id", "created_by")}
    return f"INSERT INTO incident ({', '.join(columns)}) {words['numbers']} SELECT {', '.join(columns.values())} FROM {words['from']}"


def _skewed(count: int, unit: str) -> str:
    """A place below `count`, the first ones more often."""
    return _whole(f"{count} * {unit} * {unit}")


def _whole(expression: str) -> str:
    return f"CAST(floor({expression}) AS integer)" if not database.storage().is_sqlite else f"CAST({expression} AS integer)"


def _events(words: dict[str, str]) -> str:
    created = words["time"].format(epoch=_created())
    columns = {
        "tenant_id": ":tenant", "id": words["hex_id"].format(ms=f"({_created()} * 1000)", low="i + 100000000"),
        "incident_id": _incident_id(words), "seq": "1", "type": "'comment'", "actor_id": ":system", "data": words["json"],
        "occurred_at": created, "recorded_at": created,
    }  # fmt: skip
    if words["uuid"] == "uuid":
        columns |= {name: f"CAST({columns[name]} AS uuid)" for name in ("tenant_id", "actor_id")}
    return f"INSERT INTO timeline_event ({', '.join(columns)}) {words['numbers']} SELECT {', '.join(columns.values())} FROM {words['from']}"


def _documents(words: dict[str, str]) -> str:
    columns = {
        "tenant_id": "CAST(:tenant AS uuid)" if words["uuid"] == "uuid" else ":tenant", "kind": "'incident'",
        "ref_id": _incident_id(words), "incident_id": _incident_id(words),
        "title": _TITLE,
        "body": "'INC-' || i || ' checkout payments word' || (i % 100) || CASE WHEN i % 100000 = 0 THEN ' rareword' ELSE '' END",
        "created_at": words["time"].format(epoch=_created()),
    }  # fmt: skip
    return (
        f"INSERT INTO search_document ({', '.join(columns)}) {words['numbers']} SELECT {', '.join(columns.values())} FROM {words['from']}"
    )
