"""Keys for programs: each acts as a person or as a service account of its own, never with more rights than its maker has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from models.access import ApiKey
from models.columns import new_id
from models.people import ActorRow, ServiceAccount
from models.vocabulary import ActorKind, Role
from services import access, across_tenants, audit, clock, database, input_text, secrets
from services.access import Actor
from services.across_tenants import FoundKey
from services.errors import InvalidInputError, NotAllowedError, NotFoundError, StorageBusyError

_BEGINNING = "tk"
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the token is not stored and cannot be shown again."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key as admins see it. `acts_as` is the name of the person or service account."""

    id: UUID
    name: str
    role: Role
    prefix: str
    acts_as: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


def create(actor: Actor, name: str, role: Role, *, as_myself: bool = False, expires_at: datetime | None = None) -> NewKey:
    """Make a key that acts as the actor, or as a new service account called `name`.

    Raises: NotAllowedError when the role is above the actor's; InvalidInputError.
    """
    access.require(actor, Role.ADMIN)
    name = input_text.check_line(name, "name", 120)
    if not access.may(actor.role, role):
        raise NotAllowedError(f"A key never has more rights than its maker: yours are those of a {actor.role}.")
    if as_myself and not actor.is_person:
        raise InvalidInputError("Only a person has keys that act as themselves.", field="as_myself")
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInputError("The end of a key must be in the future.", field="expires_at")
    key = NewKey(new_id(), secrets.new_token(_BEGINNING))
    with database.write(actor.tenant_id) as tx:
        holder_id = actor.id if as_myself else _service_account(tx, actor, name, role)
        tx.insert(
            ApiKey,
            id=key.id,
            actor_id=holder_id,
            name=name,
            role=role,
            prefix=secrets.visible_prefix(key.token),
            token_hash=secrets.hash_token(key.token),
            created_by=actor.id,
            created_at=tx.now,
            last_used_at=None,
            expires_at=expires_at,
            revoked_at=None,
        )
        after = {"name": name, "role": role, "prefix": secrets.visible_prefix(key.token), "actor_id": holder_id}
        audit.record(tx, actor, "api_key.created", "api_key", key.id, after=after)
    return key


def _service_account(tx: database.Tx, actor: Actor, name: str, role: Role) -> UUID:
    account_id = new_id()
    tx.insert(ActorRow, id=account_id, kind=ActorKind.SERVICE_ACCOUNT, name=name)
    tx.insert(ServiceAccount, id=account_id, role=role, created_by=actor.id, created_at=tx.now)
    return account_id


def revoke(actor: Actor, key_id: UUID) -> None:
    """End a key at once. Raises: NotFoundError."""
    access.require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        live = (col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
        if tx.session.exec(update(ApiKey).where(*live).values(revoked_at=tx.now)).rowcount == 0:
            raise NotFoundError("There is no such key any more.")
        audit.record(tx, actor, "api_key.revoked", "api_key", key_id)


def keys(actor: Actor) -> list[Key]:
    """The organisation's keys that were not revoked, the newest first."""
    access.require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        rows = session.exec(
            select(ApiKey, ActorRow.name)
            .join(ActorRow, col(ActorRow.id) == col(ApiKey.actor_id))
            .where(col(ApiKey.revoked_at).is_(None))
            .order_by(col(ApiKey.created_at).desc(), col(ApiKey.id).desc())
        )
        return [Key(key.id, key.name, key.role, key.prefix, name, key.created_at, key.last_used_at, key.expires_at) for key, name in rows]


def actor_for_key(token: str, address: str = "") -> Actor | None:
    """Whoever this key acts as now; None when it has ended, was revoked or never was.

    A key of a person has at most the rights that the person has at this moment. Its use is noted at most once a minute.
    """
    if not token.startswith(_BEGINNING) or len(token) > 100:
        return None
    found = across_tenants.api_key_by_hash(secrets.hash_token(token))
    now = clock.now()
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        return None
    if found.person_active is False:
        return None
    if found.last_used_at is None or now - found.last_used_at >= _NOTE_USE_EVERY:
        _note_use(found)
    return Actor(found.actor_id, found.tenant_id, found.kind, _role(found), found.name, address)


def _role(found: FoundKey) -> Role:
    return found.role if found.person_role is None or access.may(found.person_role, found.role) else found.person_role


def _note_use(found: FoundKey) -> None:
    try:
        with database.write(found.tenant_id) as tx:
            tx.session.exec(update(ApiKey).where(col(ApiKey.id) == found.id).values(last_used_at=tx.now))
    except StorageBusyError:
        return  # the key is good all the same
