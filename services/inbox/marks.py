"""What of their inbox somebody has read. Only they themselves say so, and it is no change of anything else: it is not audited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from models.incidents import Incident
from models.notifications import Notification
from models.vocabulary import Role
from services import database
from services.access import Actor, require
from services.database import Tx
from services.errors import NotFoundError
from services.inbox import finding, programs
from services.live_updates import inbox_topic
from services.records import NotificationRecord


def mark(actor: Actor, notification_id: UUID, *, read: bool) -> NotificationRecord:
    """Mark one of the actor's own as read, or as unread again; the time at which it was first read stands.

    Raises: NotAllowedError; NotFoundError for one that is not in their inbox.
    """
    require(actor, Role.VIEWER)
    with database.write(actor.tenant_id) as tx:
        own = (Notification.id == notification_id, Notification.user_id == actor.id, col(Notification.in_inbox))
        if read:
            _set(tx, actor, tx.now, *own, col(Notification.read_at).is_(None))
        else:
            _set(tx, actor, None, *own, col(Notification.read_at).is_not(None))
        query = select(Notification, Incident).join(Incident, col(Incident.id) == col(Notification.incident_id)).where(*own)
        found = tx.session.exec(query.execution_options(populate_existing=True)).first()
        if found is None:
            raise NotFoundError("There is no such notification in your inbox.")
        return programs.record(tx.session, *found)


def mark_all(actor: Actor) -> int:
    """Mark all that is in the actor's inbox as read; how many were not. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    with database.write(actor.tenant_id) as tx:
        return _set(tx, actor, tx.now, Notification.user_id == actor.id, *finding.is_unread())


def mark_incident(actor: Actor, incident_id: UUID) -> int:
    """Mark what the actor was told of an incident as read, now that they have opened it; how many were not.

    Nothing is written when there is none. Raises: NotAllowedError.
    """
    require(actor, Role.VIEWER)
    of_it = (Notification.user_id == actor.id, Notification.incident_id == incident_id, *finding.is_unread())
    with database.read(actor.tenant_id) as session:
        if session.exec(select(Notification.id).where(*of_it).limit(1)).first() is None:
            return 0
    with database.write(actor.tenant_id) as tx:
        return _set(tx, actor, tx.now, *of_it)


def _set(tx: Tx, actor: Actor, read_at: Any, *which: Any) -> int:
    count: int = tx.session.exec(update(Notification).where(*which).values(read_at=read_at)).rowcount
    if count:
        tx.wake(inbox_topic(actor.id))
    return count
