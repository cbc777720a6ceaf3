"""A line of the list: what is broken, who has it, how long, and what happened last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from models.incidents import Incident
from models.integrations import Service
from models.people import ActorRow
from models.timeline import TimelineEvent
from models.vocabulary import EventType, IncidentState, Role, Severity, allowed_moves
from services import database
from services.access import Actor, may
from services.statements import aside
from services.views import IncidentRow, person_view
from services.wording import ordinal, rfc3339, shown_number, span

_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_service: Any = Service.__table__.c  # type: ignore[attr-defined]
_parent: Any = Incident.__table__.alias("parent")  # type: ignore[attr-defined]
_event: Any = TimelineEvent.__table__.c  # type: ignore[attr-defined]
_assignee: Any = ActorRow.__table__.alias("assignee")  # type: ignore[attr-defined]
_doer: Any = ActorRow.__table__.alias("doer")  # type: ignore[attr-defined]
_TOLD = ("to", "by_rule", "alert_id", "asks", "field", "parent", "child", "is_child", "ticked", "text")
"""What of the last line's data its words need; a comment's text stays where it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An incident as everybody in its organisation sees it in the list. `happened` says what was last, by `doer` where that matters."""

    id: UUID
    number: str
    title: str
    severity: Severity
    state: IncidentState
    service: str
    assigned_to: UUID | None
    assignee: str
    firing_count: int
    alert_count: int
    merged_count: int
    parent: str
    occurrence: int
    created_at: datetime
    resolved_at: datetime | None
    ttr_seconds: int | None
    version: int
    doer: str
    happened: str
    happened_at: datetime | None
    snoozed_until: datetime | None = None


def entries(session: Session, ids: Sequence[UUID]) -> list[Entry]:
    """The lines of these incidents, in this order; those that are not of the session's organisation are left out."""
    if not ids:
        return []
    event_on = (_event.incident_id == _incident.id) & (_event.seq == _incident.last_seq)
    query = (
        select(
            *(_incident[name] for name in ("id", "number", "title", "severity", "state", "assigned_to", "firing_count", "alert_count")),
            _incident.merged_count,
            _parent.c.number.label("parent"),
            *(
                _incident[name]
                for name in ("occurrence", "created_at", "reopened_at", "resolved_at", "ttr_seconds", "version", "snoozed_until")
            ),
            _service.name.label("service"),
            _assignee.c.name.label("assignee"),
            _doer.c.name.label("doer"),
            _event.type.label("event"),
            _event.actor_id.label("doer_id"),
            _event.recorded_at,
            *(_event.data[name].as_string().label(f"told_{name}") for name in _TOLD),
        )
        .select_from(Incident)
        .outerjoin(Service, _service.id == _incident.service_id)
        .outerjoin(_assignee, _assignee.c.id == _incident.assigned_to)
        .outerjoin(_parent, _parent.c.id == _incident.parent_id)
        .outerjoin(TimelineEvent, event_on)
        .outerjoin(_doer, _doer.c.id == _event.actor_id)
        .where(aside(_incident.tenant_id, database.storage().dialect) == session.info["tenant_id"], _incident.id.in_(ids))
    )
    found = {row.id: _entry(dict(row._mapping)) for row in session.connection().execute(query).all()}
    return [found[one] for one in ids if one in found]


def _entry(row: Mapping[str, Any]) -> Entry:
    doer, happened = _last(row)
    return Entry(
        id=row["id"],
        number=shown_number(row["number"]),
        title=row["title"],
        severity=row["severity"],
        state=row["state"],
        service=row["service"] or "",
        assigned_to=row["assigned_to"],
        assignee=row["assignee"] or "",
        firing_count=row["firing_count"],
        alert_count=row["alert_count"],
        merged_count=row["merged_count"],
        parent=shown_number(row["parent"]) if row["parent"] else "",
        occurrence=row["occurrence"],
        created_at=row["created_at"],
        resolved_at=row["resolved_at"],
        ttr_seconds=row["ttr_seconds"],
        version=row["version"],
        doer=doer,
        happened=happened,
        happened_at=row["recorded_at"],
        snoozed_until=row["snoozed_until"],
    )


_MOVED = {
    IncidentState.OPEN: "gave it back",
    IncidentState.ACKNOWLEDGED: "acknowledged",
    IncidentState.INVESTIGATING: "is investigating",
    IncidentState.RESOLVED: "resolved",
}


_Words = Callable[[str, Mapping[str, Any]], tuple[str, str]]
_WORDS: dict[EventType, _Words] = {
    EventType.ALERT_FIRED: lambda _who, row: (
        "",
        "Alert fired" if row["reopened_at"] != row["recorded_at"] else "Reopened, alert fired again",
    ),
    EventType.ALERT_RESOLVED: lambda _who, row: ("", "No alert fires any more" if _is_true(row["told_asks"]) else "Alert stopped"),
    EventType.COMMENT: lambda who, _row: (who, "commented"),
    EventType.STATE_CHANGE: lambda who, row: (who, _MOVED[IncidentState(row["told_to"])]),
    EventType.ASSIGNMENT: lambda who, row: (who, _assigned(row["told_to"], row["doer_id"])),
    EventType.RESOLUTION: lambda who, row: ("", "Resolved by itself") if _is_true(row["told_by_rule"]) else (who, "resolved"),
    EventType.REOPENED: lambda who, row: ("", "Reopened, alert fired again") if row["told_alert_id"] else (who, "reopened"),
    EventType.SEVERITY_CHANGE: lambda who, row: (who, f"changed it to {row['told_to']}"),
    EventType.MERGE: lambda who, row: (who, f"merged {row['told_child']} into it" if row["told_child"] else "merged it"),
    EventType.SPLIT: lambda who, row: (who, _split(row)),
    EventType.EDIT: lambda who, row: (who, _edited(row)),
    EventType.CHECKLIST: lambda who, row: (who, f"{'ticked' if _is_true(row['told_ticked']) else 'unticked'} {row['told_text']}"),
    EventType.NOTIFICATION: lambda _who, _row: ("", "People were told again"),
}


def _last(row: Mapping[str, Any]) -> tuple[str, str]:
    """The last line of the timeline in a few words: the first name of who did it, where it was somebody, and what."""
    if row["event"] is None:
        return "", ""
    name = (row["doer"] or "").split()
    return _WORDS[EventType(row["event"])](name[0] if name else "", row)  # a kind without words would take the list from everybody


def _assigned(to: str | None, doer_id: UUID) -> str:
    if not to:
        return "unassigned it"
    return "took it" if UUID(to) == doer_id else "assigned it"


def _edited(row: Mapping[str, Any]) -> str:
    if row["told_field"] == "snoozed_until":
        return "snoozed it" if row["told_to"] else "ended the snooze"
    return "set its timeout" if row["told_field"] == "acknowledgement_timeout_seconds" else f"edited the {row['told_field']}"


def _split(row: Mapping[str, Any]) -> str:
    if row["told_child"]:
        return f"split {row['told_child']} out" if _is_true(row["told_is_child"]) else f"split alerts out into {row['told_child']}"
    return f"split it out of {row['told_parent']}"


def _is_true(value: Any) -> bool:
    """A true of the JSON, which SQLite hands out as a number."""
    return str(value).lower() in ("true", "1")


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a line depends on beside the incident: whose it may be, and whether moves are offered."""

    id: UUID
    may_act: bool


def viewer_of(actor: Actor) -> Viewer:
    """How this actor sees the list."""
    return Viewer(actor.id, may(actor.role, Role.RESPONDER))


def row(entry: Entry, viewer: Viewer, group: str = "") -> IncidentRow:
    """The line as this viewer sees it; `group` is the one that it stands in."""
    person = person_view(entry.assigned_to, entry.assignee) if entry.assigned_to else None
    return IncidentRow(
        id=entry.id.hex,
        number=entry.number,
        title=entry.title,
        severity=entry.severity.value,
        state=entry.state.value,
        service=entry.service,
        assignee_id=entry.assigned_to.hex if entry.assigned_to else "",
        assignee=entry.assignee,
        assignee_short=(entry.assignee.split() or [""])[0],
        assignee_initials=person.initials if person else "",
        assignee_colour=person.colour if person else "gray",
        is_mine=entry.assigned_to == viewer.id,
        firing_count=entry.firing_count,
        alert_count=entry.alert_count,
        merged_text=f"+{entry.merged_count} merged" if entry.merged_count else "",
        parent=entry.parent,
        occurrence=entry.occurrence,
        occurrence_text=f"{ordinal(entry.occurrence)} time" if entry.occurrence > 1 else "",
        created_at=rfc3339(entry.created_at),
        age_until=rfc3339(entry.resolved_at),
        resolved_after=span(entry.ttr_seconds) if entry.ttr_seconds is not None else "",
        last_actor=entry.doer,
        last_activity=entry.happened,
        last_activity_at=rfc3339(entry.happened_at),
        snoozed_until=rfc3339(entry.snoozed_until),
        group=group,
        moves=[move.value for move in allowed_moves(entry.state)] if viewer.may_act and not entry.parent else [],
        version=entry.version,
    )
