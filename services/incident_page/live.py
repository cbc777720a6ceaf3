"""One incident as its open pages follow it: read once for all of them, put into words once for those that see the same."""

from __future__ import annotations

from dataclasses import dataclass

from models.vocabulary import Role
from services import database, holding, incidents
from services.access import Actor, may, require
from services.errors import NotFoundError
from services.incident_page import firings, head, snapshot, window
from services.incident_page.lines import Line, Reading, lines
from services.incident_page.snapshot import IncidentKey, Snapshot
from services.incident_page.window import Show, Window
from services.incident_page.wording import zone_named
from services.live_updates import Feed, incident_topic
from services.views import AlertRow, IncidentHead

GAP_SECONDS = 0.02
MOST_ALERTS = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """How somebody sees an incident: what two viewers with the same rights in the same zone share."""

    zone: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A snapshot in words. `newest` is in the order of `seq`; a page that has the line before its first one has missed none."""

    head: IncidentHead
    alerts: list[AlertRow]
    newest: list[Line]
    last_seq: int

    @property
    def first_seq(self) -> int:
        """The number of the oldest of the newest lines."""
        return self.newest[0].seq if self.newest else self.last_seq + 1


class Change:
    """What a shared read found. None of `told` means that the incident is gone."""

    def __init__(self, read: Snapshot | None) -> None:
        self._read = read
        self._told: dict[Seen, Told] = {}

    def told(self, seen: Seen) -> Told | None:
        """In the words of those who see it so, written at the first call."""
        if self._read is None:
            return None
        if seen not in self._told:
            self._told[seen] = tell(self._read, seen)
        return self._told[seen]


def tell(read: Snapshot, seen: Seen) -> Told:
    """A snapshot in words."""
    zone = zone_named(seen.zone)
    newest = lines(read.newest, Reading(zone, read.names, read.row["created_at"]))
    return Told(head.head(read, zone, may_act=seen.may_act), head.alert_rows(read), newest, read.last_seq)


async def read_once(key: IncidentKey) -> Change:
    """The incident as it is now."""
    return Change(await database.run(snapshot.read, key))


feed: Feed[IncidentKey, Change] = Feed(read_once, lambda key: (incident_topic(key.incident_id),), GAP_SECONDS)
"""What the open pages of this process follow."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident as a page opens it."""

    key: IncidentKey
    told: Told
    window: Window


def open_page(actor: Actor, number: str, seen: Seen, show: Show = Show.EVERYTHING, *, seq: int | None = None) -> Opened:
    """What the page shows at first: the head, the alerts, and the last lines, or those around the line `seq` where there is one.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        value = incidents.parse_number(number)
        read = snapshot.take(session, value)
        if read is None:
            raise NotFoundError(f"There is no {holding.shown_number(value)}.")
        key = IncidentKey(actor.tenant_id, value, read.row["id"])
        reading = _reading(read, seen)
        found = window.around(session, key.incident_id, reading, show, seq) if seq is not None else None
        return Opened(key, tell(read, seen), found or window.newest(session, key.incident_id, reading, show))


def move_window(actor: Actor, number: str, seen: Seen, show: Show, held: Window, *, earlier: bool) -> Window:
    """The page's window one step towards the beginning of the timeline, or towards its end.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.VIEWER)
    move = window.earlier if earlier else window.later
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        reading = Reading(zone_named(seen.zone), {}, incident.created_at)
        return move(session, incident.id, reading, show, held)


def all_alerts(actor: Actor, number: str) -> list[AlertRow]:
    """The incident's alerts, at most `MOST_ALERTS`, those that fire first. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        found = firings.urgent_first(session, incident.id, limit=MOST_ALERTS)
        return head.rows_of(found, snapshot.names(session, {here.record.integration_id for here in found}, ()))


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
