"""Calls: people are told of a new or reopened incident, and again until somebody acknowledges it.

Each follows from the change of the incident itself, whoever made it, and is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import select

from models.tenants import Tenant
from models.vocabulary import IncidentState, Reason
from services import following, jobs, telling, timeline
from services.database import Tx
from services.held import Held, Line, is_called
from services.telling import Duty, Notice

KIND = "call"
"""The kind of job that tells people again."""
LAPSE = "acknowledgement_timeout"
"""The kind of job that looks whether somebody still works on what they acknowledged."""
TAKEN = (IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING)
ON_CALL = "default on-call"
_LEFT = "whose it was may not act any more"
_DECIDES = ("state", "parent_id", "snoozed_until")
"""The columns on which it depends whether people are called."""


@dataclass(slots=True)
class Plan:
    """What is to be told once the incidents are written.

    `given` are the lines by which incidents went to the on-call person, `taken` those that somebody has and since when they are idle.
    """

    duty: Duty | None = None
    opened: list[Held] = field(default_factory=list)
    given: set[tuple[UUID, int]] = field(default_factory=set)
    stopped: list[UUID] = field(default_factory=list)
    planned: list[Held] = field(default_factory=list)
    made: set[UUID] = field(default_factory=set)
    taken: list[tuple[Held, datetime]] = field(default_factory=list)
    judged: list[Held] = field(default_factory=list)


def job_key(incident_id: UUID) -> str:
    """The name of the job that tells people of this incident again."""
    return f"{KIND}:{incident_id.hex}"


def lapse_key(incident_id: UUID) -> str:
    """The name of the job that looks whether the acknowledgement of this incident lapses."""
    return f"{LAPSE}:{incident_id.hex}"


def _is_opened(incident: Held) -> bool:
    return incident.is_new or bool(incident.occurrence > incident.was("occurrence"))


def prepare(tx: Tx, changed: Sequence[Held]) -> Plan:
    """Before the incidents are written: give the new ones to who is on call, and plan, resume or stop the calls of each."""
    plan = Plan()
    for incident in changed:
        _sort(tx, plan, incident)
    if plan.opened or plan.judged or any(incident.next_call_at is None for incident in plan.planned):
        plan.duty = telling.duty(tx, _named(changed))
        for incident in plan.judged:
            _hasten(tx, plan, plan.duty, incident)
        for incident in plan.opened:
            _open(tx, plan, plan.duty, incident)
        for incident in plan.planned:
            if incident.next_call_at is None:
                incident.change(next_call_at=tx.now + _interval(plan.duty, incident))
    return plan


def _sort(tx: Tx, plan: Plan, incident: Held) -> None:
    """What the change of this incident means for its calls."""
    _note_taken(tx, plan, incident)
    called = incident.is_called
    was_called = not incident.is_new and is_called({name: incident.was(name) for name in _DECIDES})
    if called and _is_opened(incident):
        plan.opened.append(incident)
    elif called and not was_called:
        _resume(tx, plan, incident)
    elif was_called and not called:
        plan.stopped.append(incident.id)
    elif incident.assigned_to != incident.was("assigned_to") and incident.state is incident.was("state"):
        incident.change(call_step=0, next_call_at=None)  # a fresh cycle, also for when it is called again
        if called:
            plan.planned.append(incident)
    elif called and incident.severity != incident.was("severity"):
        plan.judged.append(incident)


def _note_taken(tx: Tx, plan: Plan, incident: Held) -> None:
    """Where somebody has it from now on, or again after a snooze, the time begins after which it lapses."""
    if incident.state not in TAKEN or incident.parent_id is not None:
        return
    slept_until = incident.was("snoozed_until") if incident.snoozed_until is None else None
    if incident.was("state") not in TAKEN or incident.was("parent_id") is not None or slept_until is not None:
        plan.taken.append((incident, min(tx.now, slept_until or tx.now)))


def _interval(duty: Duty, incident: Held) -> timedelta:
    return timedelta(seconds=duty.reminder_seconds[incident.severity.value])


def _open(tx: Tx, plan: Plan, duty: Duty, incident: Held) -> None:
    """The first call of an occurrence; without an assignee, or with one who left since, it goes to who is on call."""
    if incident.is_new:
        plan.made.add(incident.id)
    holder = incident.assigned_to
    if holder is None or not duty.may_have(holder):
        to = duty.on_call.id if duty.on_call is not None else None
        if to != holder:
            reason = "; ".join([*([_LEFT] if holder else []), *([ON_CALL] if to else [])])
            seq = incident.say(duty.system_id, timeline.Assignment(origin=holder, to=to, reason=reason))
            incident.change(assigned_to=to)
            plan.given.add((incident.id, seq))
    incident.change(call_step=0, next_call_at=tx.now + _interval(duty, incident))
    plan.planned.append(incident)


def _hasten(tx: Tx, plan: Plan, duty: Duty, incident: Held) -> None:
    """What is worse than it was thought to be does not wait for its next call as long as that would have been; nothing waits longer."""
    due_at = tx.now + _interval(duty, incident)
    if incident.next_call_at is None or due_at < incident.next_call_at:
        incident.change(next_call_at=due_at)
        plan.planned.append(incident)


def _resume(tx: Tx, plan: Plan, incident: Held) -> None:
    """Go on with the step that was next, at its old time or at once when that has passed."""
    if incident.next_call_at is not None and incident.next_call_at < tx.now:
        incident.change(next_call_at=tx.now)
    plan.planned.append(incident)


def _named(changed: Sequence[Held]) -> Iterator[UUID]:
    for incident in changed:
        if incident.assigned_to is not None:
            yield incident.assigned_to
        for line in incident.lines:
            yield from _told_by_line(line)


def _told_by_line(line: Line) -> Iterator[UUID]:
    if isinstance(line.data, timeline.Assignment):
        yield from (who for who in (line.data.origin, line.data.to) if who is not None and who != line.actor_id)
    elif isinstance(line.data, timeline.Told):
        yield from line.data.to


def follow_up(tx: Tx, plan: Plan, changed: Sequence[Held], written: Mapping[UUID, Sequence[Line]]) -> None:
    """After the incidents and their lines are written: tell people, and queue or take back what is to come."""
    notices = [notice for incident in changed for notice in _notices(plan, incident, written[incident.id])]
    notices += _of_followed(tx, plan, changed, written, {(notice.user_id, notice.incident_id) for notice in notices})
    if notices:
        wanted = {notice.user_id for notice in notices}
        if plan.duty is None or not wanted <= plan.duty.listeners.keys():
            plan.duty = telling.duty(tx, wanted)
        telling.tell(tx, notices, plan.duty.listeners)
    for incident in plan.planned:
        payload = {"incident_id": incident.id.hex}
        jobs.add(tx, KIND, payload, incident.next_call_at, job_key(incident.id), move=True, is_first=incident.id in plan.made)
    _plan_lapses(tx, plan.taken)
    jobs.cancel_all(tx, [job_key(incident_id) for incident_id in plan.stopped])
    telling.take_back_calls(tx, plan.stopped)


def _plan_lapses(tx: Tx, taken: Sequence[tuple[Held, datetime]]) -> None:
    if not taken:
        return
    default = tx.session.exec(select(Tenant.acknowledgement_timeout_seconds)).one()
    for incident, since in taken:
        own = incident.acknowledgement_timeout_seconds
        seconds = default if own is None else own
        if seconds:
            due_at = since + timedelta(seconds=seconds)
            jobs.add(tx, LAPSE, {"incident_id": incident.id.hex}, due_at, lapse_key(incident.id), move=True)


def _notices(plan: Plan, incident: Held, lines: Sequence[Line]) -> Iterator[Notice]:
    for line in lines:
        if isinstance(line.data, timeline.Assignment) and (incident.id, line.seq) not in plan.given:
            yield from _of_assignment(incident, line, line.data)
        elif isinstance(line.data, timeline.Told):
            cause = f"line:{line.event_id.hex}"
            for user_id in line.data.to:
                yield Notice(user_id, incident.id, line.data.reason, cause, f"{line.data.why}.".capitalize(), line.event_id)
    if incident in plan.opened and plan.duty is not None:
        yield from _first_call(plan, plan.duty, incident, lines)


def _of_followed(
    tx: Tx, plan: Plan, changed: Sequence[Held], written: Mapping[UUID, Sequence[Line]], told: Collection[tuple[UUID, UUID]]
) -> Iterator[Notice]:
    """Those who follow an incident or its service are told of its moves, but for who made them and who is told of them anyhow."""
    moved = [(incident, [line for line in written[incident.id] if isinstance(line.data, following.MOVES)]) for incident in changed]
    subjects = {incident.id for incident, moves in moved if moves}
    subjects |= {incident.service_id for incident, moves in moved if incident.service_id is not None and (moves or incident in plan.opened)}
    found = telling.followers(tx, subjects)
    if not found:
        return
    for incident, moves in moved:
        for subject, why in ((incident.id, "You follow this incident."), (incident.service_id, "You follow its service.")):
            for user_id in found.get(subject, ()):
                if (user_id, incident.id) not in told:
                    yield from _move_notices(incident, moves, user_id, why)


def _move_notices(incident: Held, moves: Sequence[Line], user_id: UUID, why: str) -> Iterator[Notice]:
    for line in moves:
        if line.actor_id != user_id:
            yield Notice(user_id, incident.id, Reason.STATE_CHANGE, f"line:{line.event_id.hex}", why, line.event_id)
    if incident.is_new and incident.created_by != user_id:
        yield Notice(user_id, incident.id, Reason.STATE_CHANGE, f"opened:{incident.id.hex}:1", why)


def _first_call(plan: Plan, duty: Duty, incident: Held, lines: Sequence[Line]) -> Iterator[Notice]:
    """Whoever has it is told, else the admins; not who opened it, nor who was just given it by a person."""
    if incident.assigned_to is None:
        to, why = [admin.id for admin in duty.admins], "Nobody is on call, so the admins are told."
    elif any((incident.id, line.seq) in plan.given for line in lines):
        to, why = [incident.assigned_to], "You are the default on-call person."
    elif any(isinstance(line.data, timeline.Assignment) for line in lines):
        return
    else:
        to, why = [incident.assigned_to], "It is yours."
    reason = Reason.OPENED if incident.occurrence == 1 else Reason.REOPENED
    cause = f"{reason.value}:{incident.id.hex}:{incident.occurrence}"
    for user_id in to:
        if user_id != _opener(incident, lines):
            yield Notice(user_id, incident.id, reason, cause, why, _opening_line(lines))


def _opener(incident: Held, lines: Sequence[Line]) -> UUID | None:
    """Who opened or reopened it."""
    if incident.occurrence == 1:
        return incident.created_by  # type: ignore[no-any-return]
    return next((line.actor_id for line in lines if isinstance(line.data, timeline.Reopened)), None)


def _opening_line(lines: Sequence[Line]) -> UUID | None:
    return next((line.event_id for line in lines if isinstance(line.data, timeline.AlertFired | timeline.Reopened)), None)


def _of_assignment(incident: Held, line: Line, data: timeline.Assignment) -> Iterator[Notice]:
    """Who got it is told, and who had it; whoever did it is not."""
    cause = f"line:{line.event_id.hex}"
    if data.to is not None and data.to != line.actor_id:
        yield Notice(data.to, incident.id, Reason.ASSIGNMENT, cause, "It was assigned to you.", line.event_id)
    if data.origin is not None and data.origin != line.actor_id:
        why = "It was yours, and somebody else has it now." if data.to else "It was yours, and nobody has it now."
        yield Notice(data.origin, incident.id, Reason.REASSIGNED, cause, why, line.event_id)
