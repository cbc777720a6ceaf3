"""Incidents: what is broken, who has it, and how it went."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, words
from models.vocabulary import IncidentState, Severity

_UNRESOLVED = "state <> 'resolved'"


class Incident(TenantRow, table=True):
    """One incident. `acknowledged_*`, `resolved_*`, `resolution_notes`, `cause` and `ttr_seconds` describe its current occurrence.

    `checklist_id` is the response checklist that its service had when it was opened, or when the service was set.

    `accepts_alerts` is true while new alerts of its group are its own, at most until `accepts_until` (None: until it is resolved); at
    most one incident accepts for a group key. `alert_id` is the alert that made it, `previous_id` the incident of the same group
    before it, `parent_id` the one it was merged into: what it accepts is then shown and counted there as well. `merged_count` is how
    many were merged into it; `alert_count` and `firing_count` hold theirs, too. `touched` is true once a person or a service account
    acted on it, which they last did at `last_activity_at`. While nobody has acknowledged it people are told again at `next_call_at`, for
    the `call_step`-th time after the first. `acknowledgement_timeout_seconds` goes before the organisation's (0: never). `last_seq` is
    the number of the last line on its timeline. `version` grows with each change of this row. Durations are whole seconds.
    """

    __tablename__ = "incident"
    __table_args__ = (
        Index("uq_incident_number", "tenant_id", "number", unique=True),
        Index(
            "uq_incident_live_group",
            "tenant_id",
            "group_hash",
            unique=True,
            # SQLite uses a partial index only where the query says the same words, and SQLAlchemy writes a true boolean as "= 1" there
            sqlite_where=text("accepts_alerts = 1"),
            postgresql_where=text("accepts_alerts"),
        ),
        Index("ix_incident_created", "tenant_id", "created_at", "id"),
        # The list reads each state and severity as a run of its own, newest first, and merges the runs. Whose and what: the columns
        # behind the id are there to be looked at without the row.
        Index("ix_incident_state", "tenant_id", "state", "severity", "created_at", "id", "parent_id"),
        Index("ix_incident_assignee", "tenant_id", "assigned_to", "state", "created_at", "id", "severity", "parent_id"),
        Index("ix_incident_service", "tenant_id", "service_id", "state", "created_at", "id", "severity", "assigned_to", "parent_id"),
        Index(
            "ix_incident_unresolved",
            "tenant_id",
            "assigned_to",
            "state",
            "severity",
            "parent_id",
            sqlite_where=text(_UNRESOLVED),
            postgresql_where=text(_UNRESOLVED),
        ),
        Index(
            "ix_incident_acknowledged",
            "tenant_id",
            "first_acknowledged_at",
            "tta_seconds",
            "parent_id",
            sqlite_where=text("first_acknowledged_at IS NOT NULL"),
            postgresql_where=text("first_acknowledged_at IS NOT NULL"),
        ),
        Index(
            "ix_incident_resolved_at",
            "tenant_id",
            "resolved_at",
            "parent_id",
            sqlite_where=text("resolved_at IS NOT NULL"),
            postgresql_where=text("resolved_at IS NOT NULL"),
        ),
        Index(
            "ix_incident_snoozed",
            "tenant_id",
            "snoozed_until",
            "id",
            sqlite_where=text("snoozed_until IS NOT NULL"),
            postgresql_where=text("snoozed_until IS NOT NULL"),
        ),
        Index(
            "ix_incident_parent",
            "tenant_id",
            "parent_id",
            sqlite_where=text("parent_id IS NOT NULL"),
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
    )

    id: UUID = id_field()
    number: int
    title: str
    description: str = ""
    severity: Severity = Field(sa_column=Column(words(Severity, "incident_severity"), nullable=False))
    state: IncidentState = Field(sa_column=Column(words(IncidentState, "incident_state"), nullable=False))
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    # no foreign key: it would have rebuilt this table, and a checklist is never deleted
    checklist_id: UUID | None = None
    assigned_to: UUID | None = Field(default=None, foreign_key="user.id")
    created_by: UUID = Field(foreign_key="actor.id")
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = Field(default=None, foreign_key="actor.id")
    first_acknowledged_at: datetime | None = None
    investigating_at: datetime | None = None
    investigating_by: UUID | None = Field(default=None, foreign_key="actor.id")
    resolved_at: datetime | None = None
    resolved_by: UUID | None = Field(default=None, foreign_key="actor.id")
    first_resolved_at: datetime | None = None
    resolution_notes: str | None = None
    cause: str | None = None
    tta_seconds: int | None = None
    ttr_seconds: int | None = None
    occurrence: int = 1
    reopened_at: datetime | None = None
    # no foreign key: alerts point at incidents, and a circle of constraints could not be written in one pass
    alert_id: UUID | None = None
    previous_id: UUID | None = Field(default=None, foreign_key="incident.id")
    parent_id: UUID | None = Field(default=None, foreign_key="incident.id")
    merged_count: int = Field(sa_column_kwargs={"server_default": "0"})
    why: str = ""
    group_key: str | None = None
    group_hash: str | None = Field(default=None, max_length=32)
    accepts_alerts: bool = False
    accepts_until: datetime | None = None
    alert_count: int = 0
    firing_count: int = 0
    truncated_count: int = 0
    touched: bool = False
    last_activity_at: datetime | None = None
    acknowledgement_timeout_seconds: int | None = None
    snoozed_until: datetime | None = None
    next_call_at: datetime | None = None
    call_step: int = Field(sa_column_kwargs={"server_default": "0"})
    quiet_asked_at: datetime | None = None
    last_seq: int = 0
    last_change: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    version: int = 1


class ChecklistTick(TenantRow, table=True):
    """An item of an incident's checklist that somebody ticked; without a row it is not ticked."""

    __tablename__ = "checklist_tick"

    incident_id: UUID = Field(primary_key=True, foreign_key="incident.id")
    item_id: UUID = Field(primary_key=True)
    ticked_by: UUID = Field(foreign_key="actor.id")
    ticked_at: datetime
