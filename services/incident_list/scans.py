"""The statements that find incidents by filters, in the order of time, a page at a time.

Each state and severity is a run of an index that is in order already; runs are merged. So a page costs what a page costs, however many
incidents there are. Words are looked up first and give ids, unless very many texts hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Select, Uuid, bindparam, literal, select, tuple_, union_all
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.incidents import Incident
from models.vocabulary import IncidentState, Severity
from services import database, search
from services.incident_list import snoozed
from services.incident_list.filters import Filters
from services.statements import Prepared, as_uuid, aside, listed, one_of

_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_FEW = 2_000
"""Up to so many texts with the words asked for, their incidents are collected first."""
_MANY = 50_000
"""From so many on, incidents are looked at one by one: soon one has the words."""

Lane = tuple[IncidentState | None, Severity | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: the incident with this time and id stands just before it.

    `severity` is that incident's where the worst come first; None where the list is in the order of time.
    """

    created_at: datetime
    id: UUID
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a statement is made of; statements of one shape differ in values only."""

    lanes: tuple[Lane, ...]
    severities: tuple[Severity, ...]
    assignee: bool
    unassigned: bool
    service: bool
    after: bool
    before: bool
    beyond: bool
    number: bool
    whole: bool
    awake: bool
    oldest_first: bool


def find(session: Session, filters: Filters, *, limit: int, beyond: Place | None = None, oldest_first: bool = False) -> list[UUID]:
    """The ids of at most `limit` incidents of the session's organisation, newest first, from the one after `beyond` on."""
    values = _values(session, filters, limit, beyond)
    if filters.words:
        query = _with_words(session, filters, _shape(filters, beyond, oldest_first, merge=False))
        return list(session.connection().execute(query, values).scalars())
    statement = _statement(_shape(filters, beyond, oldest_first, merge=True), database.storage().dialect.name)
    cursor = session.connection().connection.cursor()
    try:
        return [_id(row[0]) for row in statement.run(cursor, values).fetchall()]
    finally:
        cursor.close()


def _shape(filters: Filters, beyond: Place | None, oldest_first: bool, *, merge: bool) -> _Shape:
    owned = filters.assignee is not None or filters.unassigned or filters.service is not None
    return _Shape(
        lanes=tuple(_lanes(filters, owned)) if merge else ((None, None),),
        severities=filters.severities if owned or not merge else (),
        assignee=filters.assignee is not None,
        unassigned=filters.unassigned,
        service=filters.service is not None,
        after=filters.after is not None,
        before=filters.before is not None,
        beyond=beyond is not None,
        number=filters.number is not None,
        whole=filters.whole,
        awake=filters.awake,
        oldest_first=oldest_first,
    )


def _id(value: Any) -> UUID:
    found = as_uuid(value)
    assert found is not None
    return found


def _lanes(filters: Filters, owned: bool) -> Iterator[Lane]:
    """The runs that hold these incidents; (None, None) is the run of all. `owned`: those of somebody or of a service."""
    if owned:
        yield from ((state, None) for state in filters.states or tuple(IncidentState))
    elif not filters.states and not filters.severities:
        yield None, None
    else:
        for state in filters.states or tuple(IncidentState):
            yield from ((state, severity) for severity in filters.severities or tuple(Severity))


def _values(session: Session, filters: Filters, limit: int, beyond: Place | None) -> dict[str, Any]:
    return {
        "tenant": session.info["tenant_id"],
        "assignee": filters.assignee,
        "service": filters.service,
        "after": filters.after,
        "before": filters.before,
        "number": filters.number,
        "at": beyond.created_at if beyond else None,
        "at_id": beyond.id if beyond else None,
        "limit": limit,
    }


@lru_cache(maxsize=512)
def _statement(shape: _Shape, dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only: a test may use both databases in one process
    runs = [_in_order(_where(shape, lane), shape.oldest_first) for lane in shape.lanes]
    if len(runs) == 1:
        return Prepared(runs[0].with_only_columns(_incident.id), database.storage().dialect)
    merged = union_all(*[select(run.subquery()) for run in runs]).subquery()
    return Prepared(_ordered(select(merged.c.id), merged.c, shape.oldest_first), database.storage().dialect)


def _in_order(where: list[ColumnElement[bool]], oldest_first: bool) -> Select[Any]:
    return _ordered(select(_incident.created_at, _incident.id).where(*where), _incident, oldest_first)


def _ordered(query: Select[Any], columns: Any, oldest_first: bool) -> Select[Any]:
    order = (columns.created_at, columns.id) if oldest_first else (columns.created_at.desc(), columns.id.desc())
    return query.order_by(*order).limit(bindparam("limit", type_=Integer()))


def _where(shape: _Shape, lane: Lane) -> list[ColumnElement[bool]]:
    state, severity = lane
    time, key = _incident.created_at.type, Uuid()
    place = tuple_(bindparam("at", type_=time), bindparam("at_id", type_=key), types=[DateTime(), key])
    here = tuple_(_incident.created_at, _incident.id)
    chosen: list[tuple[bool, ColumnElement[bool]]] = [
        (True, _incident.tenant_id == bindparam("tenant", type_=key)),
        (state is not None, _incident.state == state),
        (severity is not None, _incident.severity == severity),
        (bool(shape.severities), _incident.severity.in_([literal(one, _incident.severity.type) for one in shape.severities])),
        (shape.assignee, _incident.assigned_to == bindparam("assignee", type_=key)),
        (shape.unassigned, _incident.assigned_to.is_(None)),
        (shape.service, _incident.service_id == bindparam("service", type_=key)),
        (shape.after, _incident.created_at >= bindparam("after", type_=time)),
        (shape.before, _incident.created_at < bindparam("before", type_=time)),
        (shape.number, _incident.number == bindparam("number", type_=Integer())),
        (shape.whole, _incident.parent_id.is_(None)),
        (shape.awake, snoozed.awake(bindparam("tenant", type_=key))),
        (shape.beyond, here > place if shape.oldest_first else here < place),
    ]
    return [condition for applies, condition in chosen if applies]


def _with_words(session: Session, filters: Filters, shape: _Shape) -> Select[Any]:
    return _looked_up(session, filters, shape, lambda where: _in_order(where, shape.oldest_first).with_only_columns(_incident.id))


def _looked_up(session: Session, filters: Filters, shape: _Shape, query: Callable[[list[ColumnElement[bool]]], Select[Any]]) -> Select[Any]:
    """`query` of the conditions, where the words have been looked up."""
    where = _where(shape, (None, None))
    if filters.states:
        where.append(_incident.state.in_(filters.states))
    if not filters.words:
        return query(where)
    tenant_id, dialect, words = session.info["tenant_id"], database.storage().dialect, filters.words
    connection = session.connection()
    hits = search.incidents_with(words, tenant_id, dialect.name)
    assert hits is not None, "filters hold words only where there are some"
    first = list(connection.execute(hits.limit(_FEW + 1)).scalars())
    if len(first) <= _FEW:
        where[0] = aside(_incident.tenant_id, dialect) == bindparam("tenant", type_=Uuid())
        return query([*where, one_of(_incident.id, "hits", dialect)]).params(hits=listed(sorted(set(first)), dialect))
    if dialect.name != "sqlite":
        return query([*where, search.incident_has(_incident.id, words, tenant_id, dialect.name)])
    if connection.execute(search.text_count(words, dialect.name, up_to=_MANY)).scalar_one() == _MANY:
        # a beginning of a word would be collected anew for each incident; one that is whole is found at once
        return query([*where, search.incident_has(_incident.id, words, tenant_id, dialect.name, whole_words=True)])
    return query([*where, _incident.id.in_(hits)])


def resolved_since(session: Session, filters: Filters, since: datetime, *, limit: int) -> list[UUID]:
    """The ids of incidents that were resolved since then, the latest first."""
    lately = (_incident.resolved_at.is_not(None), _incident.resolved_at >= since)

    def query(where: list[ColumnElement[bool]]) -> Select[Any]:
        return select(_incident.id).where(*where, *lately).order_by(_incident.resolved_at.desc(), _incident.id.desc()).limit(limit)

    statement = _looked_up(session, filters, _shape(filters, None, False, merge=False), query)
    return list(session.connection().execute(statement, _values(session, filters, limit, None)).scalars())


def snoozed_first_over(session: Session, filters: Filters, *, limit: int) -> list[UUID]:
    """The ids of snoozed incidents, first those whose snooze ends first."""
    shape = _shape(filters, None, False, merge=False)
    statement = _looked_up(session, filters, shape, lambda where: snoozed.soonest_first(where, limit))
    return list(session.connection().execute(statement, _values(session, filters, limit, None)).scalars())
