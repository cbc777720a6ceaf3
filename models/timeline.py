"""The timeline of an incident: append-only lines, and the earlier versions of lines that were edited."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type


class TimelineEvent(TenantRow, table=True):
    """One line. `seq` counts from 1 within the incident; `data` is the typed model of its `type` in `services/timeline.py`.

    `key` is given by the sender of a comment, so that the same comment sent twice is stored once.
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
