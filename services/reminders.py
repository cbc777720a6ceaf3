"""People are told again of an incident that nobody acknowledges."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from models.vocabulary import Reason
from services import calls, database, holding, jobs, telling, timeline
from services.database import Tx
from services.held import Held
from services.jobs import Run
from services.telling import Duty
from services.wording import span

_EARLY = timedelta(seconds=1)
"""A job that runs this little before its time is on time: the clocks of two machines differ."""


def run(this: Run) -> None:
    """One reminder: tell whoever is next, and plan the one after it. Nobody is told when the incident no longer waits for them."""
    incident_id = UUID(hex=this.job.payload["incident_id"])
    with database.write(this.job.tenant_id) as tx:
        incident = holding.by_ids(tx, [incident_id]).get(incident_id)
        if incident is None or incident.next_call_at is None or not calls.is_called(incident.row, tx.now):
            return
        if incident.next_call_at <= tx.now + _EARLY:
            _remind(tx, incident)
            holding.save(tx, [incident])
        jobs.add(tx, calls.KIND, this.job.payload, incident.next_call_at, calls.job_key(incident_id), move=True)


def _remind(tx: Tx, incident: Held) -> None:
    duty = telling.duty(tx, [incident.assigned_to] if incident.assigned_to else [])
    to = _targets(duty, incident)
    if to:
        waited = span((tx.now - (incident.reopened_at or incident.created_at)).total_seconds())
        why = f"nobody has acknowledged it for {waited}"
        incident.say(duty.system_id, timeline.Told(to=to, reason=Reason.UNACKNOWLEDGED, why=why))
    seconds = duty.reminder_seconds[incident.severity.value]
    incident.change(call_step=incident.call_step + 1, next_call_at=tx.now + timedelta(seconds=seconds))


def _targets(duty: Duty, incident: Held) -> list[UUID]:
    """The assignee, and from the second time on the admins too; where nobody has it, the admins."""
    assignee = duty.listeners.get(incident.assigned_to) if incident.assigned_to else None
    if assignee is not None and incident.call_step == 0:
        return [assignee.id]
    first = [assignee.id] if assignee is not None else []
    return [*first, *(admin.id for admin in duty.admins if admin is not assignee)]
