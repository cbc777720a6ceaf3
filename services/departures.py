"""What becomes of a person's incidents when they leave, or may not act any more: nobody's incident is left with nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import UNRESOLVED, Role
from services import access, audit, database, holding, jobs, people, timeline
from services.access import Actor
from services.database import Tx
from services.errors import ConflictError
from services.jobs import Run
from services.people import Person
from services.views import DepartureView, MovedRow, person_view
from services.wording import counted, shown_number

KIND = "departure"
"""The kind of job that looks once more whether somebody who left has incidents."""
_SHOWN = 20
_LOOK_AGAIN_AFTER = timedelta(seconds=10)
"""Longer than any transaction takes that began while they were still there."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heir:
    """Who gets the incidents of somebody, and the sentence that says why it is they. None where nobody is there who may act."""

    person: Person | None
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An incident that goes, or went, from somebody to an heir."""

    id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Departure:
    """What would move if somebody left. `is_on_call` is whether new incidents go to them, `reports` how many report to them."""

    person: Person
    heir: Heir
    incidents: list[Moved]
    is_on_call: bool
    reports: int


def preview(actor: Actor, user_id: UUID) -> Departure:
    """What would move if this person left now, by the rule that will move it.

    Raises: NotAllowedError, NotFoundError; ConflictError for somebody who has left, or without whom there is no admin.
    """
    access.require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        everybody = people.everybody(session)
        person = people.find(session, user_id)
        if not person.active:
            raise ConflictError(f"{person.name} is deactivated already.")
        people.check_admin_stays(everybody, person, "active")
        rows = session.exec(
            select(Incident.id, Incident.number, Incident.title).where(*_theirs(user_id)).order_by(col(Incident.number).desc())
        )
        moved = [Moved(incident_id, shown_number(number), title) for incident_id, number, title in rows]
        return Departure(
            person=person,
            heir=_heir(session, everybody, person, "left"),
            incidents=moved,
            is_on_call=_on_call_id(session) == user_id,
            reports=sum(one.manager_id == user_id and one.active for one in everybody),
        )


def preview_view(actor: Actor, user_id: UUID) -> DepartureView:
    """The same as an admin reads it. Raises: NotAllowedError, NotFoundError."""
    try:
        would = preview(actor, user_id)
    except ConflictError as refusal:
        person = people.person_of(actor, user_id)
        return DepartureView(person_view(person.id, person.name), title=f"Deactivate {person.name}?", refusal=refusal.message)
    name = would.person.name
    notes = []
    if would.is_on_call:
        notes.append(f"{name} is on call by default: until somebody else is, new incidents are nobody's, and the admins are told.")
    if would.reports:
        notes.append(f"{counted(would.reports, 'person', 'people')} then {'has' if would.reports == 1 else 'have'} no active manager.")
    shown = view(would.person, would.heir, would.incidents, verb="goes", verbs="go", notes=notes)
    return replace(shown, title=f"Deactivate {name}?", is_me=would.person.id == actor.id)


def view(person: Person, heir: Heir, incidents: Sequence[Moved], *, verb: str, verbs: str, notes: list[str]) -> DepartureView:
    """Who gets what, in sentences; `verb` is what one incident does, and `verbs` what several do."""
    told = [MovedRow(moved.number, moved.title) for moved in incidents[:_SHOWN]]
    if not incidents:
        return DepartureView(person_view(person.id, person.name), summary="No unresolved incident is theirs.", notes=notes)
    to = heir.person.name if heir.person else "nobody"
    return DepartureView(
        person=person_view(person.id, person.name),
        summary=f"{counted(len(incidents), 'unresolved incident')} {verb if len(incidents) == 1 else verbs} to {to}.",
        why=heir.why,
        heir=heir.person.handle if heir.person else "",
        incidents=told,
        more=len(incidents) - len(told),
        notes=notes,
    )


def hand_over(tx: Tx, actor: Actor, person: Person) -> tuple[Heir, list[Moved]]:
    """Give what is unresolved of a person who may not act any more to their heir, each with a line that says why; its state stays.

    The person was written as they are from now on, and so is locked: whoever would give them an incident waits, and is refused.
    """
    heir = _heir(tx.session, people.everybody(tx.session), person, "became a viewer" if person.active else "left")
    to = heir.person.id if heir.person else None
    found = holding.by_ids(tx, tx.session.exec(select(Incident.id).where(*_theirs(person.id))))
    # between the look and the lock, somebody may have taken one over or resolved it
    theirs = [incident for incident in found.values() if incident.assigned_to == person.id and not incident.is_resolved]
    if not theirs:
        return heir, []
    system_id = access.system_actor_id(tx)
    for incident in theirs:
        incident.say(system_id, timeline.Assignment(origin=person.id, to=to, reason=heir.why))
        incident.change(assigned_to=to)
        audit.record(tx, actor, "incident.assigned", "incident", incident.id, *incident.changes())
    holding.save(tx, theirs)
    return heir, [Moved(incident.id, incident.shown, incident.title) for incident in sorted(theirs, key=lambda one: -one.number)]


def look_again_later(tx: Tx, user_id: UUID) -> None:
    """See to it that nothing is left with this person that went to them at the very moment at which they left."""
    jobs.add(tx, KIND, {"user_id": user_id.hex}, tx.now + _LOOK_AGAIN_AFTER, f"{KIND}:{user_id.hex}", move=True)


def run(this: Run) -> None:
    """The job: hand over what somebody has who may have nothing, which is nearly always nothing."""
    tenant_id, user_id = this.job.tenant_id, UUID(hex=this.job.payload["user_id"])
    system = people.system_actor(tenant_id)
    with database.write(tenant_id) as tx:
        people.hold(tx, user_id)
        person = people.find(tx.session, user_id)
        if people.may_have_incidents(person):
            return
        _, moved = hand_over(tx, system, person)
    if moved:
        _log.info("handed over what went to somebody while they left", user_id=str(user_id), count=len(moved))


def _theirs(user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(Incident.assigned_to) == user_id, col(Incident.state).in_(UNRESOLVED)


def _on_call_id(session: Session) -> UUID | None:
    return session.exec(select(Tenant.default_on_call_id)).one()


def _heir(session: Session, everybody: Sequence[Person], person: Person, did: str) -> Heir:
    """Their manager, else who is on call by default, else an admin; each only where they are active and may act."""
    by_id = {one.id: one for one in everybody}
    passed: list[str] = []
    manager = by_id.get(person.manager_id) if person.manager_id else None
    on_call_id = _on_call_id(session)
    on_call = by_id.get(on_call_id) if on_call_id and on_call_id != person.id else None
    for one, is_theirs in ((manager, "is their manager"), (on_call, "is on call by default")):
        if one is not None and people.may_have_incidents(one):
            return Heir(one, _because(person, did, passed, f"{one.name} {is_theirs}"))
        if one is not None:
            passed.append(f"{one.name} {is_theirs}, but {'only reads' if one.active else 'is deactivated'}")
    found, why = _who_else(session, [one for one in everybody if one.id != person.id and people.may_have_incidents(one)])
    return Heir(found, _because(person, did, passed, why))


def _because(person: Person, did: str, passed: Sequence[str], why: str) -> str:
    return "; ".join([f"{person.name} {did}", *passed, why])


def _who_else(session: Session, others: Sequence[Person]) -> tuple[Person | None, str]:
    """Of the admins who have come in the one with the fewest unresolved incidents, then the oldest account; the words that say so."""
    for role in (Role.ADMIN, Role.MANAGER, Role.RESPONDER):
        of_role = [one for one in others if one.role is role]
        came = [one for one in of_role if one.came_in] or of_role
        if came:
            how_many = _unresolved_counts(session)
            chosen = min(came, key=lambda one: (how_many.get(one.id, 0), one.created_at, one.id))
            if len(of_role) == 1:
                return chosen, f"{chosen.name} is the only {role}"
            if len(came) == 1:
                return chosen, f"{chosen.name} is the only {role} who has signed in"
            return chosen, f"{chosen.name} is the {role} with the fewest unresolved incidents"
    return None, "there is nobody else who may act"


def _unresolved_counts(session: Session) -> dict[UUID | None, int]:
    counts = select(Incident.assigned_to, func.count()).where(col(Incident.state).in_(UNRESOLVED)).group_by(col(Incident.assigned_to))
    return dict(session.exec(counts).all())
