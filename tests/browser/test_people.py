"""Somebody leaves before everybody's eyes: what would move is shown, they are out at once, and their incidents have a new owner."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from services import incidents, membership
from tests.fixtures.northwind import Northwind
from tests.fixtures.organisations import person
from tests.fixtures.tabs import begin_session

AsPerson = Callable[..., Page]


def test_somebody_leaves_and_comes_back(northwind: Northwind, as_person: AsPerson) -> None:
    numbers = [northwind.fire(f"left {n}", title=f"Shelf {n} is empty") for n in (1, 2)]
    with northwind.database():
        bob = person(northwind.system, "Bob Leaver", Role.RESPONDER, email="bob.leaver@northwind.example")
        membership.change(northwind.system, bob.id, manager_id=northwind.actors[Role.MANAGER].id)
        incidents.assign(bob, numbers[0], bob.id)
        token = begin_session(bob).token
    admin, mina = as_person(northwind, Role.ADMIN, "/settings/people"), as_person(northwind, Role.MANAGER, f"/incidents/{numbers[0]}")
    theirs = as_person(northwind, Role.RESPONDER, f"/incidents/{numbers[0]}", token=token)
    expect(theirs.get_by_role("button", name="Bob Leaver, your menu")).to_be_visible()

    admin.get_by_role("button", name="Deactivate Bob Leaver").click()
    question = admin.get_by_role("alertdialog", name="Deactivate Bob Leaver?")
    expect(question.get_by_text("1 unresolved incident goes to Mina Okafor.")).to_be_visible()
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    with northwind.database():
        incidents.assign(bob, numbers[1], bob.id)
    expect(question.get_by_text("2 unresolved incidents go to Mina Okafor.")).to_be_visible()
    expect(question.get_by_role("listitem").filter(has_text=numbers[1])).to_be_visible()
    question.get_by_role("button", name="Deactivate").click()

    report = admin.get_by_role("dialog", name="Bob Leaver is deactivated")
    expect(report.get_by_text("2 unresolved incidents went to Mina Okafor.")).to_be_visible()
    expect(report.get_by_text("Ended: 1 session.")).to_be_visible()
    theirs.wait_for_url(re.compile("/login"), timeout=5_000)
    expect(theirs.get_by_text("Bob Leaver")).to_have_count(0)
    line = "Tocsin gave it to Mina Okafor · before: Bob Leaver · Bob Leaver left; Mina Okafor is their manager"
    expect(mina.get_by_role("log", name="Timeline").get_by_role("listitem").filter(has_text=line)).to_be_visible()
    report.get_by_role("link", name=numbers[1]).click()
    expect(admin.get_by_role("heading", name="Shelf 2 is empty", level=1)).to_be_visible()

    admin.goto("/settings/people")
    row = admin.get_by_role("row", name=re.compile("Bob Leaver.*deactivated"))
    expect(row).to_be_visible()
    expect(row.get_by_role("button", name="Password link for Bob Leaver")).to_have_count(0)
    row.get_by_role("button", name="Activate Bob Leaver").press("Enter")
    expect(admin.get_by_role("status").filter(has_text="Bob Leaver is active again.")).to_be_visible()
    expect(admin.get_by_role("button", name="Deactivate Bob Leaver")).to_be_visible()
    assert admin.complaints == mina.complaints == []  # type: ignore[attr-defined]
