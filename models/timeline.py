"""The timeline of an incident: lines that stay, what people did to them, and the earlier versions of those that were edited."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Integer, false, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type


class TimelineEvent(TenantRow, table=True):
    """One line. `seq` counts from 1 within the incident; `data` is the typed model of its `type` in `services/timeline.py`.

    `key` is given by the sender of a comment, so that the same comment sent twice is stored once. `version` is 1 and grows with each
    revision of the text or the time. `change` is the number of the last change of this line among those of its incident, and what an
    open page tells by what it has missed; None for a line that stands as it was written.
    """

    __tablename__ = "timeline_event"
    __table_args__ = (
        Index("uq_timeline_event_seq", "incident_id", "seq", unique=True),
        Index("ix_timeline_event_occurred", "incident_id", "occurred_at", "seq"),
        Index(
            "uq_timeline_event_key",
            "incident_id",
            "key",
            unique=True,
            sqlite_where=text("key IS NOT NULL"),
            postgresql_where=text("key IS NOT NULL"),
        ),
        Index(
            "ix_timeline_event_change",
            "incident_id",
            "change",
            sqlite_where=text("change IS NOT NULL"),
            postgresql_where=text("change IS NOT NULL"),
        ),
    )

    id: UUID = id_field()
    incident_id: UUID = Field(foreign_key="incident.id")
    seq: int
    type: str = Field(max_length=30)
    actor_id: UUID = Field(foreign_key="actor.id")
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    occurred_at: datetime
    recorded_at: datetime
    key: str | None = Field(default=None, max_length=64)
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    revised_at: datetime | None = None
    revised_by: UUID | None = Field(default=None, foreign_key="actor.id")
    is_deleted: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    pinned_at: datetime | None = None
    pinned_by: UUID | None = Field(default=None, foreign_key="actor.id")
    hidden_at: datetime | None = None
    hidden_by: UUID | None = Field(default=None, foreign_key="actor.id")
    hidden_reason: str | None = None
    change: int | None = None


class TimelineRevision(TenantRow, table=True):
    """What a line said before it was edited, with who changed it and when."""

    __tablename__ = "timeline_revision"
    __table_args__ = (Index("ix_timeline_revision_event", "event_id", "revised_at"),)

    id: UUID = id_field()
    event_id: UUID = Field(foreign_key="timeline_event.id")
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    occurred_at: datetime
    revised_by: UUID = Field(foreign_key="actor.id")
    revised_at: datetime


class LastLook(TenantRow, table=True):
    """Up to which line somebody has seen the timeline of an incident, in the order of `seq`, and when they saw that one come."""

    __tablename__ = "last_look"

    incident_id: UUID = Field(primary_key=True, foreign_key="incident.id")
    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    seq: int
    at: datetime
