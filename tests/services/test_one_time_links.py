"""Links that work once: the set-up of an installation, and a new password."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.access import OneTimeLink
from models.tenants import Tenant
from models.vocabulary import Role
from services import across_tenants, database, one_time_links, people, sessions, sign_in
from services.database import Storage
from services.errors import ConflictError, InvalidFieldsError, NotAllowedError, NotFoundError
from services.sessions import SignedIn
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation, linked_email, person
from tests.fixtures.tabs import begin_session

FORM = {
    "organisation": "Northwind Traders",
    "name": "Alice Moreau",
    "handle": "",
    "email": "alice@northwind.example",
    "password": "correct horse battery",
    "timezone": "Europe/Stockholm",
}


def set_up(token: str | None, **changed: Any) -> SignedIn:
    return asyncio.run(one_time_links.complete_set_up(token or "", **(FORM | changed)))


def link() -> str:
    token = one_time_links.make_set_up_link()
    assert token is not None
    return token


def test_the_link_makes_the_organisation_and_its_admin_and_signs_them_in(storage: Storage, clock: MovableClock) -> None:
    token = link()
    assert one_time_links.set_up_is_open(token)
    signed_in = set_up(token)
    actor = sessions.actor_for_token(signed_in.token)
    assert actor is not None
    assert (actor.name, actor.role) == ("Alice Moreau", Role.ADMIN)
    profile = people.own_profile(actor)
    assert (profile.handle, profile.timezone, profile.email) == ("alice", "Europe/Stockholm", "alice@northwind.example")
    with database.read(actor.tenant_id) as session:
        tenant = session.exec(select(Tenant)).one()
    assert (tenant.slug, tenant.name, tenant.timezone) == ("northwind-traders", "Northwind Traders", "Europe/Stockholm")
    assert asyncio.run(sign_in.sign_in(FORM["email"], FORM["password"], address="192.0.2.1")).token


def test_nobody_is_waited_for_once_there_is_somebody(storage: Storage, clock: MovableClock) -> None:
    assert one_time_links.waits_for_first_admin()
    set_up(link())
    assert not one_time_links.waits_for_first_admin()


def test_the_set_up_link_works_once(storage: Storage, clock: MovableClock) -> None:
    token = link()
    set_up(token)
    assert not one_time_links.set_up_is_open(token)
    with pytest.raises(NotFoundError):
        set_up(token, email="other@northwind.example", organisation="Other")
    assert one_time_links.make_set_up_link() is None


def test_two_who_use_the_set_up_link_at_once_make_one_organisation(storage: Storage, clock: MovableClock) -> None:
    token = link()

    async def race() -> list[Any]:
        forms = [FORM | {"organisation": f"Org {n}", "email": f"a{n}@x.example"} for n in range(4)]
        return await asyncio.gather(*(one_time_links.complete_set_up(token, **form) for form in forms), return_exceptions=True)

    ended = asyncio.run(race())
    assert sum(isinstance(each, SignedIn) for each in ended) == 1
    assert sum(isinstance(each, NotFoundError) for each in ended) == 3
    assert len(across_tenants.organisations()) == 1


def test_the_set_up_link_dies_after_a_day(storage: Storage, clock: MovableClock) -> None:
    token = link()
    clock.pass_time(hours=23, minutes=59)
    assert one_time_links.set_up_is_open(token)
    clock.pass_time(minutes=1)
    assert not one_time_links.set_up_is_open(token)
    with pytest.raises(NotFoundError, match="older than 24 hours"):
        set_up(token)


def test_the_newest_set_up_link_replaces_earlier_ones(storage: Storage, clock: MovableClock) -> None:
    first, second = link(), link()
    assert not one_time_links.set_up_is_open(first)
    assert one_time_links.set_up_is_open(second)


def test_the_set_up_link_is_dead_as_soon_as_an_admin_exists(storage: Storage, clock: MovableClock) -> None:
    token = link()
    system = people.create_organisation("By command")
    person(system, "Viewer", Role.VIEWER, email="v@x.example")
    assert one_time_links.set_up_is_open(token)
    person(system, "Admin", Role.ADMIN, email="a@x.example")
    assert not one_time_links.set_up_is_open(token)
    with pytest.raises(NotFoundError):
        set_up(token)


def test_a_form_that_is_refused_leaves_the_link_good_and_nothing_behind(storage: Storage, clock: MovableClock) -> None:
    token = link()
    with pytest.raises(InvalidFieldsError) as refused:
        set_up(token, organisation=" ", name="", handle="?", email="x", password="short", timezone="Nowhere")
    assert set(refused.value.fields) == {"organisation", "name", "handle", "email", "password", "timezone"}
    people.create_organisation("Northwind Traders")
    with pytest.raises(ConflictError) as taken:
        set_up(token)
    assert taken.value.field == "organisation"
    assert len(across_tenants.organisations()) == 1
    set_up(token, organisation="Southwind")


def test_links_are_stored_as_hashes(storage: Storage, clock: MovableClock) -> None:
    token = link()
    actor = set_up(token).actor
    password = one_time_links.make_password_link(actor, actor.id).token
    with database.read(actor.tenant_id) as session:
        rows = [row.model_dump() for row in session.exec(select(OneTimeLink))]
    assert len(rows) == 1
    assert password not in str(rows)


def test_a_password_link_gives_a_new_password_and_ends_all_sessions(organisation: Organisation) -> None:
    bob = person(organisation.system, "Bob", Role.RESPONDER, password="correct horse battery")
    old = asyncio.run(sign_in.sign_in("bob@northwind.example", "correct horse battery", address="192.0.2.1"))
    token = one_time_links.make_password_link(organisation.admin, bob.id).token
    assert linked_email(token) == "bob@northwind.example"
    new = asyncio.run(one_time_links.use_password_link(token, "a quite new password"))
    assert sessions.actor_for_token(old.token) is None
    assert sessions.actor_for_token(new.token) is not None
    assert linked_email(token) is None
    with pytest.raises(NotFoundError):
        asyncio.run(one_time_links.use_password_link(token, "a third password, longer"))
    assert asyncio.run(sign_in.sign_in("bob@northwind.example", "a quite new password", address="192.0.2.1")).token


def test_a_password_link_dies_after_a_day_and_when_a_newer_one_is_made(organisation: Organisation, clock: MovableClock) -> None:
    bob = person(organisation.system, "Bob", Role.RESPONDER, password="correct horse battery")
    nia = person(organisation.system, "Nia", Role.RESPONDER)  # without a password: a provider vouches for her
    for came in (bob, nia):
        begin_session(came)
    first = one_time_links.make_password_link(organisation.admin, bob.id).token
    second = one_time_links.make_password_link(organisation.admin, bob.id).token
    other = one_time_links.make_password_link(organisation.admin, nia.id).token
    assert linked_email(first) is None
    assert linked_email(second) == "bob@northwind.example"
    clock.pass_time(hours=24)
    for token in (second, other):
        with pytest.raises(NotFoundError):
            asyncio.run(one_time_links.use_password_link(token, "a quite new password"))


def test_whoever_never_signed_in_has_seven_days(organisation: Organisation, clock: MovableClock) -> None:
    made = one_time_links.make_password_link(organisation.admin, organisation.viewer.id)
    assert made.works_until == clock.now + timedelta(days=7)
    clock.pass_time(days=6, hours=23)
    asyncio.run(one_time_links.use_password_link(made.token, "a quite new password"))
    again = one_time_links.make_password_link(organisation.admin, organisation.viewer.id)
    assert again.works_until == clock.now + timedelta(hours=24)


def test_a_link_says_whom_it_is_for(organisation: Organisation) -> None:
    token = one_time_links.make_password_link(organisation.admin, organisation.viewer.id).token
    found = one_time_links.whom_it_is_for(token)
    assert found == one_time_links.Invited("Vera Novak", "vera@northwind.example", "Northwind", True)


def test_a_link_can_be_withdrawn(organisation: Organisation, clock: MovableClock) -> None:
    admin, vera = organisation.admin, organisation.viewer
    token = one_time_links.make_password_link(admin, vera.id).token
    for actor in (organisation.manager, organisation.responder, vera):
        with pytest.raises(NotAllowedError):
            one_time_links.withdraw_password_link(actor, vera.id)
    with pytest.raises(NotFoundError):
        one_time_links.withdraw_password_link(organisation.stranger, vera.id)
    one_time_links.withdraw_password_link(admin, vera.id)
    assert linked_email(token) is None
    with pytest.raises(NotFoundError, match="withdrawn"):
        asyncio.run(one_time_links.use_password_link(token, "a quite new password"))
    with pytest.raises(ConflictError, match="Vera Novak has no link that works"):
        one_time_links.withdraw_password_link(admin, vera.id)
    one_time_links.make_password_link(admin, vera.id)
    clock.pass_time(days=8)
    with pytest.raises(ConflictError):
        one_time_links.withdraw_password_link(admin, vera.id)


def test_a_short_password_leaves_the_link_good(organisation: Organisation) -> None:
    token = one_time_links.make_password_link(organisation.admin, organisation.viewer.id).token
    with pytest.raises(InvalidFieldsError):
        asyncio.run(one_time_links.use_password_link(token, "short"))
    assert linked_email(token) is not None


def test_only_admins_make_password_links_and_only_for_their_own_people(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            one_time_links.make_password_link(actor, organisation.viewer.id)
    with pytest.raises(NotFoundError):
        one_time_links.make_password_link(organisation.stranger, organisation.viewer.id)


def test_the_operator_makes_a_link_by_address(organisation: Organisation) -> None:
    token = one_time_links.make_password_link_by_email(" Vera@Northwind.example").token
    assert linked_email(token) == "vera@northwind.example"
    with pytest.raises(NotFoundError, match=r"nobody@x\.example"):
        one_time_links.make_password_link_by_email("nobody@x.example")


def test_a_link_for_one_thing_is_no_link_for_another(organisation: Organisation) -> None:
    password = one_time_links.make_password_link(organisation.admin, organisation.viewer.id).token
    assert not one_time_links.set_up_is_open(password)
    for token in ("", "tl_", "ts_x", "tl_" + "x" * 5000):
        assert linked_email(token) is None
