"""Notifications as programs page through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import Session

from models.incidents import Incident
from models.notifications import Notification
from models.vocabulary import DeliveryStatus, Role
from services import database, people
from services.access import Actor, require
from services.errors import InvalidInputError
from services.inbox import finding
from services.records import DeliveryRecord, NotificationRecord, Page
from services.wording import shown_number

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
INBOX = "inbox"


def page(
    actor: Actor, *, user_id: UUID | None = None, unread: bool = False, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[NotificationRecord]:
    """What somebody was told of, the newest first: the actor, or for an admin `user_id`. A service account is told of nothing.

    `cursor` is the `next` of the part before. Raises: NotAllowedError; NotFoundError when there is no such person; InvalidInputError for
    a limit or a cursor that no part gave.
    """
    require(actor, Role.VIEWER if user_id in (None, actor.id) else Role.ADMIN)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"limit must be a number from 1 to {MAX_LIMIT}.", field="limit")
    with database.read(actor.tenant_id) as session:
        whose = people.find(session, user_id).id if user_id is not None else actor.id
        found = finding.newest(session, whose, limit + 1, beyond=cursor, unread=unread)
        items = _records(session, found[:limit])
    return Page(items, str(items[-1].id) if len(found) > limit else None)


def record(session: Session, notification: Notification, incident: Incident) -> NotificationRecord:
    """One notification with what became of it."""
    return _records(session, [(notification, incident)])[0]


def _records(session: Session, found: Sequence[tuple[Notification, Incident]]) -> list[NotificationRecord]:
    sent = finding.messages(session, [notification.id for notification, _ in found])
    return [
        NotificationRecord(
            id=one.id,
            user_id=one.user_id,
            incident_id=one.incident_id,
            incident_number=shown_number(incident.number),
            incident_title=incident.title,
            event_id=one.event_id,
            reason=one.reason,
            why=one.why,
            state=finding.state_of(one),
            read_at=one.read_at,
            created_at=one.created_at,
            deliveries=_deliveries(one, sent.get(one.id, ())),
        )
        for one, incident in found
    ]


def _deliveries(notification: Notification, sent: Sequence[Row[Any]]) -> list[DeliveryRecord]:
    at = notification.created_at
    inbox = [DeliveryRecord(INBOX, DeliveryStatus.SENT, 1, at, None)] if notification.in_inbox else []
    return [*inbox, *(DeliveryRecord(one.channel, one.status, one.attempts, one.sent_at, one.last_error) for one in sent)]
