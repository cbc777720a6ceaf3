"""Somebody's notifications, the newest first, and the messages that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from models.incidents import Incident
from models.notifications import Notification, OutgoingMessage
from models.vocabulary import NotificationState
from services import database
from services.errors import InvalidInputError
from services.statements import aside

_message: Any = OutgoingMessage.__table__  # type: ignore[attr-defined]


def newest(
    session: Session, user_id: UUID, limit: int, *, beyond: str | None = None, unread: bool = False, by_mail: bool = True
) -> Sequence[tuple[Notification, Incident]]:
    """At most `limit` of a person's notifications with their incidents, from the one after `beyond` (an id) on.

    `by_mail` lets those in that went by e-mail alone. Raises: InvalidInputError when `beyond` names none of theirs.
    """
    at, own_id = col(Notification.created_at), col(Notification.id)
    query = select(Notification, Incident).join(Incident, col(Incident.id) == col(Notification.incident_id))
    query = query.where(Notification.user_id == user_id)
    if unread:
        query = query.where(*is_unread())
    elif not by_mail:
        query = query.where(col(Notification.in_inbox))
    if beyond is not None:
        place = _one(session, user_id, beyond)
        # the first condition alone lets the index find the place
        query = query.where(at <= place.created_at, (at < place.created_at) | (own_id < place.id))
    return session.exec(query.order_by(at.desc(), own_id.desc()).limit(limit)).all()


def is_unread() -> tuple[Any, Any]:
    """What an unread notification meets, in the words of its index."""
    return col(Notification.read_at).is_(None), col(Notification.in_inbox)


def _one(session: Session, user_id: UUID, cursor: str) -> Notification:
    try:
        query = select(Notification).where(Notification.id == UUID(cursor), Notification.user_id == user_id)
    except ValueError:
        raise _no_cursor() from None
    found = session.exec(query).first()
    if found is None:
        raise _no_cursor()
    return found


def _no_cursor() -> InvalidInputError:
    return InvalidInputError("cursor must be the `next` of the part before, as it was given.", field="cursor")


def messages(session: Session, notification_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Row[Any]]]:
    """The messages that went out, or are to, by the notification that they tell of."""
    own = aside(_message.c.tenant_id, database.storage().dialect) == session.info["tenant_id"]
    query = select_columns(*_message.columns).where(own, _message.c.notification_id.in_(notification_ids))
    by_notification: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for message in sorted(session.connection().execute(query), key=lambda row: row.id):
        by_notification[message.notification_id].append(message)
    return by_notification


def state_of(notification: Notification) -> NotificationState:
    """Whether it was read; what went by e-mail alone cannot be."""
    if not notification.in_inbox:
        return NotificationState.MAILED
    return NotificationState.UNREAD if notification.read_at is None else NotificationState.READ
