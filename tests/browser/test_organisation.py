"""The organisation's settings by the keyboard, and what another admin sees of it at once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

PAGE = "/settings/organisation"
NOBODY = "Nobody is on call by default."


def test_an_admin_sets_who_is_on_call_and_another_page_shows_it_at_once(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    page, other = as_person(northwind, Role.ADMIN, PAGE), as_person(northwind, Role.ADMIN, PAGE)
    expect(other.get_by_text(NOBODY, exact=True)).to_be_visible()
    other.get_by_label("Causes").fill("Typed, and not yet saved")
    page.get_by_label("On call by default").focus()
    page.keyboard.type("Rob")
    page.get_by_label("Critical").first.fill("0")
    page.get_by_label("Ask for a status after").fill("soon")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Not saved: see the fields that are marked.")
    expect(page.get_by_text("The reminder of critical incidents must come after 1 to 1,440 whole minutes.")).to_be_visible()
    expect(page.get_by_text("The days after which a status is asked for must be a number from 1 to 365, or 0 for never.")).to_be_visible()
    page.get_by_label("Critical").first.fill("2")
    page.get_by_label("Ask for a status after").fill("14")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_text(NOBODY, exact=True)).to_have_count(0)
    expect(other.get_by_label("On call by default").locator("option:checked")).to_have_text("Rob Lindqvist (@rob)")
    expect(other.get_by_label("Critical").first).to_have_value("2")
    expect(other.get_by_label("Causes")).to_have_value("Typed, and not yet saved")
    expect(other.get_by_role("status")).to_contain_text("changed elsewhere just now")
    page.reload()
    expect(page.get_by_label("Ask for a status after")).to_have_value("14")
    page.get_by_label("On call by default").select_option("")
    page.get_by_label("Ask for a status after").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NOBODY, exact=True)).to_be_visible()
    expect(other.get_by_label("Ask for a status after")).to_have_value("")
    assert page.complaints == other.complaints == []  # type: ignore[attr-defined]
