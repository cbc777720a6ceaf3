"""What services answer to programs: incidents, timeline events and alerts with the names that the API gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from models.vocabulary import AlertStatus, DeliveryStatus, IncidentState, Move, NotificationState, Severity

Item = TypeVar("Item")
Allowed = Move | Literal["split"]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a longer list. `next` is the cursor of the part that follows, None after the last one."""

    items: list[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """An incident. Times are aware UTC, `mttr` and `tta_seconds` whole seconds, `number` is "INC-42"."""

    id: UUID
    tenant_id: UUID
    number: str
    title: str
    description: str
    severity: Severity
    state: IncidentState
    assigned_to: UUID | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    first_acknowledged_at: datetime | None
    resolved_at: datetime | None
    resolved_by: UUID | None
    first_resolved_at: datetime | None
    resolution_notes: str | None
    cause: str | None
    mttr: int | None
    tta_seconds: int | None
    occurrence: int
    alert_id: UUID | None
    post_mortem_id: UUID | None
    snoozed_until: datetime | None
    next_call_at: datetime | None
    acknowledgement_timeout_seconds: int | None
    parent_id: UUID | None
    merged_count: int
    previous_id: UUID | None
    service_id: UUID | None
    why: str
    group_key: str | None
    alert_count: int
    firing_count: int
    truncated_count: int
    version: int
    allowed: list[Allowed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One line of a timeline; `data` is documented with its type.

    `version` is 1 and grows with each edit of its text or its time; `deleted` is a comment whose text was taken away.
    """

    id: UUID
    incident_id: UUID
    seq: int
    type: str
    actor_id: UUID
    actor_name: str
    data: dict[str, Any]
    created_at: datetime
    occurred_at: datetime
    version: int = 1
    edited_at: datetime | None = None
    edited_by: UUID | None = None
    deleted: bool = False
    pinned: bool = False
    pinned_by: UUID | None = None
    pinned_at: datetime | None = None
    hidden: bool = False
    hidden_by: UUID | None = None
    hidden_at: datetime | None = None
    hidden_reason: str | None = None


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """What a line said, and when it happened, until somebody edited it."""

    data: dict[str, Any]
    occurred_at: datetime
    until: datetime
    edited_by: UUID
    edited_by_name: str


@dataclass(frozen=True, slots=True)
class EventHistory:
    """A line with its earlier versions, the oldest first."""

    event: EventRecord
    earlier: list[VersionRecord]


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert of an incident. `status`, `severity`, `starts_at` and `ends_at` are those of its last firing in that incident."""

    id: UUID
    integration_id: UUID
    incident_id: UUID | None
    fingerprint: str
    dedup_key: str
    status: AlertStatus
    severity: Severity
    title: str
    description: str
    labels: dict[str, str]
    links: list[dict[str, str]]
    starts_at: datetime | None
    ends_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    repeat_count: int
    firing_count: int


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How a notification went to its person by one channel, or is to: by the inbox, or by e-mail."""

    channel: str
    state: DeliveryStatus
    attempts: int
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class NotificationRecord:
    """What somebody was told of: one person, cause and reason. `why` says why it was they."""

    id: UUID
    user_id: UUID
    incident_id: UUID
    incident_number: str
    incident_title: str
    event_id: UUID | None
    reason: str
    why: str
    state: NotificationState
    read_at: datetime | None
    created_at: datetime
    deliveries: list[DeliveryRecord]
