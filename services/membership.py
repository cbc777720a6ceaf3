"""What admins do about the people of their organisation: invite them, change what they may do, and let them go and come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import select

from models.tenants import Tenant
from models.vocabulary import Role
from services import (
    access,
    account_input,
    api_keys,
    audit,
    clock,
    database,
    departures,
    mail,
    mail_text,
    one_time_links,
    organisation,
    people,
    sessions,
)
from services.access import Actor
from services.database import Tx
from services.departures import Heir, Moved
from services.errors import InvalidInputError
from services.live_updates import people_topic, person_topic
from services.one_time_links import NewLink
from services.people import Person
from services.views import ChoiceView, DepartureView, PersonRow, person_view
from services.wording import counted, date_and_time, rfc3339, zone_named


@dataclass(frozen=True, slots=True)
class Invitation:
    """A person who was just invited, and the link with which they choose their password."""

    person: Person
    link: NewLink


@dataclass(frozen=True, slots=True)
class Changed:
    """A person as they are now, and whether this call changed them. Where they may have no incident any more: who got which."""

    person: Person
    is_changed: bool = True
    heir: Heir | None = None
    incidents: Sequence[Moved] = ()
    sessions_ended: int = 0
    keys_ended: int = 0
    links_ended: int = 0


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


def mail_link(actor: Actor, person: Person, link: NewLink) -> bool:
    """Send a link to the person for whom it was made; False where no mail server is set. It takes as long as the server does.

    Raises: NotAllowedError, MailError.
    """
    access.require(actor, Role.ADMIN)
    if mail.server() is None:
        return False
    with database.read(actor.tenant_id) as session:
        name, timezone = session.exec(select(Tenant.name, Tenant.timezone)).one()
    when, zone = date_and_time(link.works_until, zone_named(person.timezone or timezone), clock.now())
    if person.came_in:
        subject, lead = f"A new password for {name}", f"{actor.name} made this link for you. Choose a new password by it:"
    else:
        subject, lead = f"{actor.name} invites you to {name}", "Choose a password, and you are in:"
    care = f"The link works once, until {when} {zone}. Whoever has it can choose your password, so keep it to yourself."
    mail.send(mail_text.letter(person.email, subject, [lead, one_time_links.password_address(link.token), care]))
    return True


def change(
    actor: Actor,
    user_id: UUID,
    *,
    name: str | None = None,
    role: Role | None = None,
    manager_id: UUID | EllipsisType | None = ...,
    active: bool | None = None,
) -> Changed:
    """Change what a person is called, what they may do, whom they report to, and whether they are active; what is not given stays.

    Whoever leaves, or becomes a viewer, has no incident any more: what is unresolved goes on by the rule of `departures`. Who leaves is
    signed out everywhere, and their keys and links work no more, also when they are active again. A manager of None is nobody.
    Raises: NotAllowedError, NotFoundError; InvalidInputError for a wrong name or who can't be the manager; ConflictError when the
    organisation would have no admin.
    """
    access.require(actor, Role.ADMIN)
    wanted: dict[str, Any] = {"role": role, "active": active, "name": None if name is None else account_input.check_name(name)}
    wanted = {field: value for field, value in wanted.items() if value is not None}
    if manager_id is not ...:
        wanted["manager_id"] = manager_id
    with database.write(actor.tenant_id) as tx:
        _one_at_a_time(tx)
        people.require_still(tx, actor, Role.ADMIN)
        person = people.find(tx.session, user_id)
        before, after = audit.changed({field: getattr(person, field) for field in wanted}, wanted)
        if not after:
            return Changed(person, is_changed=False)
        everybody = people.everybody(tx.session)
        if after.get("manager_id") is not None:
            _check_manager(everybody, person, after["manager_id"])
        if "role" in after or after.get("active") is False:
            people.check_admin_stays(everybody, person, "role" if "role" in after else "active")
        people.store(tx, user_id, after)
        changed = _follow_up(tx, actor, person)
        _record(tx, actor, changed, before, after)
        tx.wake(person_topic(user_id), people_topic(tx.tenant_id))
        return changed


def _follow_up(tx: Tx, actor: Actor, before: Person) -> Changed:
    """What it means that somebody is now what they were not before."""
    person = people.find(tx.session, before.id)
    changed = Changed(person)
    if people.may_have_incidents(before) and not people.may_have_incidents(person):
        heir, incidents = departures.hand_over(tx, actor, person)
        # after the incidents: whoever opens one holds its group first, too, and then the organisation
        organisation.relieve(tx, actor, person.id)
        departures.look_again_later(tx, person.id)
        changed = Changed(person, heir=heir, incidents=incidents)
    if before.active and not person.active:
        sessions_ended = sessions.revoke_all(tx, person.id)
        keys_ended = api_keys.revoke_all(tx, actor, person.id)
        links_ended = one_time_links.use_up(tx, person.id)
        changed = replace(changed, sessions_ended=sessions_ended, keys_ended=keys_ended, links_ended=links_ended)
    return changed


def _record(tx: Tx, actor: Actor, changed: Changed, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Note it, with the report of what became of it."""
    active = after.get("active")
    action = "person.changed" if active is None else "person.activated" if active else "person.deactivated"
    ended = {"sessions_ended": changed.sessions_ended, "keys_ended": changed.keys_ended, "links_ended": changed.links_ended}
    report: dict[str, Any] = {name: count for name, count in ended.items() if count}
    if changed.heir is not None and changed.incidents:
        to = changed.heir.person.id if changed.heir.person else None
        report |= {"incidents_moved": [moved.number for moved in changed.incidents], "moved_to": to, "because": changed.heir.why}
    audit.record(tx, actor, action, "person", changed.person.id, before, after | report)


def report(changed: Changed) -> DepartureView:
    """What became of the incidents of somebody who may have none any more, as an admin reads it."""
    person = changed.person
    ended = (
        (changed.sessions_ended, "session"),
        (changed.keys_ended, "API key"),
        (changed.links_ended, "link"),
    )
    told = [counted(count, noun) for count, noun in ended if count]
    notes = [f"Ended: {', '.join(told)}."] if told else []
    shown = departures.view(person, changed.heir or Heir(None, ""), changed.incidents, verb="went", verbs="went", notes=notes)
    return replace(shown, title=f"{person.name} is {'a viewer now' if person.active else 'deactivated'}")


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
                came_in=person.came_in,
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
            ChoiceView(one.id.hex, people.marked(one.name, one.active))
            for one in everybody
            if one.id not in barred and (one.active or (person is not None and one.id == person.manager_id))
        ),
    ]
