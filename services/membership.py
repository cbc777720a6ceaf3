"""What admins do about the people of their organisation: invite them, and change what they are called, may do and whom they report to."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import select

from models.vocabulary import Role
from services import access, account_input, audit, database, one_time_links, people
from services.access import Actor
from services.database import Tx
from services.errors import ConflictError, InvalidInputError
from services.live_updates import people_topic, person_topic
from services.one_time_links import NewLink
from services.people import Person
from services.views import ChoiceView, PersonRow, person_view
from services.wording import rfc3339


@dataclass(frozen=True, slots=True)
class Invitation:
    """A person who was just invited, and the link with which they choose their password."""

    person: Person
    link: NewLink


def invite(actor: Actor, *, email: str, name: str, role: Role, handle: str | None = None, manager_id: UUID | None = None) -> Invitation:
    """Make a person, and the link by which they come in. Without a handle one is made of the name or the address.

    Raises: NotAllowedError, InvalidFieldsError, InvalidInputError for who can't be the manager; ConflictError when the address or the
    handle is taken.
    """
    access.require(actor, Role.ADMIN)
    checked = account_input.check_person(email=email, name=name, handle=handle, password=None, timezone=None)
    with database.write(actor.tenant_id) as tx:
        _one_at_a_time(tx)
        people.require_still(tx, actor, Role.ADMIN)
        if manager_id is not None:
            _check_manager(people.everybody(tx.session), None, manager_id)
        person = people.add_person(tx, actor, role=role, password_hash=None, manager_id=manager_id, **checked)
        return Invitation(person, one_time_links.add_password_link(tx, actor, person))


def change(
    actor: Actor,
    user_id: UUID,
    *,
    name: str | None = None,
    role: Role | None = None,
    manager_id: UUID | EllipsisType | None = ...,
) -> Person:
    """Change what a person is called, what they may do, and whom they report to; what is not given stays, and a manager of None is nobody.

    Raises: NotAllowedError, NotFoundError; InvalidInputError for a wrong name or who can't be the manager; ConflictError when the
    organisation would have no admin.
    """
    access.require(actor, Role.ADMIN)
    wanted: dict[str, Any] = {} if role is None else {"role": role}
    if name is not None:
        wanted["name"] = account_input.check_name(name)
    if manager_id is not ...:
        wanted["manager_id"] = manager_id
    with database.write(actor.tenant_id) as tx:
        _one_at_a_time(tx)
        people.require_still(tx, actor, Role.ADMIN)
        person = people.find(tx.session, user_id)
        before, after = audit.changed({field: getattr(person, field) for field in wanted}, wanted)
        if not after:
            return person
        everybody = people.everybody(tx.session)
        if after.get("manager_id") is not None:
            _check_manager(everybody, person, after["manager_id"])
        if "role" in after:
            _check_admin_stays(everybody, person, "role")
        people.store(tx, user_id, after)
        audit.record(tx, actor, "person.changed", "person", user_id, before, after)
        tx.wake(person_topic(user_id), people_topic(tx.tenant_id))
        return people.find(tx.session, user_id)


def _one_at_a_time(tx: Tx) -> None:
    """Wait for other changes of who is who in this organisation (PostgreSQL; on SQLite the transaction has its turn).

    Else two admins could each take the other's role away, and two people could become each other's manager.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"people {tx.tenant_id}"))))


def _check_manager(everybody: list[Person], person: Person | None, manager_id: UUID) -> None:
    """See that this one can be the manager of `person`, None for somebody new. Raises: InvalidInputError."""
    by_id = {one.id: one for one in everybody}
    manager = by_id.get(manager_id)
    if manager is None:
        raise InvalidInputError("Manager must be somebody of this organisation, or nobody.", field="manager_id")
    if not manager.active:
        raise InvalidInputError(f"Manager must be somebody who is active, and {manager.name} is deactivated.", field="manager_id")
    if person is None:
        return
    if manager.id == person.id:
        raise InvalidInputError("Manager must be somebody else: nobody manages themselves.", field="manager_id")
    if manager.id in below(everybody, person.id):
        raise InvalidInputError(
            f"Manager must be nobody below {person.name}, and {manager.name} reports to {person.name}.", field="manager_id"
        )


def below(everybody: list[Person], user_id: UUID) -> set[UUID]:
    """Those who report to this person, and those who report to them, and so on."""
    reports: dict[UUID | None, list[UUID]] = {}
    for one in everybody:
        reports.setdefault(one.manager_id, []).append(one.id)
    found: set[UUID] = set()
    waiting = [user_id]
    while waiting:
        new = [one for one in reports.get(waiting.pop(), ()) if one not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _check_admin_stays(everybody: list[Person], person: Person, field: str) -> None:
    """See that somebody else is an admin. Raises: ConflictError."""
    if person.role is not Role.ADMIN or not person.active:
        return
    if not any(one.active and one.role is Role.ADMIN for one in everybody if one.id != person.id):
        raise ConflictError(f"{person.name} is the only admin. Make somebody else an admin first.", field=field)


def person_rows(actor: Actor) -> list[PersonRow]:
    """What the page of the people shows to an admin. Raises: NotAllowedError."""
    access.require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        everybody = people.everybody(session)
        links = one_time_links.working_until(session)
    by_id = {person.id: person for person in everybody}
    rows = []
    for person in everybody:
        manager = by_id.get(person.manager_id) if person.manager_id else None
        rows.append(
            PersonRow(
                person=person_view(person.id, person.name, person.handle),
                email=person.email,
                role=person.role.value,
                active=person.active,
                has_password=person.has_password,
                is_me=person.id == actor.id,
                manager=manager.name if manager else "",
                manager_id=manager.id.hex if manager else "",
                manager_left=manager is not None and not manager.active,
                link_until=rfc3339(links.get(person.id)),
            )
        )
    return rows


def manager_choices(actor: Actor, user_id: UUID | None = None) -> list[ChoiceView]:
    """Who can be the manager of this person, None for somebody new, nobody first; the one that there is, too. Raises: NotAllowedError."""
    access.require(actor, Role.ADMIN)
    everybody = people.people(actor)
    person = next((one for one in everybody if one.id == user_id), None)
    barred = below(everybody, person.id) | {person.id} if person else set()
    return [
        ChoiceView("", "Nobody"),
        *(
            ChoiceView(one.id.hex, one.name if one.active else f"{one.name} (deactivated)")
            for one in everybody
            if one.id not in barred and (one.active or (person is not None and one.id == person.manager_id))
        ),
    ]
