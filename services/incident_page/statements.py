"""The statements of the read that all viewers of an incident share, compiled once: it runs at each change of an incident on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, literal, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.alerts import Alert, AlertFiring
from models.incidents import Incident
from models.integrations import Service
from models.notifications import Follower, Notification, OutgoingMessage
from models.people import ActorRow, Team, User
from models.tenants import Tenant
from models.timeline import TimelineEvent
from models.vocabulary import CALLS
from services import database
from services.statements import Prepared, listed, one_of

_incident: Any = Incident.__table__  # type: ignore[attr-defined]
_actor: Any = ActorRow.__table__  # type: ignore[attr-defined]
_alert: Any = Alert.__table__  # type: ignore[attr-defined]
_firing: Any = AlertFiring.__table__  # type: ignore[attr-defined]
_event: Any = TimelineEvent.__table__  # type: ignore[attr-defined]
_service: Any = Service.__table__  # type: ignore[attr-defined]
_user: Any = User.__table__  # type: ignore[attr-defined]
_team: Any = Team.__table__  # type: ignore[attr-defined]
_follower: Any = Follower.__table__  # type: ignore[attr-defined]
_notification: Any = Notification.__table__  # type: ignore[attr-defined]
_message: Any = OutgoingMessage.__table__  # type: ignore[attr-defined]
_tenant: Any = Tenant.__table__  # type: ignore[attr-defined]

ACTED = ("created_by", "assigned_to", "acknowledged_by", "investigating_by", "resolved_by")
"""The columns of an incident that name somebody, in the order in which `around` tells their names."""
LINE = (
    *("id", "seq", "type", "actor_id", "actor_name", "data", "occurred_at", "recorded_at", "version", "revised_at", "revised_by"),
    *("is_deleted", "pinned_at", "pinned_by", "hidden_at", "hidden_by", "hidden_reason"),
)
"""The columns of a line, in the order in which statements tell them."""


def around(session: Session, incident_id: UUID) -> Any:
    """What stands beside the incident's row.

    (service, its runbook, its team, reopen window in seconds, causes, default on-call, previous number, previous title, *names)
    """
    return _run(session, 0, {"incident": incident_id}).fetchone()


def urgent_alerts(session: Session, incident_ids: Sequence[UUID], limit: int) -> list[Any]:
    """Rows of these incidents' alerts in the order of urgency: those that fire, the latest first, then those that ended.

    (id, integration, its name, fingerprint, dedup key, title, description, labels, links, first seen, last seen, repeats, firings,
    severity, starts, fired, resolved)
    """
    if len(incident_ids) == 1:
        return list(_run(session, 1, {"incident": incident_ids[0], "limit": limit}).fetchall())
    return list(_run(session, 5, {"incidents": listed(incident_ids, database.storage().dialect), "limit": limit}).fetchall())


def lines_after(session: Session, incident_id: UUID, seq: int, limit: int) -> list[Any]:
    """Rows of lines that were written after this one, with the columns of `LINE`."""
    return list(_run(session, 2, {"incident": incident_id, "after": seq, "limit": limit}).fetchall())


def lines_changed_after(session: Session, incident_id: UUID, change: int) -> list[Any]:
    """Rows of lines that were changed after this change: (change, *`LINE`), in the order of their last changes."""
    return list(_run(session, 3, {"incident": incident_id, "after": change}).fetchall())


def pinned_lines(session: Session, incident_id: UUID, limit: int) -> list[Any]:
    """Rows of the lines that are pinned, with the columns of `LINE`, in the order of the timeline."""
    return list(_run(session, 4, {"incident": incident_id, "limit": limit}).fetchall())


def followers(session: Session, incident_id: UUID, service_id: UUID | None) -> list[Any]:
    """Who is active and follows it or its service: (id, name, what they follow), in the order of the names."""
    return list(_run(session, 6, {"incident": incident_id, "service": service_id or incident_id}).fetchall())


def calls(session: Session, incident_id: UUID, since: datetime, limit: int) -> list[Any]:
    """Who was called for it since then, the latest first: (id, name, when, status of the mail or None)."""
    return list(_run(session, 7, {"incident": incident_id, "since": since, "limit": limit}).fetchall())


def _run(session: Session, which: int, values: dict[str, Any]) -> Any:
    prepared = _prepared(session.get_bind().dialect.name)[which]
    return prepared.run(session.connection().connection.cursor(), {**values, "tenant": session.info["tenant_id"]})


@lru_cache(maxsize=4)
def _prepared(dialect_name: str) -> tuple[Prepared, ...]:
    del dialect_name  # part of the key only
    dialect = database.storage().dialect
    of_one, of_many = _firing.c.incident_id == _id("incident"), one_of(_firing.c.incident_id, "incidents", dialect)
    statements = (
        _around(),
        _urgent_alerts(of_one),
        _lines_after(),
        _lines_changed_after(),
        _pinned_lines(),
        _urgent_alerts(of_many),
        _followers(),
        _calls(),
    )
    return tuple(Prepared(statement, dialect) for statement in statements)


def _around() -> Any:
    previous = _incident.alias("previous")
    people = [_actor.alias(name) for name in ACTED]
    joined = _incident.join(_tenant, _tenant.c.id == _incident.c.tenant_id)
    joined = joined.outerjoin(_service, (_service.c.id == _incident.c.service_id) & (_service.c.tenant_id == _incident.c.tenant_id))
    joined = joined.outerjoin(_team, (_team.c.id == _service.c.owner_team_id) & (_team.c.tenant_id == _incident.c.tenant_id))
    joined = joined.outerjoin(previous, (previous.c.id == _incident.c.previous_id) & (previous.c.tenant_id == _incident.c.tenant_id))
    for name, somebody in zip(ACTED, people, strict=True):
        joined = joined.outerjoin(somebody, (somebody.c.id == _incident.c[name]) & (somebody.c.tenant_id == _incident.c.tenant_id))
    columns = (
        *(
            _service.c.name,
            _service.c.runbook_url,
            _team.c.name,
            _tenant.c.reopen_window_seconds,
            _tenant.c.causes,
            _tenant.c.default_on_call_id,
        ),
        *(previous.c.number, previous.c.title, *(one.c.name for one in people)),
    )
    return select(*columns).select_from(joined).where(_incident.c.id == _id("incident"), _incident.c.tenant_id == _id("tenant"))


def _followers() -> Any:
    joined = _follower.join(_actor, _actor.c.id == _follower.c.user_id).join(_user, _user.c.id == _follower.c.user_id)
    here = (_follower.c.subject_id.in_((_id("incident"), _id("service"))), _follower.c.tenant_id == _id("tenant"), _user.c.active)
    told = (_follower.c.user_id, _actor.c.name, _follower.c.subject_id)
    return select(*told).select_from(joined).where(*here).order_by(_actor.c.name, _actor.c.id)


def _calls() -> Any:
    joined = _notification.join(_actor, _actor.c.id == _notification.c.user_id)
    joined = joined.outerjoin(_message, _message.c.notification_id == _notification.c.id)
    told = _notification.c.created_at
    called = [literal(reason.value, _notification.c.reason.type) for reason in CALLS]
    return (
        select(_notification.c.user_id, _actor.c.name, told, _message.c.status)
        .select_from(joined)
        .where(_notification.c.incident_id == _id("incident"), _notification.c.tenant_id == _id("tenant"))
        .where(told >= bindparam("since", type_=told.type), _notification.c.reason.in_(called))
        .order_by(told.desc(), _actor.c.name)
        .limit(bindparam("limit", type_=Integer()))
    )


def _urgent_alerts(of: ColumnElement[bool]) -> Any:
    last = (
        select(_firing.c.alert_id, func.max(_firing.c.number).label("number"))
        .where(of, _firing.c.tenant_id == _id("tenant"))
        .group_by(_firing.c.alert_id)
        .subquery("last_firing")
    )
    joined = (
        last.join(_firing, (_firing.c.alert_id == last.c.alert_id) & (_firing.c.number == last.c.number))
        .join(_alert, _alert.c.id == _firing.c.alert_id)
        .join(_actor, _actor.c.id == _alert.c.integration_id)
    )
    names = ("fingerprint", "dedup_key", "title", "description", "labels", "links", "first_seen_at", "last_seen_at", "repeat_count")
    columns = [_alert.c.id, _alert.c.integration_id, _actor.c.name, *(_alert.c[name] for name in names), _alert.c.firing_count]
    columns += [_firing.c.severity, _firing.c.starts_at, _firing.c.fired_at, _firing.c.resolved_at]
    return (
        select(*columns)
        .select_from(joined)
        .where(_alert.c.tenant_id == _id("tenant"))
        .order_by(_firing.c.resolved_at.is_not(None), func.coalesce(_firing.c.resolved_at, _firing.c.fired_at).desc(), _firing.c.alert_id)
        .limit(bindparam("limit", type_=Integer()))
    )


def _lines(*first: Any) -> Any:
    """Lines of an incident: their columns in the order of `LINE`, after these."""
    told = [_actor.c.name if name == "actor_name" else _event.c[name] for name in LINE]
    return (
        select(*first, *told)
        .join(_actor, _actor.c.id == _event.c.actor_id)
        .where(_event.c.incident_id == _id("incident"), _event.c.tenant_id == _id("tenant"))
    )


def _lines_after() -> Any:
    after = _lines().where(_event.c.seq > bindparam("after", type_=Integer()))
    return after.order_by(_event.c.seq).limit(bindparam("limit", type_=Integer()))


def _lines_changed_after() -> Any:
    return _lines(_event.c.change).where(_event.c.change > bindparam("after", type_=Integer())).order_by(_event.c.change)


def _pinned_lines() -> Any:
    # the index holds the lines that were ever changed, and none is pinned without a change
    pinned = _lines().where(_event.c.change > 0, _event.c.pinned_at.is_not(None))
    return pinned.order_by(_event.c.occurred_at, _event.c.seq).limit(bindparam("limit", type_=Integer()))


def _id(name: str) -> Any:
    return bindparam(name, type_=Uuid())
