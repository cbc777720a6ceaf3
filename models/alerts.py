"""What senders said: one row an alert, one a firing of it, and the payload itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type, words
from models.vocabulary import AlertStatus, Severity


class Alert(TenantRow, table=True):
    """An alert is its integration and fingerprint. It links to the incident that it belongs to, where it made or joined one.

    `starts_at` is what the sender said of the last known firing, None where it says nothing. `firing_count` is how often it began to
    fire, `repeat_count` how often the same firing was sent again.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_fingerprint", "integration_id", "fingerprint", unique=True),
        Index("ix_alert_incident", "incident_id"),
        Index("ix_alert_integration", "integration_id", "id"),
    )

    id: UUID = id_field()
    integration_id: UUID = Field(foreign_key="integration.id")
    fingerprint: str = Field(max_length=64)
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id")
    status: AlertStatus = Field(sa_column=Column(words(AlertStatus, "alert_status"), nullable=False))
    severity: Severity = Field(sa_column=Column(words(Severity, "alert_severity"), nullable=False))
    title: str
    description: str = ""
    labels: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    links: list[Any] = Field(default_factory=list, sa_column=Column(json_type(), nullable=False))
    dedup_key: str = ""
    group_key: str = ""
    content_hash: str = Field(default="", max_length=64)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    first_seen_at: datetime
    last_seen_at: datetime
    repeat_count: int = 0
    firing_count: int = 1


class AlertFiring(TenantRow, table=True):
    """One stretch of time in which an alert fired; `number` counts from 1 within the alert. At most one is without an end."""

    __tablename__ = "alert_firing"
    __table_args__ = (
        Index("uq_alert_firing_number", "alert_id", "number", unique=True),
        Index("ix_alert_firing_incident", "incident_id", "alert_id", "number"),
        Index(
            "uq_alert_firing_current",
            "alert_id",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: UUID = id_field()
    alert_id: UUID = Field(foreign_key="alert.id")
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id")
    number: int
    severity: Severity = Field(sa_column=Column(words(Severity, "alert_firing_severity"), nullable=False))
    starts_at: datetime | None = None
    fired_at: datetime
    resolved_at: datetime | None = None


class RawPayload(TenantRow, table=True):
    """One alert's own JSON as it was sent, kept when its status or content changed, until retention removes it.

    `envelope` is what the request said beside its alerts, kept once, with the first of them.
    """

    __tablename__ = "raw_payload"
    __table_args__ = (
        Index("ix_raw_payload_alert", "alert_id", "received_at"),
        Index("ix_raw_payload_received", "tenant_id", "received_at"),
    )

    id: UUID = id_field()
    integration_id: UUID = Field(foreign_key="integration.id")
    alert_id: UUID = Field(foreign_key="alert.id")
    received_at: datetime
    body: str
    envelope: str = ""
