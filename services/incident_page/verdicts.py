"""What came of a move, in the one sentence that its maker reads: that it was done, or who was first and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import select

from models.people import ActorRow
from models.vocabulary import Move, Role
from services import database, incidents
from services.access import Actor, require
from services.errors import ConflictError
from services.held import Held
from services.incidents import Outcome
from services.records import IncidentRecord
from services.wording import hour, span, zone_named

_NOT = {
    Move.ACKNOWLEDGE: "Not acknowledged",
    Move.UNACKNOWLEDGE: "Not given back",
    Move.INVESTIGATE: "Not changed",
    Move.RESOLVE: "Not resolved",
    Move.REOPEN: "Not reopened",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a move; `done` is whether it changed the incident, `is_refused` whether something stood in its way."""

    sentence: str
    done: bool
    is_refused: bool = False


def make(actor: Actor, number: str, move: Move, zone: str, act: Callable[[], Outcome]) -> Verdict:
    """Do `act`, which makes this move, and say what came of it, with times in this zone.

    A move that somebody else made first is no error here but a sentence that names them.
    Raises: NotAllowedError, NotFoundError, InvalidInputError.
    """
    require(actor, Role.RESPONDER)
    try:
        outcome = act()
    except ConflictError as error:
        return Verdict(_too_late(actor, number, move, zone) or error.message, False)
    if outcome.changed:
        return Verdict(_done(move, outcome.incident), True)
    record = outcome.incident
    return Verdict(_too_late(actor, number, move, zone) or f"{_NOT[move]}: {record.number} is {record.state.value}.", False)


def _done(move: Move, record: IncidentRecord) -> str:
    if move is Move.RESOLVE:
        return f"Resolved after {span(record.mttr or 0)}."
    return {
        Move.ACKNOWLEDGE: f"Acknowledged. {record.number} is yours.",
        Move.UNACKNOWLEDGE: f"Given back. {record.number} is open, and nobody is working on it.",
        Move.INVESTIGATE: "You are investigating.",
        Move.REOPEN: f"Reopened. {record.number} is open again.",
    }[move]


def _too_late(actor: Actor, number: str, move: Move, zone: str) -> str:
    """Who did what before this move; empty where that is not what stood in its way."""
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        before = _before(incident, move)
        if before is None:
            return ""
        who, at, words = before
        name = "you" if who == actor.id else session.exec(select(ActorRow.name).where(ActorRow.id == who)).first()
    if who == actor.id and move is Move.ACKNOWLEDGE and not incident.is_resolved:
        words = "{who} have it since {when}"
    elif who == actor.id:
        words = words.replace(" is ", " are ")
    return f"{_NOT[move]}: {words.format(who=name, when=hour(at, zone_named(zone)))}."


def _before(incident: Held, move: Move) -> tuple[UUID, datetime, str] | None:
    if move is Move.REOPEN:
        return None
    if incident.is_resolved:
        return incident.resolved_by, incident.resolved_at, "{who} resolved it at {when}"
    if move is Move.ACKNOWLEDGE and incident.acknowledged_at is not None:
        return incident.acknowledged_by, incident.acknowledged_at, "{who} was first, at {when}"
    if move is Move.INVESTIGATE and incident.investigating_at is not None:
        return incident.investigating_by, incident.investigating_at, "{who} is investigating since {when}"
    return None
