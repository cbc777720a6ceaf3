"""The inbox and the bell: one person gives something to another, who is told at once, wherever they are in Tocsin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models.columns import new_id
from models.notifications import OutgoingMessage
from models.vocabulary import DeliveryStatus, Role
from services import comments, database, inbox, incidents
from services.live_updates import inbox_topic
from tests.fixtures.northwind import Northwind


@pytest.fixture
def nothing_unread(northwind: Northwind) -> None:
    """Rob and Mina have read all that other journeys told them."""
    with northwind.database():
        for role in (Role.RESPONDER, Role.MANAGER):
            inbox.mark_all(northwind.actors[role])


def bell(page: Page, count: int) -> None:
    expect(page.get_by_role("banner").get_by_role("link", name=f"Inbox, {count} unread" if count else "Inbox", exact=True)).to_be_visible()


def let_a_mail_fail(northwind: Northwind) -> None:
    """The newest that Rob was told of went by mail as well, and its mail was given up."""
    rob = northwind.actors[Role.RESPONDER]
    with northwind.database():
        newest = inbox.page(rob, limit=1).items[0]
        with database.write(rob.tenant_id) as tx:
            tx.insert(
                OutgoingMessage, id=new_id(), notification_id=newest.id, channel="email", channel_id=None, incident_id=newest.incident_id,
                event_id=None, kind="assignment", status=DeliveryStatus.FAILED, attempts=3, created_at=tx.now, sent_at=None,
                last_error="The mail server refuses the address: 550 no such user.",
            )  # fmt: skip
            tx.wake(inbox_topic(rob.id))


@pytest.mark.usefixtures("nothing_unread")
def test_who_is_given_an_incident_sees_the_bell_count_opens_it_and_has_read_it(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name, title="Pool is empty")
    mina, rob = as_person(northwind, Role.MANAGER, f"/incidents/{number}"), as_person(northwind, Role.RESPONDER, "/settings/teams")
    bell(rob, 0)
    mina.get_by_role("button", name="Assign").first.click()
    mina.get_by_role("dialog").get_by_role("button", name="Rob Lindqvist").click()
    bell(rob, 1)
    rob.get_by_role("banner").get_by_role("link", name="Inbox, 1 unread").click()
    row = rob.get_by_role("list", name="Inbox").get_by_role("listitem").first
    expect(row).to_contain_text("Mina Okafor gave you Pool is empty")
    expect(row).to_contain_text("It was assigned to you.")
    let_a_mail_fail(northwind)
    expect(row).to_contain_text("Mail not delivered, tried 3 times. The mail server refuses the address: 550 no such user.")
    with northwind.database():
        comments.add(northwind.actors[Role.MANAGER], number, "@rob can you look?")
    expect(row).to_contain_text("Mina Okafor mentioned you in Pool is empty")
    bell(rob, 2)
    rob.keyboard.press("j")
    rob.keyboard.press("e")
    bell(rob, 1)
    rob.keyboard.press("e")
    bell(rob, 2)
    rob.keyboard.press("Enter")
    expect(rob.get_by_role("log", name="Timeline").locator("[data-linked]")).to_contain_text("can you look?")
    bell(rob, 0)
    assert mina.complaints == rob.complaints == []  # type: ignore[attr-defined]


@pytest.mark.usefixtures("nothing_unread")
def test_a_browser_that_was_asked_to_tells_of_what_comes_while_it_is_out_of_sight(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name, title="Pool is empty")
    rob = as_person(northwind, Role.RESPONDER, "/settings/profile")
    rob.evaluate("""() => {
        window.told = [];
        window.Notification = class { static permission = "default";
          static async requestPermission() { return (Notification.permission = "granted"); }
          constructor(words) { told.push(words); } close() {} };
    }""")
    rob.get_by_role("button", name="Try it").click()
    expect(rob.get_by_text("Switch on one of the two first.")).to_be_visible()
    rob.get_by_label("Show a notification").check()
    expect(rob.get_by_label("Show a notification")).to_be_checked()
    rob.get_by_role("button", name="Try it").click()
    expect(rob.get_by_text("Sent: a notification.")).to_be_visible()
    assign = (northwind.actors[Role.MANAGER], number)
    with northwind.database():
        incidents.assign(*assign, northwind.actors[Role.RESPONDER].id)
    bell(rob, 1)
    rob.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    with northwind.database():
        incidents.assign(*assign, northwind.actors[Role.MANAGER].id)
        incidents.assign(*assign, northwind.actors[Role.RESPONDER].id)
    bell(rob, 3)
    said = rob.evaluate("told")
    assert said[0] == "This is how Tocsin tells you."
    assert said[1:], "nothing was told while the page was out of sight"
    assert all(f"{number}: Pool is empty" in words for words in said[1:])
    rob.reload()
    bell(rob, 3)
    assert rob.evaluate("localStorage.getItem('tocsin:alert:notify')") == "on"
