"""The verbs of an incident's life. Each checks the actor, holds the incident, and writes the change with its line in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import EllipsisType
from uuid import UUID

from sqlmodel import Session, select

from models.columns import new_id
from models.integrations import Service
from models.tenants import Tenant
from models.timeline import TimelineEvent
from models.vocabulary import MOVES, EventType, IncidentState, Move, Role, Severity
from services import audit, calls, catalog, database, holding, jobs, people, search, timeline, timers
from services.access import Actor, require
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.held import Held
from services.input_text import check_line, check_optional_text, check_text
from services.records import IncidentRecord
from services.wording import shown_number

TITLE_LIMIT = 300
DESCRIPTION_LIMIT = 20_000
NOTES_LIMIT = 20_000
REASON_LIMIT = 2_000
LONGEST_SNOOZE = timedelta(days=90)
SHORTEST_TIMEOUT = 60
LONGEST_TIMEOUT = 7 * 86_400
_NUMBER = re.compile(r"(?:INC-)?([1-9][0-9]{0,8})", re.IGNORECASE)
_DONE = {
    Move.ACKNOWLEDGE: "acknowledged",
    Move.UNACKNOWLEDGE: "given back",
    Move.INVESTIGATE: "investigated",
    Move.RESOLVE: "resolved",
    Move.REOPEN: "reopened",
}
_LEFT_TO_MERGED = frozenset({"severity_changed", "edited"})
"""What people may still do to an incident that was merged into another one, by the name of its audit entry."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a verb: the incident as it is now, and whether this call changed it."""

    incident: IncidentRecord
    changed: bool


def parse_number(number: str) -> int:
    """42 for "INC-42". Raises: NotFoundError, since nothing is named otherwise."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise NotFoundError(f"There is no incident {number[:40]!r}. A number looks like INC-42.")
    return int(match[1])


def reopen_window(tx: Tx) -> timedelta:
    """For how long a resolved incident of this organisation is reopened by its alerts; zero is never."""
    return timedelta(seconds=tx.session.exec(select(Tenant.reopen_window_seconds)).one())


@contextmanager
def _held(actor: Actor, number: str, action: str, version: int | None = None) -> Iterator[tuple[Tx, Held]]:
    """The incident, held for one verb and saved after it, with an entry for `action` in the audit log.

    `version` is the one that the caller has seen, where it says so.
    """
    require(actor, Role.RESPONDER)
    with database.write(actor.tenant_id) as tx:
        # before the incident: somebody who leaves at this moment is locked first, too, and then what they have
        people.require_still(tx, actor, Role.RESPONDER)
        with _held_in(tx, actor, number, action, version) as incident:
            yield tx, incident


@contextmanager
def _held_in(tx: Tx, actor: Actor, number: str, action: str, version: int | None) -> Iterator[Held]:
    incident = holding.by_number(tx, parse_number(number))
    if incident is None:
        raise NotFoundError(f"There is no {shown_number(parse_number(number))}.")
    require_seen(incident, version)
    if incident.parent_id is not None and action not in _LEFT_TO_MERGED:
        raise refuse_merged(tx, incident)
    yield incident
    if not incident.is_changed:
        return
    before, after = incident.changes()
    audit.record(tx, actor, f"incident.{action}", "incident", incident.id, before, after)
    if actor.is_hands_on:
        incident.touch(tx.now)
    holding.save(tx, [incident])


def require_seen(incident: Held, version: int | None) -> None:
    """Raises: StaleError where the caller says which version they have seen, and it is another one by now."""
    if version is not None and version != incident.version:
        raise StaleError(
            f"{incident.shown} has changed since: it is at version {incident.version}, not {version}.", allowed=allowed(incident)
        )


def refuse_merged(tx: Tx, incident: Held) -> ConflictError:
    """The refusal for what would part an incident from the one that it was merged into."""
    parent = holding.by_ids(tx, [incident.parent_id], lock=False)[incident.parent_id].shown
    return ConflictError(
        f"{incident.shown} was merged into {parent} and moves with it: act on {parent}, or split {incident.shown} out of it first.",
        allowed=allowed(incident),
    )


def allowed(incident: Held) -> list[str]:
    """What a refusal says that the incident allows."""
    return [str(move) for move in incident.allowed]


def _check(incident: Held, move: Move) -> None:
    origins, to = MOVES[move]
    if incident.state is to:
        moves = allowed(incident)
        raise ConflictError(f"{incident.shown} is {to.value} already. It allows: {', '.join(moves)}.", allowed=moves)
    if incident.state not in origins:
        raise _refusal(incident, _DONE[move])


def _refusal(incident: Held, done: str) -> ConflictError:
    moves = allowed(incident)
    return ConflictError(
        f"{incident.shown} is {incident.state.value}, so it cannot be {done}. It allows: {', '.join(moves)}.", allowed=moves
    )


def _take(incident: Held, actor: Actor, tx: Tx) -> None:
    """What acknowledging means, also when it is skipped over: who and when, and an unassigned incident becomes that person's."""
    holding.acknowledged(incident, actor.id, tx.now)
    if incident.assigned_to is None and actor.is_person:
        incident.say(actor.id, timeline.Assignment(origin=None, to=actor.id, reason="acknowledged it"))
        incident.change(assigned_to=actor.id)


def acknowledge(actor: Actor, number: str, *, version: int | None = None) -> Outcome:
    """Say "mine". The first acknowledgement stands: on one that is taken already this changes nothing.

    Raises: NotAllowedError, NotFoundError, ConflictError when it is resolved.
    """
    with _held(actor, number, "acknowledged", version) as (tx, incident):
        if incident.state in (IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING):
            return Outcome(incident.record(), False)
        _check(incident, Move.ACKNOWLEDGE)
        incident.say(actor.id, timeline.StateChange(origin=incident.state, to=IncidentState.ACKNOWLEDGED))
        incident.change(state=IncidentState.ACKNOWLEDGED)
        _take(incident, actor, tx)
    return Outcome(incident.record(), True)


def unacknowledge(actor: Actor, number: str, *, reason: str | None = None, version: int | None = None, only_own: bool = False) -> Outcome:
    """Give it back: it is open, and nobody is working on it.

    With `only_own` only while it is acknowledged by the actor, and whoever had it before that has it again: it was a slip.

    Raises: NotAllowedError, NotFoundError, InvalidInputError, ConflictError when it is open or resolved.
    """
    why = check_optional_text(reason, "reason", REASON_LIMIT) or None
    with _held(actor, number, "given_back", version) as (tx, incident):
        _check(incident, Move.UNACKNOWLEDGE)
        if only_own and (incident.state is not IncidentState.ACKNOWLEDGED or incident.acknowledged_by != actor.id):
            raise ConflictError(f"{incident.shown} went on meanwhile, so this is not taken back.", allowed=allowed(incident))
        if only_own:
            _give_to_who_had_it(tx, incident, actor)
        incident.say(actor.id, timeline.StateChange(origin=incident.state, to=IncidentState.OPEN, reason=why))
        incident.change(state=IncidentState.OPEN)
        holding.unacknowledge(incident)
    return Outcome(incident.record(), True)


def _give_to_who_had_it(tx: Tx, incident: Held, actor: Actor) -> None:
    """Where acknowledging it made the actor its assignee, whoever was that before is it again, or nobody."""
    if incident.assigned_to != actor.id:
        return
    given = (
        select(TimelineEvent.data)
        .where(TimelineEvent.incident_id == incident.id, TimelineEvent.type == EventType.ASSIGNMENT)
        .where(TimelineEvent.actor_id == actor.id, TimelineEvent.recorded_at == incident.acknowledged_at)
    )
    for data in tx.session.exec(given):
        before = timeline.Assignment.model_validate(data).origin
        incident.say(actor.id, timeline.Assignment(origin=actor.id, to=before, reason="undone"))
        incident.change(assigned_to=before)


def investigate(actor: Actor, number: str, *, version: int | None = None) -> Outcome:
    """Say that the search for the cause has begun; from open it is acknowledged at the same moment.

    Raises: NotAllowedError, NotFoundError, ConflictError when it is resolved, or investigated already.
    """
    with _held(actor, number, "investigated", version) as (tx, incident):
        _check(incident, Move.INVESTIGATE)
        skipped = [IncidentState.ACKNOWLEDGED] if incident.state is IncidentState.OPEN else []
        incident.say(actor.id, timeline.StateChange(origin=incident.state, to=IncidentState.INVESTIGATING, skipped=skipped))
        incident.change(state=IncidentState.INVESTIGATING, investigating_at=tx.now, investigating_by=actor.id)
        if skipped:
            _take(incident, actor, tx)
    return Outcome(incident.record(), True)


def resolve(actor: Actor, number: str, notes: str, *, cause: str | None = None, version: int | None = None) -> Outcome:
    """Say that it is over, what fixed it, and what the cause was: one of the organisation's, or None where nobody says.

    `mttr` is then the seconds since it was created. Alerts of its group that fire within the reopen window open it again.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for missing notes or an unknown cause, ConflictError when somebody was first.
    """
    require(actor, Role.RESPONDER)
    text = check_text(notes, "notes", NOTES_LIMIT)
    with _held(actor, number, "resolved", version) as (tx, incident):
        _check(incident, Move.RESOLVE)
        if incident.state is IncidentState.OPEN:
            _take(incident, actor, tx)
        known = _known_cause(tx, cause)
        holding.resolve(incident, actor.id, text, tx.now, reopen_window(tx), by_rule=False, cause=known)
        search.add(tx, "resolution", new_id(), incident.id, incident.title, text, tx.now)
    return Outcome(incident.record(), True)


def _known_cause(tx: Tx, cause: str | None) -> str | None:
    if cause is None or not cause.strip():
        return None
    causes = tx.session.exec(select(Tenant.causes)).one()
    if cause not in causes:
        raise InvalidInputError(f"cause must be one of the organisation's, or be left out: {', '.join(causes)}.", field="cause")
    return cause


def reopen(actor: Actor, number: str, reason: str, *, version: int | None = None) -> Outcome:
    """Open a resolved incident again, as its next occurrence; its history stays.

    Raises: NotAllowedError, NotFoundError, InvalidInputError for a missing reason, ConflictError when it is not resolved.
    """
    require(actor, Role.RESPONDER)
    why = check_text(reason, "reason", REASON_LIMIT)
    with _held(actor, number, "reopened", version) as (tx, incident):
        _check(incident, Move.REOPEN)
        sibling = None
        if incident.group_hash is not None:
            live = holding.by_groups(tx, [incident.group_hash]).get(incident.group_hash)
            if live is not None and live.id != incident.id:
                # what was merged into it goes on taking them: they are shown here all the same
                if live.accepts(tx.now) or live.parent_id == incident.id:
                    sibling = live
                else:
                    live.change(accepts_alerts=False)
                    holding.save(tx, [live])
        holding.reopen(incident, actor.id, why, tx.now, sibling=sibling)
    return Outcome(incident.record(), True)


def assign(
    actor: Actor,
    number: str,
    user_id: UUID | None,
    *,
    reason: str | None = None,
    version: int | None = None,
    instead_of: UUID | EllipsisType | None = ...,
) -> Outcome:
    """Give it to a person who may act on it, or with None to nobody. To whom it belongs already this changes nothing.

    `instead_of` is whom it belonged to when the caller looked, None for nobody; where it is given, an incident that has gone to
    somebody else meanwhile stays theirs.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for who can't have it, ConflictError when it is resolved or has moved.
    """
    require(actor, Role.RESPONDER)
    why = check_optional_text(reason, "reason", REASON_LIMIT) or None
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        wrong = people.unfit_to_act(tx, user_id) if user_id is not None else ""
        with _held_in(tx, actor, number, "assigned", version) as incident:
            if wrong:
                raise InvalidInputError(wrong, field="user_id")
            if incident.is_resolved:
                raise _refusal(incident, "assigned")
            before = incident.assigned_to
            if before == user_id:
                return Outcome(incident.record(), False)
            if instead_of is not ... and instead_of != before:
                raise ConflictError(f"{incident.shown} went to somebody else meanwhile. Look again, then repeat.")
            incident.say(actor.id, timeline.Assignment(origin=before, to=user_id, reason=why))
            incident.change(assigned_to=user_id)
    return Outcome(incident.record(), True)


def change_severity(actor: Actor, number: str, severity: str, *, version: int | None = None, instead_of: str | None = None) -> Outcome:
    """Judge it better or worse than before. Where `instead_of` is given, what was judged otherwise meanwhile stays so.

    Raises: NotAllowedError, NotFoundError, InvalidInputError, ConflictError.
    """
    require(actor, Role.RESPONDER)
    if severity not in list(Severity):
        raise InvalidInputError(f"A severity is one of {', '.join(Severity)}.", field="severity")
    to = Severity(severity)
    with _held(actor, number, "severity_changed", version) as (_, incident):
        if incident.severity is to:
            return Outcome(incident.record(), False)
        if instead_of is not None and incident.severity != instead_of:
            raise ConflictError(f"{incident.shown} is {incident.severity} meanwhile, so this is not taken back.", allowed=allowed(incident))
        incident.say(actor.id, timeline.SeverityChange(origin=incident.severity, to=to))
        incident.change(severity=to)
    return Outcome(incident.record(), True)


def snooze(
    actor: Actor,
    number: str,
    until: datetime | None,
    *,
    version: int | None = None,
    instead_of: datetime | EllipsisType | None = ...,
) -> Outcome:
    """Stop the calls until this moment, and take it out of what needs attention; None ends a snooze. A new firing ends it, too.

    Where `instead_of` is given, and the snooze is another one by now, nothing is changed.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for a time that is over or too far, ConflictError when it is resolved, or
    when its snooze has changed.
    """
    require(actor, Role.RESPONDER)
    with _held(actor, number, "snoozed", version) as (tx, incident):
        if incident.is_resolved:
            raise _refusal(incident, "snoozed")
        at = None if until is None else _check_ahead(until, tx.now)
        if incident.snoozed_until == at:
            return Outcome(incident.record(), False)
        if instead_of is not ... and incident.snoozed_until != instead_of:
            raise ConflictError(f"The snooze of {incident.shown} was changed meanwhile. Look again, then repeat.")
        holding.snooze(incident, actor.id, at)
        if at is None:
            jobs.cancel_all(tx, [timers.snooze_key(incident.id)])
        else:
            jobs.add(tx, timers.SNOOZE, {"incident_id": incident.id.hex}, at, timers.snooze_key(incident.id), move=True)
    return Outcome(incident.record(), True)


def _check_ahead(until: datetime, now: datetime) -> datetime:
    right = "until must be a time with its offset, in the future and at most 90 days ahead"
    if until.tzinfo is None:
        raise InvalidInputError(f"{right}.", field="until")
    if not now < until <= now + LONGEST_SNOOZE:
        raise InvalidInputError(f"{right}: it is {now:%Y-%m-%dT%H:%M:%SZ} now.", field="until")
    return until.astimezone(UTC)


def set_acknowledgement_timeout(actor: Actor, number: str, seconds: int | None, *, version: int | None = None) -> Outcome:
    """After how many seconds without activity an acknowledgement of this incident lapses: 0 never, None as the organisation says.

    Raises: NotAllowedError, NotFoundError, InvalidInputError.
    """
    require(actor, Role.RESPONDER)
    if seconds is not None and not (seconds == 0 or SHORTEST_TIMEOUT <= seconds <= LONGEST_TIMEOUT):
        right = f"0 for never, or {SHORTEST_TIMEOUT} to {LONGEST_TIMEOUT} seconds"
        raise InvalidInputError(f"acknowledgement_timeout_seconds must be {right}.", field="acknowledgement_timeout_seconds")
    with _held(actor, number, "timeout_changed", version) as (tx, incident):
        before = incident.acknowledgement_timeout_seconds
        if before == seconds:
            return Outcome(incident.record(), False)
        told = ("" if value is None else str(value) for value in (before, seconds))
        incident.say(actor.id, timeline.Edit(field="acknowledgement_timeout_seconds", origin=next(told), to=next(told)))
        incident.change(acknowledgement_timeout_seconds=seconds)
        jobs.add(tx, calls.LAPSE, {"incident_id": incident.id.hex}, tx.now, calls.lapse_key(incident.id), move=True)
    return Outcome(incident.record(), True)


def edit(
    actor: Actor,
    number: str,
    *,
    title: str | None = None,
    description: str | None = None,
    service_id: UUID | EllipsisType | None = ...,
    version: int | None = None,
) -> Outcome:
    """Change the title and the description, where they are not None, and the service where it is given. What was stays on the timeline.

    With another service it gets the checklist that this one has now.
    Raises: NotAllowedError, NotFoundError, InvalidInputError.
    """
    require(actor, Role.RESPONDER)
    wanted: dict[str, str] = {}
    if title is not None:
        wanted["title"] = check_line(title, "title", TITLE_LIMIT)
    if description is not None:
        wanted["description"] = check_optional_text(description, "description", DESCRIPTION_LIMIT)
    with _held(actor, number, "edited", version) as (tx, incident):
        changes = {name: text for name, text in wanted.items() if text != incident.row[name]}
        for name, text in changes.items():
            incident.say(actor.id, timeline.Edit(field=name, origin=incident.row[name], to=text))
            incident.change(**{name: text})
        if changes:
            search.change(tx, "incident", incident.id, incident.title, holding.findable(incident))
        is_moved = service_id is not ... and _set_service(tx, incident, actor, service_id)
    return Outcome(incident.record(), bool(changes) or is_moved)


def _set_service(tx: Tx, incident: Held, actor: Actor, service_id: UUID | None) -> bool:
    """Let it name this service, or none, and have its checklist; whether it named another one."""
    if service_id == incident.service_id:
        return False
    service = catalog.live(tx, service_id) if service_id is not None else None
    before = tx.session.get(Service, incident.service_id) if incident.service_id is not None else None
    incident.say(actor.id, timeline.Edit(field="service", origin=before.name if before else "", to=service.name if service else ""))
    incident.change(service_id=service_id, checklist_id=service.checklist_id if service else None)
    return True


def get(actor: Actor, number: str) -> IncidentRecord:
    """One incident. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return find(session, number).record()


def find(session: Session, number: str) -> Held:
    """One incident of the session's organisation, read and not locked. Raises: NotFoundError."""
    value = parse_number(number)
    incident = holding.read(session, value)
    if incident is None:
        raise NotFoundError(f"There is no {shown_number(value)}.")
    return incident
