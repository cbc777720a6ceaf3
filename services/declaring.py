"""Incidents that somebody declares, without an alert."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import col, select

from models.incidents import Incident
from models.integrations import Service
from models.vocabulary import Role, Severity
from services import audit, catalog, database, holding, incidents, people, timeline
from services.access import Actor, require
from services.account_input import Checks
from services.database import Tx
from services.errors import InvalidInputError
from services.incidents import DESCRIPTION_LIMIT, TITLE_LIMIT, Outcome
from services.input_text import check_line, check_optional_text, check_past
from services.openings import Opening, Openings
from services.records import IncidentRecord

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
    Raises: NotAllowedError, InvalidFieldsError with a sentence for each field that is wrong, InvalidInputError for the key.
    """
    require(actor, Role.RESPONDER)
    checks = Checks()
    line, text = checks.take(check_title, title, "title"), checks.take(check_description, description, "description")
    checks.take(check_severity, severity, "severity")
    incident_id = None if key is None else _id_for(actor, key)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        openings = Openings(tx)
        openings.lock_numbers()
        if incident_id is not None:  # read after the lock: of two at the same moment the second finds the first one's
            known = holding.by_ids(tx, [incident_id], lock=False).get(incident_id)
            if known is not None:
                return Outcome(known.record(), False)
        began = tx.now if started_at is None else checks.take(check_past, started_at, "started_at", tx.now)
        service = checks.take(_check_service, service_id, "service_id", tx)
        checks.take(_check_assignee, assigned_to, "assigned_to", tx)
        checks.done()
        opening = Opening(
            id=incident_id,
            title=line,
            description=text,
            severity=Severity(severity),
            created_by=actor.id,
            why=f"{actor.name} declared it.",
            service_id=service_id,
            checklist_id=service.checklist_id if service is not None else None,
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


def declared(actor: Actor, key: str) -> IncidentRecord | None:
    """What this actor has declared with this key, as it is now. Raises: NotAllowedError, InvalidInputError for the key."""
    require(actor, Role.RESPONDER)
    incident_id = _id_for(actor, key)
    with database.read(actor.tenant_id) as session:
        number = session.exec(select(Incident.number).where(col(Incident.id) == incident_id)).first()
        return incidents.find(session, str(number)).record() if number is not None else None


def _id_for(actor: Actor, key: str) -> UUID:
    """The id of what this actor declares under this key: the same each time, so that its row can be there but once."""
    if not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
        raise InvalidInputError(f"A key has 1 to {KEY_LIMIT} plain characters.", field="key")
    return uuid5(actor.id, f"incident {key}")


def check_title(title: str, field: str = "title") -> str:
    """What is broken, on one line. Raises: InvalidInputError."""
    return check_line(title, field, TITLE_LIMIT)


def check_description(description: str | None, field: str = "description") -> str:
    """More about it, which may be nothing. Raises: InvalidInputError."""
    return check_optional_text(description, field, DESCRIPTION_LIMIT)


def check_severity(severity: str, field: str = "severity") -> Severity:
    """A severity by its word. Raises: InvalidInputError."""
    if severity not in list(Severity):
        raise InvalidInputError(f"A severity is one of {', '.join(Severity)}.", field=field)
    return Severity(severity)


def _check_service(service_id: UUID | None, field: str, tx: Tx) -> Service | None:
    return catalog.live(tx, service_id, field) if service_id is not None else None


def _check_assignee(assigned_to: UUID | None, field: str, tx: Tx) -> None:
    wrong = people.unfit_to_act(tx, assigned_to, field) if assigned_to is not None else ""
    if wrong:
        raise InvalidInputError(wrong, field=field)
