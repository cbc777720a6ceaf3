"""All that the page shows of an incident, read at once: the row, the names in it, its alerts and its newest lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import literal_column
from sqlmodel import Session, col, select

from models.incidents import Incident
from models.integrations import Service
from models.people import ActorRow
from models.tenants import Tenant
from models.vocabulary import EventType, IncidentState
from services import database, holding, timeline
from services.incident_page import firings
from services.incident_page.firings import AlertHere
from services.records import EventRecord

NEWEST = 40
"""How many of the newest lines a shared read holds: a page that missed more reads for itself."""
SHOWN_ALERTS = 8
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
class Snapshot:
    """The incident at one moment. `names` holds whoever the row, the alerts and the lines name; `newest` is in the order of `seq`.

    `previous` is the incident of the same group before it, `sibling` the one that takes the alerts of its group meanwhile.
    """

    row: Mapping[str, Any]
    names: Mapping[UUID, str]
    service: str
    previous: Other | None
    sibling: Other | None
    reopen_window_seconds: int
    alerts: list[AlertHere]
    newest: list[EventRecord]

    @property
    def last_seq(self) -> int:
        return int(self.row["last_seq"])


def take(session: Session, number: int, *, alert_limit: int = SHOWN_ALERTS) -> Snapshot | None:
    """Read it; None when the session's organisation has no incident of this number."""
    held = holding.read(session, number)
    if held is None:
        return None
    row = held.row
    alerts = firings.urgent_first(session, row["id"], limit=alert_limit)
    newest = timeline.page(session, row["id"], after_seq=row["last_seq"] - NEWEST, limit=NEWEST * 2)
    mentioned = {row[name] for name in ("created_by", "assigned_to", "acknowledged_by", "investigating_by", "resolved_by")}
    mentioned |= {alert.record.integration_id for alert in alerts}
    return Snapshot(
        row=row,
        names=names(session, mentioned, newest),
        service=_service(session, row["service_id"]),
        previous=_other(session, Incident.id == row["previous_id"]) if row["previous_id"] else None,
        sibling=_sibling(session, row),
        reopen_window_seconds=session.exec(select(Tenant.reopen_window_seconds)).one(),
        alerts=alerts,
        newest=sorted(newest, key=lambda event: event.seq),
    )


def read(key: IncidentKey) -> Snapshot | None:
    """The shared read of all pages that follow this incident."""
    with database.read(key.tenant_id) as session:
        return take(session, key.number)


def names(session: Session, mentioned: Iterable[UUID | None], events: Iterable[EventRecord]) -> dict[UUID, str]:
    """What these are called, and whoever the lines name beside the one who acted."""
    wanted = {one for one in mentioned if one is not None}
    for event in events:
        if event.type == EventType.ASSIGNMENT:
            wanted |= {UUID(event.data[end]) for end in ("from", "to") if event.data[end]}
    if not wanted:
        return {}
    return dict(session.exec(select(ActorRow.id, ActorRow.name).where(col(ActorRow.id).in_(wanted))).all())


def _service(session: Session, service_id: UUID | None) -> str:
    if service_id is None:
        return ""
    return session.exec(select(Service.name).where(Service.id == service_id)).first() or ""


def _sibling(session: Session, row: Mapping[str, Any]) -> Other | None:
    if row["group_hash"] is None or row["accepts_alerts"]:
        return None
    return _other(session, Incident.group_hash == row["group_hash"], col(Incident.accepts_alerts), Incident.id != row["id"])


def _other(session: Session, *where: Any) -> Other | None:
    found = session.exec(select(Incident.number, Incident.title).where(*where)).first()
    return Other(holding.shown_number(found[0]), found[1]) if found else None


def last_number(session: Session) -> str:
    """The number that the organisation's newest incident has, empty when there is none."""
    following = session.exec(select(Tenant.next_number)).one()
    return holding.shown_number(following - 1) if following > 1 else ""


def unresolved_beside(session: Session, number: int, *, newer: bool) -> str:
    """The number of the nearest unresolved incident that was opened after this one, or before it; empty when there is none."""
    here = session.exec(select(Incident.created_at, Incident.id).where(Incident.number == number)).first()
    if here is None:
        return ""
    at, ident = col(Incident.created_at), col(Incident.id)
    # the predicate as the partial index has it: it is not used for a bound value
    query = select(Incident.number).where(col(Incident.state) != literal_column(f"'{IncidentState.RESOLVED.value}'"))
    if newer:
        query = query.where(at >= here[0], (at > here[0]) | (ident > here[1])).order_by(at, ident)
    else:
        query = query.where(at <= here[0], (at < here[0]) | (ident < here[1])).order_by(at.desc(), ident.desc())
    found = session.exec(query.limit(1)).first()
    return holding.shown_number(found) if found is not None else ""
