"""What is deleted when its time is over: payloads, audit entries, what has ended or was sent to channels. Incidents are not.

One job a day and organisation does it, in transactions of a few rows each, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, Table, and_, delete, or_, select, tuple_

from models.access import LoginSession, OneTimeLink, SignInAttempt
from models.alerts import Alert, AlertFiring, RawPayload
from models.audit import AuditEntry
from models.incidents import Incident
from models.jobs import Job
from models.notifications import OutgoingMessage
from models.vocabulary import DeliveryStatus, IncidentState
from services import across_tenants, database, jobs, settings
from services.database import Tx
from services.jobs import Run
from services.statements import aside

KIND = "retention"
ROWS_AT_ONCE = 200
_EVERY = timedelta(days=1)
_FIRST = timedelta(hours=1)

_log = structlog.get_logger(__name__)
_payload: Table = RawPayload.__table__  # type: ignore[attr-defined]
_alert: Table = Alert.__table__  # type: ignore[attr-defined]
_firing: Table = AlertFiring.__table__  # type: ignore[attr-defined]
_incident: Table = Incident.__table__  # type: ignore[attr-defined]


def schedule(tx: Tx, after: timedelta = _FIRST) -> None:
    """See to it that this organisation's old rows are deleted, beginning an hour from now. Done again, it changes nothing."""
    jobs.add(tx, KIND, {}, tx.now + after, dedup_key=KIND)


def schedule_everywhere() -> None:
    """The same for each organisation that has no such job, because its last one died or it is older than this rule."""
    for tenant_id in across_tenants.organisations_without_job(KIND):
        with database.write(tenant_id) as tx:
            schedule(tx)


def run(this: Run) -> None:
    """The daily job: plan tomorrow's, then delete what is over."""
    tenant_id = this.job.tenant_id
    with database.write(tenant_id) as tx:
        schedule(tx, _EVERY)
        now = tx.now
    kept = settings.current()
    ended = now - timedelta(days=kept.ended_days)
    removed: dict[str, int] = {}
    for table, over in _over(ended, audit=now - timedelta(days=kept.audit_days)):
        removed[table.name] = _remove(this, table, over)
    removed[_payload.name] = _remove_payloads(this, now - timedelta(days=kept.raw_payload_days))
    removed["without_organisation"] = _remove_without_organisation(this, ended)
    if any(removed.values()):
        _log.info("old rows deleted", tenant_id=str(tenant_id), **{name: count for name, count in removed.items() if count})


def _over(ended: datetime, audit: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The tables whose rows go by a time of their own, each with what says that a row is over."""
    session: Table = LoginSession.__table__  # type: ignore[attr-defined]
    link: Table = OneTimeLink.__table__  # type: ignore[attr-defined]
    attempt: Table = SignInAttempt.__table__  # type: ignore[attr-defined]
    job: Table = Job.__table__  # type: ignore[attr-defined]
    message: Table = OutgoingMessage.__table__  # type: ignore[attr-defined]
    entry: Table = AuditEntry.__table__  # type: ignore[attr-defined]
    yield session, or_(session.c.expires_at < ended, session.c.revoked_at < ended)
    yield link, or_(link.c.expires_at < ended, link.c.used_at < ended)
    yield attempt, attempt.c.at < ended
    yield job, job.c.finished_at < ended
    told_a_channel = and_(message.c.channel_id.is_not(None), message.c.status != DeliveryStatus.PENDING)
    yield message, and_(told_a_channel, message.c.created_at < ended)
    yield entry, entry.c.at < audit


def _remove(this: Run, table: Table, over: ColumnElement[bool]) -> int:
    """Delete the rows of this organisation that are over; how many."""
    total = 0
    while True:
        this.go_on()
        with database.write(this.job.tenant_id) as tx:
            chosen = select(table.c.id).where(table.c.tenant_id == tx.tenant_id, over).limit(ROWS_AT_ONCE)
            count = tx.execute(delete(table).where(table.c.id.in_(chosen.scalar_subquery()))).rowcount
        total += count
        if count < ROWS_AT_ONCE:
            return total


def _remove_without_organisation(this: Run, ended: datetime) -> int:
    total = 0
    while True:
        this.go_on()
        count = across_tenants.remove_ended_without_organisation(ended, ROWS_AT_ONCE)
        total += count
        if count < ROWS_AT_ONCE:
            return total


def _remove_payloads(this: Run, before: datetime) -> int:
    """Delete payloads received before this time, but of alerts whose incident is unresolved keep what shows their newest firing.

    Goes through them in windows by time, since those that are kept stay at the front for as long as their incident does.
    """
    total = 0
    last: tuple[datetime, UUID] | None = None
    while True:
        this.go_on()
        with database.write(this.job.tenant_id) as tx:
            window = tx.execute(_payload_window(tx.tenant_id, before, last)).all()
            gone = {row.id for row in window} - _kept_payloads(tx, {row.alert_id for row in window})
            if gone:
                own = aside(_payload.c.tenant_id, tx.dialect) == tx.tenant_id
                total += tx.execute(delete(_payload).where(own, _payload.c.id.in_(gone))).rowcount
        if len(window) < ROWS_AT_ONCE:
            return total
        last = (window[-1].received_at, window[-1].id)


def _payload_window(tenant_id: UUID, before: datetime, last: tuple[datetime, UUID] | None) -> Select[Any]:
    found = select(_payload.c.id, _payload.c.alert_id, _payload.c.received_at).where(
        _payload.c.tenant_id == tenant_id, _payload.c.received_at < before
    )
    if last is not None:
        found = found.where(
            _payload.c.received_at >= last[0],  # the index is by this alone
            tuple_(_payload.c.received_at, _payload.c.id) > last,
        )
    return found.order_by(_payload.c.received_at, _payload.c.id).limit(ROWS_AT_ONCE)


def _kept_payloads(tx: Tx, alert_ids: set[UUID]) -> set[UUID]:
    """Of these alerts, where their incident is unresolved: the payload that began the newest firing, and the newest of all."""
    if not alert_ids:
        return set()
    unresolved = and_(_incident.c.id == _alert.c.incident_id, _incident.c.state != IncidentState.RESOLVED)
    newest = and_(_firing.c.alert_id == _alert.c.id, _firing.c.number == _alert.c.firing_count)
    rows = tx.execute(
        select(_payload.c.id, _payload.c.alert_id, _payload.c.received_at, _firing.c.fired_at)
        .join(_alert, _alert.c.id == _payload.c.alert_id)
        .join(_incident, unresolved)
        .outerjoin(_firing, newest)
        .where(_alert.c.tenant_id == tx.tenant_id, _payload.c.alert_id.in_(alert_ids))
        .order_by(_payload.c.alert_id, _payload.c.received_at, _payload.c.id)
    )
    kept: dict[tuple[UUID, bool], UUID] = {}
    for row in rows:
        kept[row.alert_id, True] = row.id
        if row.fired_at is None or row.received_at >= row.fired_at:
            kept.setdefault((row.alert_id, False), row.id)
    return set(kept.values())
