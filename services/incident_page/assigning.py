"""Giving an incident to somebody from a page, and what came of it in one sentence."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from models.people import ActorRow
from models.vocabulary import EventType, Role
from services import database, incidents, timeline
from services.access import Actor, require
from services.errors import ConflictError, InvalidInputError
from services.incident_page.verdicts import Verdict
from services.wording import hour, zone_named


def give(actor: Actor, number: str, to: str, before: str, zone: str, *, again: bool = False) -> Verdict:
    """Give it to the person with the id `to`, and say what came of it, with times in this zone; an empty id is nobody.

    `before` is whom it belonged to on the page: where that is not so any more, nothing is changed, and the sentence names who moved
    it. `again` is whether this takes an assignment back.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for who can't have it.
    """
    require(actor, Role.RESPONDER)
    wanted, seen = _id(to), _id(before)
    try:
        outcome = incidents.assign(actor, number, wanted, reason="undone" if again else None, instead_of=seen)
    except ConflictError as error:
        return Verdict(_too_late(actor, number, zone) or error.message, False, is_refused=True)
    shown = outcome.incident.number
    if wanted is None:
        return Verdict(f"Nobody has {shown} now." if outcome.changed else f"Nobody has {shown} already.", outcome.changed)
    if wanted == actor.id:
        when = "again" if again else "now" if outcome.changed else "already"
        return Verdict(f"{shown} is yours {when}.", outcome.changed)
    with database.read(actor.tenant_id) as session:
        name = _name(session, actor, wanted)
    if not outcome.changed:
        return Verdict(f"{name} has {shown} already.", False)
    return Verdict(f"{name} has {shown} again." if again else f"Assigned. {name} has {shown} now.", True)


def _too_late(actor: Actor, number: str, zone: str) -> str:
    """Who moved or resolved it, and when; empty where neither is what stood in the way."""
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        if incident.is_resolved:
            who, when = _name(session, actor, incident.resolved_by), hour(incident.resolved_at, zone_named(zone))
            return f"Not assigned: {who} resolved it at {when}."
        last = timeline.page(session, incident.id, types=(EventType.ASSIGNMENT,), newest_first=True, limit=1)
        if not last:
            return ""
        to = UUID(last[0].data["to"]) if last[0].data["to"] else None
        who, when = _name(session, actor, last[0].actor_id), hour(last[0].occurred_at, zone_named(zone))
        did = "left it to nobody" if to is None else "took it" if to == last[0].actor_id else f"gave it to {_name(session, actor, to)}"
        return f"Not assigned: {who} {did} at {when}."


def _name(session: Session, actor: Actor, whose: UUID) -> str:
    if whose == actor.id:
        return "you"
    return session.exec(select(ActorRow.name).where(col(ActorRow.id) == whose)).first() or "somebody"


def _id(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError("user_id must be the id of a person.", field="user_id") from None
