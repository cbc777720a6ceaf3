"""An admin connects a room and a webhook, tries them, and sees what an incident sends to them."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind
from tests.fixtures.receivers import Receiver, new_receiver

__all__ = ["new_receiver"]

AsPerson = Callable[..., Page]
PAGE = "/settings/channels"


def test_a_room_and_a_webhook_from_their_making_to_their_end(
    northwind: Northwind, as_person: AsPerson, new_receiver: Callable[..., Receiver]
) -> None:
    room, board = new_receiver(), new_receiver()
    page, other = as_person(northwind, Role.ADMIN, PAGE), as_person(northwind, Role.ADMIN, PAGE)
    page.get_by_role("button", name="Slack or Mattermost").first.click()
    dialog = page.get_by_role("dialog", name="New channel in Slack or Mattermost")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("#ops")
    dialog.get_by_label("Address of the incoming webhook").fill("http://169.254.169.254/latest")
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_text("Tocsin calls public addresses only")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_have_value("#ops")
    dialog.get_by_label("Address of the incoming webhook").fill(room.url)
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)

    room.answers = [(200, {}, "ok")]
    page.get_by_role("button", name="Send a test: #ops").click()
    expect(page.get_by_role("status").filter(has_text="The test arrived. It answered 200: ok.")).to_be_visible()
    assert room.taken[0].json["text"].startswith("🔔 *Test* of the channel #ops")

    page.get_by_role("button", name="Webhook", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="New webhook")
    dialog.get_by_label("Name").fill("Status board")
    dialog.get_by_label("Address").fill(board.url)
    dialog.get_by_label("Commented").uncheck()
    dialog.get_by_role("button", name="Make").click()
    shown = page.get_by_role("dialog", name="The secret of Status board")
    assert shown.get_by_role("region", name="Signing secret").inner_text().startswith("whsec_")
    shown.get_by_role("button", name="Done").click()

    board.answers = [(503, {}, "away"), 204]
    number = northwind.fire("channels", title="Board is dark")
    card = other.get_by_role("listitem").filter(has=other.get_by_role("heading", name="Status board"))
    expect(card.get_by_text("It answered 503: away.")).to_be_visible()
    expect(other.get_by_role("row", name=re.compile(f"#ops {number} opened sent 1"))).to_be_visible()
    expect(other.get_by_role("row", name=re.compile(f"Status board {number} opened sent 2"))).to_be_visible(timeout=15_000)
    expect(card.get_by_text("It answered 503")).to_have_count(0)
    assert [taken.json["data"]["incident"]["number"] for taken in board.taken] == [number, number]
    assert board.taken[0].id == board.taken[1].id

    for name in ("#ops", "Status board"):
        page.get_by_role("button", name=f"Remove: {name}").click()
        question = page.get_by_role("alertdialog", name=f"Remove {name}?")
        question.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("heading", name=name)).to_have_count(0)
    expect(other.get_by_role("heading", name="Nothing outside is told of incidents yet")).to_be_visible()
    assert page.complaints == other.complaints == []  # type: ignore[attr-defined]
