"""A program gets its key: made on the page, used, seen in use by another admin, and revoked."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
PAGE = "/settings/api-keys"


def ask(northwind: Northwind, token: str) -> int:
    """What a program with this key gets for a look at the incidents."""
    return httpx.get(f"{northwind.server.address}/api/v1/incidents", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_key_lives_from_its_making_to_its_end_before_two_admins(northwind: Northwind, as_person: AsPerson) -> None:
    page, other = as_person(northwind, Role.ADMIN, PAGE), as_person(northwind, Role.ADMIN, PAGE)
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New API key")
    dialog.get_by_label("Name", exact=True).fill("Deploy bot")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_label("Last day").fill("2020-01-01")
    dialog.get_by_role("button", name="Make").click()
    expect(dialog.get_by_text("The end of a key must be in the future.")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Deploy bot")
    dialog.get_by_label("Last day").fill("")
    dialog.get_by_role("button", name="Make").click()

    shown = page.get_by_role("dialog", name="The key Deploy bot")
    expect(shown.get_by_text("Shown once.")).to_be_visible()
    token = shown.get_by_role("region", name="API key").inner_text()
    row = other.get_by_role("row", name=re.compile("Deploy bot.*viewer.*by Alice Moreau.*never used.*no end"))
    expect(row).to_be_visible()
    assert token[:8] in row.inner_text() and token not in other.content()
    shown.get_by_role("button", name="Done").click()
    expect(shown).to_have_count(0)
    assert token not in page.content()

    assert ask(northwind, token) == 200
    expect(other.get_by_role("row", name=re.compile(r"Deploy bot.*used \d+s ago"))).to_be_visible()
    other.get_by_role("button", name="Revoke Deploy bot").click()
    question = other.get_by_role("alertdialog", name="Revoke Deploy bot?")
    question.get_by_role("button", name="Cancel").click()
    assert ask(northwind, token) == 200
    other.get_by_role("button", name="Revoke Deploy bot").click()
    question.get_by_role("button", name="Revoke").click()
    expect(other.get_by_role("status").filter(has_text="Deploy bot is revoked")).to_be_visible()
    assert ask(northwind, token) == 401
    expect(page.get_by_role("row", name=re.compile("Deploy bot.*revoked"))).to_be_visible()
    expect(page.get_by_role("button", name="Revoke Deploy bot")).to_have_count(0)
    assert page.complaints == other.complaints == []  # type: ignore[attr-defined]


def test_without_a_key_the_page_says_what_to_do(new_northwind: Callable[..., Northwind], as_person: AsPerson) -> None:
    page = as_person(new_northwind(), Role.ADMIN, PAGE)
    expect(page.get_by_role("heading", name="No program has a key yet")).to_be_visible()
    page.get_by_role("button", name="Make the first key").click()
    expect(page.get_by_role("dialog", name="New API key").get_by_label("Name", exact=True)).to_be_focused()
