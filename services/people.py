"""People and their organisation: who exists, what they are called, and how they like their pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.columns import new_id
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import ActorKind, Role, Theme
from services import access, account_input, audit, database, handles, retention, secrets
from services.access import Actor
from services.database import Tx
from services.errors import ConflictError, NotFoundError, NotSignedInError
from services.live_updates import people_topic, person_topic
from services.views import PersonView, ProfileView, person_view

SYSTEM_NAME = "Tocsin"


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the organisation, as programs and settings pages know them. `timezone` is None where the organisation's holds."""

    id: UUID
    email: str
    name: str
    handle: str
    role: Role
    active: bool
    manager_id: UUID | None
    timezone: str | None
    theme: Theme
    shortcuts: bool
    timeline_newest_first: bool
    created_at: datetime
    first_signed_in_at: datetime | None

    @property
    def came_in(self) -> bool:
        """Whether they have ever signed in, by whatever way."""
        return self.first_signed_in_at is not None


def create_organisation(name: str, slug: str | None = None, *, timezone: str | None = None) -> Actor:
    """Make an organisation; its own system is the actor that may do the rest. Called where no actor can exist yet.

    Raises: InvalidFieldsError; ConflictError when the slug is taken.
    """
    checks = account_input.Checks()
    name = checks.take(account_input.check_name, name, "name")
    slug = checks.take(account_input.check_slug, account_input.slug_from(name or "") if slug is None else slug, "slug")
    timezone = checks.take(account_input.check_timezone, timezone, "timezone")
    checks.done()
    with database.write(new_id()) as tx:
        return add_organisation(tx, name=name, slug=str(slug), timezone=timezone or "UTC")


def add_organisation(tx: Tx, *, name: str, slug: str, timezone: str) -> Actor:
    """Write the organisation of this transaction and its system actor; the values were checked. Raises: ConflictError."""
    tx.insert(
        Tenant, id=tx.tenant_id, slug=slug, name=name, created_at=tx.now, next_number=1, timezone=timezone, reopen_window_seconds=1800
    )
    system = Actor(new_id(), tx.tenant_id, ActorKind.SYSTEM, Role.ADMIN, SYSTEM_NAME)
    tx.insert(ActorRow, id=system.id, kind=ActorKind.SYSTEM, name=SYSTEM_NAME)
    try:
        tx.flush()
    except IntegrityError as error:
        raise ConflictError(f"There is an organisation with the slug {slug} already. Choose another.", field="slug") from error
    audit.record(tx, system, "organisation.created", "organisation", tx.tenant_id, after={"name": name, "slug": slug, "timezone": timezone})
    retention.schedule(tx)
    return system


def organisation_name(actor: Actor) -> str:
    """What the actor's organisation is called."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return session.exec(select(Tenant.name)).one()


def system_actor(tenant_id: UUID) -> Actor:
    """The organisation's own system: what commands and jobs act as. Raises: NotFoundError."""
    with database.read(tenant_id) as session:
        row = session.exec(select(ActorRow.id, ActorRow.name).where(col(ActorRow.kind) == ActorKind.SYSTEM)).first()
    if row is None:
        raise NotFoundError("There is no such organisation.")
    return Actor(row[0], tenant_id, ActorKind.SYSTEM, Role.ADMIN, row[1])


def create_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    role: Role,
    handle: str | None = None,
    password: str | None = None,
    timezone: str | None = None,
) -> Person:
    """Make a person of the organisation. Without a handle one is made of the name or the address; without a password a link gives one.

    Hashes the password, so call it in a thread. Raises: InvalidFieldsError; ConflictError when the address or the handle is taken.
    """
    access.require(actor, Role.ADMIN)
    checked = account_input.check_person(email=email, name=name, handle=handle, password=password, timezone=timezone)
    password_hash = secrets.hash_password(password) if password is not None else None
    with database.write(actor.tenant_id) as tx:
        return add_person(tx, actor, role=role, password_hash=password_hash, **checked)


def add_person(
    tx: Tx,
    actor: Actor,
    *,
    email: str,
    name: str,
    role: Role,
    handle: str | None,
    password_hash: str | None,
    timezone: str | None,
    manager_id: UUID | None = None,
) -> Person:
    """Write a person whose values were checked. Raises: ConflictError when the address or the handle is taken."""
    if handle:
        handles.claim(tx, handle)
    person = Person(
        id=new_id(),
        email=email,
        name=name,
        handle=handle or _free_handle(tx, name, email),
        role=role,
        active=True,
        manager_id=manager_id,
        timezone=timezone,
        theme=Theme.SYSTEM,
        shortcuts=True,
        timeline_newest_first=False,
        created_at=tx.now,
        first_signed_in_at=None,
    )
    tx.insert(ActorRow, id=person.id, kind=ActorKind.PERSON, name=name)
    tx.insert(
        User,
        id=person.id,
        email=email,
        handle=person.handle,
        role=role,
        active=True,
        password_hash=password_hash,
        timezone=timezone,
        theme=person.theme,
        shortcuts=person.shortcuts,
        timeline_newest_first=person.timeline_newest_first,
        manager_id=manager_id,
        created_at=tx.now,
        first_signed_in_at=None,
    )
    _write_unique(tx, email=email, handle=person.handle)
    after = {"name": name, "email": email, "handle": person.handle, "role": role} | ({"manager_id": manager_id} if manager_id else {})
    audit.record(tx, actor, "person.created", "person", person.id, after=after)
    tx.wake(people_topic(tx.tenant_id))
    return person


def _write_unique(tx: Tx, *, email: str, handle: str) -> None:
    """Write what was collected. Raises: ConflictError that names what is taken."""
    try:
        tx.flush()
    except IntegrityError as error:
        if "email" in str(error.orig):
            raise ConflictError(
                f"Somebody has the address {email} already. An address signs in to one organisation.", field="email"
            ) from error
        raise ConflictError(f"Somebody has the handle {handle} already. Choose another.", field="handle") from error


def _free_handle(tx: Tx, name: str, email: str) -> str:
    words: list[str] = (
        re.findall(r"[a-z0-9]+", account_input.plain_letters(name))
        or re.findall(r"[a-z0-9]+", account_input.plain_letters(email.partition("@")[0]))
        or ["person"]
    )
    return handles.free(tx, words[0][:36], ".".join(words)[:36].strip("."))


def change_profile(
    actor: Actor,
    *,
    name: str | None = None,
    handle: str | None = None,
    timezone: str | None = None,
    theme: Theme | None = None,
    shortcuts: bool | None = None,
    timeline_newest_first: bool | None = None,
) -> Person:
    """Change what a person says of themselves; what is None stays, and an empty time zone means the organisation's.

    Raises: InvalidFieldsError; ConflictError when the handle is taken.
    """
    access.require(actor, Role.RESPONDER)
    checks = account_input.Checks()
    wanted = {
        "name": checks.take(account_input.check_name, name, "name") if name is not None else None,
        "handle": checks.take(account_input.check_handle, handle, "handle") if handle is not None else None,
        "theme": theme,
        "shortcuts": shortcuts,
        "timeline_newest_first": timeline_newest_first,
    }
    zone = checks.take(account_input.check_timezone, timezone, "timezone")
    checks.done()
    values = {key: value for key, value in wanted.items() if value is not None}
    if timezone is not None:
        values["timezone"] = zone
    with database.write(actor.tenant_id) as tx:
        person = find(tx.session, actor.id)
        before, after = audit.changed({field: getattr(person, field) for field in values}, values)
        if not after:
            return person
        if "handle" in after:
            handles.claim(tx, str(after["handle"]), own=actor.id)
        store(tx, actor.id, after)
        audit.record(tx, actor, "profile.changed", "person", actor.id, before, after)
        tx.wake(person_topic(actor.id), people_topic(actor.tenant_id))
        return find(tx.session, actor.id)


def store(tx: Tx, user_id: UUID, values: dict[str, Any]) -> None:
    """Write values of a person that were checked. Raises: ConflictError when the handle is taken."""
    own = {field: value for field, value in values.items() if field != "name"}
    try:
        if own:
            tx.session.exec(update(User).where(col(User.id) == user_id).values(**own))
        if "name" in values:
            tx.session.exec(update(ActorRow).where(col(ActorRow.id) == user_id).values(name=values["name"]))
    except IntegrityError as error:
        raise ConflictError(f"Somebody has the handle {values['handle']} already. Choose another.", field="handle") from error


def own_profile(actor: Actor) -> Person:
    """The person who acts. Raises: NotFoundError when that is no person."""
    return person_of(actor, actor.id)


def person_of(actor: Actor, user_id: UUID) -> Person:
    """One person of the actor's organisation. Raises: NotFoundError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return find(session, user_id)


def people(actor: Actor) -> list[Person]:
    """Everybody of the organisation, by name."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return everybody(session)


def everybody(session: Session) -> list[Person]:
    """Everybody of the session's organisation: those who are active before those who left, by name."""
    return sorted(_people(session), key=lambda person: (not person.active, person.name.casefold()))


def may_have_incidents(person: Person) -> bool:
    """Whether incidents can be assigned to them."""
    return person.active and access.may(person.role, Role.RESPONDER)


def may_act(actor: Actor) -> list[PersonView]:
    """Everybody who can have an incident, by name: active, and no viewer. Raises: NotAllowedError."""
    access.require(actor, Role.RESPONDER)
    return [person_view(person.id, person.name, person.handle) for person in people(actor) if may_have_incidents(person)]


def role_kept(tx: Tx, user_id: UUID) -> Role | None:
    """The role of a person who is active; None for anybody else. They stay as they are until the transaction ends."""
    kept = select(User.role).where(col(User.id) == user_id, col(User.active)).with_for_update(read=True)
    role = tx.session.exec(kept).first()
    return None if role is None else Role(role)


def marked(name: str, active: bool) -> str:
    """A name where people are chosen: whoever left is marked as such."""
    return name if active else f"{name} (deactivated)"


def hold(tx: Tx, user_id: UUID) -> None:
    """Keep a person as they are until the transaction ends. Whoever gives them an incident waits; rows may refer to them all the same."""
    tx.session.exec(select(User.id).where(col(User.id) == user_id).with_for_update(key_share=True))


def check_admin_stays(everybody: Sequence[Person], person: Person, field: str) -> None:
    """See that somebody is an admin beside this person. Raises: ConflictError."""
    if person.role is not Role.ADMIN or not person.active:
        return
    if not any(one.active and one.role is Role.ADMIN for one in everybody if one.id != person.id):
        raise ConflictError(f"{person.name} is the only admin. Make somebody else an admin first.", field=field)


def require_still(tx: Tx, actor: Actor, needed: Role) -> None:
    """See that a person who acts may do so until the transaction ends: they may leave, or get another role, at this moment.

    Called before anything else is locked. Raises: NotSignedInError, NotAllowedError.
    """
    if not actor.is_person:
        return
    role = role_kept(tx, actor.id)
    if role is None:
        raise NotSignedInError("You were deactivated meanwhile, so nothing was changed.")
    access.require(replace(actor, role=role), needed)


def unfit_to_act(tx: Tx, user_id: UUID, field: str = "user_id") -> str:
    """Why this one can't have an incident, as a sentence that names the field and says who can; empty for who can.

    They stay as they are until the transaction ends.
    """
    right = f"{field} must be the id of an active responder, manager or admin of this organisation"
    row = tx.session.exec(select(User.active, User.role).where(col(User.id) == user_id).with_for_update(read=True)).first()
    actor = tx.session.exec(select(ActorRow.name, ActorRow.kind).where(col(ActorRow.id) == user_id)).first()
    if actor is None:
        return f"{right}, and there is nobody with this one."
    name, kind = actor
    if row is None:
        return f"{right}, and {name} is {_KINDS[ActorKind(kind)]}."
    active, role = row
    if not active:
        return f"{right}, and {name} is deactivated."
    return "" if access.may(Role(role), Role.RESPONDER) else f"{right}, and {name} is a viewer: viewers only read."


_KINDS = {
    ActorKind.SERVICE_ACCOUNT: "a service account",
    ActorKind.INTEGRATION: "an integration",
    ActorKind.SYSTEM: "the organisation's own system",
}


def _people(session: Session, user_id: UUID | None = None) -> list[Person]:
    statement = select(User, ActorRow.name).join(ActorRow, col(ActorRow.id) == col(User.id))
    if user_id is not None:
        statement = statement.where(col(User.id) == user_id)
    return [
        Person(
            id=user.id,
            email=user.email,
            name=name,
            handle=user.handle,
            role=user.role,
            active=user.active,
            manager_id=user.manager_id,
            timezone=user.timezone,
            theme=user.theme,
            shortcuts=user.shortcuts,
            timeline_newest_first=user.timeline_newest_first,
            created_at=user.created_at,
            first_signed_in_at=user.first_signed_in_at,
        )
        for user, name in session.exec(statement.execution_options(populate_existing=True))
    ]


def find(session: Session, user_id: UUID) -> Person:
    """One person of the session's organisation. Raises: NotFoundError."""
    found = _people(session, user_id)
    if not found:
        raise NotFoundError("There is no such person.")
    return found[0]


def profile_view(actor: Actor) -> ProfileView:
    """What the page of the own profile shows. Raises: NotFoundError when the actor is no person."""
    person = own_profile(actor)
    return ProfileView(
        name=person.name,
        handle=person.handle,
        email=person.email,
        role=person.role.value,
        timezone=person.timezone or "",
        theme=person.theme.value,
        shortcuts=person.shortcuts,
        timeline_newest_first=person.timeline_newest_first,
    )
