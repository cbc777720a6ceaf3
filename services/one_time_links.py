"""Links that work once: the first set-up of an installation, and a password for somebody who was invited or lost theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from models.access import OneTimeLink
from models.columns import new_id
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import LinkPurpose, Role
from services import access, account_input, across_tenants, audit, clock, database, people, secrets, sessions, settings, sign_in
from services.access import Actor
from services.account_input import Checks
from services.across_tenants import FoundLink, FoundPerson
from services.errors import ConflictError, InvalidFieldsError, NotFoundError
from services.live_updates import people_topic
from services.people import Person
from services.sessions import SignedIn

LIFETIME = timedelta(hours=24)
INVITATION_LIFETIME = timedelta(days=7)
"""How long a link works for somebody who never signed in: they may be on holiday when they are invited."""
_BEGINNING = "tl"
_SET_UP_IS_OVER = "This link does not work any more: it was used, is older than 24 hours, or there is an administrator already."
_LINK_IS_OVER = "This link does not work any more: it was used, withdrawn, replaced by a newer one, or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made: the token is not stored and cannot be shown again."""

    token: str
    works_until: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a password link is for. `is_first` is whether they never signed in, and so were invited."""

    name: str
    email: str
    organisation: str
    is_first: bool


def set_up_path(token: str) -> str:
    """Where the set-up link leads, from the address of the installation on."""
    return f"/setup?token={token}"


def password_path(token: str) -> str:
    """Where a password link leads, from the address of the installation on."""
    return f"/new-password?token={token}"


def password_address(token: str) -> str:
    """The whole link, as it is handed to the person."""
    return settings.current().base_url + password_path(token)


def make_set_up_link() -> str | None:
    """A new token for the set-up, which replaces earlier ones; None once an admin exists, however made."""
    if across_tenants.any_admin_exists():
        return None
    token = secrets.new_token(_BEGINNING)
    across_tenants.replace_set_up_link(secrets.hash_token(token), clock.now() + LIFETIME)
    return token


def set_up_is_open(token: str) -> bool:
    """Whether this token still opens the set-up."""
    return _good(token, LinkPurpose.SETUP) is not None and not across_tenants.any_admin_exists()


def waits_for_first_admin() -> bool:
    """Whether nobody was ever added, so that the set-up link is the only way in."""
    return not across_tenants.any_person_exists()


def _good(token: str, purpose: LinkPurpose) -> FoundLink | None:
    if not token.startswith(_BEGINNING) or len(token) > 100:
        return None
    link = across_tenants.link_by_hash(secrets.hash_token(token))
    if link is None or link.purpose is not purpose or link.used_at is not None or link.expires_at <= clock.now():
        return None
    return link


async def complete_set_up(
    token: str,
    *,
    organisation: str,
    name: str,
    handle: str,
    email: str,
    password: str,
    timezone: str | None,
    address: str = "",
    user_agent: str = "",
) -> SignedIn:
    """Make the organisation and its first admin, and sign them in. The time zone is that of both.

    Raises: InvalidFieldsError; NotFoundError when the link does not work any more.
    """
    checks = Checks()
    values = {"organisation": checks.take(account_input.check_name, organisation, "organisation")}
    try:
        values |= account_input.check_person(email=email, name=name, handle=handle, password=password, timezone=timezone)
    except InvalidFieldsError as error:
        checks.fields |= error.fields
    checks.done()
    if not await database.run(set_up_is_open, token):
        raise NotFoundError(_SET_UP_IS_OVER)
    password_hash = await sign_in.in_password_thread(secrets.hash_password, password)
    return await database.run(_set_up, secrets.hash_token(token), values, password_hash, address, user_agent)


def _set_up(token_hash: str, values: dict[str, str], password_hash: str, address: str, user_agent: str) -> SignedIn:
    zone = values["timezone"] or "UTC"
    with database.write(new_id()) as tx:
        if not across_tenants.use_set_up_link(tx, token_hash):
            raise NotFoundError(_SET_UP_IS_OVER)
        try:
            system = people.add_organisation(
                tx, name=values["organisation"], slug=account_input.slug_from(values["organisation"]), timezone=zone
            )
        except ConflictError as error:
            raise ConflictError(error.message, field="organisation") from error
        person = people.add_person(
            tx,
            system,
            email=values["email"],
            name=values["name"],
            role=Role.ADMIN,
            handle=values["handle"],
            password_hash=password_hash,
            timezone=values["timezone"],
        )
        found = FoundPerson(person.id, tx.tenant_id, person.name, person.email, person.role, True, password_hash, None)
        return sessions.start(tx, found, address=address, user_agent=user_agent, timezone=values["timezone"])


def make_password_link(actor: Actor, user_id: UUID) -> NewLink:
    """A link with which a person gives themselves a password; it replaces earlier ones. Raises: NotFoundError, ConflictError."""
    access.require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.ADMIN)
        is_active = people.role_kept(tx, user_id) is not None
        person = people.find(tx.session, user_id)
        if not is_active:
            raise ConflictError(f"{person.name} is deactivated, so a password would be of no use. Activate them first.")
        return add_password_link(tx, actor, person)


def add_password_link(tx: database.Tx, actor: Actor, person: Person) -> NewLink:
    """Write such a link for somebody who is active."""
    link = NewLink(secrets.new_token(_BEGINNING), tx.now + (LIFETIME if person.came_in else INVITATION_LIFETIME))
    use_up(tx, person.id)
    tx.insert(
        OneTimeLink,
        id=new_id(),
        tenant_id=tx.tenant_id,
        purpose=LinkPurpose.PASSWORD,
        user_id=person.id,
        token_hash=secrets.hash_token(link.token),
        created_by=actor.id,
        created_at=tx.now,
        expires_at=link.works_until,
        used_at=None,
    )
    audit.record(tx, actor, "password_link.made", "person", person.id, after={"works_until": link.works_until})
    tx.wake(people_topic(tx.tenant_id))
    return link


def withdraw_password_link(actor: Actor, user_id: UUID) -> Person:
    """Make the link of a person work no more. Raises: NotFoundError, ConflictError when none works."""
    access.require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.ADMIN)
        person = people.find(tx.session, user_id)
        if not use_up(tx, user_id):
            raise ConflictError(f"{person.name} has no link that works.")
        audit.record(tx, actor, "password_link.withdrawn", "person", user_id)
        tx.wake(people_topic(tx.tenant_id))
        return person


def working_until(session: Session) -> dict[UUID, datetime]:
    """Until when a password link works, by the person whom it is for."""
    works = (col(OneTimeLink.used_at).is_(None), col(OneTimeLink.expires_at) > clock.now())
    found = session.exec(select(OneTimeLink.user_id, OneTimeLink.expires_at).where(*works))
    return {user_id: until for user_id, until in found if user_id is not None}


def make_password_link_by_email(email: str) -> NewLink:
    """The same for the operator at a command line, who has no session. Raises: NotFoundError, ConflictError."""
    person = across_tenants.person_by_email(email.strip().lower())
    if person is None:
        raise NotFoundError(f"Nobody has the address {email.strip()}.")
    return make_password_link(people.system_actor(person.tenant_id), person.id)


def use_up(tx: database.Tx, user_id: UUID) -> int:
    """Make the links of a person work no more; how many still did."""
    return _use_up(tx, (col(OneTimeLink.user_id) == user_id) & (col(OneTimeLink.expires_at) > tx.now))


def _use_up(tx: database.Tx, which: object) -> int:
    unused = col(OneTimeLink.used_at).is_(None)
    return tx.session.exec(update(OneTimeLink).where(which, unused).values(used_at=tx.now)).rowcount  # type: ignore[arg-type]


def whom_it_is_for(token: str) -> Invited | None:
    """The person whom this password link is for; None when it does not work any more."""
    link = _good(token, LinkPurpose.PASSWORD)
    if link is None or link.tenant_id is None:
        return None
    with database.read(link.tenant_id) as session:
        query = select(ActorRow.name, User.email, User.first_signed_in_at).join(ActorRow, col(ActorRow.id) == col(User.id))
        row = session.exec(query.where(col(User.id) == link.user_id, col(User.active))).first()
        if row is None:
            return None
        return Invited(row[0], row[1], session.exec(select(Tenant.name)).one(), row[2] is None)


async def use_password_link(token: str, password: str, *, address: str = "", user_agent: str = "", timezone: str | None = None) -> SignedIn:
    """Set the person's password, end all of their sessions and begin a new one.

    Raises: InvalidFieldsError; NotFoundError when the link does not work any more.
    """
    checks = Checks()
    checks.take(account_input.check_password, password, "password")
    checks.done()
    invited = await database.run(whom_it_is_for, token)
    person = await database.run(across_tenants.person_by_email, invited.email) if invited else None
    if person is None:
        raise NotFoundError(_LINK_IS_OVER)
    password_hash = await sign_in.in_password_thread(secrets.hash_password, password)
    return await database.run(_use, secrets.hash_token(token), person, password_hash, address, user_agent, timezone)


def _use(token_hash: str, person: FoundPerson, password_hash: str, address: str, user_agent: str, timezone: str | None) -> SignedIn:
    with database.write(person.tenant_id) as tx:
        # before the link: somebody who leaves at this moment is locked first, too, and then their links
        is_active = people.role_kept(tx, person.id) is not None
        if not is_active or not _use_up(tx, (col(OneTimeLink.token_hash) == token_hash) & (col(OneTimeLink.expires_at) > tx.now)):
            raise NotFoundError(_LINK_IS_OVER)
        tx.session.exec(update(User).where(col(User.id) == person.id).values(password_hash=password_hash))
        ended = sessions.revoke_all(tx, person.id)
        signed_in = sessions.start(tx, person, address=address, user_agent=user_agent, timezone=timezone)
        tx.wake(people_topic(person.tenant_id))
        audit.record(tx, signed_in.actor, "password.reset", "person", person.id, after={"sessions_ended": ended})
        return signed_in
