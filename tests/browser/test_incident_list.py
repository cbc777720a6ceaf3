"""The list in a real browser: live for everybody, still under the reader, by keyboard, on phones, in both themes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from services import incidents, sessions
from tests.fixtures.lines import Line
from tests.fixtures.northwind import Northwind, settle
from tests.fixtures.servers import Server

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def northwind(page_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Northwind]:
    """Northwind on a server of these tests' own, so that nothing else happens to the list."""
    made = settle(Server(tmp_path_factory.mktemp("list")))
    made.server.start()
    made.fire("the first one")
    yield made
    made.server.stop()


@pytest.fixture
def listed(northwind: Northwind, as_person: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the list as somebody of a role, with the pointer away from it."""

    def open_list(role: Role = Role.RESPONDER, query: str = "", **options: Any) -> Page:
        page = as_person(northwind, role, f"/incidents?{query}" if query else "/incidents", **(WIDE | options))
        expect(page.get_by_role("navigation", name="Views")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        page.mouse.move(700, 30)
        return page

    return open_list


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A word that no other test's incidents have."""
    return "n" + re.sub(r"[^a-z0-9]", "", str(request.node.name).lower())[:60]


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Incidents").get_by_role("listitem")


def row(page: Page, number: str) -> Locator:
    return rows(page).filter(has=page.locator(f"[data-row={number}]"))


def link(page: Page, number: str) -> Locator:
    return page.locator(f"[data-row={number}]")


def order(page: Page) -> list[str]:
    return [str(one.get_attribute("data-row")) for one in page.locator("[data-row]").all()]


def said(page: Page) -> Locator:
    return page.get_by_role("status")


def violations(page: Page) -> list[str]:
    """What axe finds wrong, by rule and element."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['any'] and node['any'][0]['message']}" for one in found for node in one["nodes"]]


# ── live for everybody ──


def test_a_new_incident_is_on_every_open_list_without_a_reload(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    one, other = listed(), listed(Role.VIEWER)
    for page in (one, other):
        page.evaluate("window.stayed = true")
    number = northwind.fire(name, title=f"Error rate above 5 % {name}")
    for page in (one, other):
        expect(page.get_by_role("link", name=f"{number} Error rate above 5 % {name}")).to_be_visible()
        expect(row(page, number)).to_contain_text("Open")
        expect(page).to_have_title(re.compile(r"^\(\d+\) Incidents · Tocsin$"))
        assert page.evaluate("window.stayed") is True
        assert page.complaints == []  # type: ignore[attr-defined]


def test_a_move_of_one_person_is_seen_by_the_other(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name)
    mine, others = listed(Role.RESPONDER), listed(Role.MANAGER)
    link(mine, number).focus()
    mine.keyboard.press("a")
    expect(said(mine)).to_contain_text(f"Acknowledged. {number} is yours.")
    expect(row(mine, number)).to_contain_text("Acknowledged")
    expect(row(mine, number)).to_contain_text("Rob · you")
    expect(row(others, number)).to_contain_text("Acknowledged")
    expect(row(others, number)).to_contain_text("Rob took it")
    said(mine).get_by_role("button", name="Undo").click()
    expect(row(others, number)).to_contain_text("Open")


def test_of_two_who_acknowledge_at_once_one_is_told_who_was_first(
    northwind: Northwind, listed: Callable[..., Page], as_person: Callable[..., Page], new_line: Callable[..., Line], name: str
) -> None:
    number = northwind.fire(name)
    first = listed(Role.RESPONDER)
    late = as_person(northwind, Role.MANAGER, "/incidents", line=new_line(northwind.server.port, delay_seconds=0.4), **WIDE)
    link(late, number).focus()
    link(first, number).focus()
    first.keyboard.press("a")
    late.keyboard.press("a")
    expect(said(late)).to_contain_text(re.compile(r"Not acknowledged: Rob Lindqvist was first, at \d\d:\d\d\."), timeout=20_000)
    expect(said(first)).to_contain_text("Acknowledged.")
    expect(row(late, number)).to_contain_text("Rob")


def test_figures_and_views_count_along(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    page = listed()

    def figure(what: str) -> int:
        shown = page.get_by_role("group", name="How things stand").locator("div").filter(has_text=what).locator("dd")
        return int(shown.inner_text().split()[0])

    before = figure("Needs attention"), figure("Unresolved")
    number = northwind.fire(name)
    expect(link(page, number)).to_be_visible()
    assert (figure("Needs attention"), figure("Unresolved")) == (before[0] + 1, before[1] + 1)
    expect(page.get_by_role("link", name=re.compile(rf"^Now {before[1] + 1}$"))).to_be_visible()
    with northwind.database():
        incidents.resolve(northwind.actors[Role.MANAGER], number, "Restarted")
    expect(row(page, number)).to_contain_text("Resolved")
    expect(page.get_by_role("link", name=re.compile(rf"^Now {before[1]}$"))).to_be_visible()


# ── still under the reader ──


def test_while_the_pointer_is_inside_new_rows_wait(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    known = northwind.fire(name)
    page = listed()
    expect(link(page, known)).to_be_visible()
    link(page, known).hover()
    expect(page.locator("html")).to_have_attribute("data-list-busy", "true")
    page.wait_for_timeout(200)
    before, top = order(page), link(page, known).bounding_box()
    numbers = [northwind.fire(f"{name}-{place}") for place in range(3)]
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    assert order(page) == before
    assert link(page, known).bounding_box() == top
    page.get_by_role("button", name="3 new").click()
    for number in numbers:
        expect(link(page, number)).to_be_visible()
    expect(page.get_by_role("button", name="3 new")).to_be_hidden()


def test_what_waits_comes_in_when_the_pointer_leaves(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    known = northwind.fire(name)
    page = listed()
    link(page, known).hover()
    expect(page.locator("html")).to_have_attribute("data-list-busy", "true")
    page.wait_for_timeout(200)
    number = northwind.fire(f"{name}-new")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    page.mouse.move(700, 30)
    expect(link(page, number)).to_be_visible()


def test_shown_rows_tell_the_truth_at_once_and_stay(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    known, other = northwind.fire(name), northwind.fire(f"{name}-b")
    page = listed(Role.VIEWER)
    link(page, known).hover()
    expect(page.locator("html")).to_have_attribute("data-list-busy", "true")
    page.wait_for_timeout(200)
    before = order(page)
    with northwind.database():
        incidents.resolve(northwind.actors[Role.MANAGER], known, "Restarted")
        incidents.investigate(northwind.actors[Role.RESPONDER], other)
    expect(row(page, known)).to_contain_text("Resolved")
    expect(row(page, other)).to_contain_text("Investigating")
    assert order(page) == before
    page.mouse.move(700, 30)
    expect(page.locator("html")).to_have_attribute("data-list-busy", "false")
    page.wait_for_function(
        f"JSON.stringify([...document.querySelectorAll('[data-row]')].map(one => one.dataset.row)) !== '{_json(before)}'"
    )


def _json(numbers: list[str]) -> str:
    return "[" + ",".join(f'"{number}"' for number in numbers) + "]"


def test_a_list_that_is_scrolled_or_has_the_focus_keeps_its_place(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    for place in range(12):
        northwind.fire(f"{name}-{place}")
    page = listed(viewport={"width": 1440, "height": 500})
    page.locator("main").evaluate("main => { main.scrollTop = 120; }")
    expect(page.locator("html")).to_have_attribute("data-list-busy", "true")
    page.wait_for_timeout(200)
    northwind.fire(f"{name}-new")
    expect(page.get_by_role("button", name="1 new")).to_have_count(1)
    assert page.locator("main").evaluate("main => main.scrollTop") == 120
    page.locator("main").evaluate("main => { main.scrollTop = 0; }")
    expect(page.get_by_role("button", name="1 new")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("html")).to_have_attribute("data-list-busy", "true")
    page.wait_for_timeout(200)
    newest = northwind.fire(f"{name}-newest")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    page.keyboard.press(".")
    expect(link(page, newest)).to_have_count(1)


def test_who_comes_back_finds_the_row_where_it_stood(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    numbers = [northwind.fire(f"{name}-{place}", title=f"Deep {place} {name}") for place in range(16)]
    page = listed(query=f"q={name}", viewport={"width": 1440, "height": 500})
    expect(rows(page)).to_have_count(16)
    row = link(page, numbers[3])
    row.scroll_into_view_if_needed()
    top = row.evaluate("row => row.getBoundingClientRect().top")
    assert page.locator("main").evaluate("main => main.scrollTop") > 0
    row.click()
    expect(page.get_by_role("heading", name=f"Deep 3 {name}")).to_be_visible()
    page.go_back()
    expect(row).to_be_focused()
    page.wait_for_timeout(500)
    assert abs(row.evaluate("row => row.getBoundingClientRect().top") - top) <= 2


def test_it_is_still_under_the_reader_who_came_back(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    known = northwind.fire(name)
    page = listed()
    link(page, known).click()
    page.wait_for_url(f"**/incidents/{known}")
    expect(page.get_by_role("log", name="Timeline")).to_be_visible()
    page.go_back()
    expect(link(page, known)).to_be_visible()
    link(page, known).hover()
    page.wait_for_timeout(600)
    before = order(page)
    northwind.fire(f"{name}-new")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    assert order(page) == before


# ── the address ──


def test_filters_are_in_the_address_and_survive_reload_and_back(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    worse = northwind.fire(name, title=f"Queue {name} is long")
    milder = northwind.fire(f"{name}-b", title=f"Queue {name} is longer", severity="warning")
    page = listed()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter incidents")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents?view=now&q={name}")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("checkbox", name="Critical").click()
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url(f"**/incidents?view=now&severity=critical&q={name}")
    expect(rows(page)).to_have_count(1)
    expect(link(page, worse)).to_be_visible()
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Filter incidents")).to_have_value(name)
    page.go_back()
    expect(rows(page)).to_have_count(2)
    expect(link(page, milder)).to_be_visible()
    page.get_by_role("button", name="Remove filter Words").click()
    page.wait_for_url("**/incidents")
    expect(page.get_by_label("Filter incidents")).to_have_value("")
    page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile("^All")).click()
    page.wait_for_url("**/incidents?view=all")
    expect(page.get_by_role("navigation", name="Views").locator("[aria-current=page]")).to_have_text(re.compile("All"))
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_filtered_list_is_live_too(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    page = listed(query=f"q={name}&severity=critical")
    expect(page.get_by_text("No incident matches")).to_be_visible()
    northwind.fire(f"{name}-other", title="Something else")
    number = northwind.fire(name, title=f"Queue {name} is long")
    expect(rows(page)).to_have_count(1)
    expect(link(page, number)).to_be_visible()


def test_an_address_that_means_nothing_is_told_and_the_list_is_there(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name)
    page = listed(query="state=lost&severity=critical")
    expect(page.get_by_role("alert").filter(has_text="“lost” is no state.")).to_be_visible()
    expect(link(page, number)).to_be_visible()


def test_older_pages_are_walked_by_address(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    northwind.post([{"title": f"Many {name} {place}", "severity": "high", "dedup_key": f"{name}-{place}"} for place in range(50)])
    northwind.post([{"title": f"Many {name} {place}", "severity": "high", "dedup_key": f"{name}-{place}"} for place in range(50, 60)])
    page = listed(query=f"q={name}")
    expect(rows(page)).to_have_count(50)
    newest = order(page)
    page.get_by_role("link", name="Older", exact=True).click()
    expect(rows(page)).to_have_count(10)
    assert not set(order(page)) & set(newest)
    page.reload()
    expect(rows(page)).to_have_count(10)
    page.get_by_role("link", name="Newest", exact=True).click()
    expect(rows(page)).to_have_count(50)
    page.go_back()
    expect(rows(page)).to_have_count(10)


# ── by keyboard ──


def test_all_of_it_by_keyboard(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    numbers = [northwind.fire(f"{name}-{place}", title=f"Queue {place} {name}") for place in range(3)]
    page = listed(query=f"view=now&q={name}")
    expect(rows(page)).to_have_count(3)
    press = page.keyboard.press
    press("j")
    expect(link(page, numbers[0])).to_be_focused()
    press("j")
    press("j")
    press("k")
    expect(link(page, numbers[1])).to_be_focused()
    press("a")
    expect(row(page, numbers[1])).to_contain_text("Acknowledged")
    press("i")
    expect(row(page, numbers[1])).to_contain_text("Investigating")
    expect(link(page, numbers[1])).to_be_focused()
    assert order(page) == numbers
    press("r")
    dialog = page.get_by_role("dialog", name=f"Resolve {numbers[1]}")
    expect(dialog.get_by_label("What fixed it?")).to_be_focused()
    expect(dialog).to_contain_text("1 alert still fires.")
    press("Control+Enter")
    expect(dialog).to_contain_text("Write what fixed it")
    page.keyboard.type("Restarted it")
    press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(said(page)).to_contain_text("Resolved after")
    expect(row(page, numbers[1])).to_contain_text("Resolved")
    link(page, numbers[0]).focus()
    press("Enter")
    page.wait_for_url(f"**/incidents/{numbers[0]}")
    expect(page.get_by_role("log", name="Timeline")).to_be_visible()
    press("u")
    page.wait_for_url("**/incidents")
    assert page.complaints == []  # type: ignore[attr-defined]


def test_words_of_the_dialog_survive_a_reload(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name, title=f"Queue {name}")
    page = listed(query=f"q={name}")
    notes = page.get_by_role("dialog").get_by_label("What fixed it?")

    def ask() -> None:
        link(page, number).focus()
        page.keyboard.press("r")
        expect(notes).to_be_focused()
        expect(notes).to_have_attribute("data-draft", re.compile("^notes:"))

    ask()
    notes.fill("Half a thought")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(notes).to_have_value("Half a thought")
    page.keyboard.press("Escape")
    expect(notes).to_be_hidden()
    ask()
    expect(notes).to_have_value("Half a thought")


def test_a_row_is_given_and_taken_by_key(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name)
    rob, mina = listed(), listed(Role.MANAGER)
    link(rob, number).focus()
    rob.keyboard.press("m")
    dialog = rob.get_by_role("dialog", name=f"Assign {number}")
    expect(dialog.get_by_label("Who has it from now on?")).to_be_focused()
    rob.keyboard.type("oka")
    rob.keyboard.press("ArrowDown")
    rob.keyboard.press("Enter")
    expect(said(rob)).to_contain_text(f"Assigned. Mina Okafor has {number} now.")
    expect(row(mina, number)).to_contain_text("Mina · you")
    rob.get_by_role("button", name="Undo").click()
    expect(row(mina, number)).to_contain_text("Nobody")
    link(rob, number).focus()
    rob.keyboard.press("Shift+M")
    expect(said(rob)).to_contain_text(f"{number} is yours now.")
    expect(row(mina, number)).to_contain_text("Rob")
    assert rob.complaints == mina.complaints == []  # type: ignore[attr-defined]


def test_a_viewer_is_offered_no_move(northwind: Northwind, listed: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name)
    page = listed(Role.VIEWER)
    link(page, number).focus()
    for key in ("a", "i", "r", "m", "Shift+M"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row(page, number)).to_contain_text("Open")


# ── when there is nothing, and when the line breaks ──


def test_the_first_alert_turns_the_waiting_page_into_the_list(
    new_northwind: Callable[..., Northwind], as_person: Callable[..., Page]
) -> None:
    northwind = new_northwind()
    page = as_person(northwind, Role.ADMIN, "/incidents", **WIDE)
    expect(page.get_by_role("heading", name="Waiting for your first alert…")).to_be_visible()
    connecting = as_person(northwind, Role.ADMIN, "/incidents", **WIDE)
    connecting.get_by_role("button", name="Plain webhook").click()
    expect(connecting.get_by_role("region", name="Address")).to_contain_text("/intake/")
    northwind.fire("first", title="Error rate above 5 %")
    expect(page.get_by_role("link", name="INC-1 Error rate above 5 %")).to_be_visible()
    northwind.stop("first", title="Error rate above 5 %")
    expect(row(page, "INC-1")).to_contain_text("Resolved by itself")
    page.get_by_role("link", name=re.compile("^Needs attention")).click()
    expect(page.get_by_role("heading", name="Nobody is waiting")).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile(r"Last incident: INC-1, resolved \d+s ago\."))


def test_a_restart_leaves_the_page_right(new_northwind: Callable[..., Northwind], as_person: Callable[..., Page]) -> None:
    northwind = new_northwind()
    northwind.fire("before", title="Before the restart")
    page = as_person(northwind, Role.RESPONDER, "/incidents?q=restart", **WIDE)
    expect(rows(page)).to_have_count(1)
    page.evaluate("window.stayed = true")
    northwind.server.stop()
    with northwind.database():
        incidents.acknowledge(northwind.actors[Role.MANAGER], "INC-1")
    northwind.server.start()
    northwind.fire("after", title="After the restart")
    expect(rows(page)).to_have_count(2, timeout=30_000)
    expect(row(page, "INC-1")).to_contain_text("Acknowledged")
    assert page.evaluate("window.stayed") is True


def test_signing_out_elsewhere_takes_the_list_away(northwind: Northwind, as_person: Callable[..., Page], name: str) -> None:
    number = northwind.fire(name, title=f"Queue {name}")
    token = northwind.sign_in(Role.VIEWER)
    page = as_person(northwind, Role.VIEWER, f"/incidents?view=now&q={name}", token=token, **WIDE)
    expect(link(page, number)).to_be_visible()
    with northwind.database():
        actor = sessions.actor_for_token(token)
        assert actor is not None
        sessions.sign_out(actor)
    began = time.monotonic()
    page.wait_for_url("**/login**", timeout=5_000)
    assert time.monotonic() - began < 5
    expect(page.get_by_text(number)).to_have_count(0)


# ── on phones, for screen readers, in both themes ──


def test_on_a_phone_an_incident_of_mine_is_acknowledged_with_the_thumb(
    northwind: Northwind, listed: Callable[..., Page], name: str
) -> None:
    number, other = northwind.fire(name, title=f"A rather long title {name} " * 4), northwind.fire(f"{name}-b", title=f"Queue {name}")
    with northwind.database():
        incidents.acknowledge(northwind.actors[Role.RESPONDER], number)
        incidents.unacknowledge(northwind.actors[Role.RESPONDER], number)
    page = listed(query=f"view=now&q={name}", **PHONE)
    expect(rows(page)).to_have_count(2)
    button = row(page, number).get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    expect(row(page, other).get_by_role("button", name="Acknowledge")).to_have_count(0)
    box = button.bounding_box()
    assert box is not None
    assert box["width"] > 340
    assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    button.tap()
    expect(said(page)).to_contain_text("Acknowledged.")
    expect(row(page, number)).to_contain_text("Acknowledged")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(northwind: Northwind, listed: Callable[..., Page], name: str, scheme: str, size: dict[str, Any]) -> None:
    number = northwind.fire(name, title=f"Queue {name}")
    northwind.fire(f"{name}-b", title=f"Queue {name} again", severity="warning")
    page = listed(query=f"view=now&q={name}&state=open", color_scheme=scheme, bypass_csp=True, **size)
    expect(rows(page)).to_have_count(2)
    assert violations(page) == []
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("button", name="Show these")).to_be_visible()
    page.wait_for_timeout(200)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show these")).to_be_hidden()
    link(page, number).focus()
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name=f"Resolve {number}")).to_be_visible()
    page.wait_for_timeout(200)
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.goto("/incidents?q=nothinglikeit&state=lost")
    expect(page.get_by_text("No incident matches")).to_be_visible()
    assert violations(page) == []
    page.goto("/incidents?view=all")
    expect(rows(page).first).to_be_visible()
    assert violations(page) == []
    assert page.complaints == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_axe_finds_nothing_where_there_is_nothing(
    new_northwind: Callable[..., Northwind], as_person: Callable[..., Page], role: Role
) -> None:
    page = as_person(new_northwind(), role, "/incidents", bypass_csp=True, **PHONE)
    expect(page.get_by_role("heading", name="Waiting for your first alert…")).to_be_visible()
    assert violations(page) == []


def test_what_needs_attention_is_read_page_by_page(new_northwind: Callable[..., Northwind], as_person: Callable[..., Page]) -> None:
    northwind = new_northwind()
    for place in range(53):
        northwind.fire(f"many {place}", title=f"Waits as number {place}", severity="warning" if place < 2 else "critical")
    page = as_person(northwind, Role.RESPONDER, "/incidents?view=attention")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="More").click()
    for _ in range(2):  # a reload keeps the place
        expect(rows).to_have_count(3)
        assert [row.get_attribute("data-row") for row in rows.all()] == ["INC-53", "INC-1", "INC-2"]
        page.reload()
    page.get_by_role("link", name="From the top").click()
    expect(rows).to_have_count(50)
    page.go_back()
    expect(rows).to_have_count(3)
