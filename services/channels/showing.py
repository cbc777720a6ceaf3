"""Channels and what was sent to them, as the page and programs see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select, text

from models.channels import Channel
from models.incidents import Incident
from models.notifications import CHANNEL_WAITING, OutgoingMessage
from models.vocabulary import ChannelEvent, ChannelKind, Role, Severity
from services import clock, database
from services.access import Actor, require
from services.errors import NotFoundError
from services.views import ChannelRow, DeliveryRow
from services.wording import rfc3339, shown_number

KIND_NAMES = {ChannelKind.WEBHOOK: "Webhook", ChannelKind.SLACK: "Slack or Mattermost"}
EVENT_NAMES = {event: event.value.replace("_", " ") for event in ChannelEvent}
_LATEST = 20


@dataclass(frozen=True, slots=True)
class ChannelMessageRecord:
    """A message to a channel as programs get it; its id is the `webhook-id` that goes with it."""

    id: UUID
    kind: str
    incident_id: UUID | None
    event_id: UUID | None
    state: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None


def deliveries(actor: Actor, channel_id: UUID, limit: int = 200) -> list[ChannelMessageRecord]:
    """The newest messages to a channel, the newest first. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        if session.exec(select(Channel.id).where(Channel.id == channel_id)).first() is None:
            raise NotFoundError("There is no such channel.")
        query = select(OutgoingMessage).where(OutgoingMessage.channel_id == channel_id)
        newest = query.order_by(col(OutgoingMessage.created_at).desc(), col(OutgoingMessage.id).desc()).limit(limit)
        return [
            ChannelMessageRecord(
                id=one.id,
                kind=one.kind,
                incident_id=one.incident_id,
                event_id=one.event_id,
                state=one.status.value,
                attempts=one.attempts,
                created_at=one.created_at,
                sent_at=one.sent_at,
                last_error=one.last_error,
            )
            for one in session.exec(newest)
        ]


def rows(actor: Actor) -> list[ChannelRow]:
    """All channels as the page shows them, the oldest first. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        waiting = _waiting(session)
        query = select(Channel).order_by(col(Channel.created_at), col(Channel.id))
        return [_row(channel, waiting.get(channel.id, 0)) for channel in session.exec(query)]


def _waiting(session: Session) -> dict[UUID | None, int]:
    query = select(OutgoingMessage.channel_id, func.count()).where(text(CHANNEL_WAITING)).group_by(col(OutgoingMessage.channel_id))
    return dict(session.exec(query).all())


def _row(channel: Channel, waiting_count: int) -> ChannelRow:
    until = channel.previous_secret_until
    return ChannelRow(
        id=channel.id.hex,
        name=channel.name,
        kind=channel.kind,
        kind_name=KIND_NAMES[ChannelKind(channel.kind)],
        place=channel.place,
        severities=channel.severities,
        events=channel.events,
        told=_told(channel),
        enabled=channel.enabled,
        light=_light(channel),
        off_reason=channel.off_reason or "",
        waiting_count=waiting_count,
        last_sent_at=rfc3339(channel.last_sent_at),
        failing_since=rfc3339(channel.failing_since),
        last_error=channel.last_error or "",
        last_error_at=rfc3339(channel.last_error_at),
        previous_secret_until=rfc3339(until) if until is not None and until > clock.now() else "",
    )


def _light(channel: Channel) -> str:
    if not channel.enabled:
        return "off"
    if channel.failing_since is not None:
        return "trouble"
    return "lit" if channel.last_sent_at else "waiting"


def _told(channel: Channel) -> str:
    """What it is told, in words: "critical and high incidents: opened, resolved"."""
    names = [EVENT_NAMES[ChannelEvent(event)] for event in channel.events]
    what = "everything" if len(names) == len(ChannelEvent) else ", ".join(names)
    if len(channel.severities) == len(Severity):
        return f"All incidents: {what}"
    *others, last = channel.severities
    return f"{' and '.join(filter(None, (', '.join(others), last))).capitalize()} incidents: {what}"


def latest(actor: Actor) -> list[DeliveryRow]:
    """The newest messages to all channels, the newest first. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        query = (
            select(OutgoingMessage, Channel.name, Incident.number)
            .join(Channel, col(Channel.id) == col(OutgoingMessage.channel_id))
            .join(Incident, col(Incident.id) == col(OutgoingMessage.incident_id), isouter=True)
            .order_by(col(OutgoingMessage.created_at).desc(), col(OutgoingMessage.id).desc())
            .limit(_LATEST)
        )
        return [_delivery(*found) for found in session.exec(query)]


def _delivery(message: OutgoingMessage, channel: str, number: int | None) -> DeliveryRow:
    return DeliveryRow(
        id=message.id.hex,
        channel=channel,
        number=shown_number(number) if number else "",
        what=EVENT_NAMES[ChannelEvent(message.kind.removeprefix("incident."))],
        state=message.status.value,
        attempts=message.attempts,
        created_at=rfc3339(message.created_at),
        error=message.last_error or "",
    )
