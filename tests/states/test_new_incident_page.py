"""The page that declares an incident: what it offers, what it says at each field, and where it leads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.states.incident_detail import IncidentDetail
from app.states.new_incident import NewIncident
from models.vocabulary import Role
from services import catalog, declaring, incidents
from services.access import Actor
from tests.fixtures import organisations
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab

SLOW = {"title": "Checkout is slow", "severity": "high", "draft_key": "a1"}


def opened(actor: Actor) -> Any:
    page = open_tab(NewIncident, begin_session(actor).token, url="http://localhost/incidents/new")
    call(page, "load")
    return page


def send(page: Any, **form: str) -> list[Any]:
    """What the browser is told, step by step."""

    async def each() -> list[Any]:
        return [one async for one in NewIncident.event_handlers["declare"].fn(page, form=SLOW | form)]

    return asyncio.run(each())


def wrong(page: Any) -> dict[str, str]:
    return {field: sentence for field, sentence in page.errors.items() if sentence}


def test_it_knows_who_and_what_can_be_chosen(story: Story) -> None:
    for name in ("Media", "Cart"):
        catalog.create(story.organisation.manager, name)
    page = opened(story.organisation.responder)
    assert page.services == ["Cart", "Media"]
    assert [one.handle for one in page.people] == ["alice", "mina", "rob"]
    assert page.is_loaded


def test_a_viewer_is_told_so_and_opens_nothing(story: Story) -> None:
    page = opened(story.organisation.viewer)
    assert (page.is_loaded, page.people, page.notice.text) == (False, [], "Viewers only read. A responder may do this.")
    send(page)
    call(page, "consider_title", title="Checkout")
    assert story.fire() == ["INC-1"]
    assert page.offers == []


def test_sent_it_is_open_and_its_page_says_so(story: Story) -> None:
    page = opened(story.organisation.responder)
    forget, lead = send(page)
    assert (forget, page.sent_draft) == (None, "a1")
    assert "/incidents/INC-1" in str(lead)
    there = open_tab(IncidentDetail, begin_session(story.organisation.responder).token, url="http://localhost/incidents/INC-1")
    there._said_ahead = page._said_ahead
    call(there, "load")
    assert (there.head.title, there.notice.text) == ("Checkout is slow", "INC-1 is open. Nobody has it yet.")
    call(there, "load")
    assert there.notice.text == ""


def test_sent_twice_it_is_open_once(story: Story) -> None:
    pages = [opened(story.organisation.responder) for _ in range(2)]
    for page in pages:
        assert "/incidents/INC-1" in str(send(page)[-1])
    assert story.fire() == ["INC-2"]


def test_another_text_under_the_key_of_a_try_that_arrived_is_not_lost(story: Story) -> None:
    page = opened(story.organisation.responder)
    send(page)
    again = opened(story.organisation.responder)
    assert send(again, title="Checkout is away") == []
    assert (again.opened_before, again.renewed_draft, again.sent_draft) == ("INC-1", "a1", "")
    assert "/incidents/INC-2" in str(send(again, title="Checkout is away", draft_key="b2")[-1])
    assert (again.opened_before, again.sent_draft) == ("", "b2")


def test_what_is_wrong_is_said_at_each_field_and_the_first_gets_the_focus(story: Story) -> None:
    page = opened(story.organisation.responder)
    (focus,) = send(page, title=" ", service_id="Ferries", assigned_to="vera", started_at="tomorrow")
    assert set(wrong(page)) == {"title", "service_id", "assigned_to", "started_at"}
    assert "field_title" in str(focus)
    (focus,) = send(page, started_at="tomorrow")
    assert set(wrong(page)) == {"started_at"}
    assert "field_started_at" in str(focus)
    assert page.sent_draft == ""
    send(page)
    assert wrong(page) == {}
    assert story.fire() == ["INC-2"]


def test_what_no_field_is_wrong_about_stands_below_the_form(story: Story) -> None:
    page = opened(story.organisation.responder)
    assert send(page, draft_key="ü") == []
    assert (wrong(page), page.refusal) == ({}, "A key has 1 to 64 plain characters.")
    assert send(page, draft_key="", title="", severity="") != []  # a client that sends no key


def test_what_is_open_is_offered_while_the_title_is_typed(story: Story) -> None:
    rob = story.organisation.responder
    cart = catalog.create(story.organisation.manager, "Cart").id
    declaring.declare(rob, "Pool exhausted", "high", service_id=cart)
    page = opened(rob)
    call(page, "consider_title", title="The pool")
    assert [(one.number, one.reason) for one in page.offers] == [("INC-1", "says “Pool”")]
    call(page, "consider_title", title="The")
    assert page.offers == []
    call(page, "consider_service", service="Cart")
    assert [one.reason for one in page.offers] == ["same service"]


@pytest.mark.usefixtures("open_sockets")
def test_what_happens_meanwhile_is_on_the_page(story: Story) -> None:
    ours = story.organisation
    page = opened(ours.responder)
    call(page, "consider_title", title="Pool")
    assert follow(page, lambda: declaring.declare(ours.manager, "Pool exhausted", "high"), lambda: len(page.offers) == 1)
    assert follow(page, lambda: incidents.resolve(ours.manager, "INC-1", "Done"), lambda: page.offers == [])

    def joins() -> None:
        organisations.person(ours.system, "Nia Berg", Role.RESPONDER)

    assert follow(page, joins, lambda: "nia" in [one.handle for one in page.people])
    assert follow(page, lambda: catalog.create(ours.manager, "Cart"), lambda: page.services == ["Cart"])
