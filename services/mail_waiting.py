"""Mails that could not be handed over and wait for their next try, and those that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, text
from sqlmodel import Session, col, func, select

from models.notifications import WAITING, OutgoingMessage
from models.vocabulary import DeliveryStatus

LATE = timedelta(minutes=5)
"""After so long in which a mail could not be handed over, admins are told."""
_GIVEN_UP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Troubles:
    """The mails of one organisation that were tried in vain. `last_error` is that of the newest try; all is None or 0 when none was."""

    count: int
    since: datetime | None
    given_up: int
    last_error: str | None


def _tried() -> tuple[ColumnElement[bool], ...]:
    """Tried and not sent; a mail that waits for the end of somebody's quiet hours was not tried yet."""
    return text(WAITING), col(OutgoingMessage.channel_id).is_(None), col(OutgoingMessage.attempts) > 0  # type: ignore[return-value]


def are_late(session: Session, now: datetime) -> bool:
    """Whether a mail has been waiting for longer than it should."""
    return (
        session.exec(select(OutgoingMessage.id).where(*_tried(), col(OutgoingMessage.created_at) < now - LATE).limit(1)).first() is not None
    )


def troubles(session: Session, now: datetime) -> Troubles:
    """What waits, since when, and what was given up within a day."""
    count, since = session.exec(select(func.count(), func.min(col(OutgoingMessage.created_at))).where(*_tried())).one()
    # without a channel: what goes to a person
    recent = (col(OutgoingMessage.channel_id).is_(None), col(OutgoingMessage.created_at) > now - _GIVEN_UP)
    given_up = (*recent, col(OutgoingMessage.status) == DeliveryStatus.FAILED)
    failed = session.exec(select(func.count()).select_from(OutgoingMessage).where(*given_up)).one()
    newest = col(OutgoingMessage.created_at).desc()
    for which in (_tried(), given_up):
        error = session.exec(select(OutgoingMessage.last_error).where(*which).order_by(newest).limit(1)).first()
        if error:
            return Troubles(count, since, failed, error)
    return Troubles(count, since, failed, None)
