"""The page of the API keys: only admins see it, a key is shown once, and one that is revoked is dead."""

import asyncio
from typing import Any

from app.states.api_keys import ApiKeys
from models.vocabulary import Role
from services import api_keys
from services.access import Actor
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, open_tab


def opened(actor: Actor) -> Any:
    page = open_tab(ApiKeys, begin_session(actor).token, url="http://localhost/settings/api-keys")
    asyncio.run(ApiKeys.event_handlers["load"].fn(page))
    return page


def call(page: Any, name: str, **given: Any) -> Any:
    return asyncio.run(ApiKeys.event_handlers[name].fn(page, **given))


def test_a_new_key_works_and_is_shown_until_its_dialog_is_closed(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_key", wanted=True)
    call(page, "make", form={"name": " Deploy  bot ", "role": "responder", "expires_at": ""})
    assert not page.is_making
    actor = api_keys.actor_for_key(page.token)
    assert actor is not None
    assert (actor.name, actor.role, page.token_for) == ("Deploy bot", Role.RESPONDER, "Deploy bot")
    assert [(row.name, row.role, row.made_by) for row in page.rows] == [("Deploy bot", "responder", "Alice Moreau")]
    call(page, "close_token", wanted=False)
    assert page.token == ""


def test_a_refused_key_leaves_the_dialog_open_with_a_sentence_at_its_field(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_key", wanted=True)
    right = {"name": "Bot", "role": "viewer", "expires_at": ""}
    for field, wrong in (("name", ""), ("role", "king"), ("expires_at", "tomorrow"), ("expires_at", "2020-01-01")):
        call(page, "make", form=right | {field: wrong})
        assert page.is_making
        assert {name for name, sentence in page.errors.items() if sentence} == {field}
    assert page.rows == [] == api_keys.keys(organisation.admin)


def test_a_key_is_revoked_after_one_was_asked(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "make", form={"name": "Bot", "role": "viewer"})
    token = page.token
    (row,) = page.rows
    call(page, "ask_to_revoke", key_id=row.id)
    assert (page.revoking, page.revoking_name) == (row.id, "Bot")
    assert api_keys.actor_for_key(token) is not None
    call(page, "set_revoking", wanted=False)
    assert page.revoking == ""
    call(page, "revoke", key_id=row.id)
    assert api_keys.actor_for_key(token) is None
    assert [row.state for row in page.rows] == ["revoked"]
    for name in ("ask_to_revoke", "revoke"):
        call(page, name, key_id=row.id)
        assert (page.revoking, page.notice.text) == ("", "There is no such key any more.")


def test_a_key_of_another_organisation_is_not_there(organisation: Organisation) -> None:
    theirs = api_keys.create(organisation.stranger, "Theirs", Role.VIEWER)
    page = opened(organisation.admin)
    assert page.rows == []
    for given in (theirs.id.hex, "no id"):
        call(page, "revoke", key_id=given)
        assert page.notice.text == "There is no such key any more."
    assert api_keys.actor_for_key(theirs.token) is not None


def test_others_see_no_keys_and_make_none(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        page = opened(actor)
        assert (page.rows, page.notice.text) == ([], "Only admins may do this.")
        call(page, "make", form={"name": "Mine", "role": "viewer"})
        call(page, "revoke", key_id=key.id.hex)
        assert page.token == ""
    assert [one.id for one in api_keys.keys(organisation.admin)] == [key.id]
