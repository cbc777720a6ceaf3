"""Two people at one incident see each other, and who comes back sees what came meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

GONE_MS = 10_000
"""Within this time whoever left is not shown any more."""


def people(page: Page) -> Locator:
    return page.get_by_role("complementary").get_by_role("listitem")


def test_two_people_see_each_other_look_write_and_leave(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    expect(people(rob).filter(has_text="Rob Lindqvist you, looking now")).to_be_visible()
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    beside = people(rob).filter(has_text="Mina Okafor, looking now")
    expect(beside.locator(".av.here")).to_be_visible()
    expect(rob.get_by_role("complementary")).to_contain_text("2 looking now")
    mina.get_by_role("textbox", name="Comment").press_sequentially("It is the pool")
    expect(rob.get_by_text("Mina Okafor is writing…")).to_be_visible()
    expect(beside).to_contain_text("writing…")
    expect(mina.get_by_text("is writing…")).to_have_count(0)
    mina.keyboard.press("Control+Enter")
    expect(rob.get_by_role("log")).to_contain_text("It is the pool")
    expect(rob.get_by_text("Mina Okafor is writing…")).to_have_count(0)
    mina.context.close()
    expect(people(rob).filter(has_text="Mina Okafor")).to_have_count(0, timeout=GONE_MS)
    assert rob.complaints == []  # type: ignore[attr-defined]


def test_who_comes_back_finds_the_page_at_what_came_meanwhile(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    northwind.write_lines(number, 40)
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    expect(people(mina).filter(has_text="Mina Okafor you, looking now")).to_be_visible()  # the page knows that it is in sight
    divider = mina.get_by_text("since you last looked")
    expect(divider).to_have_count(0)
    mina.goto("/incidents")
    expect(mina.get_by_role("list", name="Incidents")).to_be_visible()
    northwind.write_lines(number, 3)
    mina.goto(f"/incidents/{number}")
    expect(divider).to_have_text("3 events since you last looked")
    expect(divider).to_be_in_viewport()
    expect(people(mina).filter(has_text="Mina Okafor you, looking now")).to_be_attached()
    northwind.write_lines(number, 1)
    expect(mina.locator("[data-seq]")).to_have_count(45)
    expect(divider).to_have_text("3 events since you last looked")
    mina.goto(f"/incidents/{number}#event-5")
    expect(mina.locator("#event-5")).to_be_in_viewport()
    mina.goto("/incidents")
    expect(mina.get_by_role("list", name="Incidents")).to_be_visible()
    mina.goto(f"/incidents/{number}")
    expect(mina.locator("#event-45")).to_be_attached()
    expect(divider).to_have_count(0)
    assert mina.complaints == []  # type: ignore[attr-defined]
