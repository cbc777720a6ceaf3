"""The lines of an incident's timeline: what each kind says, and the one way to write one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from models.people import ActorRow
from models.timeline import TimelineEvent, TimelineRevision
from models.vocabulary import EventType, IncidentState, Reason, Severity
from services.database import Tx
from services.errors import NotFoundError
from services.records import EventRecord, VersionRecord


class EventData(BaseModel):
    """What a line of one type says beside who and when."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, frozen=True)


class AlertFired(EventData):
    """An alert began to fire. `occurrence` counts how often this alert has."""

    alert_id: UUID
    title: str
    severity: Severity
    labels: dict[str, str] = {}
    occurrence: int = 1


class AlertResolved(EventData):
    """An alert stopped. `still_firing` counts the incident's others that go on; `asks` is true when none does, and people had
    worked on the incident, so that one of them has to resolve it."""

    alert_id: UUID
    title: str
    still_firing: int
    asks: bool = False


class Comment(EventData):
    """What somebody wrote, as Markdown. `mentioned` are the handles in it that name somebody: the people who were told.
    `automatic` says that nobody did: a rule asks."""

    body: str
    mentioned: list[str] = []
    automatic: bool = False


class StateChange(EventData):
    """A move between states. `skipped` names the states that were passed at the same moment, `parent` the incident that it followed."""

    origin: IncidentState = Field(validation_alias="from", serialization_alias="from")
    to: IncidentState
    reason: str | None = None
    skipped: list[IncidentState] = []
    parent: str | None = None


class Assignment(EventData):
    """The incident went from one person to another; None is nobody."""

    origin: UUID | None = Field(validation_alias="from", serialization_alias="from")
    to: UUID | None
    reason: str | None = None


class Resolution(EventData):
    """The incident was resolved, `ttr_seconds` after it was created; `by_rule` without a person, with `parent` by following that one."""

    notes: str
    ttr_seconds: int
    by_rule: bool = False
    cause: str | None = None
    parent: str | None = None


class Reopened(EventData):
    """The incident is open again, for the `occurrence`-th time. `sibling` is the number of another incident that meanwhile takes
    the alerts of this group, `parent` that of the one that it followed."""

    reason: str
    occurrence: int
    alert_id: UUID | None = None
    sibling: str | None = None
    parent: str | None = None


class SeverityChange(EventData):
    """Somebody judged it better or worse than before."""

    origin: Severity = Field(validation_alias="from", serialization_alias="from")
    to: Severity


class Standing(BaseModel):
    """Where an incident stood before it was merged: what taking the merge back gives it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: IncidentState
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    first_acknowledged_at: datetime | None = None
    tta_seconds: int | None = None
    investigating_at: datetime | None = None
    investigating_by: UUID | None = None


class Merge(EventData):
    """One incident became part of another. On the timeline of the `parent`, `child` is the number of the one that came with its
    `alert_count` alerts; on the child's own, `parent` is where it went, `before` how it stood, `children` the numbers of those that
    moved on with it, and `along` that of the one that it moved on with itself. `title` is that of the other one."""

    title: str
    parent: str | None = None
    child: str | None = None
    alert_count: int = 0
    to: IncidentState | None = None
    before: Standing | None = None
    children: list[str] = []
    along: str | None = None


class Split(EventData):
    """Something left an incident again: what was merged into it (`is_child`), or `alert_count` of its alerts, called `alerts`.

    `parent` is the number of the one that was left, on the timeline of what left it; `child` that of what left, on the other one.
    `title` is that of the other one. `undone` says that a merge was taken back."""

    title: str
    parent: str | None = None
    child: str | None = None
    is_child: bool = False
    alert_count: int = 0
    alerts: list[str] = []
    to: IncidentState | None = None
    undone: bool = False


class Edit(EventData):
    """Somebody changed the `field` "title", "description" or "service" of the incident; a service stands there by its name."""

    field: str
    origin: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class Checked(EventData):
    """Somebody ticked an item of the incident's checklist, or took the tick away."""

    item_id: UUID
    text: str
    ticked: bool


class Told(EventData):
    """People were told of the incident, for this reason; `why` says in words why it was they, and why then."""

    to: list[UUID]
    reason: Reason
    why: str


DATA: dict[EventType, type[EventData]] = {
    EventType.ALERT_FIRED: AlertFired,
    EventType.ALERT_RESOLVED: AlertResolved,
    EventType.COMMENT: Comment,
    EventType.STATE_CHANGE: StateChange,
    EventType.ASSIGNMENT: Assignment,
    EventType.RESOLUTION: Resolution,
    EventType.REOPENED: Reopened,
    EventType.SEVERITY_CHANGE: SeverityChange,
    EventType.MERGE: Merge,
    EventType.SPLIT: Split,
    EventType.EDIT: Edit,
    EventType.CHECKLIST: Checked,
    EventType.NOTIFICATION: Told,
}
_TYPE_OF = {data: event_type for event_type, data in DATA.items()}


Place = tuple[datetime, int]
"""Where a line stands in the order of its timeline: (occurred_at, seq)."""


def record(
    tx: Tx,
    incident_id: UUID,
    seq: int,
    actor_id: UUID,
    data: EventData,
    *,
    event_id: UUID,
    occurred_at: datetime | None = None,
    key: str | None = None,
) -> None:
    """Write one line. `seq` comes from the incident, which the transaction holds."""
    tx.insert(
        TimelineEvent,
        id=event_id,
        incident_id=incident_id,
        seq=seq,
        type=_TYPE_OF[type(data)].value,
        actor_id=actor_id,
        data=data.model_dump(mode="json", by_alias=True),
        occurred_at=occurred_at or tx.now,
        recorded_at=tx.now,
        key=key,
    )


def page(
    session: Session,
    incident_id: UUID,
    *,
    before: Place | None = None,
    after: Place | None = None,
    after_seq: int | None = None,
    limit: int = 50,
    types: tuple[EventType, ...] = (),
    by: UUID | None = None,
    newest_first: bool = False,
) -> list[EventRecord]:
    """A stretch of an incident's timeline, in the order (occurred_at, seq).

    With `before` the newest `limit` lines before that place, with `after` the oldest ones after it; with `after_seq` the lines that
    were written after that one; else the first lines, or with `newest_first` the last ones, newest first.
    """
    query = (
        select(TimelineEvent, ActorRow.name)
        .join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
        .where(TimelineEvent.incident_id == incident_id)
    )
    if types:
        query = query.where(col(TimelineEvent.type).in_([event_type.value for event_type in types]))
    if by is not None:
        query = query.where(TimelineEvent.actor_id == by)
    when, seq = col(TimelineEvent.occurred_at), col(TimelineEvent.seq)
    if after_seq is not None:
        query = query.where(seq > after_seq)
    if before is not None:
        query = query.where(when <= before[0], (when < before[0]) | (seq < before[1]))
    if after is not None:
        query = query.where(when >= after[0], (when > after[0]) | (seq > after[1]))
    descending = newest_first or before is not None
    query = query.order_by(when.desc(), seq.desc()) if descending else query.order_by(when, seq)
    rows = [to_record(event, name) for event, name in session.exec(query.limit(limit)).all()]
    return rows if newest_first or not descending else rows[::-1]


def place_of(session: Session, incident_id: UUID, seq: int) -> Place | None:
    """Where the line with this number stands; None when the incident has no such line."""
    query = select(TimelineEvent.occurred_at).where(TimelineEvent.incident_id == incident_id, TimelineEvent.seq == seq)
    occurred_at = session.exec(query).first()
    return None if occurred_at is None else (occurred_at, seq)


def find_line(session: Session, incident_id: UUID, named: str) -> tuple[TimelineEvent, str]:
    """The line of this incident with this id or number, and what its author is called. Raises: NotFoundError."""
    missing = NotFoundError(f"There is no line {named[:40]!r} on this timeline. A line is named by its id or by its number, such as 17.")
    query = (
        select(TimelineEvent, ActorRow.name)
        .join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
        .where(TimelineEvent.incident_id == incident_id)
    )
    if named.isascii() and named.isdigit() and len(named) < 10:
        query = query.where(TimelineEvent.seq == int(named))
    else:
        try:
            query = query.where(TimelineEvent.id == UUID(named))
        except ValueError:
            raise missing from None
    found = session.exec(query).first()
    if found is None:
        raise missing
    return found


def earlier_versions(session: Session, event_id: UUID) -> list[VersionRecord]:
    """What a line said before, the oldest first."""
    query = (
        select(TimelineRevision, ActorRow.name)
        .join(ActorRow, col(ActorRow.id) == col(TimelineRevision.revised_by))
        .where(TimelineRevision.event_id == event_id)
        .order_by(col(TimelineRevision.revised_at), col(TimelineRevision.id))
    )
    return [VersionRecord(one.data, one.occurred_at, one.revised_at, one.revised_by, name) for one, name in session.exec(query)]


def to_record(event: TimelineEvent, actor_name: str) -> EventRecord:
    """The line as programs and pages get it."""
    return EventRecord(
        id=event.id,
        incident_id=event.incident_id,
        seq=event.seq,
        type=event.type,
        actor_id=event.actor_id,
        actor_name=actor_name,
        data=event.data,
        created_at=event.recorded_at,
        occurred_at=event.occurred_at,
        version=event.version,
        edited_at=event.revised_at,
        edited_by=event.revised_by,
        deleted=event.is_deleted,
        pinned=event.pinned_at is not None,
        pinned_by=event.pinned_by,
        pinned_at=event.pinned_at,
        hidden=event.hidden_at is not None,
        hidden_by=event.hidden_by,
        hidden_at=event.hidden_at,
        hidden_reason=event.hidden_reason,
    )


def data_of(event: EventRecord) -> EventData:
    """The typed data of a line."""
    return DATA[EventType(event.type)].model_validate(event.data)


def known_types() -> list[Any]:
    """Each type with its model, for the reference."""
    return list(DATA.items())
