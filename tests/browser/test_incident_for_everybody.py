"""An incident's page by keyboard alone, for screen readers, on phones, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.northwind import Northwind

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE = {"viewport": {"width": 1440, "height": 1000}}


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Timeline")


@pytest.fixture
def told(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> str:
    """An incident with a line of each kind, as far as it gets without its end."""
    labels = {"service": "checkout", "region": "eu-west-1", "pod": "checkout-7c9d-x5"}
    details = {"description": "Pool of **checkout-db** is full.", "url": "https://wiki.example/checkout", "labels": labels}
    number = northwind.fire(request.node.name, starts_at="2026-11-23T02:58:00Z", **details)
    northwind.fire(request.node.name, starts_at="2026-11-23T02:59:00Z", **details)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", **WIDE)
    page.get_by_role("button", name="Start investigating").or_(page.get_by_role("button", name="Acknowledge")).click()
    text = "Look:\n\n- [x] `pgbouncer`\n- [ ] <https://wiki.example/pool>\n\n```\nSHOW POOLS\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    page.get_by_role("textbox", name="Comment").fill(text)
    page.keyboard.press("Control+Enter")
    expect(log(page).get_by_role("article")).to_have_count(1)
    page.context.close()
    return number


def violations(page: Page) -> list[str]:
    """What axe finds wrong, by rule and element."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['any'] and node['any'][0]['message']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(northwind: Northwind, as_person: Callable[..., Page], told: str, scheme: str, size: dict[str, Any]) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{told}", color_scheme=scheme, bypass_csp=True, **size)
    expect(log(page).get_by_role("article")).to_be_visible()
    assert violations(page) == []
    opened = []
    for name in ("Resolve…", "Change severity…", "Edit title and description…"):
        page.get_by_role("button", name="More").locator("visible=true").click()
        page.get_by_role("button", name=name).locator("visible=true").last.click()
        expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_visible()
        page.wait_for_timeout(200)
        assert violations(page) == [], name
        opened.append(page.get_by_role("dialog").get_by_role("heading").inner_text())
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    assert opened == [f"Resolve {told}", f"Severity of {told}", f"Edit {told}"]
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("dialog", name=f"Assign {told}").get_by_role("button", name="Nobody")).to_be_visible()
    page.wait_for_timeout(200)
    assert violations(page) == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_where_there_is_no_incident_or_nothing_to_do(
    northwind: Northwind, as_person: Callable[..., Page], told: str, size: dict[str, Any]
) -> None:
    absent = as_person(northwind, Role.RESPONDER, "/incidents/INC-4200", bypass_csp=True, **size)
    expect(absent.get_by_role("heading", level=1)).to_be_visible()
    assert violations(absent) == []
    read_only = as_person(northwind, Role.VIEWER, f"/incidents/{told}", bypass_csp=True, **size)
    expect(log(read_only).get_by_role("article")).to_be_visible()
    assert violations(read_only) == []


def test_all_of_it_by_keyboard(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> None:
    number = northwind.fire(request.node.name)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", **WIDE)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    press = page.keyboard.press
    press("a")
    expect(page.get_by_role("button", name="Start investigating")).to_be_visible()
    press("i")
    expect(page.get_by_role("button", name="Resolve…")).to_be_visible()
    press("c")
    page.keyboard.type("a, i and r are letters here")
    press("Control+Enter")
    expect(log(page)).to_contain_text("a, i and r are letters here")
    press("Escape")
    press("s")
    expect(page.get_by_role("dialog").get_by_role("radio", name="Critical")).to_be_focused()
    press("ArrowDown")
    press("Control+Enter")
    expect(log(page)).to_contain_text("changed the severity from critical to high")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("r")
    expect(page.get_by_role("dialog").get_by_label("What fixed it?")).to_be_focused()
    page.keyboard.type("Rolled back")
    press("Control+Enter")
    expect(page.get_by_role("button", name="Reopen…")).to_be_visible()
    press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Comment")
    expect(keys).to_contain_text("Next unresolved incident")
    press("Escape")
    press("u")
    page.wait_for_url("**/incidents")
    assert page.complaints == []  # type: ignore[attr-defined]


def test_the_primary_controls_are_reached_by_tab(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", **WIDE)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    page.locator("#main").focus()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText ?? ''").split("\n")[0])
    for name in ("Acknowledge", "More", "Critical"):
        assert any(name in words for words in reached), reached


def test_the_log_announces_comments_and_moves_and_not_alerts(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name, starts_at="2026-11-23T02:58:00Z")
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    announcer = mina.locator("[data-announcer]")
    expect(mina.get_by_role("button", name="Acknowledge")).to_be_visible()
    northwind.fire(request.node.name, starts_at="2026-11-23T02:59:00Z")
    expect(log(mina).locator("[data-type=alert_fired]")).to_have_count(2)
    expect(announcer).to_be_empty()
    rob.get_by_role("button", name="Acknowledge").click()
    expect(announcer).to_have_text("Rob Lindqvist acknowledged")


def test_on_a_phone_the_next_step_is_under_the_thumb(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", **PHONE)
    step = page.get_by_role("button", name="Acknowledge").locator("visible=true")
    expect(step).to_have_count(1)
    place = step.bounding_box()
    assert place is not None
    assert place["height"] >= 44
    assert place["y"] > 844 * 0.75
    step.tap()
    expect(page.get_by_role("button", name="Start investigating").locator("visible=true")).to_have_count(1)
    page.get_by_role("button", name="Write on the timeline").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("textbox").fill("Seen from the train")
    bottom = sheet.bounding_box()
    assert bottom is not None
    assert bottom["y"] + bottom["height"] >= 840
    sheet.get_by_role("button", name="Comment").tap()
    expect(log(page)).to_contain_text("Seen from the train")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.complaints == []  # type: ignore[attr-defined]
