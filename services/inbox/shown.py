"""An inbox in words, for the zone of its reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import Session, col, select

from models.incidents import Incident
from models.notifications import Notification
from models.people import ActorRow, User
from models.tenants import Tenant
from models.timeline import TimelineEvent
from models.vocabulary import DeliveryStatus, EventType, IncidentState, Reason, Role
from services import clock, database, telling, timeline, viewers
from services.access import Actor, require
from services.errors import InvalidInputError
from services.inbox import finding
from services.incident_page import lines
from services.incident_page.lines import Reading
from services.views import InboxRow, person_view
from services.wording import absolute, hour_since, rfc3339, shown_number, zone_named

PAGE = 50
PATH = "/inbox"
_BY_SOMEBODY = {
    Reason.ASSIGNMENT: "gave you",
    Reason.REASSIGNED: "took from you",
    Reason.MENTION: "mentioned you in",
    Reason.STATE_CHANGE: "changed",
}
_OTHER = {
    Reason.OPENED: ("You are called:", "You were called:"),
    Reason.REOPENED: ("You are called again:", "You were called again:"),
    Reason.UNACKNOWLEDGED: ("You are called, nobody has acknowledged:", "You were called, nobody had acknowledged:"),
    Reason.STATE_CHANGE: ("A new incident:", "A new incident:"),
    Reason.QUIET_INCIDENT: ("Nothing has happened for a while:", "Nothing had happened for a while:"),
}
"""What is said of an open incident, and of one that is not open any more, where no line says who did it."""

Quiet = tuple[str, int, int]
"""A zone, and the minutes of its day from which to which no mail is sent that can wait."""


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of an inbox. `older` and `newest` are addresses, empty where there is nothing; `wrong` says what the address has wrong."""

    rows: list[InboxRow]
    unread: int
    is_unread_only: bool = False
    older: str = ""
    newest: str = ""
    wrong: str = ""


def read(actor: Actor, query: str, zone: str, limit: int = PAGE) -> InboxPage:
    """The page of the actor's own inbox that this query of an address asks for. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    try:
        given = {name: values[-1] for name, values in parse_qs(query, max_num_fields=20).items()}
    except ValueError:
        given = {}
    unread, beyond = given.get("show") == "unread", given.get("older")
    with database.read(actor.tenant_id) as session:
        wrong = ""
        try:
            found = finding.newest(session, actor.id, limit + 1, beyond=beyond, unread=unread, by_mail=False)
        except InvalidInputError:
            wrong, beyond = "This page of the inbox is not known: here is the first one.", None
            found = finding.newest(session, actor.id, limit + 1, unread=unread, by_mail=False)
        rows = _rows(session, actor, found[:limit], zone)
        count = viewers.unread_of(session, actor.id)
    shown = "?show=unread" if unread else ""
    older = f"{PATH}{shown}{'&' if shown else '?'}older={rows[-1].id}" if len(found) > limit else ""
    return InboxPage(rows, count, unread, older, f"{PATH}{shown}" if beyond else "", wrong)


def _rows(session: Session, actor: Actor, found: Sequence[tuple[Notification, Incident]], zone: str) -> list[InboxRow]:
    events = _events(session, {one.event_id for one, _ in found if one.event_id is not None})
    sent = finding.messages(session, [one.id for one, _ in found])
    quiet = _quiet_of(session, actor)
    return [
        _with_line(_row(one, incident, zone), incident, events.get(one.event_id), zone, _mail(one, sent.get(one.id, ()), quiet, zone))
        for one, incident in found
    ]


def _events(session: Session, ids: set[UUID]) -> Mapping[UUID | None, tuple[TimelineEvent, str]]:
    query = (
        select(TimelineEvent, ActorRow.name)
        .join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
        .where(col(TimelineEvent.id).in_(ids))
    )
    return {event.id: (event, name) for event, name in session.exec(query)}


def _row(one: Notification, incident: Incident, zone: str) -> InboxRow:
    number = shown_number(incident.number)
    is_open = incident.state is IncidentState.OPEN
    words = _OTHER.get(Reason(one.reason), ("You were told of", "You were told of"))
    return InboxRow(
        id=one.id.hex,
        number=number,
        title=incident.title,
        severity=incident.severity.value,
        state=incident.state.value,
        reason=one.reason,
        text=words[0 if is_open else 1],
        why=one.why,
        is_unread=one.read_at is None,
        at=rfc3339(one.created_at),
        at_title=absolute(one.created_at, zone_named(zone)),
        place=f"/incidents/{number}",
    )


def _with_line(row: InboxRow, incident: Incident, found: tuple[TimelineEvent, str] | None, zone: str, mail: tuple[str, str]) -> InboxRow:
    row = replace(row, mail=mail[0], mail_tone=mail[1])
    if found is None:
        return row
    event, name = found
    reason = Reason(row.reason)
    row = replace(row, place=f"{row.place}#event-{event.seq}")
    if reason in _BY_SOMEBODY:
        row = replace(row, who=person_view(event.actor_id, name), text=_BY_SOMEBODY[reason])
    return replace(row, quote="" if event.hidden_at is not None else _quote(event, name, incident, zone))


def _quote(event: TimelineEvent, name: str, incident: Incident, zone: str) -> str:
    """What the line says in plain text, where people wrote it."""
    kind = EventType(event.type)
    if kind in (EventType.COMMENT, EventType.STATE_CHANGE, EventType.RESOLUTION, EventType.REOPENED, EventType.SEVERITY_CHANGE):
        [line] = lines.lines([timeline.to_record(event, name)], Reading(zone_named(zone), {}, incident.created_at))
        return lines.summary(line.row)
    reason = event.data.get("reason") if kind is EventType.ASSIGNMENT else ""
    return " ".join(str(reason or "").split())[:300]


def _mail(one: Notification, sent: Sequence[Row[Any]], quiet: Quiet | None, zone: str) -> tuple[str, str]:
    """What became of the mail, in words, and whether that is trouble; empty where none was meant to go."""
    for message in sent:
        if message.channel != telling.EMAIL:
            continue
        at = message.sent_at
        if message.status is DeliveryStatus.SENT and at is not None:
            return f"Mail sent {hour_since(at, one.created_at, zone_named(zone))}.", ""
        if message.status is DeliveryStatus.CANCELLED:
            return "No mail: it no longer mattered.", ""
        if message.status is DeliveryStatus.FAILED:
            return f"Mail not delivered, tried {_times(message.attempts)}. {message.last_error or ''}".strip(), "bad"
        if message.attempts:
            return f"Mail waits, tried {_times(message.attempts)}. {message.last_error or ''}".strip(), "warn"
        return ("Mail waits for the end of your quiet hours." if _is_held(one, quiet) else "Mail is about to go out."), ""
    return "", ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _quiet_of(session: Session, actor: Actor) -> Quiet | None:
    """The quiet hours of this person, on the clock that their mails go by."""
    user = session.exec(select(User).where(User.id == actor.id)).first()
    if user is None or user.quiet_from is None or user.quiet_until is None:
        return None
    return user.timezone or session.exec(select(Tenant.timezone)).one(), user.quiet_from, user.quiet_until


def _is_held(one: Notification, quiet: Quiet | None) -> bool:
    if quiet is None or Reason(one.reason) not in telling.CAN_WAIT:
        return False
    return telling.end_of_quiet(one.created_at, *quiet) > clock.now()
