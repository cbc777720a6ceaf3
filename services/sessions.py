"""Sign-in sessions: who a browser's cookie stands for, and how a session starts, goes on and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from models.access import LoginSession
from models.columns import new_id
from models.people import User
from models.vocabulary import ActorKind, Role
from services import access, account_input, across_tenants, audit, clock, database, input_text, secrets
from services.access import Actor
from services.across_tenants import FoundPerson, FoundSession
from services.database import Tx
from services.errors import InvalidInputError, NotFoundError, StorageBusyError
from services.live_updates import people_topic, person_topic, session_topic
from services.views import SessionRow
from services.wording import rfc3339

LIFETIME = timedelta(days=30)
"""How long a session lasts without use; each use pushes its end on."""
_SLIDE_EVERY = timedelta(hours=1)
_BEGINNING = "ts"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the token for the cookie, which is not stored and cannot be shown again, and whose it is."""

    token: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a person is signed in. `is_current` is the one that asks."""

    id: UUID
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


def actor_for_token(token: str, address: str = "") -> Actor | None:
    """Whoever this session token stands for now; None when it has ended, was revoked or never was.

    Pushes the end of the session on, at most once an hour, and notes where it was used from.
    """
    if not token.startswith(_BEGINNING) or len(token) > 100:
        return None
    found = across_tenants.session_by_hash(secrets.hash_token(token))
    now = clock.now()
    if found is None or not _is_live(found, now):
        return None
    if now - found.last_seen_at >= _SLIDE_EVERY:
        _slide(found, address)
    return Actor(found.user_id, found.tenant_id, ActorKind.PERSON, found.role, found.name, address, found.id)


def _is_live(found: FoundSession, now: datetime) -> bool:
    return found.active and found.revoked_at is None and found.expires_at > now


def _slide(found: FoundSession, address: str) -> None:
    try:
        with database.write(found.tenant_id) as tx:
            values = {"last_seen_at": tx.now, "expires_at": tx.now + LIFETIME} | ({"address": address[:64]} if address else {})
            tx.session.exec(update(LoginSession).where(col(LoginSession.id) == found.id).values(**values))
    except StorageBusyError:
        return  # the session is good all the same, and the next use slides it


def start(tx: Tx, person: FoundPerson, *, address: str, user_agent: str, timezone: str | None, by: str = "") -> SignedIn:
    """Begin a session of this person, and note it when it is their first; `timezone` is dropped where the browser said none that is one.

    `by` names the provider that vouches for them, empty where their password did.
    """
    token = secrets.new_token(_BEGINNING)
    session_id = new_id()
    try:
        zone = account_input.check_timezone(timezone)
    except InvalidInputError:
        zone = None
    tx.insert(
        LoginSession,
        id=session_id,
        user_id=person.id,
        token_hash=secrets.hash_token(token),
        timezone=zone,
        user_agent=input_text.one_line(user_agent)[:300],
        address=address[:64],
        created_at=tx.now,
        last_seen_at=tx.now,
        expires_at=tx.now + LIFETIME,
        revoked_at=None,
    )
    actor = Actor(person.id, tx.tenant_id, ActorKind.PERSON, person.role, person.name, address, session_id)
    audit.record(
        tx, actor, "session.started", "session", session_id, after={"browser": browser_name(user_agent)} | ({"by": by} if by else {})
    )
    tx.wake(person_topic(person.id))
    if person.first_signed_in_at is None:
        first = (col(User.id) == person.id, col(User.first_signed_in_at).is_(None))
        tx.session.exec(update(User).where(*first).values(first_signed_in_at=tx.now))
        tx.wake(people_topic(tx.tenant_id))
    return SignedIn(token, actor)


def sign_out(actor: Actor) -> None:
    """End the session that the actor uses, on all of its open pages."""
    if actor.session_id is not None:
        _revoke(actor, actor.session_id)


def revoke(actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions, on all of its open pages. Raises: NotFoundError."""
    access.require(actor, Role.VIEWER)
    if not _revoke(actor, session_id):
        raise NotFoundError("There is no such session any more.")


def _revoke(actor: Actor, session_id: UUID) -> bool:
    with database.write(actor.tenant_id) as tx:
        own = (col(LoginSession.id) == session_id, col(LoginSession.user_id) == actor.id, col(LoginSession.revoked_at).is_(None))
        if tx.session.exec(update(LoginSession).where(*own).values(revoked_at=tx.now)).rowcount == 0:
            return False
        audit.record(tx, actor, "session.revoked", "session", session_id)
        tx.wake(session_topic(session_id), person_topic(actor.id))
        return True


def revoke_all(tx: Tx, user_id: UUID, *, but: UUID | None = None) -> int:
    """End all sessions of a person, or all but one; how many there were."""
    live = select(LoginSession.id).where(col(LoginSession.user_id) == user_id, col(LoginSession.revoked_at).is_(None))
    ended = [session_id for session_id in tx.session.exec(live) if session_id != but]
    tx.session.exec(update(LoginSession).where(col(LoginSession.id).in_(ended)).values(revoked_at=tx.now))
    tx.wake(person_topic(user_id), *(session_topic(session_id) for session_id in ended))
    return len(ended)


def sessions(actor: Actor) -> list[Session]:
    """The actor's own sessions that are live, the one used last first."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        rows = session.exec(
            select(LoginSession)
            .where(
                col(LoginSession.user_id) == actor.id,
                col(LoginSession.revoked_at).is_(None),
                col(LoginSession.expires_at) > clock.now(),
            )
            .order_by(col(LoginSession.last_seen_at).desc(), col(LoginSession.id).desc())
        )
        return [Session(row.id, row.user_agent, row.address, row.created_at, row.last_seen_at, row.id == actor.session_id) for row in rows]


def session_rows(actor: Actor) -> list[SessionRow]:
    """The same as the page of the own profile shows it."""
    return [
        SessionRow(
            id=one.id.hex,
            browser=browser_name(one.user_agent),
            address=one.address,
            began_at=rfc3339(one.created_at),
            last_seen_at=rfc3339(one.last_seen_at),
            is_current=one.is_current,
        )
        for one in sessions(actor)
    ]


# the first that is found counts: nearly all of them also call themselves Safari, and most Chrome
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """What a person calls the browser that sends this header, as in "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " on ".join(part for part in (browser or "A browser", system) if part)
