"""The page that declares an incident: what people type there, read with a sentence for each field that is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import select

from models.tenants import Tenant
from models.vocabulary import Role
from services import catalog, clock, database, declaring, people, related, typed_times
from services.access import Actor, may, require
from services.account_input import Checks
from services.address_times import NoTimeError, short
from services.catalog import ServiceRecord
from services.errors import InvalidInputError
from services.people import Person
from services.records import IncidentRecord
from services.views import PersonView, RelatedView
from services.wording import zone_named

FIELDS = ("title", "severity", "service_id", "assigned_to", "description", "started_at")
_LONGEST_NAME = 200
_HANDLE = re.compile(r"@([a-z0-9._-]+)\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed: a service by its name, a person by handle or name, a time as `typed_times.past` takes it."""

    title: str
    severity: str
    service: str = ""
    assignee: str = ""
    description: str = ""
    began: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The incident that is open now. `says_otherwise` is true when an earlier try had opened it and this one had other words."""

    number: str
    sentence: str
    says_otherwise: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen: services by name, people who can have it; and the name of who gets it where nobody is chosen, or nothing."""

    services: list[str]
    people: list[PersonView]
    on_call: str


def choices(actor: Actor) -> Choices:
    """What can be chosen at this moment. Raises: NotAllowedError."""
    able = people.may_act(actor)
    with database.read(actor.tenant_id) as session:
        on_call_id = session.exec(select(Tenant.default_on_call_id)).one()
    on_call = next((person.name for person in able if on_call_id is not None and person.id == on_call_id.hex), "")
    return Choices([service.name for service in catalog.in_use(actor)], able, on_call)


def offers(actor: Actor, title: str, service: str) -> list[RelatedView]:
    """Unresolved incidents that may be the one that is being declared. Raises: NotAllowedError."""
    require(actor, Role.RESPONDER)
    try:
        found = _service(service, "service_id", catalog.in_use(actor)) if service.strip() else None
    except InvalidInputError:  # still being typed
        found = None
    return related.unresolved_like(actor, title, found.id if found else None)


def open_typed(actor: Actor, typed: Typed, zone: str, *, key: str | None) -> Opened:
    """Declare what was typed, with times in this zone; what is sent twice with one key is declared once.

    Raises: NotAllowedError, InvalidFieldsError with a sentence for each of `FIELDS` that is wrong.
    """
    require(actor, Role.RESPONDER)
    before = declaring.declared(actor, key) if key else None  # also when somebody was deactivated or a time has passed since
    if before is not None:
        return _again(typed, before)
    checks = Checks()
    checks.take(_check_title, typed.title, "title")
    checks.take(declaring.check_severity, typed.severity, "severity")
    checks.take(declaring.check_description, typed.description, "description")
    service: ServiceRecord | None = checks.take(_service, typed.service, "service_id", catalog.in_use(actor))
    everybody = people.people(actor)
    person: Person | None = checks.take(_assignee, typed.assignee, "assigned_to", actor, everybody)
    began: datetime | None = checks.take(_began, typed.began, "started_at", zone_named(zone))
    checks.done()
    outcome = declaring.declare(
        actor,
        typed.title,
        typed.severity,
        description=typed.description,
        service_id=service.id if service else None,
        assigned_to=person.id if person else None,
        started_at=began,
        key=key,
    )
    if not outcome.changed:
        return _again(typed, outcome.incident)
    return Opened(outcome.incident.number, _sentence(outcome.incident, actor, everybody))


def _again(typed: Typed, before: IncidentRecord) -> Opened:
    """What an earlier try with the same key has opened."""
    said = (" ".join(typed.title.split()), typed.severity, typed.description.strip())
    says_otherwise = said != (before.title, before.severity, before.description)
    return Opened(before.number, f"{before.number} is open already.", says_otherwise)


def _sentence(made: IncidentRecord, actor: Actor, everybody: Sequence[Person]) -> str:
    """Who has it, which may be the one on call where nobody was named."""
    if made.assigned_to == actor.id:
        return f"{made.number} is open, and it is yours."
    name = next((person.name for person in everybody if person.id == made.assigned_to), "Nobody")
    return f"{made.number} is open. {name} has it." if made.assigned_to else f"{made.number} is open. Nobody has it yet."


# ── one field each ──


def _check_title(title: str, field: str) -> str:
    if not title.strip():
        raise InvalidInputError("Write what is broken: one line is enough.", field=field)
    return declaring.check_title(title, field)


def _service(name: str, field: str, known: Sequence[ServiceRecord]) -> ServiceRecord | None:
    wanted = " ".join(name.split()).casefold()
    if not wanted:
        return None
    for service in known:
        if service.name.casefold() == wanted:
            return service
    raise InvalidInputError(f"There is no service “{short(name)}”. Choose one of the list, or leave this empty.", field=field)


def _assignee(text: str, field: str, actor: Actor, everybody: Sequence[Person]) -> Person | None:
    wanted = " ".join(text[: _LONGEST_NAME + 1].split()).casefold()
    if not wanted:
        return None
    found = _named(wanted, actor, everybody) if len(wanted) <= _LONGEST_NAME else []
    if not found:
        raise InvalidInputError(f"Nobody here is called “{short(text)}”. Choose somebody of the list, or leave this empty.", field=field)
    if len(found) > 1:
        handles = " or ".join(f"@{person.handle}" for person in found[:3])
        raise InvalidInputError(f"More than one person is called {found[0].name}: write {handles}.", field=field)
    person = found[0]
    if not person.active:
        raise InvalidInputError(f"{person.name} is deactivated. Choose somebody else, or leave this empty.", field=field)
    if not may(person.role, Role.RESPONDER):
        raise InvalidInputError(f"{person.name} is a viewer: viewers only read. Choose somebody else, or leave this empty.", field=field)
    return person


def _named(wanted: str, actor: Actor, everybody: Sequence[Person]) -> list[Person]:
    handle = _HANDLE.search(wanted)
    if handle:
        return [person for person in everybody if person.handle == handle[1]]
    if wanted == "me":
        return [person for person in everybody if person.id == actor.id]
    by_handle = [person for person in everybody if person.handle == wanted]
    if by_handle:
        return by_handle
    named = [person for person in everybody if person.name.casefold() == wanted]
    return [person for person in named if person.active] or named


def _began(text: str, field: str, zone: ZoneInfo) -> datetime | None:
    try:
        return typed_times.past(text, zone, clock.now())
    except NoTimeError as error:
        raise InvalidInputError(str(error), field=field) from error
