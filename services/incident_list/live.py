"""The list as its open pages follow it: read once for all who look at the same part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from models.vocabulary import IncidentState, Role, Severity
from services import clock, database
from services.access import Actor, require
from services.incident_list import counts, cursors, rows, scans
from services.incident_list.counts import Counts
from services.incident_list.filters import Filters
from services.incident_list.rows import Entry
from services.incident_list.scans import Place
from services.incident_list.wanted import GROUPED, View, Wanted
from services.live_updates import Feed, incidents_topic

GAP_SECONDS = 0.1
WORDS_GAP_SECONDS = 1.0
"""What is found by words costs more, and nobody waits for it at the moment of an alert."""
PAGE_ROWS = 50
GROUP_ROWS = 50
RESOLVED_ROWS = 20


@dataclass(frozen=True, slots=True)
class ListKey:
    """Which part of whose list a page follows."""

    tenant_id: UUID
    view: View
    filters: Filters
    beyond: Place | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents that stand together. `name` is attention, working, snoozed or resolved, empty for a page in the order of time.

    `count` is how many there are; of a filtered group that has more than is shown it is what is shown, and `has_more` is true.
    """

    name: str
    entries: tuple[Entry, ...]
    count: int
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list at one moment. `older` is the cursor of the page that follows, empty where there is none.

    `begun_at` is when its reading began: two that say the same are equal, whenever they were read.
    """

    groups: tuple[Group, ...]
    counts: Counts
    older: str = ""
    begun_at: datetime = field(default_factory=clock.now, compare=False)


def key_of(actor: Actor, wanted: Wanted) -> ListKey:
    """The part of the list that the actor wants to follow. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    filters = wanted.asked.filters
    if wanted.view is View.MINE:
        filters = replace(filters, assignee=actor.id, unassigned=False)
    return ListKey(actor.tenant_id, wanted.view, filters, wanted.beyond)


def read(key: ListKey) -> Listing:
    """This part of the list now. A key was given to an actor who may see it."""
    begun_at = clock.now()
    with database.read(key.tenant_id) as session:
        counted = counts.take(session)
        if key.view in GROUPED:
            groups = _groups(session, key, counted)
            return Listing(groups, counted, _further(key, groups), begun_at=begun_at)
        return replace(_page(session, key, counted), begun_at=begun_at)


async def _read(key: ListKey) -> Listing:
    return await database.run(read, key)


def _topics(key: ListKey) -> tuple[str]:
    return (incidents_topic(key.tenant_id),)


_feed: Feed[ListKey, Listing] = Feed(_read, _topics, GAP_SECONDS)
_slow_feed: Feed[ListKey, Listing] = Feed(_read, _topics, WORDS_GAP_SECONDS)


def feed(key: ListKey) -> Feed[ListKey, Listing]:
    """What the open pages of this process that show this part follow."""
    return _slow_feed if key.filters.words else _feed


def lines(actor: Actor, ids: Sequence[UUID]) -> list[Entry]:
    """The lines of these incidents as they are now, for a page that still shows what its part of the list has lost.

    Raises: NotAllowedError.
    """
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return rows.entries(session, ids)


# ── by what waits ──

STATES_OF = {
    "attention": (IncidentState.OPEN,),
    "working": (IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING),
    "snoozed": (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING),
    "resolved": (IncidentState.RESOLVED,),
}
_COUNTS: dict[str, Callable[[Counts], int]] = {
    "attention": lambda counted: counted.attention,
    "working": lambda counted: counted.unresolved - counted.attention - counted.snoozed,
    "snoozed": lambda counted: counted.snoozed,
    "resolved": lambda counted: counted.resolved_lately,
}
_GROUPS_OF = {
    View.NOW: ("attention", "working", "snoozed", "resolved"),
    View.ATTENTION: ("attention",),
    View.MINE: ("attention", "working", "snoozed"),
}


def _groups(session: Session, key: ListKey, counted: Counts) -> tuple[Group, ...]:
    found = (_group(session, key, name, counted) for name in _GROUPS_OF[key.view])
    return tuple(group for group in found if group.entries)


def _group(session: Session, key: ListKey, name: str, counted: Counts) -> Group:
    asked = key.filters.states
    states = tuple(state for state in STATES_OF[name] if not asked or state in asked)
    if not states:
        return Group(name, (), 0)
    filters = replace(key.filters, states=states, whole=True)
    limit = RESOLVED_ROWS if name == "resolved" else GROUP_ROWS
    if name == "resolved":
        ids = scans.resolved_since(session, filters, clock.now() - counts.RESOLVED_SPAN, limit=limit + 1)
    elif name == "snoozed":
        ids = scans.snoozed_first_over(session, filters, limit=limit + 1) if counted.snoozed else []
    else:
        ids = _worst_first(session, replace(filters, awake=True), limit + 1, key.beyond)
    entries = tuple(rows.entries(session, ids[:limit]))
    has_more = len(ids) > limit
    is_part = has_more or key.beyond is not None
    count = _COUNTS[name](counted) if is_part and key.filters == Filters() else len(entries)
    return Group(name, entries, count, has_more)


def _worst_first(session: Session, filters: Filters, limit: int, beyond: Place | None) -> list[UUID]:
    """The worst first, and of those that are as bad the ones that wait the longest; from the one after `beyond` on."""
    found: list[UUID] = []
    worst_left = tuple(Severity).index(beyond.severity) if beyond is not None and beyond.severity is not None else 0
    for severity in tuple(Severity)[worst_left:]:
        if len(found) < limit and severity in (filters.severities or tuple(Severity)):
            after = beyond if beyond is not None and beyond.severity is severity else None
            worst = replace(filters, severities=(severity,))
            found += scans.find(session, worst, limit=limit - len(found), beyond=after, oldest_first=True)
    return found


def _further(key: ListKey, groups: tuple[Group, ...]) -> str:
    """The cursor of what needs attention after these, in the view of that alone."""
    if key.view is not View.ATTENTION or not groups or not groups[0].has_more:
        return ""
    last = groups[0].entries[-1]
    return cursors.write(Place(last.created_at, last.id, last.severity), key.tenant_id)


# ── by time ──


def _page(session: Session, key: ListKey, counted: Counts) -> Listing:
    filters = key.filters
    if key.view is View.RESOLVED:
        filters = replace(filters, states=filters.states or (IncidentState.RESOLVED,), whole=True)
    ids = scans.find(session, filters, limit=PAGE_ROWS + 1, beyond=key.beyond)
    entries = tuple(rows.entries(session, ids[:PAGE_ROWS]))
    older = ""
    if len(ids) > PAGE_ROWS and entries:
        older = cursors.write(Place(entries[-1].created_at, entries[-1].id), key.tenant_id)
    return Listing((Group("", entries, len(entries), bool(older)),) if entries else (), counted, older)
