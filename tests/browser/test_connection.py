"""Every page through a connection that breaks: it says so, loses nothing, and is right again without a reload."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.lines import Line
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
NewLine = Callable[..., Line]


@pytest.fixture
def line(northwind: Northwind, new_line: NewLine) -> Line:
    """The way to the server, which can be cut."""
    return new_line(northwind.server.port)


@pytest.fixture
def number(northwind: Northwind, request: pytest.FixtureRequest) -> str:
    """A new incident."""
    return northwind.fire(request.node.name)


def is_live(page: Page) -> None:
    """The server has answered, and all scripts are there: one that cannot be fetched makes the browser load the page anew."""
    expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=20_000)
    page.wait_for_load_state("networkidle")


def row(page: Page, number: str) -> Locator:
    return page.get_by_role("list", name="Incidents").get_by_role("listitem").filter(has_text=number)


def light(page: Page) -> Locator:
    return page.locator("[data-live]").first


@pytest.mark.parametrize("path", ["/incidents", "/incidents/{number}", "/integrations", "/settings/profile"])
def test_a_lost_connection_shows_on_each_page(northwind: Northwind, as_person: AsPerson, number: str, line: Line, path: str) -> None:
    """Within three seconds when it closes, within ten when it falls silent."""
    page = as_person(northwind, Role.ADMIN, path.format(number=number), line=line)
    is_live(page)
    line.silence()
    expect(light(page)).to_have_text("Reconnecting…", timeout=10_000)
    line.mend()
    is_live(page)
    line.cut()
    expect(light(page)).to_have_text("Reconnecting…", timeout=3_000)
    line.mend()
    is_live(page)


def test_a_move_into_a_silent_line_is_told_to_have_broken(northwind: Northwind, as_person: AsPerson, number: str, line: Line) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    is_live(page)
    acknowledge = page.get_by_role("button", name="Acknowledge")
    line.silence()
    acknowledge.click()
    expect(acknowledge).to_have_attribute("aria-busy", "true")
    line.cut()
    line.mend()
    is_live(page)
    expect(page.locator("[data-banner]")).to_contain_text("The connection broke before “Acknowledge” was answered.")
    expect(page.locator("[data-banner]")).to_contain_text("What you see is up to date")
    acknowledge.click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged.")
    expect(page.locator("[data-banner]")).to_be_empty()


def test_a_move_without_a_connection_waits_and_is_done_once(northwind: Northwind, as_person: AsPerson, number: str, line: Line) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    is_live(page)
    acknowledge = page.get_by_role("button", name="Acknowledge")
    line.cut()
    expect(light(page)).to_have_text("Reconnecting…")
    acknowledge.click()
    expect(acknowledge).to_have_attribute("aria-busy", "true")
    acknowledge.click()
    line.mend()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged.", timeout=20_000)
    expect(page.get_by_role("log").locator("[data-type=state_change]")).to_have_count(1)
    expect(page.locator("[data-banner]")).to_be_empty()


def test_a_quick_drop_hides_no_alert_from_the_list(
    northwind: Northwind, as_person: AsPerson, line: Line, request: pytest.FixtureRequest
) -> None:
    page = as_person(northwind, Role.RESPONDER, "/incidents", line=line)
    is_live(page)
    for absence in (0.0, 0.3, 1.5):  # at once, before the server has seen the old socket go, and later
        line.cut()
        number = northwind.fire(f"{request.node.name} {absence}", title=f"Away for {absence}")
        time.sleep(absence)
        line.mend()
        expect(page.get_by_role("list", name="Incidents").get_by_text(f"Away for {absence}")).to_be_visible(timeout=20_000)
        northwind.stop(f"{request.node.name} {absence}", title=f"Away for {absence}")
        expect(row(page, number)).to_contain_text("Resolved")
    is_live(page)


def test_the_first_alert_of_an_integration_shows_after_a_drop(northwind: Northwind, as_person: AsPerson, line: Line) -> None:
    page = as_person(northwind, Role.ADMIN, "/integrations/new", line=line)
    page.get_by_role("button", name="Plain webhook").first.click()
    page.wait_for_url(re.compile("/integrations/[0-9a-f]{32}"))
    expect(page.get_by_text("Waiting for the first alert…").first).to_be_visible()
    url = page.get_by_role("region").filter(has_text="/intake/").first.inner_text()
    line.cut()
    key = re.search(r"/intake/([\w-]+)", url)
    assert key is not None
    httpx.post(f"{northwind.server.address}/intake/{key[1]}", json={"title": "The first of all"}).raise_for_status()
    line.mend()
    expect(page.get_by_text("The first of all")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("broken", ["before the proxy", "behind the proxy"])
def test_a_drop_at_a_reverse_proxy_loses_nothing(
    northwind: Northwind,
    as_person: AsPerson,
    number: str,
    new_line: NewLine,
    new_proxy: Callable[[int], int],
    broken: str,
) -> None:
    """nginx as the documents set it up. Behind it the server sees late that a browser has gone."""
    if broken == "before the proxy":
        line = way = new_line(new_proxy(northwind.server.port))
    else:
        line = new_line(northwind.server.port)
        way = new_line(new_proxy(line.port))
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=way)
    is_live(page)
    box = page.get_by_role("textbox", name="Comment")
    for absence in (0.0, 0.3, 1.5):
        box.fill(f"kept for {absence}")
        line.cut()
        northwind.write_lines(number, 1)
        time.sleep(absence)
        line.mend()
        is_live(page)
        expect(box).to_have_value(f"kept for {absence}")
    expect(page.get_by_role("log").locator("[data-type=comment]")).to_have_count(3)
    northwind.write_lines(number, 1)
    expect(page.get_by_role("log").locator("[data-type=comment]")).to_have_count(4)
    box.press("Control+Enter")
    expect(page.get_by_role("log").locator("[data-type=comment]")).to_have_count(5)


def test_an_incident_is_turned_to_while_the_server_is_away(
    northwind: Northwind, as_person: AsPerson, number: str, line: Line, request: pytest.FixtureRequest
) -> None:
    """The scripts of the other pages are there already, so that no browser's own error takes the place of the page."""
    page = as_person(northwind, Role.RESPONDER, "/incidents", line=line)
    is_live(page)
    page.wait_for_selector("link[rel=modulepreload][href*=number]", state="attached")
    page.wait_for_load_state("networkidle")
    line.cut()
    row(page, number).get_by_role("link").first.click()
    page.wait_for_url(f"**/incidents/{number}")
    expect(light(page)).to_have_text("Reconnecting…")
    line.mend()
    expect(page.get_by_role("log")).to_contain_text("Alert fired", timeout=20_000)


def test_a_restart_shows_on_the_list_what_came_meanwhile(new_northwind: Callable[..., Northwind], as_person: AsPerson) -> None:
    northwind = new_northwind()
    for place in range(30):
        northwind.fire(f"before {place}", title=f"Before {place}")
    page = as_person(northwind, Role.RESPONDER, "/incidents", viewport={"width": 1440, "height": 700})
    expect(row(page, "INC-30")).to_be_visible()
    page.get_by_label("Filter incidents").fill("half a wor")
    page.evaluate("""() => {
        window.fewest = 1e9;
        new MutationObserver(() => { fewest = Math.min(fewest, document.querySelectorAll('[data-row]').length); })
            .observe(document.body, { childList: true, subtree: true });
    }""")
    northwind.server.stop()
    northwind.server.start()
    northwind.fire("after", title="After the restart")
    expect(page.get_by_text("After the restart").or_(page.get_by_text("1 new"))).to_be_visible(timeout=30_000)
    assert page.get_by_label("Filter incidents").input_value() == "half a wor"
    assert page.evaluate("fewest") >= 30


def test_the_filter_loses_no_letter_on_a_slow_line(
    northwind: Northwind, as_person: AsPerson, new_line: NewLine, request: pytest.FixtureRequest
) -> None:
    page = as_person(northwind, Role.RESPONDER, "/incidents", line=new_line(northwind.server.port, delay_seconds=0.15))
    is_live(page)
    field = page.get_by_label("Filter incidents")
    field.fill("pool is ")
    field.evaluate("field => field.setSelectionRange(5, 5)")
    for place, letter in enumerate("of checkout-db "):
        page.keyboard.type(letter)
        if place % 5 == 2:
            northwind.fire(f"{request.node.name} {place}")  # the page changes while somebody types
        assert field.evaluate("field => field.selectionStart") == 6 + place
    time.sleep(0.5)
    expect(field).to_have_value("pool of checkout-db is ")
    assert field.evaluate("field => field.selectionStart") == 20
