"""Connecting a sender: from the empty list to the first alert, which turns the page live."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]


def make(page: Page, kind: str) -> str:
    """Click the kind; the address with its key, as the page shows it."""
    page.get_by_role("button", name=kind).click()
    page.wait_for_url(re.compile("/integrations/[0-9a-f]{32}"))
    address = page.get_by_role("region", name="Address")
    expect(address).to_contain_text("/intake/")
    return address.inner_text()


def light(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text=re.compile("first alert|came|Switched off"))


@pytest.mark.parametrize("kind", ["Alertmanager", "Plain webhook"])
def test_the_first_alert_turns_the_page_live(northwind: Northwind, as_person: AsPerson, kind: str) -> None:
    """What the page gives to copy is what makes it happen: the command is run as it stands there."""
    page = as_person(northwind, Role.ADMIN, "/integrations/new")
    address = make(page, kind)
    expect(light(page)).to_contain_text("Waiting for the first alert…")
    command = page.get_by_role("region").filter(has_text="curl").first.inner_text()
    assert address in command
    watching = as_person(northwind, Role.ADMIN, "/integrations")
    key = address.rpartition("/")[2]
    row = watching.get_by_role("row").filter(has_text=key[:8])
    expect(row).to_contain_text("waiting for the first alert…")
    sent = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert sent.returncode == 0, sent.stderr
    answer = json.loads(sent.stdout)
    expect(light(page)).to_contain_text("One alert came, the last")
    expect(page.get_by_role("region", name="The newest alerts")).to_contain_text(answer["incidents"][0])
    page.get_by_role("link", name=f"Open {answer['incidents'][0]}").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_url(re.compile(f"/incidents/{answer['incidents'][0]}"))
    expect(row).not_to_contain_text("waiting")
    assert page.complaints == watching.complaints == []  # type: ignore[attr-defined]


def test_what_is_refused_shows_with_the_reason(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations/new")
    address = make(page, "Plain webhook")
    assert httpx.post(address, json={"severity": "critical"}).status_code == 422
    expect(page.get_by_text("title is missing")).to_be_visible()
    httpx.post(address, json={"title": "Now it is right"}).raise_for_status()
    expect(light(page)).to_contain_text("One alert came")


def test_a_double_click_makes_one_integration(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations")
    expect(page.get_by_role("table")).to_be_visible()
    before = page.get_by_role("row").count()
    page.get_by_role("link", name="New integration").click()
    page.get_by_role("button", name="Plain webhook").dblclick()
    page.wait_for_url(re.compile("/integrations/[0-9a-f]{32}"))
    expect(page.get_by_role("region", name="Address")).to_be_visible()
    page.goto("/integrations")
    expect(page.get_by_role("row")).to_have_count(before + 1)


def test_a_key_is_shown_once_and_can_be_made_anew(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations/new")
    first = make(page, "Plain webhook")
    here = page.url
    page.get_by_role("link", name="Integrations").first.click()
    # a table may stand there from before: with the new row the page was left, and the key forgotten
    expect(page.locator(f'main a[href$="{urlsplit(here).path}"]').first).to_be_visible()
    page.goto(here)
    expect(page.get_by_text("The key was shown once")).to_be_visible()
    assert first.rpartition("/")[2] not in page.content()
    page.get_by_role("button", name="Make a new key").click()
    asked = page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))
    expect(asked).to_contain_text("works for another 24 hours")
    expect(asked).not_to_contain_text("ends now")
    asked.get_by_role("button", name="Make a new key").click()
    address = page.get_by_role("region", name="Address")
    expect(address).to_contain_text("/intake/")
    for each in (first, address.inner_text()):
        httpx.post(each, json={"title": "By either key"}).raise_for_status()
    expect(page.get_by_text("old key works until")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    asked = page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))
    expect(asked).to_contain_text(re.compile(r"The key before it ends now: it would have worked until \d+ \w+ \d\d:\d\d\."))


def test_one_that_is_switched_off_refuses_until_it_is_on_again(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations/new")
    address = make(page, "Plain webhook")
    other = as_person(northwind, Role.ADMIN, page.url.removeprefix(northwind.server.address))
    page.get_by_role("button", name="Switch off").click()
    for each in (page, other):
        expect(light(each)).to_contain_text("Switched off")
    assert httpx.post(address, json={"title": "Too late"}).status_code == 403
    other.get_by_role("button", name="Switch on").click()
    expect(light(page)).to_contain_text("Waiting for the first alert…")
    httpx.post(address, json={"title": "In time"}).raise_for_status()
    expect(light(page)).to_contain_text("One alert came")


def test_it_is_connected_by_keyboard_alone(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations/new")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    kind = page.get_by_role("button", name="Plain webhook")
    for _ in range(40):
        page.keyboard.press("Tab")
        if kind.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Address")).to_contain_text("/intake/")


@pytest.mark.parametrize("path", ["/integrations", "/integrations/new", "/settings/people", "/settings/api-keys", "/settings/audit"])
def test_a_page_for_admins_says_so_to_others(northwind: Northwind, as_person: AsPerson, path: str) -> None:
    page = as_person(northwind, Role.RESPONDER, path)
    expect(page.get_by_role("heading", name="This page is for admins")).to_be_visible()
    expect(page.get_by_role("button", name="Rob Lindqvist")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
