"""People and their organisation: who exists, what they are called, and how they like their pages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.columns import new_id
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import ActorKind, Role, Theme
from services import access, audit, database, input_text, retention, secrets
from services.access import Actor
from services.database import Tx
from services.errors import ConflictError, InvalidFieldsError, InvalidInputError, NotFoundError
from services.live_updates import person_topic

PASSWORD_MIN = 12
PASSWORD_MAX = 1024
SYSTEM_NAME = "Tocsin"
_NAME_MAX = 120
_EMAIL = re.compile(r"[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f.]+(\.[^@\s\x00-\x20\x7f.]+)*")
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


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
    has_password: bool
    created_at: datetime


class Checks:
    """The complaints about a form, one for each field, collected so that all are told at once."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def take(self, check: Any, value: Any, field: str, *more: Any) -> Any:
        """What `check` makes of the value; None when it complains."""
        try:
            return check(value, field, *more)
        except InvalidInputError as error:
            self.fields[field] = error.message
            return None

    def complain(self, field: str, sentence: str) -> None:
        """Add a complaint that no check makes."""
        self.fields[field] = sentence

    def done(self) -> None:
        """Raises: InvalidFieldsError when anything was wrong."""
        if self.fields:
            raise InvalidFieldsError(self.fields)


def check_name(value: str, field: str = "name") -> str:
    """A name on one line. Raises: InvalidInputError."""
    return input_text.check_line(value, field, _NAME_MAX)


def check_email(value: str, field: str = "email") -> str:
    """An e-mail address, in lower case. Raises: InvalidInputError."""
    email = input_text.check_line(value, field, 254).lower()
    if not _EMAIL.fullmatch(email):
        raise InvalidInputError("E-mail must be an address such as alice@example.org.", field=field)
    return email


def check_handle(value: str, field: str = "handle") -> str:
    """A handle as in @alice, without the @. Raises: InvalidInputError."""
    handle = input_text.check_line(value, field, 80).removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise InvalidInputError(
            "Handle must have 1 to 40 characters: a to z, 0 to 9, and inside also dots, dashes and underscores, such as alice.", field=field
        )
    return handle


def check_password(value: str, field: str = "password") -> str:
    """A password that is long enough. Spaces count, and nothing is trimmed. Raises: InvalidInputError."""
    if len(value) < PASSWORD_MIN:
        raise InvalidInputError(f"Password must have {PASSWORD_MIN} characters or more.", field=field)
    if len(value) > PASSWORD_MAX:
        raise InvalidInputError(f"Password must have at most {PASSWORD_MAX:,} characters.", field=field)
    if input_text.unstorable(value):
        raise InvalidInputError("Password holds a character that cannot be kept: use letters, digits, signs and spaces.", field=field)
    return value


def check_timezone(value: str | None, field: str = "timezone") -> str | None:
    """An IANA time zone, or None for nothing. Raises: InvalidInputError."""
    if not value:
        return None
    if value not in _zones():
        raise InvalidInputError("Time zone must be a name such as Europe/Stockholm or UTC.", field=field)
    return value


def check_slug(value: str, field: str = "slug") -> str:
    """The short name of an organisation. Raises: InvalidInputError."""
    if not _SLUG.fullmatch(value):
        raise InvalidInputError(
            "Slug must have 1 to 40 characters, a to z, 0 to 9 and inside also dashes, such as northwind.",
            field=field,
        )
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def timezones() -> list[str]:
    """The names of all time zones, those of places first."""
    return sorted(_zones(), key=lambda name: ("/" not in name or name.startswith(("Etc/", "SystemV/", "US/")), name))


def create_organisation(name: str, slug: str | None = None, *, timezone: str | None = None) -> Actor:
    """Make an organisation; its own system is the actor that may do the rest. Called where no actor can exist yet.

    Raises: InvalidFieldsError; ConflictError when the slug is taken.
    """
    checks = Checks()
    name = checks.take(check_name, name, "name")
    slug = checks.take(check_slug, slug_from(name or "") if slug is None else slug, "slug")
    timezone = checks.take(check_timezone, timezone, "timezone")
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


def slug_from(name: str) -> str:
    """The short name that an organisation gets when nobody chooses one."""
    return re.sub(r"[^a-z0-9]+", "-", _ascii(name)).strip("-")[:40].strip("-") or "default"


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
    checked = check_person(email=email, name=name, handle=handle, password=password, timezone=timezone)
    password_hash = secrets.hash_password(password) if password is not None else None
    with database.write(actor.tenant_id) as tx:
        return add_person(tx, actor, role=role, password_hash=password_hash, **checked)


def check_person(*, email: str, name: str, handle: str | None, password: str | None, timezone: str | None) -> dict[str, Any]:
    """The values of a new person as they are stored, without the password. Raises: InvalidFieldsError."""
    checks = Checks()
    checked = {
        "email": checks.take(check_email, email, "email"),
        "name": checks.take(check_name, name, "name"),
        "handle": checks.take(check_handle, handle, "handle") if handle and handle.strip() else None,
        "timezone": checks.take(check_timezone, timezone, "timezone"),
    }
    if password is not None:
        checks.take(check_password, password, "password")
    checks.done()
    return checked


def add_person(
    tx: Tx, actor: Actor, *, email: str, name: str, role: Role, handle: str | None, password_hash: str | None, timezone: str | None
) -> Person:
    """Write a person whose values were checked. Raises: ConflictError when the address or the handle is taken."""
    person = Person(
        id=new_id(),
        email=email,
        name=name,
        handle=handle or _free_handle(tx, name, email),
        role=role,
        active=True,
        manager_id=None,
        timezone=timezone,
        theme=Theme.SYSTEM,
        shortcuts=True,
        timeline_newest_first=False,
        has_password=password_hash is not None,
        created_at=tx.now,
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
        manager_id=None,
        created_at=tx.now,
    )
    _write_unique(tx, email=email, handle=person.handle)
    audit.record(
        tx, actor, "person.created", "person", person.id, after={"name": name, "email": email, "handle": person.handle, "role": role}
    )
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


def _ascii(text: str) -> str:
    return (
        unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
        .encode("ascii", "ignore")
        .decode()
    )


def _free_handle(tx: Tx, name: str, email: str) -> str:
    words: list[str] = re.findall(r"[a-z0-9]+", _ascii(name)) or re.findall(r"[a-z0-9]+", _ascii(email.partition("@")[0])) or ["person"]
    taken = set(tx.session.exec(select(User.handle)))
    short, full = words[0][:36], ".".join(words)[:36].strip(".")
    for handle in (short, full, *(f"{short}{number}" for number in range(2, len(taken) + 3))):
        if handle not in taken:
            return handle
    raise AssertionError("more handles are taken than there are people")


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
    checks = Checks()
    wanted = {
        "name": checks.take(check_name, name, "name") if name is not None else None,
        "handle": checks.take(check_handle, handle, "handle") if handle is not None else None,
        "theme": theme,
        "shortcuts": shortcuts,
        "timeline_newest_first": timeline_newest_first,
    }
    zone = checks.take(check_timezone, timezone, "timezone")
    checks.done()
    values = {key: value for key, value in wanted.items() if value is not None}
    if timezone is not None:
        values["timezone"] = zone
    with database.write(actor.tenant_id) as tx:
        person = _person(tx.session, actor.id)
        before, after = audit.changed({field: getattr(person, field) for field in values}, values)
        if not after:
            return person
        _update(tx, actor.id, after, handle=str(after.get("handle", person.handle)))
        audit.record(tx, actor, "profile.changed", "person", actor.id, before, after)
        tx.wake(person_topic(actor.id))
        return _person(tx.session, actor.id)


def _update(tx: Tx, user_id: UUID, values: dict[str, Any], *, handle: str) -> None:
    own = {field: value for field, value in values.items() if field != "name"}
    try:
        if own:
            tx.session.exec(update(User).where(col(User.id) == user_id).values(**own))
        if "name" in values:
            tx.session.exec(update(ActorRow).where(col(ActorRow.id) == user_id).values(name=values["name"]))
    except IntegrityError as error:
        raise ConflictError(f"Somebody has the handle {handle} already. Choose another.", field="handle") from error


def own_profile(actor: Actor) -> Person:
    """The person who acts. Raises: NotFoundError when that is no person."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _person(session, actor.id)


def people(actor: Actor) -> list[Person]:
    """Everybody of the organisation, by name."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return sorted(_people(session), key=lambda person: (not person.active, person.name.casefold()))


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
            has_password=user.password_hash is not None,
            created_at=user.created_at,
        )
        for user, name in session.exec(statement.execution_options(populate_existing=True))
    ]


def _person(session: Session, user_id: UUID) -> Person:
    found = _people(session, user_id)
    if not found:
        raise NotFoundError("There is no such person.")
    return found[0]
