"""What happens to an incident by itself when its time comes: people are told again, a snooze ends, an acknowledgement lapses.

A job says which incident to look at; what is due is decided by the incident as it is then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Reason
from services import calls, database, holding, jobs, telling, timeline
from services.calls import TAKEN
from services.database import Tx
from services.held import Held
from services.jobs import Run
from services.telling import Duty
from services.wording import span

SNOOZE = "snooze"
_EARLY = timedelta(seconds=1)
"""A job that runs this little before its time is on time: the clocks of two machines differ."""


def snooze_key(incident_id: UUID) -> str:
    """The name of the job that ends this incident's snooze."""
    return f"{SNOOZE}:{incident_id.hex}"


def _incident(tx: Tx, this: Run) -> Held | None:
    incident_id = UUID(hex=this.job.payload["incident_id"])
    return holding.by_ids(tx, [incident_id]).get(incident_id)


# ── nobody acknowledges it ──


def remind(this: Run) -> None:
    """One reminder: tell whoever is next, and plan the one after it. Nobody is told when the incident no longer waits for them."""
    with database.write(this.job.tenant_id) as tx:
        incident = _incident(tx, this)
        if incident is None or incident.next_call_at is None or not incident.is_called:
            return
        if incident.next_call_at <= tx.now + _EARLY:
            _tell_again(tx, incident)
            holding.save(tx, [incident])
        jobs.add(tx, calls.KIND, this.job.payload, incident.next_call_at, calls.job_key(incident.id), move=True)


def _tell_again(tx: Tx, incident: Held) -> None:
    duty = telling.duty(tx, [incident.assigned_to] if incident.assigned_to else [])
    to = _targets(duty, incident, with_admins=incident.call_step >= 1)
    if to:
        waited = span((tx.now - (incident.reopened_at or incident.created_at)).total_seconds())
        why = f"nobody has acknowledged it for {waited}"
        incident.say(duty.system_id, timeline.Told(to=to, reason=Reason.UNACKNOWLEDGED, why=why))
    seconds = duty.reminder_seconds[incident.severity.value]
    incident.change(call_step=incident.call_step + 1, next_call_at=tx.now + timedelta(seconds=seconds))


def _targets(duty: Duty, incident: Held, *, with_admins: bool) -> list[UUID]:
    """The assignee, with the admins where these are called too; where nobody has it, the admins."""
    assignee = duty.listeners.get(incident.assigned_to) if incident.assigned_to else None
    if assignee is not None and not with_admins:
        return [assignee.id]
    first = [assignee.id] if assignee is not None else []
    return [*first, *(admin.id for admin in duty.admins if admin is not assignee)]


# ── its snooze ends ──


def wake(this: Run) -> None:
    """End a snooze whose time is over; the calls go on."""
    with database.write(this.job.tenant_id) as tx:
        incident = _incident(tx, this)
        if incident is None or incident.snoozed_until is None:
            return
        if incident.snoozed_until > tx.now + _EARLY:
            jobs.add(tx, SNOOZE, this.job.payload, incident.snoozed_until, snooze_key(incident.id), move=True)
            return
        duty = telling.duty(tx)
        holding.snooze(incident, duty.system_id, None)
        holding.save(tx, [incident])


# ── who acknowledged it does nothing ──


def lapse(this: Run) -> None:
    """Give back an incident that somebody has and nobody does anything about; activity since has pushed its time."""
    with database.write(this.job.tenant_id) as tx:
        incident = _incident(tx, this)
        if incident is None or incident.state not in TAKEN or incident.parent_id is not None:
            return
        due_at = _lapses_at(tx.session, incident)
        if due_at is None:
            return
        if due_at > tx.now + _EARLY:
            jobs.add(tx, calls.LAPSE, this.job.payload, due_at, calls.lapse_key(incident.id), move=True)
            return
        _give_back(tx, incident)
        holding.save(tx, [incident])


def _lapses_at(session: Session, incident: Held) -> datetime | None:
    seconds = incident.acknowledgement_timeout_seconds
    if seconds is None:
        seconds = session.exec(select(Tenant.acknowledgement_timeout_seconds)).one()
    if not seconds:
        return None
    moments = (incident.acknowledged_at, incident.last_activity_at, incident.snoozed_until, incident.created_at)
    last: datetime = max(at for at in moments if at is not None)
    return last + timedelta(seconds=seconds)


def _give_back(tx: Tx, incident: Held) -> None:
    duty = telling.duty(tx, [incident.assigned_to] if incident.assigned_to else [])
    idle = span((tx.now - max(incident.acknowledged_at, incident.last_activity_at or incident.acknowledged_at)).total_seconds())
    reason = f"nobody did anything for {idle}"
    incident.say(duty.system_id, timeline.StateChange(origin=incident.state, to=IncidentState.OPEN, reason=reason))
    incident.change(state=IncidentState.OPEN, call_step=0, next_call_at=None)
    holding.unacknowledge(incident)
    to = _targets(duty, incident, with_admins=False)
    if to:
        incident.say(duty.system_id, timeline.Told(to=to, reason=Reason.UNACKNOWLEDGED, why=f"its acknowledgement lapsed: {reason}"))


def plan_lapses(this: Run) -> None:
    """Look at each incident that somebody has, because the organisation's timeout was changed."""
    with database.write(this.job.tenant_id) as tx:
        taken = select(Incident.id).where(col(Incident.state).in_(TAKEN), col(Incident.parent_id).is_(None))
        for incident_id in tx.session.exec(taken):
            jobs.add(tx, calls.LAPSE, {"incident_id": incident_id.hex}, tx.now, calls.lapse_key(incident_id), move=True)
