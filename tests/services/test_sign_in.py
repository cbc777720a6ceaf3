"""Signing in: who gets a session, what others learn, and how guessing is slowed without locking anybody out."""

import asyncio
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from models.access import SignInAttempt
from models.people import User
from models.vocabulary import Role
from services import across_tenants, database, sessions, sign_in
from services.errors import InvalidFieldsError, NotAllowedError, RefusedError, SlowDownError
from services.sessions import SignedIn
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation, person

PASSWORD = "correct horse battery"


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long sign-in chose to wait, without waiting."""
    lengths: list[float] = []

    async def note(seconds: float) -> None:
        lengths.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    return lengths


@pytest.fixture
def bob(organisation: Organisation, waited: list[float]) -> str:
    """The address of somebody who can sign in."""
    person(organisation.system, "Bob Ek", Role.RESPONDER, email="bob@northwind.example", password=PASSWORD)
    return "bob@northwind.example"


def enter(email: str, password: str = PASSWORD, address: str = "198.51.100.4") -> SignedIn:
    return asyncio.run(sign_in.sign_in(email, password, address=address, user_agent="Firefox", timezone="Europe/Stockholm"))


def refusal(call: Callable[[], object]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        call()
    return refused.value


def test_the_right_password_begins_a_session(bob: str, organisation: Organisation) -> None:
    signed_in = enter(" BOB@northwind.example ")
    actor = sessions.actor_for_token(signed_in.token, "198.51.100.4")
    assert actor is not None
    assert (actor.name, actor.role, actor.tenant_id, actor.address) == (
        "Bob Ek",
        Role.RESPONDER,
        organisation.tenant_id,
        "198.51.100.4",
    )
    assert actor.session_id == signed_in.actor.session_id


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(bob: str, organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        gone = tx.session.exec(select(User).where(User.handle == "vera")).one()
        gone.active = False
    wrong = refusal(lambda: enter(bob, "not the password"))
    for email in ("nobody@northwind.example", organisation_email(organisation), "nobody\x00@x", "ä" * 400):
        other = refusal(lambda email=email: enter(email))  # type: ignore[misc]
        assert (type(other), other.message, other.field) == (type(wrong), wrong.message, wrong.field)


def organisation_email(organisation: Organisation) -> str:
    with database.read(organisation.tenant_id) as session:
        return session.exec(select(User.email).where(User.id == organisation.viewer.id)).one()


def test_somebody_without_a_password_cannot_sign_in(bob: str) -> None:
    assert refusal(lambda: enter("alice@northwind.example", "")).field == "password"
    assert refusal(lambda: enter("alice@northwind.example", "None")).message == "E-mail or password is wrong."


def test_missing_fields_are_told_together(bob: str) -> None:
    refused = refusal(lambda: enter(" ", ""))
    assert isinstance(refused, InvalidFieldsError)
    assert set(refused.fields) == {"email", "password"}


def test_an_address_gets_twenty_wrong_tries_an_hour(bob: str, clock: MovableClock) -> None:
    for number in range(20):
        assert isinstance(refusal(lambda n=number: enter(f"guess{n}@northwind.example")), InvalidFieldsError)  # type: ignore[misc]
    assert isinstance(refusal(lambda: enter(bob)), SlowDownError)
    assert enter(bob, address="198.51.100.5").token
    clock.pass_time(minutes=61)
    assert enter(bob).token


def test_refused_tries_do_not_keep_an_address_out_for_longer(bob: str, clock: MovableClock) -> None:
    for _ in range(20):
        refusal(lambda: enter(bob, "wrong"))
    clock.pass_time(minutes=50)
    for _ in range(5):
        assert isinstance(refusal(lambda: enter(bob, "wrong")), SlowDownError)
    clock.pass_time(minutes=11)
    assert enter(bob).token


def test_right_tries_do_not_count(bob: str) -> None:
    for _ in range(25):
        enter(bob)


def test_all_addresses_of_one_ipv6_network_count_as_one(bob: str) -> None:
    for number in range(20):
        refusal(lambda n=number: enter(bob, "wrong", f"2001:db8::{n:x}"))  # type: ignore[misc]
    assert isinstance(refusal(lambda: enter(bob, address="2001:db8::ffff")), SlowDownError)
    assert enter(bob, address="2001:db8:0:1::1").token


def test_an_account_is_slowed_and_never_locked(bob: str, waited: list[float]) -> None:
    for number in range(60):
        refusal(lambda n=number: enter(bob, "wrong", f"203.0.113.{n}"))  # type: ignore[misc]
    assert waited[:5] == [0.0] * 5
    assert waited[5:11] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert max(waited) == 4.0
    assert enter(bob, address="198.51.100.9").token


def test_tries_at_the_same_moment_count_each_other(bob: str, organisation: Organisation) -> None:
    async def storm() -> list[object]:
        tries = (sign_in.sign_in(f"g{n}@x.example", "wrong", address="198.51.100.7") for n in range(40))
        return await asyncio.gather(*tries, return_exceptions=True)

    ended = asyncio.run(storm())
    assert sum(isinstance(each, InvalidFieldsError) for each in ended) == 20
    assert sum(isinstance(each, SlowDownError) for each in ended) == 20


def test_no_password_is_kept_of_a_try(bob: str, organisation: Organisation) -> None:
    refusal(lambda: enter(bob, "a wrong password"))
    with database.read(organisation.tenant_id) as session:
        attempt = session.exec(select(SignInAttempt).order_by(col(SignInAttempt.at))).one()
    assert (attempt.email, attempt.address, attempt.succeeded) == (bob, "198.51.100.4", False)


def test_signing_in_again_ends_the_session_before(bob: str) -> None:
    first = enter(bob)
    asyncio.run(sign_in.sign_in(bob, PASSWORD, address="198.51.100.4", current=first.actor))
    assert sessions.actor_for_token(first.token) is None


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(bob: str) -> None:
    here, there = enter(bob), enter(bob)
    wrong = refusal(lambda: asyncio.run(sign_in.change_own_password(here.actor, "not the old one", "another long password")))
    assert wrong.field == "old_password"
    asyncio.run(sign_in.change_own_password(here.actor, PASSWORD, "another long password"))
    assert sessions.actor_for_token(here.token) is not None
    assert sessions.actor_for_token(there.token) is None
    assert refusal(lambda: enter(bob)).message == "E-mail or password is wrong."
    assert enter(bob, "another long password").token


def test_guessing_at_the_old_password_is_limited_too(bob: str) -> None:
    here = enter(bob)
    for _ in range(20):
        refusal(lambda: asyncio.run(sign_in.change_own_password(here.actor, "guess", "another long password")))
    assert isinstance(
        refusal(lambda: asyncio.run(sign_in.change_own_password(here.actor, PASSWORD, "another long password"))), SlowDownError
    )


def test_a_short_new_password_is_refused(bob: str) -> None:
    here = enter(bob)
    refused = refusal(lambda: asyncio.run(sign_in.change_own_password(here.actor, "", "short")))
    assert isinstance(refused, InvalidFieldsError)
    assert set(refused.fields) == {"old_password", "new_password"}


def test_a_viewer_changes_nothing_of_themselves(organisation: Organisation) -> None:
    with pytest.raises(NotAllowedError):
        asyncio.run(sign_in.change_own_password(organisation.viewer, "old", "another long password"))


def test_an_address_is_known_to_one_organisation(bob: str, organisation: Organisation) -> None:
    found = across_tenants.person_by_email(bob)
    assert found is not None
    assert found.tenant_id == organisation.tenant_id
