"""An incident on two pages at once: what one person or a sender does is on the other's page, and each is told what came of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.lines import Line
from tests.fixtures.northwind import Northwind


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Timeline")


def said(page: Page) -> Locator:
    return page.get_by_role("status")


@pytest.fixture
def two(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> tuple[str, Page, Page]:
    """A new incident, open before Rob the responder and Mina the manager."""
    number = northwind.fire(request.node.name)
    rob, mina = (as_person(northwind, role, f"/incidents/{number}") for role in (Role.RESPONDER, Role.MANAGER))
    for page in (rob, mina):
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    return number, rob, mina


def test_an_incident_goes_from_its_alert_to_its_end_before_two_people(two: tuple[str, Page, Page], northwind: Northwind) -> None:
    number, rob, mina = two
    expect(rob.get_by_role("heading", level=1)).to_have_text("Connection pool exhausted")
    expect(log(rob)).to_contain_text("Alert fired: Connection pool exhausted")
    rob.get_by_role("button", name="Acknowledge").click()
    expect(said(rob)).to_contain_text(f"Acknowledged. {number} is yours.")
    expect(log(mina)).to_contain_text("Rob Lindqvist acknowledged")
    mina.get_by_role("button", name="Start investigating").click()
    expect(log(rob)).to_contain_text("Mina Okafor is investigating")
    rob.get_by_role("textbox", name="Comment").fill("Pool of `checkout-db` is full")
    rob.get_by_role("button", name="Comment", exact=True).click()
    expect(log(mina).get_by_role("article")).to_contain_text("Pool of checkout-db is full")
    expect(rob.get_by_role("textbox", name="Comment")).to_have_value("")
    mina.get_by_role("button", name="Resolve…").click()
    dialog = mina.get_by_role("dialog")
    expect(dialog).to_contain_text("1 alert still fires.")
    expect(dialog).to_contain_text("Its next message within 30 minutes reopens this incident.")
    dialog.get_by_label("What fixed it?").fill("Rolled back `checkout 4.18.2`")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog).to_be_hidden()
    expect(said(mina)).to_contain_text("Resolved after")
    expect(log(rob)).to_contain_text("Rolled back checkout 4.18.2")
    rob.get_by_role("button", name="Reopen…").click()
    rob.get_by_role("dialog").get_by_label("Why?").fill("Not over yet")
    rob.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(log(mina)).to_contain_text("2nd occurrence")
    expect(mina.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_what_a_sender_says_is_on_the_page(two: tuple[str, Page, Page], northwind: Northwind, request: pytest.FixtureRequest) -> None:
    _, rob, _ = two
    northwind.stop(request.node.name)
    expect(log(rob)).to_contain_text("Alert stopped: Connection pool exhausted")
    expect(rob.get_by_role("button", name="Reopen…")).to_be_visible()
    northwind.fire(request.node.name)
    expect(log(rob)).to_contain_text("Alert fired again: Connection pool exhausted")
    expect(rob.get_by_role("complementary")).to_contain_text("1 firing of 1")
    log(rob).get_by_role("link", name="2nd occurrence").focus()
    rob.keyboard.press("Tab")
    expect(log(rob).locator(".again").get_by_role("button", name="Actions on line")).to_be_focused()


def test_a_command_in_another_process_is_on_the_page(two: tuple[str, Page, Page], northwind: Northwind) -> None:
    number, rob, _ = two
    northwind.write_lines(number, 1)
    expect(log(rob)).to_contain_text("Line 0 of a long night")


def test_the_second_who_acknowledges_is_told_who_was_first(
    northwind: Northwind, as_person: Callable[..., Page], new_line: Callable[..., Line], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    slow = new_line(northwind.server.port)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}", line=slow)
    expect(mina.get_by_role("button", name="Acknowledge")).to_be_visible()
    slow.silence()
    rob.get_by_role("button", name="Acknowledge").click()
    expect(said(rob)).to_contain_text("Acknowledged.")
    mina.get_by_role("button", name="Acknowledge").click()
    slow.mend()
    expect(said(mina)).to_contain_text(_at("Not acknowledged: Rob Lindqvist was first, at "))
    expect(mina.get_by_role("button", name="Start investigating")).to_be_visible()
    expect(log(mina).locator("[data-type=state_change]")).to_have_count(1)


def test_the_second_who_resolves_is_told_who_was_first_and_keeps_the_words(
    northwind: Northwind, as_person: Callable[..., Page], new_line: Callable[..., Line], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    slow = new_line(northwind.server.port)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}", line=slow)
    for page in (rob, mina):
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
        page.keyboard.press("r")
        page.get_by_role("dialog").get_by_label("What fixed it?").fill(f"Fixed it on {page.url[-20:]}")
    slow.silence()
    rob.keyboard.press("Control+Enter")
    expect(said(rob)).to_contain_text("Resolved after")
    mina.keyboard.press("Control+Enter")
    slow.mend()
    dialog = mina.get_by_role("dialog")
    expect(dialog).to_contain_text(_at("Rob Lindqvist resolved it at "))
    expect(dialog.get_by_label("What fixed it?")).to_have_value(re.compile("Fixed it on"))
    assert "Fixed it on" in mina.evaluate("JSON.stringify(localStorage)")


def test_an_empty_dialog_stays_open_and_says_what_is_missing(two: tuple[str, Page, Page]) -> None:
    _, rob, _ = two
    rob.keyboard.press("r")
    dialog = rob.get_by_role("dialog")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Write what fixed it")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_a_viewer_reads_and_is_told_why_nothing_can_be_done(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name, starts_at="2026-11-23T02:58:00Z")
    vera = as_person(northwind, Role.VIEWER, f"/incidents/{number}")
    expect(vera.get_by_text("You are a viewer: viewers read. A responder may act.")).to_be_visible()
    expect(vera.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(vera.get_by_role("button", name="Assign")).to_have_count(0)
    expect(vera.get_by_text("Nobody has it")).to_be_visible()
    expect(vera.get_by_role("textbox", name="Comment")).to_have_count(0)
    northwind.fire(request.node.name, starts_at="2026-11-23T02:59:00Z")
    expect(log(vera)).to_contain_text("Alert fired again")


def test_there_is_no_such_incident(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> None:
    last = northwind.fire(request.node.name)
    page = as_person(northwind, Role.RESPONDER, "/incidents/INC-4200")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no INC-4200.")
    expect(page.get_by_text(f"The last incident here is {last}.")).to_be_visible()
    page.get_by_role("link", name="Go to incidents").click()
    page.wait_for_url("**/incidents")


def test_undo_takes_the_last_move_back(two: tuple[str, Page, Page]) -> None:
    _, rob, mina = two
    rob.keyboard.press("s")
    rob.get_by_role("dialog").get_by_role("radio", name="Low").check()
    rob.get_by_role("dialog").get_by_role("button", name="Change severity").click()
    expect(log(mina)).to_contain_text("changed the severity from critical to low")
    rob.get_by_role("button", name="Undo").click()
    expect(log(mina)).to_contain_text("changed the severity from low to critical")
    rob.get_by_role("button", name="Acknowledge").click()
    rob.get_by_role("button", name="Undo").click()
    expect(log(mina)).to_contain_text("Rob Lindqvist gave it back")


def test_it_goes_from_hand_to_hand_before_two_people(two: tuple[str, Page, Page]) -> None:
    number, rob, mina = two
    whose = rob.get_by_role("button", name="Assign", exact=True)
    expect(whose).to_have_accessible_description("Nobody has it")
    rob.keyboard.press("m")
    dialog = rob.get_by_role("dialog", name=f"Assign {number}")
    expect(dialog.get_by_role("list", name="People").get_by_role("button").first).to_have_text(re.compile("Take it"))
    expect(dialog).not_to_contain_text("Vera Novak")
    rob.keyboard.type("mi")
    rob.keyboard.press("Enter")
    expect(said(rob)).to_contain_text(f"Assigned. Mina Okafor has {number} now.")
    expect(dialog).to_be_hidden()
    expect(log(mina)).to_contain_text("Rob Lindqvist gave it to Mina Okafor")
    expect(mina.get_by_role("button", name="Assign", exact=True)).to_have_accessible_description("Mina Okafor you")
    rob.get_by_role("button", name="Undo").click()
    expect(log(mina)).to_contain_text("Rob Lindqvist unassigned Mina Okafor · undone")
    mina.keyboard.press("Shift+M")
    expect(said(mina)).to_contain_text(f"{number} is yours now.")
    expect(whose).to_have_accessible_description("Mina Okafor")
    whose.click()
    expect(dialog.get_by_role("button", name="Mina Okafor")).to_contain_text("has it")
    dialog.get_by_role("button", name="Take it").click()
    expect(log(mina)).to_contain_text("Rob Lindqvist took it over from Mina Okafor")
    whose.click()
    expect(dialog.get_by_role("button", name="Take it")).to_have_count(0)
    dialog.get_by_role("button", name="Nobody").click()
    expect(log(mina)).to_contain_text("Rob Lindqvist left it to nobody")
    expect(whose).to_have_accessible_description("Nobody has it")
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_the_second_who_takes_it_is_told_who_was_first(
    northwind: Northwind, as_person: Callable[..., Page], new_line: Callable[..., Line], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    slow = new_line(northwind.server.port)
    rob = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    mina = as_person(northwind, Role.MANAGER, f"/incidents/{number}", line=slow)
    for page in (rob, mina):
        expect(page.get_by_role("button", name="Assign", exact=True)).to_be_visible()
    slow.silence()
    rob.keyboard.press("Shift+M")
    expect(said(rob)).to_contain_text(f"{number} is yours now.")
    mina.keyboard.press("Shift+M")
    slow.mend()
    expect(said(mina)).to_contain_text(_at("Not assigned: Rob Lindqvist took it at "))
    expect(mina.get_by_role("button", name="Assign", exact=True)).to_have_accessible_description("Rob Lindqvist")
    expect(log(mina).locator("[data-type=assignment]")).to_have_count(1)


def test_title_and_description_are_edited(two: tuple[str, Page, Page]) -> None:
    _, rob, mina = two
    rob.get_by_role("button", name="More").click()
    rob.get_by_role("button", name="Edit title and description…").click()
    dialog = rob.get_by_role("dialog")
    expect(dialog.get_by_label("Title")).to_have_value("Connection pool exhausted")
    dialog.get_by_label("Title").fill("Checkout is down")
    dialog.get_by_label("Description").fill("Since the **02:58** deploy")
    dialog.get_by_role("button", name="Save").click()
    expect(mina.get_by_role("heading", level=1)).to_have_text("Checkout is down")
    expect(mina.get_by_role("region", name="Description").locator("strong")).to_have_text("02:58")
    expect(log(mina)).to_contain_text("changed the title to Checkout is down")


def test_each_reads_the_hours_of_their_own_zone(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    number = northwind.fire(request.node.name)
    kolkata = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", token=northwind.sign_in(Role.RESPONDER, timezone="Asia/Kolkata"))
    stockholm = as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    hours = [_minutes(log(page).locator("time").first) for page in (kolkata, stockholm)]
    assert (hours[0] - hours[1]) % 1440 in (4 * 60 + 30, 3 * 60 + 30)  # by the season in Stockholm


def test_a_session_that_ends_blanks_its_page(northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest) -> None:
    number = northwind.fire(request.node.name)
    here, there = northwind.sign_in(Role.RESPONDER), northwind.sign_in(Role.RESPONDER)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", token=here)
    other = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", token=here)
    stays = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", token=there)
    for each in (page, other, stays):
        expect(each.get_by_role("button", name="Acknowledge")).to_be_visible()
    other.get_by_role("button", name="your menu").click()
    other.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login?next=/incidents/**", timeout=5_000)
    expect(page.get_by_text("Connection pool exhausted")).to_have_count(0)
    stays.get_by_role("button", name="Acknowledge").click()
    expect(said(stays)).to_contain_text("Acknowledged.")


def _at(beginning: str) -> re.Pattern[str]:
    return re.compile(re.escape(beginning) + r"\d\d:\d\d\.")


def _minutes(time: Locator) -> int:
    hour, minute = time.inner_text().split(":")
    return 60 * int(hour) + int(minute)
