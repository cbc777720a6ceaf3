"""Opening an incident by hand: without a mouse, from two tabs, through a line that breaks, and with something wrong in each field."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from services import incident_list
from tests.fixtures.lines import Line
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
DOUBLE_CLICK = "one => { one.form.requestSubmit(one); one.click(); one.click(); }"


def title(page: Page) -> Locator:
    return page.get_by_label("What is broken?")


def send(page: Page) -> Locator:
    return page.get_by_role("button", name="Open incident", exact=True)


def numbers(northwind: Northwind, words: str) -> list[str]:
    """The incidents that say this."""
    rob = northwind.actors[Role.RESPONDER]
    with northwind.database():
        return [one.number for one in incident_list.page(rob, incident_list.Filters(words=words)).items]


def test_it_is_opened_without_a_mouse_and_what_is_open_is_offered(northwind: Northwind, as_person: AsPerson) -> None:
    known = northwind.fire("heron", title="Heron queue is stuck")
    page = as_person(northwind, Role.RESPONDER, "/incidents", viewport={"width": 1440, "height": 900}, bypass_csp=True)
    expect(page.get_by_role("button", name="New incident", exact=True)).to_be_visible()
    page.keyboard.press("c")
    expect(title(page)).to_be_focused()
    page.keyboard.type("Herons do not fly", delay=15)
    offer = page.get_by_role("link", name=f"Join it: {known}")
    expect(offer).to_be_visible()
    expect(page.locator(".offers")).to_contain_text("says “Heron”")
    expect(title(page)).to_have_value("Herons do not fly")
    page.keyboard.press("Tab")
    expect(offer).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Critical")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("che")
    expect(page.get_by_role("option", name="Checkout")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Enter")
    expect(page.get_by_label("Service")).to_have_value("Checkout")
    expect(page.locator(".offers")).to_contain_text("same service, says “Heron”")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.type("mina")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Assignee")).to_have_value("Mina Okafor @mina")
    page.get_by_label("Description").focus()
    page.keyboard.type("They **sit**.")
    page.keyboard.press("Control+e")
    expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("sit")
    page.get_by_label("Impact began").focus()
    page.keyboard.type("15")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Impact began")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d$"))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1, name="Herons do not fly")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"INC-\d+ is open\. Mina Okafor has it\."))
    expect(page.locator(".facts")).to_contain_text("Critical")
    expect(page.get_by_role("log", name="Timeline")).to_contain_text("Rob Lindqvist gave it to Mina Okafor")
    expect(page.locator(".rail")).to_contain_text(re.compile(r"Impact began.*1[456]m \d\ds before"))


def test_two_tabs_with_one_draft_open_it_once(northwind: Northwind, as_person: AsPerson) -> None:
    one = as_person(northwind, Role.RESPONDER, "/incidents/new")
    title(one).fill("Bitterns are away")
    one.get_by_role("radio", name="Low").check()
    two = one.context.new_page()
    two.goto("/incidents/new")
    expect(title(two)).to_have_value("Bitterns are away")
    expect(two.get_by_role("radio", name="Low")).to_be_checked()
    for page in (one, two):
        send(page).evaluate(DOUBLE_CLICK)
    for page in (one, two):
        expect(page.get_by_role("heading", level=1, name="Bitterns are away")).to_be_visible()
    assert len(numbers(northwind, "bitterns")) == 1
    one.goto("/incidents/new")
    expect(title(one)).to_have_value("")


def test_through_a_line_that_breaks_it_is_opened_once_and_nothing_is_lost(
    northwind: Northwind, as_person: AsPerson, new_line: Callable[..., Line]
) -> None:
    line = new_line(northwind.server.port, delay_seconds=0.15)
    page = as_person(northwind, Role.RESPONDER, "/incidents/new", line=line)
    title(page).press_sequentially("Curlews cannot sign in", delay=10)
    page.get_by_label("Description").fill("**None** of them")
    page.reload()
    expect(title(page)).to_have_value("Curlews cannot sign in")
    expect(page.get_by_label("Description")).to_have_value("**None** of them")
    page.wait_for_load_state("networkidle")
    line.silence()
    send(page).click()
    line.cut()
    line.mend()
    expect(page.locator("[data-banner]")).to_contain_text("before “Open incident” was answered.", timeout=20_000)
    expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=20_000)
    expect(title(page)).to_have_value("Curlews cannot sign in")
    line.silence_answers()
    send(page).click()
    until = time.monotonic() + 10
    while not numbers(northwind, "curlews") and time.monotonic() < until:
        time.sleep(0.1)
    line.cut()
    line.mend()
    expect(page.get_by_role("heading", level=1, name="Curlews cannot sign in")).to_be_visible(timeout=20_000)
    assert len(numbers(northwind, "curlews")) == 1


def test_what_is_wrong_stands_at_its_field_and_goes_with_the_next_change(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.RESPONDER, "/incidents/new", viewport={"width": 390, "height": 844})
    page.get_by_label("Service").fill("Chekout")
    page.get_by_label("Impact began").fill("tomorrow")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Write what is broken: one line is enough.")).to_be_visible()
    expect(title(page)).to_be_focused()
    expect(title(page)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("There is no service “Chekout”.")).to_be_visible()
    expect(page.get_by_text("“tomorrow” is no time.")).to_be_visible()
    page.get_by_label("Service").fill("")
    expect(page.get_by_text("There is no service “Chekout”.")).to_be_hidden()
    title(page).fill("Egrets are late")
    page.get_by_label("Impact began").fill("5 min")
    send(page).click()
    expect(page.get_by_role("heading", level=1, name="Egrets are late")).to_be_visible()


def test_a_viewer_reads_that_a_responder_can(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.VIEWER, "/incidents")
    expect(page.get_by_role("list", name="Incidents")).to_be_visible()
    expect(page.get_by_role("button", name="New incident")).to_have_count(0)
    page.goto("/incidents/new")
    expect(page.get_by_role("heading", name="Viewers only read")).to_be_visible()
