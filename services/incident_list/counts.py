"""What the strip above the list counts: unresolved incidents by state, severity and assignee, and how soon they are taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal_column, select, union_all
from sqlmodel import Session

from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Severity
from services import clock
from services.incident_list import snoozed
from services.wording import shown_number

MTTA_SPAN = timedelta(days=7)
RESOLVED_SPAN = timedelta(hours=24)
_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_tenant: Any = Tenant.__table__.c  # type: ignore[attr-defined]
# as the partial indexes say it: SQLite takes one only where the query has the same words
_WHOLE = _incident.parent_id.is_(None)
"""What was merged into another one is counted as part of that."""
_UNRESOLVED = _incident.state != literal_column("'resolved'")


@dataclass(frozen=True, slots=True)
class Named:
    """An incident by its number, and the moment that matters: when it was created or resolved."""

    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """The incidents of an organisation at one moment, those that were merged into another one left out.

    `attention` counts the open ones that are not snoozed, `unresolved` also those that somebody has and the `snoozed` ones; `mine` and
    `mine_open` are by assignee, the latter without the snoozed.
    `tta_seconds` is the median time to the first acknowledgement of the `tta_count` incidents that got theirs in the last 7 days, None
    where there is none.
    """

    attention: int = 0
    unresolved: int = 0
    snoozed: int = 0
    by_severity: dict[Severity, int] = field(default_factory=dict)
    mine: dict[UUID, int] = field(default_factory=dict)
    mine_open: dict[UUID, int] = field(default_factory=dict)
    resolved_lately: int = 0
    oldest_open: Named | None = None
    last_resolved: Named | None = None
    tta_seconds: float | None = None
    tta_count: int = 0
    any_ever: bool = False


def take(session: Session) -> Counts:
    """Count them in the session's organisation."""
    tenant_id, now = session.info["tenant_id"], clock.now()
    connection = session.connection()
    own = _incident.tenant_id == tenant_id
    by = (_incident.assigned_to, _incident.state, _incident.severity)
    states: Counter[IncidentState] = Counter()
    severities: Counter[Severity] = Counter()
    mine: Counter[UUID] = Counter()
    mine_open: Counter[UUID] = Counter()
    for person_id, state, severity, count in connection.execute(select(*by, func.count()).where(own, _WHOLE, _UNRESOLVED).group_by(*by)):
        states[state] += count
        severities[severity] += count
        if person_id is not None:
            mine[person_id] += count
            mine_open[person_id] += count if state is IncidentState.OPEN else 0
    sleeping = snoozed.counted(session)
    attention = states[IncidentState.OPEN]
    for (person_id, state), count in sleeping.items():
        if state is IncidentState.OPEN:
            attention -= count
            if person_id is not None:
                mine_open[person_id] -= count
    oldest = connection.execute(_oldest_open(tenant_id)).first() if attention else None
    resolved = (own, _WHOLE, _incident.resolved_at.is_not(None))
    last = connection.execute(
        select(_incident.number, _incident.resolved_at).where(*resolved).order_by(_incident.resolved_at.desc()).limit(1)
    ).first()
    lately = select(func.count()).where(*resolved, _incident.resolved_at >= now - RESOLVED_SPAN)
    median, count = _median(session, now)
    return Counts(
        attention=attention,
        unresolved=states.total(),
        snoozed=sleeping.total(),
        by_severity={severity: severities[severity] for severity in Severity},
        mine=dict(mine),
        mine_open=dict(mine_open),
        resolved_lately=connection.execute(lately).scalar_one(),
        oldest_open=Named(shown_number(oldest[0]), oldest[1]) if oldest else None,
        last_resolved=Named(shown_number(last[0]), last[1]) if last else None,
        tta_seconds=median,
        tta_count=count,
        any_ever=connection.execute(select(_tenant.next_number).where(_tenant.id == tenant_id)).scalar_one() > 1,
    )


def _oldest_open(tenant_id: UUID) -> Select[Any]:
    """The oldest open incident that is not snoozed: the oldest of those of each severity, each the first of its run in the index."""
    runs = [
        select(_incident.number, _incident.created_at)
        .where(_incident.tenant_id == tenant_id, _incident.state == IncidentState.OPEN, _incident.severity == severity, _WHOLE)
        .where(snoozed.awake(tenant_id))
        .order_by(_incident.created_at, _incident.id)
        .limit(1)
        .subquery()
        for severity in Severity
    ]
    oldest = union_all(*[select(run) for run in runs]).subquery()
    return select(oldest.c.number, oldest.c.created_at).order_by(oldest.c.created_at, oldest.c.number).limit(1)


def _median(session: Session, now: datetime) -> tuple[float | None, int]:
    """The median of the times to acknowledge, and of how many."""
    connection = session.connection()
    recent = (
        _incident.tenant_id == session.info["tenant_id"],
        _WHOLE,
        _incident.first_acknowledged_at.is_not(None),
        _incident.first_acknowledged_at >= now - MTTA_SPAN,
        _incident.tta_seconds.is_not(None),
    )
    count = connection.execute(select(func.count()).where(*recent)).scalar_one()
    if not count:
        return None, 0
    middle = (
        select(_incident.tta_seconds).where(*recent).order_by(_incident.tta_seconds).offset((count - 1) // 2).limit(1 if count % 2 else 2)
    )
    values = list(connection.execute(middle).scalars())
    return sum(values) / len(values), count
