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
COMPARED = 200
"""With how many others an incident is compared, the newest of them."""
GAP_SECONDS = 3.0
_RELATED = 5
_ENOUGH = 4
_FOUND = 12
_WORDS_LIMIT = 200
_UNTOLD_LABELS = frozenset({"severity", "prometheus", "grafana_folder"})
_NAMED_LABELS = 2
_NUMBER = re.compile(r"(?:INC-)?([1-9][0-9]{0,8})", re.IGNORECASE)
_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_alert: Any = Alert.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Looked:
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
    here = _read(session, [incident_id]).get(incident_id)
    return beside(here, _newest(session)) if here is not None else []


def _newest(session: Session) -> dict[UUID, Looked]:
    """What is not over and no part of another one, the newest first."""
    return _read(session, incident_list.find_ids(session, Filters(UNRESOLVED, whole=True), limit=COMPARED))


def beside(here: Looked, newest: Mapping[UUID, Looked]) -> list[RelatedView]:
    """Those of the newest that are likely the same trouble as this one, at most five."""
    here = newest.get(here.id, here)
    others = [one for one in newest.values() if one.id != here.id]
    common = Counter(label for one in others for label in one.labels)
    # what more than half of all have says nothing, where there are enough to say so
    telling = {label for label in here.labels if len(others) < _ENOUGH or common[label] * 2 <= len(others)}
    scored = ((_alike(here, one, telling), one) for one in others)
    best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])[:_RELATED]
    return [_view(one, here, _why(here, one, telling)) for _, one in best]


def _alike(here: Looked, one: Looked, telling: set[tuple[str, str]]) -> int:
    """How alike two incidents are, 0 for not at all."""
    _, score = shared_words(here.title, one.title)
    score += SAME_SERVICE if here.service is not None and here.service == one.service else 0
    return score + 2 * min(len(telling & one.labels), 3) + (abs(here.at - one.at) <= CLOSE)


def _why(here: Looked, one: Looked, telling: set[tuple[str, str]]) -> str:
    """In what they are alike."""
    shared = sorted(telling & one.labels)
    words, score = shared_words(here.title, one.title)
    reasons = (
        "same service" if here.service is not None and here.service == one.service else "",
        "same " + ", ".join(f"{name}={value}" for name, value in shared[:_NAMED_LABELS]) if shared else "",
        said(words) if score else "",
        _apart(abs(here.at - one.at)),
    )
    return ", ".join(reason for reason in reasons if reason)


def _apart(span_between: timedelta) -> str:
    if span_between > CLOSE:
        return ""
    seconds = span_between.total_seconds()
    return f"opened {span(seconds)} apart" if round(seconds) else "opened at the same moment"


def _view(one: Looked, here: Looked, reason: str) -> RelatedView:
    return RelatedView(
        shown_number(one.number), one.title, one.state, rfc3339(one.at), reason, is_older=(one.at, one.id) < (here.at, here.id)
    )


def _read(session: Session, ids: Sequence[UUID]) -> dict[UUID, Looked]:
    """What is compared of these incidents, in this order."""
    dialect = database.storage().dialect
    cursor = session.connection().connection.cursor()
    try:
        values = {"tenant": session.info["tenant_id"], "ids": listed(ids, dialect)}
        rows = {one.id: one for one in map(_looked, _by_ids(dialect.name).run(cursor, values).fetchall())}
    finally:
        cursor.close()
    return {one: rows[one] for one in ids if one in rows}


def _looked(row: Sequence[Any]) -> Looked:
    ident, number, title, state, service, at, labels = row
    told: Mapping[str, Any] = as_json(labels) or {}
    pairs = frozenset((name, str(value)) for name, value in told.items() if name not in _UNTOLD_LABELS)
    return Looked(cast(UUID, as_uuid(ident)), number, title, state, as_uuid(service), cast(datetime, as_time(at)), pairs)


@lru_cache(maxsize=4)
def _by_ids(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only: a test may use both databases in one process
    dialect = database.storage().dialect
    columns = (_incident.id, _incident.number, _incident.title, _incident.state, _incident.service_id, _incident.created_at, _alert.labels)
    own = aside(_incident.tenant_id, dialect) == bindparam("tenant", type_=Uuid())
    query = select(*columns).outerjoin_from(Incident.__table__, Alert.__table__, _alert.id == _incident.alert_id)  # type: ignore[attr-defined]
    return Prepared(query.where(own, one_of(_incident.id, "ids", dialect)), dialect)


def looked_at(tenant_id: UUID, incident_id: UUID) -> Looked | None:
    """What is compared of this incident, for a page whose viewer may see it."""
    with database.read(tenant_id) as session:
        return _read(session, [incident_id]).get(incident_id)


def _read_newest(tenant_id: UUID) -> dict[UUID, Looked]:
    with database.read(tenant_id) as session:
        return _newest(session)


async def read_now(tenant_id: UUID) -> dict[UUID, Looked]:
    """The organisation's newest incidents that are not over, for `beside`."""
    return await database.run(_read_newest, tenant_id)


feed: Feed[UUID, dict[UUID, Looked]] = Feed(read_now, lambda tenant_id: (incidents_topic(tenant_id),), GAP_SECONDS, wait_seconds=0.3)
"""What the open pages of an organisation in this process compare their incidents with: one read for all of them."""
