"""The page of the own profile: what is kept, what is refused and where that is told."""

import asyncio
from typing import Any

import pytest

from app.states.profile import Profile
from models.vocabulary import Role
from services import people, sessions
from services.access import Actor
from tests.fixtures.organisations import Organisation, person
from tests.fixtures.tabs import begin_session, open_tab

FORM = {"name": "Robert", "handle": "robert", "timezone": "Asia/Tokyo", "theme": "dark", "shortcuts": "on"}


def opened(actor: Actor) -> Any:
    page = open_tab(Profile, begin_session(actor).token, url="http://localhost/settings/profile")
    asyncio.run(Profile.event_handlers["load"].fn(page))
    return page


def call(page: Any, name: str, **given: Any) -> Any:
    return asyncio.run(Profile.event_handlers[name].fn(page, **given))


def test_the_page_shows_the_person_and_where_they_are_signed_in(organisation: Organisation) -> None:
    page = opened(organisation.responder)
    assert (page.profile.name, page.profile.handle, page.profile.email) == ("Rob Lindqvist", "rob", "rob@northwind.example")
    assert [one.is_current for one in page.sessions] == [True]
    assert page.nav.organisation == "Northwind"


def test_what_is_saved_is_shown_and_kept(organisation: Organisation) -> None:
    page = opened(organisation.responder)
    call(page, "save", form=FORM)
    assert (page.notice.text, page.notice.tone) == ("Saved.", "good")
    assert (page.profile.name, page.nav.me.name, page.nav.theme, page.nav.zone) == ("Robert", "Robert", "dark", "Asia/Tokyo")
    kept = people.own_profile(organisation.responder)
    assert (kept.handle, kept.shortcuts, kept.timeline_newest_first) == ("robert", True, False)


def test_each_wrong_field_is_told_beside_it_and_nothing_is_kept(organisation: Organisation) -> None:
    page = opened(organisation.responder)
    call(page, "save", form={**FORM, "name": "", "handle": "?", "timezone": "Nowhere"})
    assert {field for field, sentence in page.errors.items() if sentence} == {"name", "handle", "timezone"}
    assert page.notice.tone == "bad"
    assert people.own_profile(organisation.responder).theme == "system"
    call(page, "save", form={**FORM, "handle": "alice"})
    assert "handle alice already" in page.errors["handle"]
    call(page, "save", form=FORM)
    assert not any(page.errors.values())


@pytest.mark.parametrize("form", [{}, {"theme": "pink"}, {"theme": None, "name": 7}, {**FORM, "role": "admin", "email": "x@x.example"}])
def test_forms_that_no_page_sends_do_no_harm(organisation: Organisation, form: dict[str, Any]) -> None:
    page = opened(organisation.responder)
    call(page, "save", form=form)
    kept = people.own_profile(organisation.responder)
    assert (kept.role, kept.email) == ("responder", "rob@northwind.example")


def test_a_viewer_changes_nothing(organisation: Organisation) -> None:
    page = opened(organisation.viewer)
    call(page, "save", form=FORM)
    assert page.notice.text.startswith("Viewers only read.")
    call(page, "change_password", form={"old_password": "x", "new_password": "another long password"})
    assert people.own_profile(organisation.viewer).name == "Vera Novak"


def test_a_wrong_old_password_is_told_beside_its_field(organisation: Organisation) -> None:
    with_one = person(organisation.system, "Pia", Role.RESPONDER, password="correct horse battery")
    for who, said in ((with_one, "Old password is wrong."), (organisation.responder, "You have no password here. Ask an admin for a")):
        page = opened(who)
        call(page, "change_password", form={"old_password": "guess", "new_password": "another long password"})
        assert page.errors["old_password"].startswith(said)
        assert page.saved == 0


def test_another_browser_is_signed_out(organisation: Organisation) -> None:
    page = opened(organisation.responder)
    other = begin_session(organisation.responder)
    assert other.actor.session_id is not None
    call(page, "end_session", session_id=other.actor.session_id.hex)
    assert sessions.actor_for_token(other.token) is None
    assert [one.is_current for one in page.sessions] == [True]


@pytest.mark.parametrize("session_id", ["", "nonsense", "0" * 32])
def test_a_session_that_is_not_there_is_told(organisation: Organisation, session_id: str) -> None:
    page = opened(organisation.responder)
    call(page, "end_session", session_id=session_id)
    assert page.notice.text == "There is no such session any more."


def test_somebody_elses_session_is_not_there(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    for somebody in (organisation.responder, organisation.stranger):
        other = begin_session(somebody)
        assert other.actor.session_id is not None
        call(page, "end_session", session_id=other.actor.session_id.hex)
        assert page.notice.text == "There is no such session any more."
        assert sessions.actor_for_token(other.token) is not None


def test_how_one_is_told_of_what_is_kept_and_shown(organisation: Organisation) -> None:
    page = opened(organisation.responder)
    call(page, "save_wishes", form={"told_mention": "email", "quiet_from": "22:00", "quiet_until": "07:00"})
    assert (page.notice.text, page.notice.tone) == ("Saved.", "good")
    assert [(wish.reason, wish.told_by) for wish in page.wishes.each if wish.told_by != "both"] == [("mention", "email")]
    assert (page.wishes.quiet_from, page.wishes.quiet_until) == ("22:00", "07:00")
    call(page, "save_wishes", form={"told_mention": "inbox", "quiet_from": "22:00", "quiet_until": ""})
    assert page.errors["quiet_until"] == "Quiet hours need both times. Leave both empty for none."
    assert [(wish.reason, wish.told_by) for wish in page.wishes.each if wish.told_by != "both"] == [("mention", "email")]


@pytest.mark.parametrize("form", [{"told_mention": None}, {"told_mention": ["inbox"]}, {"quiet_from": 7, "quiet_until": {}}])
def test_wishes_that_no_page_sends_are_refused(organisation: Organisation, form: dict[str, Any]) -> None:
    page = opened(organisation.responder)
    call(page, "save_wishes", form=form)
    assert page.notice.tone == "bad"
