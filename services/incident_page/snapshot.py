"""All that the page shows of an incident, read at once: the row, the names in it, its alerts and its newest lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import literal_column
from sqlmodel import Session, col, select

from models.incidents import Incident
from models.people import ActorRow
from models.tenants import Tenant
from models.vocabulary import EventType, IncidentState
from services import checklists, database, holding
from services.checklists import CheckRecord
from services.incident_page import firings, statements
from services.incident_page.firings import AlertHere
from services.records import EventRecord
from services.statements import as_json, as_time, as_uuid
from services.wording import shown_number

NEWEST = 60
"""How many of the newest lines a shared read holds: a page that missed more reads them anew."""
CHANGES = 30
"""How many of the last changes of lines a shared read tells: a page that missed more reads its lines anew."""
MOST_PINS = 20
MOST_CALLS = 8
"""How many of the last calls the page shows."""
SHOWN_ALERTS = 6
"""How many alerts the page shows until somebody asks for all."""


@dataclass(frozen=True, slots=True)
class IncidentKey:
    """Which incident a page follows."""

    tenant_id: UUID
    number: int
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class Other:
    """Another incident that the page leads to."""

    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody who was called. `mail` is the status of the mail that says so, empty where there is none."""

    user_id: UUID
    name: str
    at: datetime
    mail: str


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody who is told of the moves of the incident: because they follow it, or its service."""

    user_id: UUID
    name: str
    of_service: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The incident at one moment. `names` holds whoever the row and the lines name; `newest` is in the order of `seq`.

    `changed` holds each line among the last changes with the number of its own last one, `pins` the lines that are pinned.

    `previous` is the incident of the same group before it, `sibling` the one that takes the alerts of its group meanwhile, `parent` the
    one that it was merged into, `merged` those that were merged into it. `calls` are those of its current occurrence, the latest
    first, until it is resolved; `has_on_call` is whether somebody is on call by default.
    """

    row: Mapping[str, Any]
    names: Mapping[UUID, str]
    service: str
    runbook: str
    owner: str
    causes: list[str]
    checklist: list[CheckRecord]
    previous: Other | None
    sibling: Other | None
    parent: Other | None
    merged: list[Other]
    followers: list[Following]
    calls: list[Call]
    has_on_call: bool
    reopen_window_seconds: int
    alerts: list[AlertHere]
    newest: list[EventRecord]
    changed: list[tuple[int, EventRecord]]
    pins: list[EventRecord]

    @property
    def last_seq(self) -> int:
        return int(self.row["last_seq"])

    @property
    def last_change(self) -> int:
        return int(self.row["last_change"])

    @property
    def first_seq(self) -> int:
        """The number of the oldest of the newest lines."""
        return self.newest[0].seq if self.newest else self.last_seq + 1


def take(session: Session, number: int, *, before: Snapshot | None = None, alert_limit: int = SHOWN_ALERTS) -> Snapshot | None:
    """Read it; None when the session's organisation has no incident of this number.

    What `before` knows of the same incident already, its lines, is not read again.
    """
    held = holding.read(session, number)
    if held is None:
        return None
    row = held.row
    if before is not None and row["last_change"] - before.last_change > CHANGES:
        before = None  # some of what it knows has been changed, and nobody tells what
    parts = _merged(session, row)
    service, runbook, owner, window_seconds, causes, on_call, previous_number, previous_title, *acted = statements.around(
        session, row["id"]
    )
    changed, pins = _changed(session, row, before)
    newest = _newest(session, row, before, changed)
    known = dict(before.names) if before is not None else {}
    known |= {row[column]: name for column, name in zip(statements.ACTED, acted, strict=True) if name is not None}
    return Snapshot(
        row=row,
        names=known | names(session, [*newest, *(event for _, event in changed), *pins], known),
        service=service or "",
        runbook=runbook or "",
        owner=owner or "",
        causes=as_json(causes),
        checklist=checklists.read(session, row),
        previous=Other(shown_number(previous_number), previous_title) if previous_number else None,
        sibling=_sibling(session, row),
        parent=_other(session, Incident.id == row["parent_id"]) if row["parent_id"] is not None else None,
        merged=[other for _, other in parts],
        followers=_followers(session, row),
        calls=_calls(session, row),
        has_on_call=on_call is not None,
        reopen_window_seconds=window_seconds,
        alerts=firings.urgent_first(session, [row["id"], *(ident for ident, _ in parts)], limit=alert_limit),
        newest=newest,
        changed=changed,
        pins=pins,
    )


def _followers(session: Session, row: Mapping[str, Any]) -> list[Following]:
    """Each person once: who follows the incident itself stands before who follows its service."""
    found = [
        Following(cast(UUID, as_uuid(ident)), name, as_uuid(subject) != row["id"])
        for ident, name, subject in statements.followers(session, row["id"], row["service_id"])
    ]
    own = {one.user_id for one in found if not one.of_service}
    once = [one for one in found if not one.of_service or one.user_id not in own]
    return sorted(once, key=lambda one: one.of_service)


def _calls(session: Session, row: Mapping[str, Any]) -> list[Call]:
    if row["state"] is IncidentState.RESOLVED:
        return []
    began = row["reopened_at"] or row["created_at"]
    return [
        Call(cast(UUID, as_uuid(ident)), name, cast(datetime, as_time(at)), mail or "")
        for ident, name, at, mail in statements.calls(session, row["id"], began, MOST_CALLS)
    ]


def _newest(session: Session, row: Mapping[str, Any], before: Snapshot | None, changed: list[tuple[int, EventRecord]]) -> list[EventRecord]:
    first = row["last_seq"] - NEWEST
    now = {event.seq: event for _, event in changed}
    known = [now.get(event.seq, event) for event in before.newest if event.seq > first] if before is not None else []
    after = known[-1].seq if known else first
    return known + [_event(row["id"], each) for each in statements.lines_after(session, row["id"], after, NEWEST * 2)]


def _changed(session: Session, row: Mapping[str, Any], before: Snapshot | None) -> tuple[list[tuple[int, EventRecord]], list[EventRecord]]:
    """The lines among the last changes, and those that are pinned; where nothing was changed since, they are not read."""
    last = row["last_change"]
    if last == 0:
        return [], []
    if before is not None and before.last_change == last:
        return before.changed, before.pins
    since = max(last - CHANGES, before.last_change) if before is not None else last - CHANGES
    new = [(each[0], _event(row["id"], each[1:])) for each in statements.lines_changed_after(session, row["id"], since)]
    again = {event.seq for _, event in new}
    known = before.changed if before is not None else []
    changed = [each for each in known if each[0] > last - CHANGES and each[1].seq not in again] + new
    return changed, [_event(row["id"], each) for each in statements.pinned_lines(session, row["id"], MOST_PINS)]


def _event(incident_id: UUID, row: Sequence[Any]) -> EventRecord:
    (ident, seq, kind, actor_id, actor_name, data, occurred_at, recorded_at, version, revised_at, revised_by, is_deleted, pinned_at,
     pinned_by, hidden_at, hidden_by, hidden_reason) = row  # fmt: skip
    return EventRecord(
        id=cast(UUID, as_uuid(ident)),
        incident_id=incident_id,
        seq=seq,
        type=kind,
        actor_id=cast(UUID, as_uuid(actor_id)),
        actor_name=actor_name,
        data=as_json(data),
        created_at=cast(datetime, as_time(recorded_at)),
        occurred_at=cast(datetime, as_time(occurred_at)),
        version=version,
        edited_at=as_time(revised_at),
        edited_by=as_uuid(revised_by),
        deleted=bool(is_deleted),
        pinned=pinned_at is not None,
        pinned_by=as_uuid(pinned_by),
        pinned_at=as_time(pinned_at),
        hidden=hidden_at is not None,
        hidden_by=as_uuid(hidden_by),
        hidden_at=as_time(hidden_at),
        hidden_reason=hidden_reason,
    )


def read(key: IncidentKey, before: Snapshot | None = None) -> Snapshot | None:
    """The shared read of all pages that follow this incident."""
    with database.read(key.tenant_id) as session:
        return take(session, key.number, before=before)


def names(session: Session, events: Iterable[EventRecord], known: Mapping[UUID, str]) -> dict[UUID, str]:
    """What those are called whom the lines name beside the one who acted, and who are not known yet."""
    wanted: set[UUID] = set()
    for event in events:
        if event.type == EventType.ASSIGNMENT:
            wanted |= {UUID(event.data[end]) for end in ("from", "to") if event.data[end]}
        elif event.type == EventType.NOTIFICATION:
            wanted |= {UUID(user_id) for user_id in event.data["to"]}
        wanted |= {who for who in (event.edited_by, event.pinned_by, event.hidden_by) if who is not None}
    wanted -= known.keys()
    if not wanted:
        return {}
    return dict(session.exec(select(ActorRow.id, ActorRow.name).where(col(ActorRow.id).in_(wanted))).all())


def _sibling(session: Session, row: Mapping[str, Any]) -> Other | None:
    if row["group_hash"] is None or row["accepts_alerts"]:
        return None
    return _other(session, Incident.group_hash == row["group_hash"], col(Incident.accepts_alerts), Incident.id != row["id"])


def _merged(session: Session, row: Mapping[str, Any]) -> list[tuple[UUID, Other]]:
    """What was merged into this incident, in the order of the numbers."""
    if not row["merged_count"]:
        return []
    query = select(Incident.id, Incident.number, Incident.title).where(Incident.parent_id == row["id"]).order_by(col(Incident.number))
    return [(ident, Other(shown_number(number), title)) for ident, number, title in session.exec(query).all()]


def _other(session: Session, *where: Any) -> Other | None:
    found = session.exec(select(Incident.number, Incident.title).where(*where)).first()
    return Other(shown_number(found[0]), found[1]) if found else None


def last_number(session: Session) -> str:
    """The number that the organisation's newest incident has, empty when there is none."""
    following = session.exec(select(Tenant.next_number)).one()
    return shown_number(following - 1) if following > 1 else ""


def unresolved_beside(session: Session, number: int, *, newer: bool) -> str:
    """The number of the nearest unresolved incident that was opened after this one, or before it; empty when there is none."""
    here = session.exec(select(Incident.created_at, Incident.id).where(Incident.number == number)).first()
    if here is None:
        return ""
    at, ident = col(Incident.created_at), col(Incident.id)
    # the predicate as the partial index has it: it is not used for a bound value
    unresolved = col(Incident.state) != literal_column(f"'{IncidentState.RESOLVED.value}'")
    query = select(Incident.number).where(unresolved, col(Incident.parent_id).is_(None))
    if newer:
        query = query.where(at >= here[0], (at > here[0]) | (ident > here[1])).order_by(at, ident)
    else:
        query = query.where(at <= here[0], (at < here[0]) | (ident < here[1])).order_by(at.desc(), ident.desc())
    found = session.exec(query.limit(1)).first()
    return shown_number(found) if found is not None else ""
