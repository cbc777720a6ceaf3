"""One incident as its open pages follow it: read once for all of them, put into words once for those that see the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from models.vocabulary import Role
from services import database, incidents
from services.access import Actor, may, require
from services.errors import NotFoundError
from services.incident_page import firings, head, last_looks, snapshot, window
from services.incident_page.last_looks import Between, Since
from services.incident_page.lines import Line, Reading, lines, pin_views
from services.incident_page.snapshot import IncidentKey, Snapshot
from services.incident_page.window import Show, Window
from services.live_updates import Feed, incident_topic
from services.views import AlertRow, IncidentHead, PinView
from services.wording import shown_number, zone_named

GAP_SECONDS = 0.02
MOST_ALERTS = 200


class Seen(NamedTuple):
    """How somebody sees an incident: what two viewers with the same rights in the same zone share."""

    zone: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A snapshot in words. `newest` is in the order of `seq`; a page that has the line before its first one has missed none.

    `changed` holds the lines among the last changes, each with the number of its last one; a page that knows of the change before
    `first_change` has missed none.
    `head`, `alerts` and the rows are shared by all who see them, and by the change after this one where they stay as they are: what is
    the same object is not sent again, and nobody changes them. `followers` and `service_followers` hold the ids of who follows the
    incident itself, and of those who only follow its service.
    """

    head: IncidentHead
    alerts: list[AlertRow]
    newest: list[Line]
    last_seq: int
    pins: list[PinView] = field(default_factory=list)
    changed: list[tuple[int, Line]] = field(default_factory=list)
    last_change: int = 0
    followers: frozenset[str] = frozenset()
    service_followers: frozenset[str] = frozenset()

    @property
    def first_change(self) -> int:
        """The number of the first change that `changed` can tell of."""
        return max(1, self.last_change - snapshot.CHANGES + 1)

    @property
    def first_seq(self) -> int:
        """The number of the oldest of the newest lines."""
        return self.newest[0].seq if self.newest else self.last_seq + 1


class Change:
    """What a shared read found, beside what the one before it found."""

    def __init__(self, key: IncidentKey, read: Snapshot | None, before: Change | None = None) -> None:
        self.key = key
        self.read = read
        self._told: dict[Seen, Told] = {}
        self._before: dict[Seen, Told] = before._told if before is not None else {}
        self._windows: dict[tuple[Seen, Show, UUID | None], asyncio.Task[Window]] = {}

    def told(self, seen: Seen) -> Told | None:
        """In the words of those who see it so, written at the first call; None when the incident is gone."""
        if seen not in self._told and self.read is not None:
            self._told[seen] = _tell(self.read, seen, self._before.get(seen))
        return self._told.get(seen)

    async def window(self, seen: Seen, show: Show, by: UUID | None = None) -> Window:
        """The end of the timeline, for pages that missed some of it; read once for all of them."""
        key = (seen, show, by)
        if key not in self._windows:
            self._windows[key] = asyncio.create_task(database.run(self._read_window, *key))
        return await asyncio.shield(self._windows[key])

    def _read_window(self, seen: Seen, show: Show, by: UUID | None) -> Window:
        if self.read is None:
            return Window()
        with database.read(self.key.tenant_id) as session:
            # no further than this change, or the lines after it would come twice
            return window.newest(session, self.key.incident_id, _reading(self.read, seen), show, by, last_seq=self.read.last_seq)


def _tell(read: Snapshot, seen: Seen, before: Told | None) -> Told:
    zone, reading = zone_named(seen.zone), _reading(read, seen)
    told_head, alerts = head.head(read, zone, may_act=seen.may_act), head.alert_rows(read)
    told = Told(
        told_head,
        alerts,
        newest=[],
        last_seq=read.last_seq,
        last_change=read.last_change,
        followers=frozenset(one.user_id.hex for one in read.followers if not one.of_service),
        service_followers=frozenset(one.user_id.hex for one in read.followers if one.of_service),
    )
    if before is None or read.last_change - before.last_change > snapshot.CHANGES:
        changed = _changed(read, reading, [])
        return replace(told, newest=lines(read.newest, reading), pins=pin_views(read.pins, reading), changed=changed)
    is_changed = read.last_change != before.last_change
    changed = _changed(read, reading, before.changed) if is_changed else before.changed
    now = {line.seq: line for _, line in changed} if is_changed else {}
    known = [now.get(line.seq, line) for line in before.newest if line.seq >= read.first_seq]
    more = lines([event for event in read.newest if event.seq > before.last_seq], reading)
    return replace(
        told,
        head=before.head if before.head == told_head else told_head,
        alerts=before.alerts if before.alerts == alerts else alerts,
        newest=known + more,
        pins=pin_views(read.pins, reading) if is_changed else before.pins,
        changed=changed,
    )


def _changed(read: Snapshot, reading: Reading, before: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """The changed lines in words; those whose last change is known already are not told again."""
    known = dict(before)
    new = [(change, event) for change, event in read.changed if change not in known]
    told = {change: line for (change, _), line in zip(new, lines([event for _, event in new], reading), strict=True)}
    return [(change, known.get(change) or told[change]) for change, _ in read.changed]


_latest: WeakValueDictionary[IncidentKey, Change] = WeakValueDictionary()
"""The last change of each incident that a page follows: what it holds is neither read nor put into words again."""


async def read_now(key: IncidentKey) -> Change:
    """The incident as it is now."""
    before = _latest.get(key)
    change = Change(key, await database.run(snapshot.read, key, before.read if before is not None else None), before)
    newest = _latest.get(key)
    if newest is None or newest.read is None or change.read is None or newest.read.row["version"] <= change.read.row["version"]:
        _latest[key] = change
    return change


feed: Feed[IncidentKey, Change] = Feed(read_now, lambda key: (incident_topic(key.incident_id),), GAP_SECONDS)
"""What the open pages of this process follow."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident as a page opens it. `between` is what came since its reader last looked, and `since` what of it is new to them."""

    key: IncidentKey
    told: Told
    window: Window
    is_filtered: bool = True
    between: Between | None = None
    since: Since | None = None


def open_page(
    actor: Actor,
    number: str,
    seen: Seen,
    show: Show = Show.EVERYTHING,
    by: UUID | None = None,
    *,
    seq: int | None = None,
    between: Between | None = None,
    at_new: bool = False,
) -> Opened:
    """What the page shows at first: the head, the alerts, and the last lines, or those around the line `seq` where there is one.

    With `at_new` they are those around the first line that is new to the actor: one that came since they last looked, or `between`
    two other looks. A line `seq` that the filters leave out is shown without them: `is_filtered` is False then.
    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        value = incidents.parse_number(number)
        read = snapshot.take(session, value)
        if read is None:
            raise NotFoundError(f"There is no {shown_number(value)}.")
        key = IncidentKey(actor.tenant_id, value, read.row["id"])
        reading = _reading(read, seen)
        told = _tell(read, seen, None)
        between = between or last_looks.since_last_look(session, actor, key.incident_id, told.last_seq)

        def opened(found: Window, kinds: Show, who: UUID | None, since: Since | None) -> Opened:
            return Opened(key, told, found, (kinds, who) == (show, by), between, since)

        for kinds, who in ((show, by), (Show.EVERYTHING, None)) if seq is not None else ():
            found = window.around(session, key.incident_id, reading, kinds, who, seq) if seq is not None else None
            if found is not None:
                return opened(found, kinds, who, last_looks.unseen(session, actor, key.incident_id, between, kinds, who))
        since = last_looks.unseen(session, actor, key.incident_id, between, show, by)
        end = window.newest(session, key.incident_id, reading, show, by)
        if at_new and since is not None and all(line.seq != since.first for line in end.lines):
            end = window.around(session, key.incident_id, reading, show, by, since.first) or end
        return opened(end, show, by, since)


def move_window(actor: Actor, number: str, seen: Seen, show: Show, held: Window, *, earlier: bool, by: UUID | None = None) -> Window:
    """The page's window one step towards the beginning of the timeline, or towards its end.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    move = window.earlier if earlier else window.later
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        reading = Reading(zone_named(seen.zone), {}, incident.created_at)
        return move(session, incident.id, reading, show, by, held)


def all_alerts(actor: Actor, number: str) -> list[AlertRow]:
    """The incident's alerts, at most `MOST_ALERTS`, those that fire first. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        found = firings.urgent_first(session, firings.family(session, incident), limit=MOST_ALERTS)
        return head.rows_of(found)


def last_number(actor: Actor) -> str:
    """The number of the newest incident here, empty when there is none."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return snapshot.last_number(session)


def neighbour(actor: Actor, number: str, *, newer: bool) -> str:
    """The next unresolved incident that was opened after this one, or before it; empty when there is none.

    Raises: NotAllowedError, NotFoundError when the number is none.
    """
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return snapshot.unresolved_beside(session, incidents.parse_number(number), newer=newer)


def seen_by(actor: Actor, zone: str) -> Seen:
    """How this actor sees incidents, in this zone."""
    return Seen(zone, may(actor.role, Role.RESPONDER))


def _reading(read: Snapshot, seen: Seen) -> Reading:
    return Reading(zone_named(seen.zone), read.names, read.row["created_at"])
