"""Lines of a timeline on two pages at once: edited, pinned, hidden, moved and deleted by menu and by keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind


def line(page: Page, seq: int) -> Locator:
    return page.locator(f"#event-{seq}")


def menu(page: Page, seq: int) -> Locator:
    """The menu of a line, opened by the keyboard from the time of the line once the dialog before is gone."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    line(page, seq).locator("time a").focus()
    page.keyboard.press("Tab")
    while "Actions on line" not in (page.evaluate("document.activeElement.ariaLabel") or ""):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile(f"Line {seq}, "))
    expect(dialog).to_be_visible()
    return dialog


@pytest.fixture
def two(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> tuple[Page, Page]:
    """A new incident with Rob's comment as its second line, open before Rob, and before Mina on a phone."""
    number = northwind.fire(request.node.name)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}", viewport={"width": 390, "height": 844}, has_touch=True)
    rob.get_by_role("textbox", name="Comment").fill("Pool of `checkout-db` is full")
    rob.keyboard.press("Control+Enter")
    for page in (rob, mina):
        expect(line(page, 2)).to_contain_text("Pool of checkout-db is full")
    return rob, mina


def test_a_line_is_changed_before_two_people(two: tuple[Page, Page]) -> None:
    rob, mina = two
    menu(rob, 2)
    rob.keyboard.press("e")
    text = rob.get_by_role("dialog", name="Edit your comment").get_by_label("Comment")
    expect(text).to_have_value("Pool of `checkout-db` is full")
    text.fill("Pool of **checkout-db** is *nearly* full")
    rob.keyboard.press("Control+Enter")
    expect(line(mina, 2).locator("em")).to_have_text("nearly")
    expect(line(mina, 2)).to_contain_text("1 earlier version")
    mina.get_by_role("button", name="1 earlier version").click()
    expect(mina.get_by_role("dialog", name="What line 2 said before")).to_contain_text("Pool of checkout-db is full")
    mina.keyboard.press("Escape")

    line(mina, 2).get_by_role("button", name="Actions on line 2").click()
    dialog = mina.get_by_role("dialog", name=re.compile("Line 2, "))
    expect(dialog.get_by_role("button", name="Edit…")).to_have_count(0)
    dialog.get_by_role("button", name="Pin above the timeline").click()
    expect(rob.get_by_role("region", name="Pinned lines")).to_contain_text("Rob Lindqvist: Pool of checkout-db is nearly full")
    expect(line(rob, 2)).to_contain_text("Pinned by Mina Okafor")

    menu(rob, 1)
    rob.keyboard.press("h")
    rob.get_by_role("dialog").get_by_label("Why?").fill("Another incident")
    rob.keyboard.press("Enter")
    expect(line(mina, 1)).to_contain_text("Hidden by Rob Lindqvist: Another incident")
    expect(line(mina, 1).get_by_text("Connection pool exhausted")).to_be_hidden()
    line(mina, 1).get_by_text("show").click()
    expect(line(mina, 1).get_by_text("Connection pool exhausted")).to_be_visible()
    for page in (rob, mina):
        assert Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"] == []
    rob.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(line(mina, 1)).not_to_contain_text("Hidden")

    rob.get_by_role("button", name="Add what happened earlier").click()
    dialog = rob.get_by_role("dialog", name="Add what happened earlier")
    dialog.get_by_label("What happened?").fill("Deployed 4.18.2")
    dialog.get_by_label("When?").fill("2036-01-01T10:00:00")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("must not lie in the future")
    expect(dialog.get_by_label("What happened?")).to_have_value("Deployed 4.18.2")
    dialog.get_by_label("When?").fill("2026-01-02T10:00:00")
    dialog.get_by_role("button", name="Add").click()
    expect(mina.get_by_role("log").locator("[data-seq]").first).to_contain_text("Deployed 4.18.2")
    expect(line(mina, 3)).to_contain_text("added")

    menu(rob, 2)
    rob.keyboard.press("d")
    rob.get_by_role("alertdialog").get_by_role("button", name="Delete comment").click()
    expect(line(mina, 2)).to_contain_text("Rob Lindqvist deleted this comment · 2 earlier versions")
    expect(mina.get_by_role("region", name="Pinned lines")).to_have_count(0)
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_what_is_written_is_shown_as_it_will_look_and_stays(two: tuple[Page, Page]) -> None:
    rob, mina = two
    comment, pane = rob.get_by_role("textbox", name="Comment"), rob.get_by_role("region", name="Preview")
    comment.fill("Pool is **full** <b>x</b>")
    comment.evaluate("field => field.setSelectionRange(4, 4)")
    rob.keyboard.press("Control+e")
    expect(pane.locator("strong")).to_have_text("full")
    expect(pane).to_contain_text("<b>x</b>")
    rob.keyboard.type(", INC-1,")
    expect(comment).to_have_value("Pool, INC-1, is **full** <b>x</b>")
    expect(pane.get_by_role("link", name="INC-1")).to_be_visible()
    assert Axe().run(rob, options={"resultTypes": ["violations"]}).response["violations"] == []
    button = rob.get_by_role("button", name="Preview")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(pane).to_be_hidden()
    expect(comment).to_be_focused()
    assert comment.evaluate("field => field.selectionStart") == len("Pool, INC-1,")
    rob.keyboard.press("Control+e")
    expect(pane).to_be_visible()
    rob.keyboard.press("Control+Enter")
    expect(line(mina, 3).locator("strong")).to_have_text("full")
    expect(comment).to_have_value("")
    expect(pane).to_be_hidden()
    mina.get_by_role("button", name="Write on the timeline").click()
    mina.get_by_role("dialog").get_by_role("textbox").fill("- [ ] drain")
    mina.get_by_role("dialog").get_by_role("button", name="Preview").click()
    expect(mina.get_by_role("dialog").get_by_role("checkbox", name="Not done")).to_be_visible()
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_a_comment_that_was_changed_in_another_tab_is_shown_beside_ones_own(
    northwind: Northwind, two: tuple[Page, Page], as_person: Callable[..., Page]
) -> None:
    rob, _ = two
    other = as_person(northwind, Role.RESPONDER, rob.url.removeprefix(northwind.server.address))
    for page, words in ((rob, "Mine is here"), (other, "Meanwhile there")):
        menu(page, 2)
        page.keyboard.press("e")
        page.get_by_role("dialog", name="Edit your comment").get_by_label("Comment").fill(words)
    other.keyboard.press("Control+Enter")
    expect(line(rob, 2)).to_contain_text("Meanwhile there")
    rob.keyboard.press("Control+Enter")
    dialog = rob.get_by_role("dialog", name="Edit your comment")
    expect(dialog.get_by_role("region", name="What the comment says by now")).to_have_text("Meanwhile there")
    expect(dialog.get_by_label("Comment", exact=True)).to_have_value("Mine is here")
    rob.keyboard.press("Control+Enter")
    expect(line(other, 2)).to_contain_text("Mine is here")
    expect(line(other, 2)).to_contain_text("2 earlier versions")


def test_a_line_is_linked_to_found_filtered_and_copied(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    northwind.write_lines(number, 250)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}?show=state#event-9")
    expect(line(rob, 9)).to_be_in_viewport()
    expect(line(rob, 9)).to_have_attribute("data-linked", "")
    expect(rob).to_have_url(f"{northwind.server.address}/incidents/{number}#event-9")  # the filter would leave it out

    rob.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line(rob, 9).locator("time a").focus()
    rob.keyboard.press("ArrowDown")
    expect(line(rob, 10).locator("time a")).to_be_focused()
    menu(rob, 9)
    rob.keyboard.press("p")
    menu(rob, 9)
    rob.keyboard.press("l")
    expect(rob.get_by_role("dialog")).to_have_count(0)
    assert rob.evaluate("navigator.clipboard.readText()") == f"{northwind.server.address}/incidents/{number}#event-9"

    rob.get_by_role("button", name="To the end").click()
    expect(line(rob, 251)).to_be_attached()
    expect(line(rob, 9)).to_have_count(0)
    rob.get_by_role("region", name="Pinned lines").get_by_role("link").click()
    expect(line(rob, 9)).to_be_in_viewport()

    rob.get_by_label("By whom").select_option("Checks")
    expect(rob.get_by_role("log").locator("[data-seq]")).to_have_count(1)
    assert "?by=" in rob.url
    rob.reload()
    expect(rob.get_by_role("log").locator("[data-seq]").first).to_be_visible()
    rob.get_by_role("button", name="Copy as text").click()
    expect(rob.get_by_role("button", name="Copied")).to_be_visible()
    copied = rob.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[:2] == [f"{number} Connection pool exhausted", "Times in Europe/Stockholm"]
    assert re.fullmatch(r"\[\d\d:\d\d\] 🚨 Alert fired: Connection pool exhausted", copied[4])
    assert len([one for one in copied if "of a long night" in one]) == 250
    assert rob.complaints == []  # type: ignore[attr-defined]
