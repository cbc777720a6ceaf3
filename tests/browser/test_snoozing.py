"""An incident is snoozed in the list and on its page, by keys, before two people."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind


def test_a_snooze_by_keys_is_seen_by_others_and_ended(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    number = northwind.fire("snooze-me", title="Nightly export slower than two hours")
    rob, mina = as_person(northwind, Role.RESPONDER, "/incidents?view=now"), as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    link = rob.get_by_role("link", name=f"{number} Nightly export")
    link.focus()
    rob.keyboard.press("z")
    dialog = rob.get_by_role("dialog", name=f"Snooze {number}")
    expect(dialog.get_by_role("listitem")).to_have_count(5)
    field = dialog.get_by_label("Or until when?")
    field.fill("soon")
    field.press("Enter")
    expect(dialog).to_contain_text("“soon” is no time.")
    field.fill("2 days")
    field.press("Enter")
    expect(dialog).to_be_hidden()
    expect(rob.get_by_role("status")).to_contain_text(f"{number} is snoozed until ")
    expect(rob.get_by_role("listitem").filter(has_text=number)).to_contain_text("Snoozed")

    chip = mina.get_by_text("Snoozed until ", exact=False).and_(mina.locator(".state"))
    expect(chip).to_be_visible()
    expect(mina.get_by_role("log", name="Timeline")).to_contain_text("Rob Lindqvist snoozed it until ")
    mina.get_by_role("button", name="End snooze").click()
    expect(chip).to_have_count(0)
    mina.keyboard.press("z")
    first = mina.get_by_role("dialog").get_by_role("button", name="30 min")
    expect(first).to_be_focused()
    mina.keyboard.press("Enter")
    expect(chip).to_be_visible()
    mina.get_by_role("button", name="Undo").click()
    expect(chip).to_have_count(0)
    expect(mina.get_by_role("status")).to_contain_text(f"{number} is not snoozed any more.")

    vera = as_person(northwind, Role.VIEWER, f"/incidents/{number}")
    beside = mina.get_by_role("complementary")
    vera.get_by_role("button", name="Follow", exact=True).click()
    expect(vera.get_by_role("button", name="Unfollow")).to_be_visible()
    expect(beside).to_contain_text("Vera Novak")
    expect(beside.get_by_role("heading", name="Calls")).to_contain_text("again at ")
