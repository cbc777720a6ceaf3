"""What a socket is told first: Reflex sends all that a tab holds, on every page, to whoever opens a socket for that tab."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from app import app as composition
from models.columns import new_id
from models.vocabulary import Role
from services import integrations, people, sessions
from services.sessions import SignedIn
from tests.fixtures import organisations
from tests.fixtures.contents import ids, told_of
from tests.fixtures.forged_tabs import ROOT, ForgedTab
from tests.fixtures.northwind import PEOPLE, Northwind
from tests.fixtures.tabs import begin_session

FIRST_EVENTS = ("hydrate_and_load", "hydrate")
Open = Callable[..., ForgedTab]


@pytest.fixture
def secrets(northwind: Northwind) -> Iterator[set[str]]:
    """What only Northwind may be told; this process has the database of its server open."""
    with northwind.database():
        northwind.fire("first answers")
        yield ids(northwind.tenant_id) | {"Northwind", "northwind.example", "Connection pool", *PEOPLE.values()}


@pytest.fixture
def paths(northwind: Northwind, secrets: set[str]) -> list[str]:
    """Each page behind sign-in, with something of Northwind on it."""
    made = integrations.create(northwind.actors[Role.ADMIN], "generic", f"Checks {new_id().hex}")
    number = northwind.fire("first answers")
    behind = [page.path for page in composition.PAGES if page.is_behind_sign_in]
    return [path.replace("[number]", number).replace("[integration]", made.id.hex) for path in behind]


@pytest.fixture
def left(northwind: Northwind, paths: list[str], forge: Open) -> tuple[SignedIn, str]:
    """Alice has seen all pages in one tab and has left it: her session, and the tab's name."""
    signed_in = begin_session(northwind.actors[Role.ADMIN])
    tab = forge(northwind.server.address, signed_in.token)
    for path in paths:
        told = tab.open(path)
        assert "Northwind" in told.text, path
    tab.close()
    return signed_in, tab.token


def come_back(northwind: Northwind, forge: Open, cookie: str, token: str) -> ForgedTab:
    """A socket for the same tab, opened when the server has seen the first one go."""
    until = time.monotonic() + 10
    while True:
        tab = forge(northwind.server.address, cookie, token)
        if tab.token == token:
            return tab
        assert time.monotonic() < until, "the server never saw the first socket go"
        tab.close()
        time.sleep(0.05)


@pytest.mark.parametrize("path", [page.path for page in composition.PAGES])
def test_nobody_is_told_anything_on_any_page(northwind: Northwind, forge: Open, secrets: set[str], path: str) -> None:
    told = forge(northwind.server.address).open(path.replace("[number]", "INC-1").replace("[integration]", new_id().hex))
    assert told_of(told.text, secrets) == []
    behind = [page.path for page in composition.PAGES if page.is_behind_sign_in and page.load is not None]
    assert bool(told.led_to) == (path in behind)
    assert all(where.startswith("/login") for where in told.led_to)


def test_the_sign_in_page_tells_nothing_of_who_is_signed_in(northwind: Northwind, forge: Open, secrets: set[str]) -> None:
    """Its own page is not behind sign-in: what the person may see elsewhere is not on it, nor is the session's token."""
    signed_in = begin_session(northwind.actors[Role.ADMIN])
    told = forge(northwind.server.address, signed_in.token).open("/login")
    assert told_of(told.text, secrets | {signed_in.token}) == []
    assert told.led_to == ["/incidents"]


@pytest.mark.parametrize("first", FIRST_EVENTS)
@pytest.mark.parametrize("second", ["nobody", "a stranger", "a viewer"])
def test_a_second_person_in_the_same_tab_sees_nothing_of_the_first(
    northwind: Northwind, forge: Open, secrets: set[str], left: tuple[SignedIn, str], second: str, first: str
) -> None:
    cookie = ""
    if second == "a stranger":
        southwind = people.create_organisation(f"Southwind {new_id().hex}")
        cookie = begin_session(organisations.person(southwind, "Sten", Role.ADMIN, email=f"{new_id().hex}@southwind.example")).token
    elif second == "a viewer":  # of the same organisation, who may not see what an admin sees
        cookie = begin_session(northwind.actors[Role.VIEWER]).token
    tab = come_back(northwind, forge, cookie, left[1])
    tab.say(f"{ROOT}.{first}", at="/login")
    told = tab.settle()
    assert len(told.text) > 2000, "all that the tab holds was sent"
    assert told_of(told.text, secrets) == []


@pytest.mark.parametrize("first", FIRST_EVENTS)
def test_a_tab_tells_nothing_after_its_session_has_ended(
    northwind: Northwind, forge: Open, secrets: set[str], left: tuple[SignedIn, str], first: str
) -> None:
    signed_in, token = left
    sessions.sign_out(signed_in.actor)
    tab = come_back(northwind, forge, signed_in.token, token)
    tab.say(f"{ROOT}.{first}", at="/incidents")
    assert told_of(tab.settle().text, secrets) == []


def test_a_tab_that_is_open_is_not_shared(northwind: Northwind, forge: Open, secrets: set[str], paths: list[str]) -> None:
    """Whoever knows the name of an open tab gets another one, and what happens later goes to the first alone."""
    alice = forge(northwind.server.address, northwind.tokens[Role.ADMIN])
    at = next(path for path in paths if "INC-" in path)
    alice.open(at)
    thief = forge(northwind.server.address, "", alice.token)
    told = thief.open("/login")
    assert thief.token != alice.token
    northwind.write_lines(at.rpartition("/")[2], 1)
    alice.wait_for(lambda told: "a long night" in told.text)
    told.take(thief.settle())
    assert told_of(told.text, secrets | {"a long night"}) == []
