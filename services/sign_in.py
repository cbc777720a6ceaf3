"""Signing in with e-mail and password, and changing the own password.

An address gets a few tries an hour. An account is slowed when somebody guesses at it, and never locked: a stranger must not be able
to keep the responder out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from models.columns import new_id
from models.people import User
from models.vocabulary import Role
from services import access, account_input, across_tenants, audit, clock, database, input_text, people, secrets, sessions
from services.access import Actor
from services.across_tenants import FoundPerson
from services.errors import InvalidFieldsError, NotAllowedError, NotFoundError, SlowDownError
from services.sessions import SignedIn

TRIES_AN_HOUR = 20
_FREE_TRIES = 5
_LONGEST_WAIT_SECONDS = 4.0
_WAITING_AT_MOST = 64
_LEFT = "You were deactivated here, so you cannot sign in. An admin of your organisation can let you in again."

P = ParamSpec("P")
R = TypeVar("R")

# argon2 takes a core and 64 MiB for each: few at once, and not in the threads that serve pages
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
_waiting = 0


async def sign_in(
    email: str, password: str, *, address: str, user_agent: str = "", timezone: str | None = None, current: Actor | None = None
) -> SignedIn:
    """Begin a session. The answer is the same for an unknown address and a wrong password; only who knows it is told that they left.

    `current` is whoever the browser was signed in as; that session ends.
    Raises: InvalidFieldsError, SlowDownError, NotAllowedError for somebody who was deactivated.
    """
    missing = {name: f"{words} is missing." for name, words, value in _fields(email, password) if not value}
    if missing:
        raise InvalidFieldsError(missing)
    email = _tried(email)
    attempt_id = await admit(email, address)
    person = await database.run(across_tenants.person_by_email, email)
    right = await in_password_thread(secrets.password_matches, person.password_hash if person else None, password)
    if person is None or not right:
        raise InvalidFieldsError({"password": "E-mail or password is wrong."})
    if not person.active:
        raise NotAllowedError(_LEFT)
    return await database.run(start, person, attempt_id, address, user_agent, timezone, current)


def _fields(email: str, password: str) -> tuple[tuple[str, str, str], ...]:
    return ("email", "E-mail", email.strip()), ("password", "Password", password)


def _tried(email: str) -> str:
    written = input_text.one_line(email).lower()[:254]
    return "" if input_text.unstorable(written) else written


def start(
    person: FoundPerson, attempt_id: UUID, address: str, user_agent: str, timezone: str | None, current: Actor | None, by: str = ""
) -> SignedIn:
    """Begin the session of somebody whose try was right, and end that of `current`. `by` names who vouches for them."""
    if current is not None:
        sessions.sign_out(current)
    with database.write(person.tenant_id) as tx:
        if person.first_signed_in_at is None:
            people.hold(tx, person.id)  # the first time is written to their row: two at once would wait for each other
        if people.role_kept(tx, person.id) is None:  # they may leave while their password is checked
            raise NotAllowedError(_LEFT)
        across_tenants.mark_attempt_succeeded(tx, attempt_id)
        return sessions.start(tx, person, address=address, user_agent=user_agent, timezone=timezone, by=by)


async def admit(email: str, address: str) -> UUID:
    """Note a try and, where somebody guesses at the account, wait. Raises: SlowDownError."""
    attempt_id = new_id()
    failed = await database.run(
        across_tenants.note_attempt,
        attempt_id,
        email,
        _address_key(address),
        since=clock.now() - timedelta(hours=1),
        limit=TRIES_AN_HOUR,
    )
    if failed is None:
        raise SlowDownError(
            "Too many wrong tries from your network in the last hour. Try again later, or ask an admin for a password link.",
            retry_after_seconds=900,
        )
    await asyncio.sleep(wait_seconds(failed))
    return attempt_id


def wait_seconds(failed_count: int) -> float:
    """How long a try waits after so many failed ones at the same account within an hour."""
    return 0.0 if failed_count < _FREE_TRIES else min(_LONGEST_WAIT_SECONDS, 0.25 * 2.0 ** (failed_count - _FREE_TRIES))


def _address_key(address: str) -> str:
    """What counts as one address: for IPv6 the network, since one customer has all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64)) + ("" if parsed.ipv4_mapped else "/64")
    return str(parsed)


async def in_password_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run what hashes a password, two at once. Raises: SlowDownError when too many wait already."""
    global _waiting
    if _waiting >= _WAITING_AT_MOST:
        raise SlowDownError("Too many people sign in at this moment. Try again in a few seconds.", retry_after_seconds=5)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, lambda: function(*args, **kwargs))
    finally:
        _waiting -= 1


async def change_own_password(actor: Actor, old_password: str, new_password: str) -> None:
    """Give the actor a new password; their other sessions end. Raises: InvalidFieldsError, SlowDownError."""
    access.require(actor, Role.RESPONDER)
    checks = account_input.Checks()
    checks.take(account_input.check_password, new_password, "new_password")
    if not old_password:
        checks.complain("old_password", "Old password is missing.")
    checks.done()
    email, password_hash = await database.run(_own_password, actor)
    if password_hash is None:
        raise InvalidFieldsError({"old_password": "You have no password here. Ask an admin for a password link."})
    attempt_id = await admit(email, actor.address)
    if not await in_password_thread(secrets.password_matches, password_hash, old_password):
        raise InvalidFieldsError({"old_password": "Old password is wrong."})
    new_hash = await in_password_thread(secrets.hash_password, new_password)
    await database.run(_store_password, actor, attempt_id, new_hash)


def _own_password(actor: Actor) -> tuple[str, str | None]:
    with database.read(actor.tenant_id) as session:
        row = session.exec(select(User.email, User.password_hash).where(col(User.id) == actor.id)).first()
    if row is None:
        raise NotFoundError("Only a person has a password.")
    return row


def _store_password(actor: Actor, attempt_id: UUID, password_hash: str) -> None:
    with database.write(actor.tenant_id) as tx:
        across_tenants.mark_attempt_succeeded(tx, attempt_id)
        tx.session.exec(update(User).where(col(User.id) == actor.id).values(password_hash=password_hash))
        ended = sessions.revoke_all(tx, actor.id, but=actor.session_id)
        audit.record(tx, actor, "password.changed", "person", actor.id, after={"sessions_ended": ended})
