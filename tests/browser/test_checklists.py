"""The checklist of an incident: ticked by the keyboard before somebody else, and shown when one resolves."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.columns import new_id
from models.vocabulary import Role
from services import catalog, declaring
from tests.fixtures.northwind import Northwind


def test_a_checklist_is_worked_by_keyboard_before_another_page(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    with northwind.database():
        made = catalog.create(northwind.actors[Role.MANAGER], f"Shop {new_id().hex}", checklist=["Look at the pool", "Call the bank"])
        number = declaring.declare(northwind.actors[Role.RESPONDER], "The shop is slow", "high").incident.number
    rob, mina = (as_person(northwind, role, f"/incidents/{number}") for role in (Role.RESPONDER, Role.MANAGER))
    rob.get_by_role("button", name="Set service").press("Enter")
    dialog = rob.get_by_role("dialog", name=f"Service of {number}")
    dialog.get_by_label("What is broken?").select_option(made.id.hex)
    dialog.get_by_role("button", name="Save").click()
    rail = mina.get_by_role("complementary")
    expect(rail).to_contain_text("Checklist 0 of 2")
    box = rob.get_by_role("checkbox", name=re.compile("Look at the pool"))
    box.focus()
    rob.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(rail).to_contain_text("Checklist 1 of 2")
    expect(mina.get_by_role("checkbox", name=re.compile("Look at the pool.*Rob Lindqvist"))).to_be_checked()
    expect(mina.get_by_role("log", name="Timeline")).to_contain_text("Rob Lindqvist ticked Look at the pool")
    mina.get_by_role("button", name="More").first.click()
    mina.get_by_role("button", name="Resolve…").click()
    dialog = mina.get_by_role("dialog")
    expect(dialog).to_contain_text("1 item of the checklist is not ticked.")
    expect(dialog.get_by_role("listitem")).to_have_text(["Call the bank"])
    dialog.get_by_label("What fixed it?").fill("It was nothing")
    dialog.get_by_label("Cause").select_option("False alarm")
    dialog.get_by_role("button", name="Resolve").click()
    expect(rob.get_by_role("log", name="Timeline")).to_contain_text("cause: False alarm")
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]
