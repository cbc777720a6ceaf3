"""One incident before two people who see each other, from its declaration to its end, through a restart and without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
NO_CONNECTION = re.compile("WebSocket connection to|ERR_CONNECTION_REFUSED|status of 50[234]")


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Timeline")


def said(page: Page) -> Locator:
    return page.get_by_role("status")


def step(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


def unread(page: Page, count: int) -> None:
    expect(page.get_by_role("link", name=f"Inbox, {count} unread").locator("visible=true").first).to_be_visible()


def hand_over_and_end(mina: Page, rob: Page) -> None:
    """Mina gives it to Rob, who ends it."""
    mina.get_by_role("button", name="Assign", exact=True).locator("visible=true").first.tap()
    mina.get_by_role("dialog").get_by_role("button", name="Rob Lindqvist").tap()
    unread(rob, 1)
    step(rob, "Start investigating").click()
    expect(log(mina)).to_contain_text("Rob Lindqvist is investigating")
    step(rob, "Resolve…").click()
    rob.get_by_role("dialog").get_by_label("What fixed it?").fill("Renewed the certificate")
    rob.keyboard.press("Control+Enter")
    expect(said(rob)).to_contain_text("Resolved after")
    expect(log(mina)).to_contain_text("Renewed the certificate")
    expect(step(mina, "Reopen…")).to_be_visible()


def test_two_people_work_one_incident(new_northwind: Callable[..., Northwind], as_person: Callable[..., Page]) -> None:
    northwind = new_northwind()
    northwind.fire("other", title="Disk of reports is full")
    rob = as_person(northwind, Role.RESPONDER, "/incidents", viewport={"width": 1440, "height": 900})
    mina = as_person(northwind, Role.MANAGER, "/incidents", **PHONE)
    for page in (rob, mina):
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        page.evaluate("window.isTheSame = true")

    # Rob opens it by keyboard; it comes to Mina's list
    rob.keyboard.press("c")
    expect(rob.get_by_label("What is broken?")).to_be_focused()
    rob.keyboard.type("Payment gateway refuses cards")
    rob.keyboard.press("Control+Enter")
    expect(rob.get_by_role("heading", level=1, name="Payment gateway refuses cards")).to_be_visible()
    expect(rob).to_have_url(re.compile("/incidents/INC-2$"))
    mina.get_by_role("link", name=re.compile("INC-2 Payment gateway")).click()
    expect(mina.get_by_role("heading", level=1, name="Payment gateway refuses cards")).to_be_visible()

    beside = rob.get_by_role("complementary").get_by_role("listitem").filter(has_text="Mina Okafor")
    expect(beside.filter(has_text="looking now").first).to_be_visible()

    # Rob gives it to Mina, who is told, and takes it
    rob.get_by_role("button", name="Assign", exact=True).first.click()
    rob.get_by_role("dialog").get_by_role("button", name="Mina Okafor").click()
    expect(said(rob)).to_contain_text("Mina Okafor has INC-2 now.")
    unread(mina, 1)
    step(mina, "Acknowledge").tap()
    expect(log(rob)).to_contain_text("Mina Okafor acknowledged")

    # Rob asks her something by name
    comment = rob.get_by_role("textbox", name="Comment")
    comment.focus()
    rob.keyboard.type("@mi")
    expect(rob.get_by_role("option", name=re.compile("Mina Okafor"))).to_be_visible()
    rob.keyboard.press("Enter")
    rob.keyboard.type("is it the **certificate**?")
    rob.keyboard.press("Control+Enter")
    expect(log(mina).locator("strong")).to_have_text("certificate")
    unread(mina, 2)

    # the server goes in the middle of a sentence, and comes back
    comment.focus()
    rob.keyboard.type("It expired at ")
    expect(mina.get_by_text("Rob Lindqvist is writing…").first).to_be_attached()
    mina.get_by_role("button", name="Write on the timeline").tap()
    mina.get_by_role("dialog").get_by_role("textbox").fill("Yes: it expired at midnight")
    northwind.server.stop()
    for page in (rob, mina):
        expect(page.locator("html")).not_to_have_attribute("data-connection", "live")
    rob.keyboard.type("mid")
    northwind.server.start()
    for page in (rob, mina):
        expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=30_000)
    expect(beside.filter(has_text="looking now").first).to_be_visible()
    rob.keyboard.type("night")
    expect(comment).to_have_value("It expired at midnight")
    mina.get_by_role("button", name="Write on the timeline").tap()  # the restart has closed her dialog, and kept her words
    expect(mina.get_by_role("dialog").get_by_role("textbox")).to_have_value("Yes: it expired at midnight")
    mina.get_by_role("dialog").get_by_role("button", name="Comment").tap()
    expect(log(rob)).to_contain_text("Yes: it expired at midnight")
    expect(comment).to_have_value("It expired at midnight")

    hand_over_and_end(mina, rob)
    for page in (rob, mina):
        assert page.evaluate("window.isTheSame"), "the page was loaded anew"
        assert [one for one in page.complaints if not NO_CONNECTION.search(one)] == []  # type: ignore[attr-defined]
