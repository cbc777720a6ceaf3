"""The alerts of an incident: those with a firing of it, each as it was in its last firing there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.alerts import Alert, AlertFiring
from models.vocabulary import AlertStatus
from services.records import AlertRecord


@dataclass(frozen=True, slots=True)
class AlertHere:
    """An alert of an incident, and since when its last firing there is known."""

    record: AlertRecord
    fired_at: datetime


def in_order(session: Session, incident_id: UUID, *, after: UUID | None, limit: int) -> list[AlertRecord]:
    """At most `limit` alerts, those that were seen first before the others, from the one after `after` on."""
    last = (
        select(AlertFiring.alert_id, func.max(AlertFiring.number).label("number"))
        .where(AlertFiring.incident_id == incident_id)
        .group_by(col(AlertFiring.alert_id))
        .order_by(col(AlertFiring.alert_id))
        .limit(limit)
    )
    if after is not None:
        last = last.where(col(AlertFiring.alert_id) > after)
    part = last.subquery()
    query = (
        select(Alert, AlertFiring)
        .join(AlertFiring, col(AlertFiring.alert_id) == col(Alert.id))
        .join(part, (part.c.alert_id == col(AlertFiring.alert_id)) & (part.c.number == col(AlertFiring.number)))
        .order_by(col(Alert.id))
    )
    return [_record(incident_id, alert, firing) for alert, firing in session.exec(query).all()]


def urgent_first(session: Session, incident_id: UUID, *, limit: int) -> list[AlertHere]:
    """At most `limit` alerts, those that fire before those that ended, the latest firing first."""
    last = (
        select(AlertFiring.alert_id, func.max(AlertFiring.number).label("number"))
        .where(AlertFiring.incident_id == incident_id)
        .group_by(col(AlertFiring.alert_id))
        .subquery()
    )
    query = (
        select(Alert, AlertFiring)
        .join(AlertFiring, col(AlertFiring.alert_id) == col(Alert.id))
        .join(last, (last.c.alert_id == col(AlertFiring.alert_id)) & (last.c.number == col(AlertFiring.number)))
        .order_by(
            col(AlertFiring.resolved_at).is_not(None),
            func.coalesce(AlertFiring.resolved_at, AlertFiring.fired_at).desc(),
            col(AlertFiring.alert_id),
        )
        .limit(limit)
    )
    return [AlertHere(_record(incident_id, alert, firing), firing.fired_at) for alert, firing in session.exec(query).all()]


def _record(incident_id: UUID, alert: Alert, firing: AlertFiring) -> AlertRecord:
    return AlertRecord(
        id=alert.id,
        integration_id=alert.integration_id,
        incident_id=incident_id,
        fingerprint=alert.fingerprint,
        dedup_key=alert.dedup_key,
        status=AlertStatus.FIRING if firing.resolved_at is None else AlertStatus.RESOLVED,
        severity=firing.severity,
        title=alert.title,
        description=alert.description,
        labels=alert.labels,
        links=alert.links,
        starts_at=firing.starts_at,
        ends_at=firing.resolved_at,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.last_seen_at,
        repeat_count=alert.repeat_count,
        firing_count=alert.firing_count,
    )
