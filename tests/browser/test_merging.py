"""Two incidents become one and part again, before two people."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind


def test_an_incident_becomes_part_of_another_one_and_is_split_out_again(northwind: Northwind, as_person: Callable[..., Page]) -> None:
    first = northwind.fire("merge-first", title="Payment gateway refuses cards")
    second = northwind.fire("merge-second", title="Checkout cannot reach the gateway")
    rob, mina = as_person(northwind, Role.RESPONDER, f"/incidents/{second}"), as_person(northwind, Role.MANAGER, f"/incidents/{first}")
    expect(mina.get_by_role("complementary")).to_contain_text("says “gateway”")

    rob.get_by_role("button", name="More").click()
    rob.get_by_role("button", name="Merge…").click()
    dialog = rob.get_by_role("dialog")
    field = dialog.get_by_label("Which incident is it part of?")
    expect(field).to_be_focused()
    field.press_sequentially("refuses cards")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    field.press("Enter")
    expect(dialog).to_be_hidden()
    expect(rob.get_by_role("status")).to_contain_text(f"{second} is part of {first} now. Nobody has acknowledged {first} yet.")
    merged = rob.get_by_role("region", name="Merged")
    expect(merged).to_contain_text(f"Merged into {first} Payment gateway refuses cards")
    expect(merged).to_contain_text("What is written here stands here alone")
    expect(rob.get_by_role("link", name=f"Go to {first}")).to_be_visible()
    expect(rob.get_by_role("button", name="Acknowledge")).to_have_count(0)
    timeline = mina.get_by_role("log", name="Timeline")
    expect(timeline).to_contain_text(f"Rob Lindqvist merged {second} Checkout cannot reach the gateway into this incident")
    expect(mina.get_by_role("complementary")).to_contain_text("2 firing of 2")

    rob.get_by_role("button", name="Undo").click()
    expect(rob.get_by_role("status")).to_contain_text(f"{second} is by itself again, as it was before.")
    expect(merged).to_have_count(0)
    mina.get_by_role("button", name=f"Merge {second} into this").click()
    mina.get_by_role("button", name="Acknowledge").click()
    expect(rob.get_by_role("log", name="Timeline")).to_contain_text("Mina Okafor acknowledged")
    northwind.stop("merge-second", title="Checkout cannot reach the gateway")
    northwind.fire("merge-second", title="Checkout cannot reach the gateway")
    expect(timeline).to_contain_text("Alert fired again: Checkout cannot reach the gateway")

    mina.goto("/incidents")
    row = mina.get_by_role("listitem").filter(has_text="Payment gateway refuses cards")
    expect(row).to_contain_text("+1 merged")
    expect(mina.get_by_role("link", name=f"{second} Checkout cannot")).to_have_count(0)
    mina.goto(f"/incidents?q={second}")
    expect(mina.get_by_role("listitem").filter(has_text="Checkout cannot reach")).to_contain_text(f"merged into {first}")

    rob.get_by_role("link", name=f"Go to {first}").click()
    rob.get_by_role("button", name="More").click()
    rob.get_by_role("button", name="Split…").click()
    rob.get_by_role("dialog").get_by_label("Payment gateway refuses cards").check()
    rob.get_by_role("dialog").get_by_role("button", name="Split").click()
    expect(rob.get_by_role("status")).to_contain_text("has it now.")
    rob.get_by_role("button", name=f"Split {second} out").click()
    expect(rob.get_by_role("status")).to_contain_text(f"{second} goes its own way again. It is acknowledged.")
    expect(rob.get_by_role("complementary")).not_to_contain_text("Merged into this")
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]
