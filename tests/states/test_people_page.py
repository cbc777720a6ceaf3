"""The page of the people: only admins see it, and a link for a lost password is shown once."""

import asyncio
from typing import Any

from app.states.people import People
from services import one_time_links, people, settings
from services.access import Actor
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, open_tab


def opened(actor: Actor) -> Any:
    page = open_tab(People, begin_session(actor).token, url="http://localhost/settings/people")
    asyncio.run(People.event_handlers["load"].fn(page))
    return page


def call(page: Any, name: str, **given: Any) -> Any:
    return asyncio.run(People.event_handlers[name].fn(page, **given))


def test_an_admin_sees_everybody(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    assert [row.person.handle for row in page.rows] == ["alice", "mina", "rob", "vera"]


def test_others_see_nobody_and_make_nothing(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        page = opened(actor)
        assert page.rows == []
        assert page.notice.text == "Only admins may do this."
        call(page, "make_person", form={"name": "New", "email": "new@x.example", "role": "admin"})
        call(page, "make_link", user_id=organisation.viewer.id.hex)
        assert page.link == ""
    assert len(people.people(organisation.admin)) == 4


def test_a_link_is_shown_until_its_dialog_is_closed(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "make_link", user_id=organisation.viewer.id.hex)
    address, _, token = page.link.partition("?token=")
    assert address == f"{settings.current().base_url}/new-password"
    assert page.link_for == "Vera Novak"
    assert one_time_links.password_link_email(token) == "vera@northwind.example"
    call(page, "close_link", wanted=False)
    assert page.link == ""


def test_a_link_for_somebody_of_another_organisation_is_not_made(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "make_link", user_id=organisation.stranger.id.hex)
    assert (page.link, page.notice.text) == ("", "There is no such person.")


def test_a_new_person_comes_with_a_link(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_person", wanted=True)
    call(page, "make_person", form={"name": "Nia Berg", "email": "nia@northwind.example", "role": "responder", "handle": ""})
    assert not page.is_making
    assert one_time_links.password_link_email(page.link.partition("=")[2]) == "nia@northwind.example"
    assert "nia" in [row.person.handle for row in page.rows]


def test_a_refused_person_leaves_the_dialog_open_with_a_sentence_for_each_field(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_person", wanted=True)
    call(page, "make_person", form={"name": "", "email": "nobody", "role": "responder"})
    assert page.is_making
    assert {field for field, sentence in page.errors.items() if sentence} == {"name", "email"}
    call(page, "make_person", form={"name": "Sten", "email": "sten@southwind.example", "role": "responder"})
    assert "already" in page.errors["email"]
    call(page, "make_person", form={"name": "King", "email": "king@northwind.example", "role": "king"})
    assert page.errors["role"] == "Role must be one of viewer, responder, manager, admin."
    assert len(people.people(organisation.admin)) == 4
