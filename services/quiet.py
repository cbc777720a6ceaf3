"""Quiet incidents: where nobody has done anything for days, an automatic comment asks how it is going."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import UNRESOLVED, Reason
from services import across_tenants, database, holding, jobs, telling, timeline
from services.database import Tx
from services.held import Held
from services.jobs import Run
from services.telling import Duty, Notice
from services.wording import counted

KIND = "quiet"
AT_ONCE = 50
_EVERY = timedelta(hours=1)


def schedule_everywhere() -> None:
    """See to it that each organisation's quiet incidents are looked for."""
    for tenant_id in across_tenants.organisations_without_job(KIND):
        with database.write(tenant_id) as tx:
            jobs.add(tx, KIND, {}, tx.now, dedup_key=KIND)


def run(this: Run) -> None:
    """Ask about each incident that has been quiet for as long as the organisation says, since somebody did something or we asked."""
    with database.write(this.job.tenant_id) as tx:
        jobs.add(tx, KIND, {}, tx.now + _EVERY, dedup_key=KIND)
    asked = AT_ONCE
    while asked == AT_ONCE:
        this.go_on()
        with database.write(this.job.tenant_id) as tx:
            asked = _ask(tx)


def _ask(tx: Tx) -> int:
    """Ask about some of them; how many."""
    days = tx.session.exec(select(Tenant.quiet_days)).one()
    if not days:
        return 0
    before = tx.now - timedelta(days=days)
    active_at = func.coalesce(Incident.last_activity_at, Incident.created_at)
    quiet = (
        select(Incident.id)
        .where(
            col(Incident.state).in_(UNRESOLVED),
            col(Incident.parent_id).is_(None),
            col(Incident.snoozed_until).is_(None),
            active_at <= before,
            func.coalesce(Incident.quiet_asked_at, Incident.created_at) <= before,
        )
        .limit(AT_ONCE)
    )
    found = tx.session.exec(quiet).all()
    held = [incident for incident in holding.by_ids(tx, found).values() if _is_quiet(incident, before)]
    if not held:
        return len(found)
    duty = telling.duty(tx, [incident.assigned_to for incident in held if incident.assigned_to is not None])
    events = {incident.id: _comment(tx, duty, incident, days) for incident in held}
    holding.save(tx, held)
    tx.flush()
    telling.tell(tx, [notice for incident in held for notice in _notices(duty, incident, events[incident.id])], duty.listeners)
    return len(found)


def _is_quiet(incident: Held, before: datetime) -> bool:
    """Whether it still is, now that it is held: somebody may have done something at this moment."""
    is_left = incident.is_resolved or incident.parent_id is not None or incident.snoozed_until is not None
    return not is_left and bool((incident.last_activity_at or incident.created_at) <= before)


def _comment(tx: Tx, duty: Duty, incident: Held, days: int) -> UUID:
    who = duty.listeners.get(incident.assigned_to) if incident.assigned_to else None
    asks = f"{who.name}, how is it going?" if who is not None else "Nobody has it. Who can say how it is going?"
    days = max(days, (tx.now - (incident.last_activity_at or incident.created_at)).days)
    body = f"Nobody has done anything here for {counted(days, 'day')}. {asks} Write a line, resolve it, or snooze it."
    incident.say(duty.system_id, timeline.Comment(body=body, automatic=True))
    incident.change(quiet_asked_at=tx.now)
    return incident.lines[-1].event_id


def _notices(duty: Duty, incident: Held, event_id: UUID) -> list[Notice]:
    assignee = duty.listeners.get(incident.assigned_to) if incident.assigned_to else None
    if assignee is not None:
        to, why = [assignee], "It is yours, and has been quiet for days."
    elif duty.on_call is not None:
        to, why = [duty.on_call], "Nobody has it, and you are the default on-call person."
    else:
        to, why = list(duty.admins), "Nobody has it, and nobody is on call."
    return [Notice(one.id, incident.id, Reason.QUIET_INCIDENT, f"line:{event_id.hex}", why, event_id) for one in to]
