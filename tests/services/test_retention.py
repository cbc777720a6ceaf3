"""What is deleted when its time is over, and what stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import SQLModel, col, func, select

from models.access import LoginSession, OneTimeLink, SignInAttempt
from models.alerts import Alert, AlertFiring, RawPayload
from models.audit import AuditEntry
from models.columns import new_id
from models.incidents import Incident
from models.integrations import Integration
from models.jobs import Job
from models.people import ActorRow
from models.tenants import Tenant
from models.timeline import TimelineEvent
from models.vocabulary import ActorKind, AlertStatus, IncidentState, JobStatus, LinkPurpose, Severity
from services import across_tenants, database, engine, jobs, retention
from services.access import Actor
from services.database import Tx
from services.secrets import hash_token
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation


def run_daily_job(clock: MovableClock) -> None:
    """Let the engine do what is due now."""
    while engine.run_due("w"):
        pass


def count(actor: Actor, table: type[SQLModel], *where: Any) -> int:
    with database.read(actor.tenant_id) as session:
        return int(session.exec(select(func.count()).select_from(table).where(*where)).one())


def sign_in(tx: Tx, user_id: UUID, **times: datetime | None) -> None:
    row = {"created_at": tx.now, "last_seen_at": tx.now, "expires_at": tx.now + timedelta(days=30), "revoked_at": None, **times}
    tx.insert(LoginSession, id=new_id(), user_id=user_id, token_hash=hash_token(str(new_id())), user_agent="", address="", **row)


def link(tx: Tx, tenant_id: UUID | None, expires_at: datetime, used_at: datetime | None = None) -> None:
    purpose = LinkPurpose.PASSWORD if tenant_id else LinkPurpose.SETUP
    tx.insert(
        OneTimeLink,
        id=new_id(),
        tenant_id=tenant_id,
        purpose=purpose,
        token_hash=hash_token(str(new_id())),
        created_at=tx.now,
        expires_at=expires_at,
        used_at=used_at,
    )


def attempt(tx: Tx, tenant_id: UUID | None, at: datetime) -> None:
    tx.insert(SignInAttempt, id=new_id(), tenant_id=tenant_id, email="a@example.org", address="192.0.2.1", succeeded=False, at=at)


def test_each_organisation_has_one_daily_job_from_the_start(organisation: Organisation, clock: MovableClock) -> None:
    assert count(organisation.admin, Job, col(Job.kind) == retention.KIND) == 1
    engine.prepare()
    assert count(organisation.admin, Job, col(Job.kind) == retention.KIND) == 1
    for _ in range(3):
        clock.pass_time(days=1)
        run_daily_job(clock)
        assert count(organisation.admin, Job, col(Job.status) == JobStatus.PENDING, col(Job.due_at) == clock.now + timedelta(days=1)) == 1


def test_an_organisation_whose_daily_job_died_gets_a_new_one(organisation: Organisation, clock: MovableClock) -> None:
    with database.write(organisation.tenant_id) as tx:
        jobs.cancel(tx, kind=retention.KIND)
    assert across_tenants.organisations_without_job(retention.KIND) == [organisation.tenant_id]
    engine.prepare()
    assert across_tenants.organisations_without_job(retention.KIND) == []


def test_a_daily_job_that_dies_has_planned_the_next(
    organisation: Organisation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError("disk")

    monkeypatch.setattr(retention, "_remove", broken)
    clock.pass_time(hours=2)
    for _ in range(jobs.MAX_ATTEMPTS):
        run_daily_job(clock)
        clock.pass_time(hours=1)
    waiting = col(Job.status) == JobStatus.PENDING
    assert count(organisation.admin, Job, col(Job.kind) == retention.KIND, waiting) == 1


def test_ended_sessions_links_attempts_and_jobs_go_after_thirty_days(organisation: Organisation, clock: MovableClock) -> None:
    start, user = clock.now, organisation.responder.id
    with database.write(organisation.tenant_id) as tx:
        sign_in(tx, user, expires_at=start + timedelta(days=1))
        sign_in(tx, user, revoked_at=start + timedelta(days=1), expires_at=start + timedelta(days=300))
        sign_in(tx, user, expires_at=start + timedelta(days=300))
        link(tx, tx.tenant_id, start + timedelta(days=1))
        link(tx, tx.tenant_id, start + timedelta(days=300), used_at=start + timedelta(days=1))
        link(tx, tx.tenant_id, start + timedelta(days=300))
        attempt(tx, tx.tenant_id, start + timedelta(days=1))
        for _ in range(3):
            jobs.add(tx, "other", {}, tx.now)
    clock.pass_time(days=1)
    assert engine.run_due("w", {"other": lambda _: None, retention.KIND: lambda _: None}) == 5
    with database.write_everywhere() as tx:
        link(tx, None, clock.now)
        attempt(tx, None, clock.now)

    def left() -> list[int]:
        with database.read_everywhere() as session:
            loose = [
                int(session.exec(select(func.count()).select_from(table).where(col(table.tenant_id).is_(None))).one())
                for table in (OneTimeLink, SignInAttempt)
            ]
        own = [count(organisation.admin, table) for table in (LoginSession, OneTimeLink, SignInAttempt)]
        return [*own, count(organisation.admin, Job, col(Job.kind) == "other"), *loose]

    engine.prepare()
    clock.pass_time(days=29, hours=23)
    run_daily_job(clock)
    assert left() == [3, 3, 1, 3, 1, 1], "one hour before their time"
    clock.pass_time(days=1, hours=2)
    run_daily_job(clock)
    assert left() == [1, 1, 0, 0, 0, 0], "what is not over stays"


def test_audit_entries_go_after_four_hundred_days(organisation: Organisation, clock: MovableClock) -> None:
    made = count(organisation.admin, AuditEntry)
    assert made > 0
    clock.pass_time(days=399)
    run_daily_job(clock)
    assert count(organisation.admin, AuditEntry) == made
    clock.pass_time(days=2)
    run_daily_job(clock)
    assert count(organisation.admin, AuditEntry) == 0


class Sender:
    """Writes alerts, firings and payloads as intake does."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.integration = new_id()
        with database.write(organisation.tenant_id) as tx:
            tx.insert(ActorRow, id=self.integration, kind=ActorKind.INTEGRATION, name="Alertmanager")
            tx.insert(
                Integration,
                id=self.integration,
                kind="generic",
                key_hash=hash_token(str(self.integration)),
                key_prefix="",
                enabled=True,
                created_at=tx.now,
                alert_count=0,
            )

    def alert(self, state: IncidentState | None) -> UUID:
        """A firing alert, with an incident in this state or without one."""
        alert_id, incident_id = new_id(), new_id() if state else None
        with database.write(self.organisation.tenant_id) as tx:
            if incident_id is not None and state is not None:
                tx.session.add(
                    Incident(
                        id=incident_id,
                        tenant_id=tx.tenant_id,
                        number=_next_number(tx),
                        title="Disk full",
                        severity=Severity.HIGH,
                        state=state,
                        created_by=self.integration,
                        created_at=tx.now,
                        updated_at=tx.now,
                    )
                )
                tx.session.flush()
            tx.session.add(
                Alert(
                    id=alert_id,
                    tenant_id=tx.tenant_id,
                    integration_id=self.integration,
                    fingerprint=alert_id.hex,
                    incident_id=incident_id,
                    status=AlertStatus.FIRING,
                    severity=Severity.HIGH,
                    title="Disk full",
                    first_seen_at=tx.now,
                    last_seen_at=tx.now,
                    firing_count=0,
                )
            )
        return alert_id

    def fire(self, alert_id: UUID, body: str) -> None:
        """A new firing, with its payload."""
        with database.write(self.organisation.tenant_id) as tx:
            alert = tx.session.get_one(Alert, alert_id)
            alert.firing_count += 1
            for before in tx.session.exec(select(AlertFiring).where(col(AlertFiring.alert_id) == alert_id)):
                before.resolved_at = tx.now
            tx.session.flush()
            firing = AlertFiring(
                tenant_id=tx.tenant_id, alert_id=alert_id, number=alert.firing_count, severity=Severity.HIGH, fired_at=tx.now
            )
            tx.session.add(firing)
        self.say(alert_id, body)

    def say(self, alert_id: UUID, body: str) -> None:
        """A payload about the firing that goes on."""
        with database.write(self.organisation.tenant_id) as tx:
            payload = RawPayload(tenant_id=tx.tenant_id, integration_id=self.integration, alert_id=alert_id, received_at=tx.now, body=body)
            tx.session.add(payload)

    def bodies(self) -> list[str]:
        with database.read(self.organisation.tenant_id) as session:
            return sorted(session.exec(select(RawPayload.body)))


def _next_number(tx: Tx) -> int:
    tenant = tx.session.get_one(Tenant, tx.tenant_id)
    tenant.next_number += 1
    return tenant.next_number - 1


@pytest.fixture
def sender(organisation: Organisation) -> Sender:
    return Sender(organisation)


@pytest.mark.parametrize("state", [None, IncidentState.RESOLVED])
def test_payloads_go_after_thirty_days(sender: Sender, clock: MovableClock, state: IncidentState | None) -> None:
    alert = sender.alert(state)
    sender.fire(alert, "old")
    clock.pass_time(days=10)
    sender.say(alert, "new")
    clock.pass_time(days=21)
    run_daily_job(clock)
    assert sender.bodies() == ["new"]


def test_of_an_unresolved_incident_the_payloads_of_its_newest_firing_stay(sender: Sender, clock: MovableClock) -> None:
    """The one that began it and the newest, for the person who works on it now."""
    alert = sender.alert(IncidentState.ACKNOWLEDGED)
    for firing in ("first", "second"):
        sender.fire(alert, firing)
        for change in (1, 2, 3):
            clock.pass_time(minutes=10)
            sender.say(alert, f"{firing} {change}")
        clock.pass_time(hours=1)
    clock.pass_time(days=60)
    run_daily_job(clock)
    assert sender.bodies() == ["second", "second 3"]
    with database.write(sender.organisation.tenant_id) as tx:
        incident = tx.session.exec(select(Incident)).one()
        incident.state = IncidentState.RESOLVED
    clock.pass_time(days=1)
    run_daily_job(clock)
    assert sender.bodies() == []


def test_payloads_that_stay_do_not_keep_later_ones(sender: Sender, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    for number in range(10):
        sender.fire(sender.alert(IncidentState.OPEN), f"kept {number}")
    for number in range(10):
        sender.fire(sender.alert(IncidentState.RESOLVED), f"gone {number}")
    clock.pass_time(days=31)
    run_daily_job(clock)
    assert sender.bodies() == [f"kept {number}" for number in range(10)]


def test_another_organisation_keeps_its_rows(sender: Sender, clock: MovableClock) -> None:
    sender.fire(sender.alert(None), "ours")
    run = jobs.Run(
        across_tenants.ClaimedJob(new_id(), sender.organisation.stranger.tenant_id, retention.KIND, {}, clock.now, 1, "x"),
    )
    clock.pass_time(days=500)
    with pytest.raises(jobs.LostError):  # it holds no job, and got no further than its first sign of life
        retention.run(run)
    assert sender.bodies() == ["ours"]


def test_incidents_and_their_timelines_stay_for_ever(sender: Sender, clock: MovableClock) -> None:
    sender.fire(sender.alert(IncidentState.RESOLVED), "x")
    with database.write(sender.organisation.tenant_id) as tx:
        incident = tx.session.exec(select(Incident)).one()
        event = TimelineEvent(
            tenant_id=tx.tenant_id,
            incident_id=incident.id,
            seq=1,
            type="comment",
            actor_id=sender.organisation.responder.id,
            occurred_at=tx.now,
            recorded_at=tx.now,
        )
        tx.session.add(event)
    clock.pass_time(days=5000)
    run_daily_job(clock)
    kept = [count(sender.organisation.admin, table) for table in (Incident, TimelineEvent, Alert, AlertFiring)]
    assert kept == [1, 1, 1, 1]
