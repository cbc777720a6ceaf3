"""Who was told of what and why, and the messages by which they were told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, words
from models.vocabulary import DeliveryStatus

WAITING = "status = 'pending'"
CHANNEL_WAITING = f"{WAITING} AND channel_id IS NOT NULL"


class Notification(TenantRow, table=True):
    """One person, told of one cause for one reason, once. `cause` names it; `event_id` is the line that tells of it, where one does.

    `why` says in words why it is this person. One that is not `in_inbox` went by e-mail alone.
    """

    __tablename__ = "notification"
    __table_args__ = (
        Index("uq_notification_cause", "user_id", "cause", "reason", unique=True),
        Index("ix_notification_user", "tenant_id", "user_id", "created_at", "id"),
        Index("ix_notification_incident", "incident_id", "created_at"),
        Index(
            "ix_notification_unread",
            "tenant_id",
            "user_id",
            "created_at",
            "id",
            # the words that SQLAlchemy writes for a true boolean on each
            sqlite_where=text("read_at IS NULL AND in_inbox = 1"),
            postgresql_where=text("read_at IS NULL AND in_inbox"),
        ),
    )

    id: UUID = id_field()
    user_id: UUID = Field(foreign_key="user.id")
    incident_id: UUID = Field(foreign_key="incident.id")
    event_id: UUID | None = Field(default=None, foreign_key="timeline_event.id")
    reason: str = Field(max_length=30)
    cause: str = Field(max_length=80)
    why: str = Field(default="", max_length=300)
    in_inbox: bool = True
    created_at: datetime
    read_at: datetime | None = None


class OutgoingMessage(TenantRow, table=True):
    """One message to one address: its id is the same each time that it is sent, so that a receiver can drop a repeat.

    It belongs to a `notification_id`, or to a channel of the organisation. `kind` is the reason or the kind of event. What waits has a
    job, a mail one of its own and a channel one for all that waits for it; `attempts` counts how often it was sent or could not be.
    """

    __tablename__ = "outgoing_message"
    __table_args__ = (
        Index("ix_outgoing_message_notification", "notification_id"),
        Index("ix_outgoing_message_incident", "incident_id", "created_at"),
        Index("ix_outgoing_message_channel", "tenant_id", "channel_id", "created_at"),
        Index(
            "ix_outgoing_message_waiting",
            "tenant_id",
            "incident_id",
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index(
            "ix_outgoing_message_channel_waiting",
            "channel_id",
            "created_at",
            sqlite_where=text(CHANNEL_WAITING),
            postgresql_where=text(CHANNEL_WAITING),
        ),
    )

    id: UUID = id_field()
    notification_id: UUID | None = Field(default=None, foreign_key="notification.id")
    channel: str = Field(max_length=20)
    # no foreign key: what was sent stays known when its channel is gone
    channel_id: UUID | None = None
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id")
    event_id: UUID | None = Field(default=None, foreign_key="timeline_event.id")
    kind: str = Field(max_length=30)
    status: DeliveryStatus = Field(sa_column=Column(words(DeliveryStatus, "outgoing_message_status"), nullable=False))
    attempts: int = 0
    created_at: datetime
    sent_at: datetime | None = None
    last_error: str | None = Field(default=None, max_length=1000)


class Follower(TenantRow, table=True):
    """Somebody who wants to be told of the moves of one incident, or of all incidents of one service."""

    __tablename__ = "follower"
    __table_args__ = (Index("ix_follower_user", "tenant_id", "user_id"),)

    # an incident or a service, so without a foreign key
    subject_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    since: datetime
