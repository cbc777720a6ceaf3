"""A service is made by the keyboard, with its checklist in order, and whoever else looks sees it come."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind


def test_a_manager_makes_a_service_by_keyboard_and_a_viewer_sees_it(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    page, other = as_person(northwind, Role.MANAGER, "/services"), as_person(northwind, Role.VIEWER, "/services")
    expect(other.get_by_role("button", name="New service")).to_have_count(0)
    page.get_by_role("button", name="New service").press("Enter")
    dialog = page.get_by_role("dialog", name="New service")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Payments API")
    dialog.get_by_label("Runbook").fill("javascript:alert(1)")
    lines = dialog.get_by_label("Response checklist")
    lines.fill("Call the bank\nLook at the pool\nTell support")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Alt+ArrowDown")
    expect(lines).to_have_value("Look at the pool\nCall the bank\nTell support")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    expect(lines).to_have_value("Look at the pool\nCall the bank\nTell support")
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_text("Runbook must be a web address")).to_be_visible()
    expect(lines).to_have_value("Look at the pool\nCall the bank\nTell support")
    dialog.get_by_label("Runbook").fill("https://wiki.example/payments")
    page.keyboard.press("Control+Enter")
    row = other.get_by_role("row").filter(has_text="Payments API")
    expect(row).to_contain_text(re.compile("Payments API.*3 things to do.*nobody's.*Runbook.*no incident"))
    row.get_by_text("3 things to do").click()
    expect(row.get_by_role("listitem")).to_have_text(["Look at the pool", "Call the bank", "Tell support"])
    page.get_by_role("button", name="Archive Payments API").click()
    expect(other.get_by_role("table", name="Archived services").get_by_role("row", name=re.compile("Payments API"))).to_be_visible()
    assert page.complaints == other.complaints == []  # type: ignore[attr-defined]
