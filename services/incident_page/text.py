"""A timeline as text, for chats, mails and documents."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session

from models.vocabulary import Role
from services import clock, database, incidents, line_text, timeline, viewers
from services.access import Actor, require
from services.errors import InvalidInputError
from services.held import Held
from services.incident_page.snapshot import names
from services.records import EventRecord
from services.wording import day, hour, zone_named

_PART = 500


def as_text(actor: Actor, number: str, zone: str = "") -> str:
    """The whole timeline, a line each, by day: `[10:32] 🚨 Alert fired: …`, with times in this zone, or in the actor's own.

    Hidden lines and deleted comments are left out. Raises: NotAllowedError, NotFoundError, InvalidInputError for a zone that is none.
    """
    require(actor, Role.VIEWER)
    there = zone_named(zone or viewers.zone(actor))
    if zone and there.key != zone:
        raise InvalidInputError(f"There is no time zone {zone[:40]!r}. One is called Europe/Stockholm, for instance.", field="timezone")
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        lines = [f"{incident.shown} {incident.title}", f"Times in {there.key}"]
        today = ""
        events = list(_all(session, incident))
        called = names(session, events, {})
        for event in events:
            date = day(event.occurred_at, there, clock.now())
            if date != today:
                lines += ["", date]
                today = date
            lines.append(f"[{hour(event.occurred_at, there)}] {line_text.as_text(event, called)}")
    return "\n".join(lines) + "\n"


def _all(session: Session, incident: Held) -> Iterator[EventRecord]:
    after = None
    while part := timeline.page(session, incident.id, after=after, limit=_PART):
        yield from (event for event in part if not event.hidden and not event.deleted)
        after = (part[-1].occurred_at, part[-1].seq)
