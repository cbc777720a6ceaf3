"""What is said covers no control, focus comes back from dialogs, and a dialog says what came of it with the words still in it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

LAPTOPS = [(1024, 768), (1280, 720), (1280, 800), (1366, 768), (1440, 900)]
PHONES = [(390, 844), (600, 900), (760, 900)]

ON_TOP = """node => {
    const { left, top, width, height } = node.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    return node === hit || node.contains(hit);
}"""
OVERLAPS = """([one, other]) => {
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    return b.width > 0 && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""


@pytest.fixture
def number(northwind: Northwind, request: pytest.FixtureRequest) -> str:
    """A new incident with a timeline that fills the page."""
    number = northwind.fire(request.node.name)
    northwind.write_lines(number, 12)
    return number


def seen(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


@pytest.mark.parametrize("size", [*LAPTOPS, *PHONES])
def test_what_is_said_covers_no_control_and_is_covered_by_none(
    northwind: Northwind, as_person: Callable[..., Page], number: str, size: tuple[int, int]
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", viewport={"width": size[0], "height": size[1]})
    step = page.locator("[data-next-step]").locator("visible=true")
    expect(step).to_contain_text("Acknowledge")
    comment = page.locator(".composer .send")
    page.get_by_role("textbox", name="Comment").fill("Seen")
    comment.scroll_into_view_if_needed()
    step.click()
    said = page.locator(".said")
    expect(said).to_contain_text(f"Acknowledged. {number} is yours.")
    said.hover()  # what the pointer rests on stays
    for name in ("Undo", "Dismiss"):
        assert said.get_by_role("button", name=name).evaluate(ON_TOP), name
    longest = "Not acknowledged: Wilhelmina Aleksandra Okafor-Lindqvist was first, at 03:07."
    for words in (None, longest):
        if words:
            said.locator("span").first.evaluate("(node, words) => { node.textContent = words; }", words)
        assert said.locator("span").first.evaluate(ON_TOP)
        assert comment.evaluate(ON_TOP)
        assert step.evaluate(ON_TOP)
        for control in page.locator(".view :is(a, button, textarea):not(.said *)").locator("visible=true").all():
            covered = page.evaluate(OVERLAPS, [said.element_handle(), control.element_handle()])
            assert not covered or size in PHONES, control.evaluate("node => node.outerHTML")[:200]
    box = comment.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("[data-type=comment]").filter(has_text="Seen")).to_have_count(1)
    expect(step).to_contain_text("Start investigating")


def test_on_a_phone_new_incidents_wait_below_what_is_said(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    northwind.fire(request.node.name)
    page = as_person(northwind, Role.RESPONDER, "/incidents", viewport={"width": 390, "height": 844})
    expect(page.locator("[data-row]").first).to_be_visible()
    page.evaluate("""() => {
        const fresh = document.createElement('button');
        fresh.className = 'fresh'; fresh.textContent = '1 new';
        document.querySelector('.view').append(fresh);
        const said = document.createElement('div');
        said.className = 'said'; said.innerHTML = '<span>Not acknowledged: Mina Okafor was first, at 03:07.</span><button>Undo</button>';
        document.querySelector('.statusline').append(said);
    }""")
    fresh, said = page.locator(".fresh"), page.locator(".said")
    assert not page.evaluate(OVERLAPS, [said.element_handle(), fresh.element_handle()])
    assert fresh.evaluate(ON_TOP)
    assert said.evaluate(ON_TOP)


def test_focus_comes_back_to_the_row(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, "/incidents")
    row = page.locator(f"[data-row={number}]")
    row.focus()
    for key in ("r", "m"):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(row).not_to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row).to_be_focused()


def test_focus_comes_back_on_the_incident(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    dialog = page.get_by_role("dialog")
    step = page.locator("[data-next-step]").locator("visible=true")
    expect(step).to_contain_text("Acknowledge")
    page.keyboard.press("s")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Critical")).to_be_focused()
    step.focus()
    page.keyboard.press("r")
    dialog.get_by_label("What fixed it?").fill("Rolled back")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(step).to_contain_text("Reopen…")
    expect(step).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Why?").fill("It is back")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(step).to_contain_text("Acknowledge")
    expect(step).to_be_focused()


def test_what_a_dialog_says_against_a_text_goes_with_the_next_change(
    northwind: Northwind, as_person: Callable[..., Page], number: str
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    expect(page.locator("[data-next-step]").locator("visible=true")).to_be_visible()
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("What fixed it?")
    wrong = dialog.get_by_text("Write what fixed it: one sentence is enough.")
    dialog.get_by_role("button", name="Resolve").click()
    expect(wrong).to_be_visible()
    expect(dialog.get_by_role("alert").locator("svg")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    red = dialog.locator(".rt-TextAreaRoot").evaluate("node => getComputedStyle(node).boxShadow")
    field.fill("Rolled")
    expect(wrong).to_be_hidden()
    assert dialog.locator(".rt-TextAreaRoot").evaluate("node => getComputedStyle(node).boxShadow") != red
    page.reload()
    expect(field).to_have_value("Rolled")
    expect(wrong).to_be_hidden()
    field.fill(" ")
    dialog.get_by_role("button", name="Resolve").click()
    expect(wrong).to_be_visible()


def test_who_was_first_is_said_in_the_dialog_and_the_words_become_a_comment(
    northwind: Northwind, as_person: Callable[..., Page], number: str
) -> None:
    rob, mina = (as_person(northwind, role, f"/incidents/{number}") for role in (Role.RESPONDER, Role.MANAGER))
    for page, words in ((rob, "Rolled back"), (mina, "Raised the limit")):
        expect(page.locator("[data-next-step]").locator("visible=true")).to_be_visible()
        page.keyboard.press("r")
        page.get_by_role("dialog").get_by_label("What fixed it?").fill(words)
    rob.keyboard.press("Control+Enter")
    dialog = mina.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"Rob Lindqvist resolved it at \d\d:\d\d\."))
    expect(dialog.get_by_label("What fixed it?")).to_have_value("Raised the limit")
    dialog.get_by_role("button", name="Comment").click()
    expect(dialog).to_have_count(0)
    expect(rob.locator("[data-type=comment]").filter(has_text="Raised the limit")).to_have_count(1)
    mina.reload()
    expect(mina.get_by_role("heading", level=1)).to_be_visible()
    assert "Raised the limit" not in mina.evaluate("JSON.stringify(localStorage)")
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_the_lists_dialog_says_who_was_first_and_keeps_the_words(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, "/incidents")
    mina.locator(f"[data-row={number}]").focus()
    mina.keyboard.press("r")
    dialog = mina.get_by_role("dialog")
    dialog.get_by_label("What fixed it?").fill("Raised the limit")
    expect(rob.locator("[data-next-step]").locator("visible=true")).to_be_visible()
    rob.keyboard.press("r")
    rob.get_by_role("dialog").get_by_label("What fixed it?").fill("Rolled back")
    rob.keyboard.press("Control+Enter")
    expect(rob.locator("[data-next-step]").locator("visible=true")).to_contain_text("Reopen…")
    mina.keyboard.press("Control+Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Not resolved: Rob Lindqvist resolved it at ")
    expect(dialog.get_by_label("What fixed it?")).to_have_value("Raised the limit")
    dialog.get_by_role("button", name="Comment").click()
    expect(dialog).to_have_count(0)
    expect(rob.locator("[data-type=comment]").filter(has_text="Raised the limit")).to_have_count(1)


def test_headings_and_turned_writing_in_texts_leave_the_page_in_order(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    turned = "Pool \u202ellluf si"
    number = northwind.fire(request.node.name, title=turned, description="# Hi\n\nIt is full.")
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", bypass_csp=True)
    page.get_by_role("textbox", name="Comment").fill("# Hello\n\n### Deeper")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("article").get_by_role("heading", name="Hello")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    parts = page.locator(".say b, .say small, .say > span").all()
    assert parts
    assert {part.evaluate("node => getComputedStyle(node).unicodeBidi") for part in parts} == {"isolate"}
