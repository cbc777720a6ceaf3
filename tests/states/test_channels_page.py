"""The page of the channels: admins set them up, a secret is shown once, a test says what came back, and refusals stay in the dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.states.channels import Channels
from services import channels, settings
from services.access import Actor
from tests.fixtures.organisations import Organisation
from tests.fixtures.receivers import Receiver
from tests.fixtures.tabs import begin_session, call, follow, open_tab


@pytest.fixture
def database_url(new_database: Callable[[str], str]) -> str:
    """What the service does on both databases is in its own tests."""
    return new_database("sqlite")


@pytest.fixture(autouse=True)
def secret_key(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "k" * 40)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def opened(actor: Actor) -> Any:
    page = open_tab(Channels, begin_session(actor).token, url="http://localhost/settings/channels")
    asyncio.run(Channels.event_handlers["load"].fn(page))
    return page


def form(receiver: Receiver, *events: str, **texts: str) -> dict[str, Any]:
    """What the browser sends: the boxes that are ticked, and all texts."""
    return {"name": "Board", "url": receiver.url, "severity-critical": "on", **{f"event-{event}": "on" for event in events}, **texts}


def test_a_webhook_is_made_and_its_secret_shown_until_the_dialog_is_closed(organisation: Organisation, receiver: Receiver) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_channel", channel_id="", kind="webhook")
    assert page.is_editing
    assert (page.edited.kind_name, len(page.edited.events), len(page.edited.severities)) == ("Webhook", 9, 4)
    call(page, "save", form=form(receiver, "opened", "resolved"))
    assert (page.is_editing, page.secret_for) == (False, "Board")
    assert page.secret.startswith("whsec_")
    (row,) = page.rows
    assert (row.told, row.light) == ("Critical incidents: opened, resolved", "waiting")
    call(page, "close_secret", wanted=False)
    assert page.secret == ""


def test_a_chat_begins_with_what_matters_in_a_room_and_has_no_secret(organisation: Organisation, receiver: Receiver) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_channel", channel_id="", kind="slack")
    assert page.edited.events == ["opened", "acknowledged", "resolved", "reopened"]
    call(page, "save", form=form(receiver, "opened"))
    assert (page.secret, page.rows[0].kind, page.notice.text) == ("", "slack", "Board is there: send a test to see that it works.")
    call(page, "ask_for_channel", channel_id="", kind="pager")
    assert page.notice.text == "A kind is one of webhook, slack."


def test_what_is_refused_stays_in_the_dialog_at_its_field(organisation: Organisation, receiver: Receiver) -> None:
    page = opened(organisation.admin)
    call(page, "ask_for_channel", channel_id="", kind="webhook")
    for wrong, field in (
        (form(receiver, "opened", name=" "), "name"),
        (form(receiver, "opened", url="http://10.0.0.1/"), "url"),
        (form(receiver, "opened", url=""), "url"),
        (form(receiver), "events"),
        ({"name": "Board", "url": receiver.url, "event-opened": "on"}, "severities"),
    ):
        call(page, "save", form=wrong)
        assert page.is_editing
        assert {name for name, sentence in page.errors.items() if sentence} == {field}
    assert channels.list_all(organisation.admin) == []


def test_a_change_keeps_the_address_that_is_not_typed_again(organisation: Organisation, receiver: Receiver) -> None:
    made = channels.create(organisation.admin, "webhook", "Board", receiver.url).channel
    page = opened(organisation.admin)
    call(page, "ask_for_channel", channel_id=made.id.hex, kind="webhook")
    call(page, "save", form=form(receiver, "opened", name="Wall", url=""))
    assert (page.is_editing, page.rows[0].name, page.rows[0].place) == (False, "Wall", receiver.url.replace("/hook", "/…"))
    call(page, "switch", channel_id=made.id.hex, enabled=False)
    assert (page.rows[0].light, page.notice.text) == ("off", "Wall is off: it is told nothing, and not later either.")


def test_a_test_shows_what_came_back(organisation: Organisation, receiver: Receiver) -> None:
    made = channels.create(organisation.admin, "webhook", "Board", receiver.url).channel
    page = opened(organisation.admin)
    receiver.answers = [(200, {}, "ok"), (404, {}, "no such hook")]
    for said, went_well in (("It answered 200: ok.", True), ("It answered 404: no such hook.", False)):
        call(page, "send_test", channel_id=made.id.hex)
        assert (page.tested, page.test_said, page.test_went_well, page.testing) == (made.id.hex, said, went_well, "")


def test_a_secret_is_renewed_and_a_channel_removed_after_one_was_asked(organisation: Organisation, receiver: Receiver) -> None:
    made = channels.create(organisation.admin, "webhook", "Board", receiver.url)
    page = opened(organisation.admin)
    channel_id = made.channel.id.hex
    call(page, "ask", channel_id=channel_id, what="renew")
    assert (page.asking, page.about.name) == ("renew", "Board")
    call(page, "renew", channel_id=channel_id)
    assert page.asking == "" and page.secret not in ("", made.secret)
    assert page.rows[0].previous_secret_until
    call(page, "ask", channel_id=channel_id, what="remove")
    call(page, "set_asking", wanted=False)
    assert page.asking == "" and len(page.rows) == 1
    call(page, "remove", channel_id=channel_id)
    assert (page.rows, page.notice.text) == ([], "Board is removed.")
    for name, given in (("ask", {"what": "remove"}), ("remove", {}), ("renew", {}), ("switch", {"enabled": True})):
        call(page, name, channel_id=channel_id, **given)
        assert page.notice.text == "There is no such channel."
    told = page.notice.seq
    call(page, "send_test", channel_id=channel_id)
    assert (page.notice.text, page.notice.seq) == ("There is no such channel.", told + 1)


def test_others_see_no_channel_and_make_none(organisation: Organisation, receiver: Receiver) -> None:
    made = channels.create(organisation.admin, "webhook", "Board", receiver.url).channel
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        page = opened(actor)
        assert (page.rows, page.notice.text) == ([], "Only admins may do this.")
        call(page, "save", form=form(receiver, "opened"))
        call(page, "send_test", channel_id=made.id.hex)
        call(page, "remove", channel_id=made.id.hex)
    page = opened(organisation.stranger)
    call(page, "ask_for_channel", channel_id=made.id.hex, kind="webhook")
    assert (page.rows, page.is_editing, page.notice.text) == ([], False, "There is no such channel.")
    assert channels.list_all(organisation.admin) == [made]
    assert receiver.taken == []


@pytest.mark.usefixtures("open_sockets")
def test_a_channel_that_is_made_elsewhere_comes_by_itself(organisation: Organisation, receiver: Receiver) -> None:
    page = opened(organisation.admin)
    make = lambda: channels.create(organisation.admin, "webhook", "Board", receiver.url)  # noqa: E731
    assert follow(page, make, lambda: [row.name for row in page.rows] == ["Board"])
