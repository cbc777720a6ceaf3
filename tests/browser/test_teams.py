"""A team is made by the keyboard, and stands at once on the page of whoever else looks."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

PAGE = "/settings/teams"


def test_a_manager_makes_a_team_by_keyboard_and_a_viewer_sees_it_come(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    page, other = as_person(northwind, Role.MANAGER, PAGE), as_person(northwind, Role.VIEWER, PAGE)
    expect(other.get_by_role("button", name="New team")).to_have_count(0)
    page.get_by_role("button", name="New team").first.press("Enter")
    dialog = page.get_by_role("dialog", name="New team")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Payments")
    dialog.get_by_label("Handle").fill("rob")
    dialog.get_by_label("Who is in it").fill("vera")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_text("Somebody has the handle rob already.")).to_be_visible()
    expect(dialog.get_by_label("Vera Novak @vera")).to_be_checked()
    dialog.get_by_label("Handle").fill("pay")
    page.keyboard.press("Control+Enter")
    expect(other.get_by_role("row", name=re.compile("Payments @pay.*Vera Novak"))).to_be_visible()
    page.get_by_role("button", name="Edit Payments").press("Enter")
    dialog = page.get_by_role("dialog", name="Edit Payments")
    dialog.get_by_label("Vera Novak").uncheck()
    dialog.get_by_label("Rob Lindqvist").check()
    dialog.get_by_role("button", name="Save").click()
    expect(other.get_by_role("row", name=re.compile("Payments @pay.*Rob Lindqvist"))).to_be_visible()
    assert page.complaints == other.complaints == []  # type: ignore[attr-defined]
