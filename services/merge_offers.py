"""What an incident may be merged with: others that are not over, those first that may be the same trouble, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlmodel import Session

from models.alerts import Alert
from models.incidents import Incident
from models.vocabulary import UNRESOLVED, Role
from services import database, incident_list, incidents, search
from services.access import Actor, require
from services.incident_list import Filters
from services.live_updates import Feed, incidents_topic
from services.related import SAME_SERVICE, said, shared_words
from services.statements import Prepared, as_json, as_time, as_uuid, aside, listed, one_of
from services.views import RelatedView
from services.wording import rfc3339, shown_number, span

CLOSE = timedelta(minutes=5)
"""Two incidents that were opened within this time may have one cause."""
COMPARED = 300
"""With how many others an incident is compared, the newest of them."""
GAP_SECONDS = 3.0
_RELATED = 5
_FOUND = 12
_WORDS_LIMIT = 200
_UNTOLD_LABELS = frozenset({"severity", "prometheus", "grafana_folder"})
_NAMED_LABELS = 2
_NUMBER = re.compile(r"(?:INC-)?([1-9][0-9]{0,8})", re.IGNORECASE)
_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_alert: Any = Alert.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Key:
    """Beside which incident the related ones stand."""

    tenant_id: UUID
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is compared of an incident; `labels` are those of the alert that opened it."""

    id: UUID
    number: int
    title: str
    state: str
    service: UUID | None
    at: datetime
    labels: frozenset[tuple[str, str]]


def related_to(actor: Actor, number: str) -> list[RelatedView]:
    """At most five unresolved incidents that are likely the same trouble as this one, the most alike first, each with the reason.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _related(session, incidents.find(session, number).id)


def offers(actor: Actor, number: str, words: str = "") -> list[RelatedView]:
    """What this incident may be merged into: what has these words or this number; without words the related ones, then the newest.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    wanted = " ".join(words.split())[:_WORDS_LIMIT]
    with database.read(actor.tenant_id) as session:
        one = incidents.find(session, number)
        alike = _related(session, one.id)
        if not wanted:
            found = incident_list.find_ids(session, Filters(UNRESOLVED, whole=True), limit=_FOUND + 1)
            return (alike + _others(session, one.id, found, alike))[:_FOUND]
        named = _NUMBER.fullmatch(wanted)
        if named:
            filters = Filters(UNRESOLVED, number=int(named[1]), whole=True)
        elif search.words(wanted):
            filters = Filters(UNRESOLVED, words=wanted, whole=True)
        else:
            return []
        found = incident_list.find_ids(session, filters, limit=_FOUND)
        return [replace(view, found_by=wanted) for view in _others(session, one.id, found, alike, keep_reasons=True)]


def _others(
    session: Session, but: UUID, ids: Sequence[UUID], alike: Sequence[RelatedView], *, keep_reasons: bool = False
) -> list[RelatedView]:
    """These incidents; those of `alike` are left out, or come with their reasons."""
    known = {one.number: one for one in alike}
    here = _read(session, [but])[but]
    rows = _read(session, [one for one in ids if one != but])
    views = [_view(one, here, "") for one in rows.values()]
    if keep_reasons:
        return [known.get(view.number, view) for view in views]
    return [view for view in views if view.number not in known]


def _related(session: Session, incident_id: UUID) -> list[RelatedView]:
    ids = incident_list.find_ids(session, Filters(UNRESOLVED, whole=True), limit=COMPARED)
    found = _read(session, [incident_id, *(one for one in ids if one != incident_id)])
    here = found.pop(incident_id, None)
    if here is None:
        return []
    common = Counter(label for one in found.values() for label in one.labels)
    # what more than half of all have says nothing, where there are enough to say so
    telling = {label for label in here.labels if len(found) < 4 or common[label] * 2 <= len(found)}
    scored = [(_compare(here, one, telling), one) for one in found.values()]
    best = sorted((pair for pair in scored if pair[0][0]), key=lambda pair: -pair[0][0])[:_RELATED]
    return [_view(one, here, reason) for (_, reason), one in best]


def _compare(here: _Looked, one: _Looked, telling: set[tuple[str, str]]) -> tuple[int, str]:
    """How alike two incidents are, 0 for not at all, and why."""
    same_service = here.service is not None and here.service == one.service
    shared = sorted(telling & one.labels)
    words, score = shared_words(here.title, one.title)
    apart = abs(here.at - one.at)
    reasons = [
        "same service" if same_service else "",
        "same " + ", ".join(f"{name}={value}" for name, value in shared[:_NAMED_LABELS]) if shared else "",
        said(words) if score else "",
        _apart(apart),
    ]
    total = score + (SAME_SERVICE if same_service else 0) + 2 * min(len(shared), 3) + (apart <= CLOSE)
    return total, ", ".join(reason for reason in reasons if reason)


def _apart(span_between: timedelta) -> str:
    if span_between > CLOSE:
        return ""
    seconds = span_between.total_seconds()
    return f"opened {span(seconds)} apart" if round(seconds) else "opened at the same moment"


def _view(one: _Looked, here: _Looked, reason: str) -> RelatedView:
    return RelatedView(
        shown_number(one.number), one.title, one.state, rfc3339(one.at), reason, is_older=(one.at, one.id) < (here.at, here.id)
    )


def _read(session: Session, ids: Sequence[UUID]) -> dict[UUID, _Looked]:
    """What is compared of these incidents, in this order."""
    dialect = database.storage().dialect
    cursor = session.connection().connection.cursor()
    try:
        values = {"tenant": session.info["tenant_id"], "ids": listed(ids, dialect)}
        rows = {one.id: one for one in map(_looked, _by_ids(dialect.name).run(cursor, values).fetchall())}
    finally:
        cursor.close()
    return {one: rows[one] for one in ids if one in rows}


def _looked(row: Sequence[Any]) -> _Looked:
    ident, number, title, state, service, at, labels = row
    told: Mapping[str, Any] = as_json(labels) or {}
    pairs = frozenset((name, str(value)) for name, value in told.items() if name not in _UNTOLD_LABELS)
    return _Looked(cast(UUID, as_uuid(ident)), number, title, state, as_uuid(service), cast(datetime, as_time(at)), pairs)


@lru_cache(maxsize=4)
def _by_ids(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only: a test may use both databases in one process
    dialect = database.storage().dialect
    columns = (_incident.id, _incident.number, _incident.title, _incident.state, _incident.service_id, _incident.created_at, _alert.labels)
    own = aside(_incident.tenant_id, dialect) == bindparam("tenant", type_=Uuid())
    query = select(*columns).outerjoin_from(Incident.__table__, Alert.__table__, _alert.id == _incident.alert_id)  # type: ignore[attr-defined]
    return Prepared(query.where(own, one_of(_incident.id, "ids", dialect)), dialect)


async def read_now(key: Key) -> list[RelatedView]:
    """The related incidents as they are now, for a page whose viewer may see them."""
    return await database.run(_read_related, key)


def _read_related(key: Key) -> list[RelatedView]:
    with database.read(key.tenant_id) as session:
        return _related(session, key.incident_id)


feed: Feed[Key, list[RelatedView]] = Feed(read_now, lambda key: (incidents_topic(key.tenant_id),), GAP_SECONDS, wait_seconds=0.3)
"""What the open pages of this process that show related incidents follow."""
