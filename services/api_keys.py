"""Keys for programs: each acts as a person or as a service account of its own, never with more rights than its maker has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.access import ApiKey
from models.columns import new_id
from models.people import ActorRow, ServiceAccount, User
from models.vocabulary import ActorKind, Role
from services import access, across_tenants, audit, clock, database, input_text, people, secrets
from services.access import Actor
from services.across_tenants import FoundKey
from services.errors import InvalidInputError, NotAllowedError, NotFoundError, StorageBusyError
from services.live_updates import api_keys_topic
from services.views import ApiKeyRow
from services.wording import rfc3339

SHOWN_AFTER_END = timedelta(days=30)
"""How long a key that has ended stays on the page of the keys; the audit log knows of it longer."""
_LONGEST = timedelta(days=3660)
_BEGINNING = "tk"
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the token is not stored and cannot be shown again."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key as admins see it. `acts_as` is the name of the person or service account, `made_by` that of whoever made it.

    `holder_left` says that it acts as a person who is not active any more: it is refused, as one that has ended.
    """

    id: UUID
    name: str
    role: Role
    prefix: str
    acts_as: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None = None
    made_by: str = ""
    holder_left: bool = False


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
        raise InvalidInputError("The end of a key must be in the future. Leave it empty for a key without an end.", field="expires_at")
    key = NewKey(new_id(), secrets.new_token(_BEGINNING))
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.ADMIN)
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
        prefix = secrets.visible_prefix(key.token)
        after = {"name": name, "role": role, "prefix": prefix, "actor_id": holder_id, "expires_at": expires_at}
        audit.record(tx, actor, "api_key.created", "api_key", key.id, after=after)
        tx.wake(api_keys_topic(tx.tenant_id))
    return key


def end_of_day(day: str, zone: str) -> datetime | None:
    """The moment at which `day` ("2026-11-24") is over in this IANA zone, as the end of a key; None for an empty text.

    Raises: InvalidInputError when it is no day, or one more than ten years ahead.
    """
    if not day.strip():
        return None
    try:
        last = date.fromisoformat(day.strip())
    except ValueError:
        raise InvalidInputError("The last day must be a day such as 2026-11-24, or empty.", field="expires_at") from None
    if last - clock.now().date() > _LONGEST:
        raise InvalidInputError("The last day may be ten years ahead. Leave it empty for a key without an end.", field="expires_at")
    return datetime.combine(last + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def _service_account(tx: database.Tx, actor: Actor, name: str, role: Role) -> UUID:
    account_id = new_id()
    tx.insert(ActorRow, id=account_id, kind=ActorKind.SERVICE_ACCOUNT, name=name)
    tx.insert(ServiceAccount, id=account_id, role=role, created_by=actor.id, created_at=tx.now)
    return account_id


def revoke(actor: Actor, key_id: UUID) -> str:
    """End a key at once; what it was called. Raises: NotFoundError when it has ended already or never was."""
    access.require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        live = (col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
        if tx.session.exec(update(ApiKey).where(*live).values(revoked_at=tx.now)).rowcount == 0:
            raise NotFoundError("There is no such key any more.")
        audit.record(tx, actor, "api_key.revoked", "api_key", key_id, {"revoked_at": None}, {"revoked_at": tx.now})
        tx.wake(api_keys_topic(tx.tenant_id))
        return tx.session.exec(select(ApiKey.name).where(col(ApiKey.id) == key_id)).one()


def revoke_all(tx: database.Tx, actor: Actor, user_id: UUID) -> int:
    """End the keys that act as a person who leaves; how many there were. Those of service accounts that they made stay."""
    live = (col(ApiKey.actor_id) == user_id, col(ApiKey.revoked_at).is_(None))
    ended = list(tx.session.exec(select(ApiKey.id).where(*live)))
    tx.session.exec(update(ApiKey).where(*live).values(revoked_at=tx.now))
    for key_id in ended:
        audit.record(tx, actor, "api_key.revoked", "api_key", key_id, {"revoked_at": None}, {"revoked_at": tx.now})
    tx.wake(api_keys_topic(tx.tenant_id))
    return len(ended)


def keys(actor: Actor) -> list[Key]:
    """The organisation's keys that were not revoked, the newest first."""
    access.require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        return _keys(session, col(ApiKey.revoked_at).is_(None))


def key_rows(actor: Actor) -> list[ApiKeyRow]:
    """What the page of the keys shows: those that work, the newest first, then those that ended in the last 30 days.

    Raises: NotAllowedError.
    """
    access.require(actor, Role.ADMIN)
    now = clock.now()
    since = now - SHOWN_AFTER_END
    with database.read(actor.tenant_id) as session:
        found = _keys(
            session,
            or_(col(ApiKey.revoked_at).is_(None), col(ApiKey.revoked_at) > since),
            or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > since),
        )
    return sorted((_row(key, now) for key in found), key=lambda row: row.state != "works")


def _keys(session: Session, *conditions: Any) -> list[Key]:
    maker = aliased(ActorRow)
    query = (
        select(ApiKey, ActorRow.name, maker.name, User.active)
        .join(ActorRow, col(ActorRow.id) == col(ApiKey.actor_id))
        .outerjoin(maker, col(maker.id) == col(ApiKey.created_by))
        .outerjoin(User, col(User.id) == col(ApiKey.actor_id))
        .where(*conditions)
        .order_by(col(ApiKey.created_at).desc(), col(ApiKey.id).desc())
    )
    return [
        Key(
            id=key.id,
            name=key.name,
            role=key.role,
            prefix=key.prefix,
            acts_as=acts_as,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            made_by=made_by or "",
            holder_left=holder_active is False,
        )
        for key, acts_as, made_by, holder_active in session.exec(query)
    ]


def _row(key: Key, now: datetime) -> ApiKeyRow:
    has_expired = key.expires_at is not None and key.expires_at <= now
    state = "revoked" if key.revoked_at else "expired" if has_expired else "left" if key.holder_left else "works"
    return ApiKeyRow(
        id=key.id.hex,
        name=key.name,
        role=key.role.value,
        prefix=key.prefix,
        acts_as=key.acts_as if key.acts_as != key.name else "",
        made_by=key.made_by,
        made_at=rfc3339(key.created_at),
        last_used_at=rfc3339(key.last_used_at),
        ends_at=rfc3339(key.revoked_at or key.expires_at),
        state=state,
    )


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
            tx.wake(api_keys_topic(tx.tenant_id))
    except StorageBusyError:
        return  # the key is good all the same
