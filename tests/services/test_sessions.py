"""Sessions: how long they last, what ends them, and that the end is told to open pages after the commit."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from models.access import LoginSession
from models.columns import new_id
from models.people import User
from services import across_tenants, database, live_updates, people, sessions, sign_in
from services.access import Actor
from services.errors import NotFoundError
from services.sessions import SignedIn
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation


def begin(actor: Actor, user_agent: str = "Firefox") -> SignedIn:
    with database.read(actor.tenant_id) as session:
        email = session.exec(select(User.email).where(User.id == actor.id)).one()
    found = across_tenants.person_by_email(email)
    assert found is not None
    with database.write(actor.tenant_id) as tx:
        return sessions.start(tx, found, address="198.51.100.4", user_agent=user_agent, timezone="Europe/Stockholm")


def stored(signed_in: SignedIn) -> LoginSession:
    with database.read(signed_in.actor.tenant_id) as session:
        return session.exec(select(LoginSession).where(LoginSession.id == signed_in.actor.session_id)).one()


def test_a_token_stands_for_its_person_and_others_for_nobody(organisation: Organisation) -> None:
    signed_in = begin(organisation.responder)
    actor = sessions.actor_for_token(signed_in.token)
    assert actor is not None and actor.id == organisation.responder.id
    for token in ("", "ts_", signed_in.token + "x", signed_in.token[:-1], "tk" + signed_in.token[2:], "ts_" + "a" * 5000, "ts_\x00\ud800"):
        assert sessions.actor_for_token(token) is None


def test_the_token_is_not_stored(organisation: Organisation) -> None:
    signed_in = begin(organisation.responder)
    row = stored(signed_in)
    assert signed_in.token not in str(row.model_dump())
    assert row.timezone == "Europe/Stockholm"


def test_the_first_sign_in_is_noted_and_none_after_it(organisation: Organisation, clock: MovableClock) -> None:
    rob = organisation.responder
    assert not people.own_profile(rob).came_in
    first = clock.now
    begin(rob)
    clock.pass_time(days=1)
    begin(rob)
    assert people.own_profile(rob).first_signed_in_at == first
    assert people.own_profile(organisation.manager).first_signed_in_at is None


def test_somebody_who_signs_in_twice_at_once_for_the_first_time_is_in_twice(organisation: Organisation) -> None:
    found = across_tenants.person_by_email("rob@northwind.example")
    assert found is not None
    together = threading.Barrier(4)

    def come(number: int) -> SignedIn:
        together.wait(10)
        return sign_in.start(found, new_id(), "198.51.100.4", f"Browser {number}", None, None)

    with ThreadPoolExecutor(4) as threads:
        came = list(threads.map(come, range(4)))
    assert all(sessions.actor_for_token(signed_in.token) for signed_in in came)
    assert people.own_profile(organisation.responder).came_in


def test_a_session_ends_thirty_days_after_its_last_use(organisation: Organisation, clock: MovableClock) -> None:
    signed_in = begin(organisation.responder)
    for _ in range(3):
        clock.pass_time(days=29)
        assert sessions.actor_for_token(signed_in.token) is not None
    clock.pass_time(days=30)
    assert sessions.actor_for_token(signed_in.token) is None


def test_use_is_written_at_most_once_an_hour(organisation: Organisation, clock: MovableClock) -> None:
    signed_in = begin(organisation.responder)
    began = clock.now
    clock.pass_time(minutes=59)
    sessions.actor_for_token(signed_in.token, "203.0.113.9")
    assert stored(signed_in).last_seen_at == began
    clock.pass_time(minutes=1)
    sessions.actor_for_token(signed_in.token, "203.0.113.9")
    row = stored(signed_in)
    assert (row.last_seen_at, row.expires_at, row.address) == (clock.now, clock.now + timedelta(days=30), "203.0.113.9")


def test_a_role_counts_from_the_moment_it_is_changed(organisation: Organisation) -> None:
    signed_in = begin(organisation.responder)
    with database.write(organisation.tenant_id) as tx:
        row = tx.session.exec(select(User).where(User.id == organisation.responder.id)).one()
        row.active = False
    assert sessions.actor_for_token(signed_in.token) is None


def test_signing_out_ends_this_session_only_and_tells_its_pages(organisation: Organisation) -> None:
    here, there = begin(organisation.responder), begin(organisation.responder)
    assert here.actor.session_id is not None

    async def follow() -> set[str]:
        topic = live_updates.session_topic(here.actor.session_id)  # type: ignore[arg-type]
        with live_updates.hub.subscribe(topic) as subscription:
            await asyncio.to_thread(sessions.sign_out, here.actor)
            return await subscription.wait(2)

    assert asyncio.run(follow()) == {live_updates.session_topic(here.actor.session_id)}
    assert sessions.actor_for_token(here.token) is None
    assert sessions.actor_for_token(there.token) is not None


def test_a_person_sees_and_ends_their_own_sessions_only(organisation: Organisation, clock: MovableClock) -> None:
    laptop = begin(organisation.responder, "Laptop")
    clock.pass_time(minutes=1)
    phone = begin(organisation.responder, "Phone\r\nwith a line")
    other = begin(organisation.admin)
    seen = sessions.sessions(laptop.actor)
    assert [(each.user_agent, each.is_current) for each in seen] == [("Phone with a line", False), ("Laptop", True)]
    sessions.revoke(laptop.actor, phone.actor.session_id)  # type: ignore[arg-type]
    for session_id in (phone.actor.session_id, other.actor.session_id):
        with pytest.raises(NotFoundError):
            sessions.revoke(laptop.actor, session_id)  # type: ignore[arg-type]
    assert sessions.actor_for_token(phone.token) is None
    assert sessions.actor_for_token(other.token) is not None


def test_a_session_of_another_organisation_is_not_there(organisation: Organisation) -> None:
    theirs = begin(organisation.stranger)
    with pytest.raises(NotFoundError):
        sessions.revoke(organisation.admin, theirs.actor.session_id)  # type: ignore[arg-type]
    assert sessions.actor_for_token(theirs.token) is not None


def test_all_sessions_end_but_one(organisation: Organisation) -> None:
    kept, *others = (begin(organisation.responder) for _ in range(3))
    with database.write(organisation.tenant_id) as tx:
        assert sessions.revoke_all(tx, organisation.responder.id, but=kept.actor.session_id) == 2
    assert [sessions.actor_for_token(each.token) is not None for each in (kept, *others)] == [True, False, False]


def test_a_busy_database_does_not_sign_anybody_out(
    organisation: Organisation, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = begin(organisation.responder)
    clock.pass_time(hours=2)
    monkeypatch.setattr(database, "write", _busy)
    assert sessions.actor_for_token(signed_in.token) is not None


def _busy(*_: object, **__: object) -> None:
    from services.errors import StorageBusyError

    raise StorageBusyError


def test_an_ended_session_stays_in_the_list_of_nobody(organisation: Organisation, clock: MovableClock) -> None:
    signed_in = begin(organisation.responder)
    clock.pass_time(days=31)
    assert sessions.sessions(signed_in.actor) == []
    with database.read(organisation.tenant_id) as session:
        assert session.exec(select(col(LoginSession.revoked_at))).all() == [None]


MOZILLA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (MOZILLA + "Chrome/142.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent: str, name: str) -> None:
    assert sessions.browser_name(user_agent) == name


def test_a_session_that_begins_or_ends_is_told_to_the_persons_pages(organisation: Organisation) -> None:
    async def told_of(change: Callable[[], object]) -> set[str]:
        with live_updates.hub.subscribe(live_updates.person_topic(organisation.responder.id)) as subscription:
            await asyncio.to_thread(change)
            return await subscription.wait(2)

    topic = {live_updates.person_topic(organisation.responder.id)}
    assert asyncio.run(told_of(lambda: begin(organisation.responder))) == topic
    phone = begin(organisation.responder)
    assert asyncio.run(told_of(lambda: sessions.sign_out(phone.actor))) == topic
