"""Incidents that somebody declares, without an alert."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from models.integrations import Service
from models.vocabulary import Role, Severity
from services import audit, database, holding, people, timeline
from services.access import Actor, require
from services.database import Tx
from services.errors import InvalidInputError
from services.incidents import DESCRIPTION_LIMIT, TITLE_LIMIT, Outcome
from services.input_text import check_optional_text, check_past, check_text
from services.openings import Opening, Openings

KEY_LIMIT = 64


def declare(
    actor: Actor,
    title: str,
    severity: str,
    *,
    description: str | None = None,
    service_id: UUID | None = None,
    assigned_to: UUID | None = None,
    started_at: datetime | None = None,
    key: str | None = None,
) -> Outcome:
    """Open an incident by hand. `started_at` is when the impact began, by default now; it may lie before, never in the future.

    With a `key` of the sender's own, what is declared twice is there once: the second call answers the incident as it is by then,
    whatever else it says, and changes nothing. A key belongs to whoever uses it.
    Raises: NotAllowedError, InvalidInputError naming the field.
    """
    require(actor, Role.RESPONDER)
    line = " ".join(check_text(title, "title", TITLE_LIMIT).split())
    text = check_optional_text(description, "description", DESCRIPTION_LIMIT)
    if severity not in list(Severity):
        raise InvalidInputError(f"A severity is one of {', '.join(Severity)}.", field="severity")
    incident_id = None if key is None else _id_for(actor, key)
    with database.write(actor.tenant_id) as tx:
        began = tx.now if started_at is None else check_past(started_at, "started_at", tx.now)
        _check_named(tx, service_id, assigned_to)
        openings = Openings(tx)
        openings.lock_numbers()
        if incident_id is not None:  # read after the lock: of two at the same moment the second finds the first one's
            known = holding.by_ids(tx, [incident_id], lock=False).get(incident_id)
            if known is not None:
                return Outcome(known.record(), False)
        opening = Opening(
            id=incident_id,
            title=line,
            description=text,
            severity=Severity(severity),
            created_by=actor.id,
            why=f"{actor.name} declared it.",
            service_id=service_id,
            assigned_to=assigned_to,
            started_at=began,
            touched=actor.is_hands_on,
        )
        incident, _ = openings.open_or_join(opening)
        openings.number()
        if assigned_to is not None:
            incident.say(actor.id, timeline.Assignment(origin=None, to=assigned_to))
        told = ("number", "title", "severity", "service_id", "assigned_to", "started_at")
        audit.record(tx, actor, "incident.declared", "incident", incident.id, after={name: incident.row[name] for name in told})
        holding.save(tx, [incident])
    return Outcome(incident.record(), True)


def _id_for(actor: Actor, key: str) -> UUID:
    """The id of what this actor declares under this key: the same each time, so that its row can be there but once."""
    if not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
        raise InvalidInputError(f"A key has 1 to {KEY_LIMIT} plain characters.", field="key")
    return uuid5(actor.id, f"incident {key}")


def _check_named(tx: Tx, service_id: UUID | None, assigned_to: UUID | None) -> None:
    if service_id is not None and tx.session.get(Service, service_id) is None:
        raise InvalidInputError(
            "service_id must be the id of a service of this organisation: there is none with this one.", field="service_id"
        )
    wrong = people.unfit_to_act(tx, assigned_to, "assigned_to") if assigned_to is not None else ""
    if wrong:
        raise InvalidInputError(wrong, field="assigned_to")
