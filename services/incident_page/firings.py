"""The alerts of an incident and of what was merged into it: those with a firing there, each as it was in its last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.alerts import Alert, AlertFiring
from models.incidents import Incident
from models.vocabulary import AlertStatus, Severity
from services.held import Held
from services.incident_page import statements
from services.records import AlertRecord
from services.statements import as_json, as_time, as_uuid


@dataclass(frozen=True, slots=True)
class AlertHere:
    """An alert of an incident, since when its last firing there is known, and what its integration is called."""

    record: AlertRecord
    fired_at: datetime
    sender: str


def in_order(session: Session, incident_ids: Sequence[UUID], *, after: UUID | None, limit: int) -> list[AlertRecord]:
    """At most `limit` alerts of an incident and of what was merged into it, which follows it among the ids.

    Those that were seen first come before the others, from the one after `after` on.
    """
    last = (
        select(AlertFiring.alert_id, func.max(AlertFiring.number).label("number"))
        .where(col(AlertFiring.incident_id).in_(incident_ids))
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
    return [_record(incident_ids[0], alert, firing) for alert, firing in session.exec(query).all()]


def urgent_first(session: Session, incident_ids: Sequence[UUID], *, limit: int) -> list[AlertHere]:
    """At most `limit` alerts of an incident and of what was merged into it, which follows it among the ids.

    Those that fire come before those that ended, the latest firing first.
    """
    return [_here(incident_ids[0], row) for row in statements.urgent_alerts(session, incident_ids, limit)]


def family(session: Session, incident: Held) -> list[UUID]:
    """The id of the incident, and of each that was merged into it."""
    if not incident.merged_count:
        return [incident.id]
    return [incident.id, *session.exec(select(Incident.id).where(Incident.parent_id == incident.id)).all()]


def _here(incident_id: UUID, row: Sequence[Any]) -> AlertHere:
    (ident, integration, sender, fingerprint, dedup_key, title, description, labels, links, first_seen, last_seen, repeats, firings,
     severity, starts, fired, resolved) = row  # fmt: skip
    ends_at = as_time(resolved)
    record = AlertRecord(
        id=cast(UUID, as_uuid(ident)),
        integration_id=cast(UUID, as_uuid(integration)),
        incident_id=incident_id,
        fingerprint=fingerprint,
        dedup_key=dedup_key,
        status=AlertStatus.FIRING if ends_at is None else AlertStatus.RESOLVED,
        severity=Severity(severity),
        title=title,
        description=description,
        labels=as_json(labels),
        links=as_json(links),
        starts_at=as_time(starts),
        ends_at=ends_at,
        first_seen_at=cast(datetime, as_time(first_seen)),
        last_seen_at=cast(datetime, as_time(last_seen)),
        repeat_count=repeats,
        firing_count=firings,
    )
    return AlertHere(record, cast(datetime, as_time(fired)), sender)


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
