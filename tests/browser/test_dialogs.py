"""Everybody can use the dialogs: axe finds nothing on a page while one of them is open, and `Esc` closes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from models.vocabulary import Role
from services import api_keys, catalog, comments, incidents, line_changes, one_time_links
from tests.fixtures.northwind import Northwind

Open = Callable[[Page], None]
_DIALOG = "[role=dialog], [role=alertdialog]"


def press(*names: str) -> Open:
    """Press the button of this name, and then those that it brings."""

    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()

    return act


def key(number: str, one: str) -> Open:
    """Press a key on the row of this incident."""

    def act(page: Page) -> None:
        page.get_by_role("link", name=re.compile(f"^{number} ")).focus()
        page.keyboard.press(one)

    return act


def make_a_key(page: Page) -> None:
    press("New key")(page)
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Looked at")
    press("Make")(page)


@pytest.fixture
def looked_at(northwind: Northwind) -> Iterator[tuple[str, str, str, int]]:
    """An incident with two alerts, a checklist and an edited line; one that is resolved; the name of a channel and a service; the line."""
    rob, mina, admin = (northwind.actors[role] for role in (Role.RESPONDER, Role.MANAGER, Role.ADMIN))
    group = uuid4().hex
    alerts = [{"status": "firing", "labels": {"severity": "high", "instance": name}, "fingerprint": group + name} for name in ("a", "b")]
    number = northwind.post({"version": "4", "groupKey": group, "alerts": alerts}, "alertmanager")["incidents"][0]
    over, name = northwind.fire(group), f"Looked at {number}"
    with northwind.database():
        incidents.resolve(rob, over, "Restarted")
        service = catalog.create(mina, name, checklist=["Call the bank", "Look at the pool"])
        incidents.edit(rob, number, service_id=service.id, description="Of **both**")
        line = comments.add(admin, number, "The pool is *full*")
        line_changes.change(admin, number, str(line.id), text="The pool is nearly full")
        token = api_keys.create(admin, f"Makes {name}", Role.ADMIN).token
    with httpx.Client(base_url=f"{northwind.server.address}/api/v1", headers={"Authorization": f"Bearer {token}"}) as api:
        wanted = {"kind": "webhook", "name": name, "url": "http://127.0.0.1:9/", "severities": ["low"], "events": ["reopened"]}
        channel = api.post("/channels", json=wanted).raise_for_status().json()["id"]
        yield number, over, name, line.seq
        api.delete(f"/channels/{channel}").raise_for_status()
    with northwind.database():
        one_time_links.withdraw_password_link(admin, northwind.actors[Role.VIEWER].id)


def dialogs(number: str, over: str, name: str, line: int) -> dict[str, dict[str, Open]]:
    """What opens each dialog, by the page that has it and by its title."""
    return {
        f"/incidents/{number}": {
            f"Assign {number}": press("Assign"),
            f"Snooze {number}": press("More", "Snooze…"),
            f"Severity of {number}": press("More", "Change severity…"),
            f"Edit {number}": press("More", "Edit title and description…"),
            f"Acknowledgement timeout of {number}": press("More", "Acknowledgement timeout…"),
            f"Merge {number}": press("More", "Merge…"),
            f"Split alerts out of {number}": press("More", "Split…"),
            f"Resolve {number}": press("More", "Resolve…"),
            f"Service of {number}": press("Change service"),
            "Add what happened earlier": press("Add what happened earlier"),
            f"What line {line} said before": press("1 earlier version"),
        },
        f"/incidents/{over}": {f"Reopen {over}": press("Reopen…")},
        "/incidents": {
            f"Assign {number}": key(number, "m"),
            f"Snooze {number}": key(number, "z"),
            f"Resolve {number}": key(number, "r"),
        },
        "/settings/people": {
            "Invite somebody": press("Invite"),
            "Change Rob Lindqvist": press("Change Rob Lindqvist"),
            "Deactivate Rob Lindqvist?": press("Deactivate Rob Lindqvist"),
            "Password link for Vera Novak": press("Password link for Vera Novak"),
        },
        "/settings/api-keys": {
            "New API key": press("New key"),
            "The key Looked at": make_a_key,
            "Revoke Looked at?": press("Revoke Looked at"),
        },
        "/settings/channels": {
            "New webhook": press("Webhook"),
            "New channel in Slack or Mattermost": press("Slack or Mattermost"),
            f"Edit {name}": press(f"Edit: {name}"),
            f"Remove {name}?": press(f"Remove: {name}"),
        },
        "/settings/teams": {"New team": press("New team")},
        "/services": {"New service": press("New service"), f"Edit {name}": press(f"Edit {name}")},
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_while_a_dialog_is_open(
    northwind: Northwind, as_person: Callable[..., Page], looked_at: tuple[str, str, str, int], scheme: Any, width: int
) -> None:
    screen: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    # what fades in has other colours on its way
    page = as_person(northwind, Role.ADMIN, "/inbox", reduced_motion="reduce", **screen)
    found: list[str] = []
    for path, each in dialogs(*looked_at).items():
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        for title, act in each.items():
            act(page)
            dialog = page.get_by_role("dialog", name=title, exact=True).or_(page.get_by_role("alertdialog", name=title, exact=True))
            expect(dialog).to_be_visible()
            # what is behind it is looked at where no dialog is open
            looked = Axe().run(page, _DIALOG, {"resultTypes": ["violations"]})
            if looked.violations_count:
                found.append(f"{path}: {title}\n{looked.generate_report()}")
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
    assert not found, "\n\n".join(found)
