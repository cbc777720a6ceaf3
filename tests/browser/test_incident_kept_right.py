"""An incident's page through what goes wrong: reloads, lost and silent connections, restarts, slow lines, long timelines."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from models.vocabulary import Role
from tests.fixtures.lines import Line
from tests.fixtures.northwind import Northwind

MANY = 10_000


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Timeline")


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Comment")


def comments(page: Page) -> Locator:
    return log(page).locator("[data-type=comment]")


@pytest.fixture
def number(northwind: Northwind, request: pytest.FixtureRequest) -> str:
    """A new incident."""
    return northwind.fire(request.node.name)


@pytest.fixture
def line(northwind: Northwind, new_line: Callable[..., Line]) -> Line:
    """The way to the server, which can be cut."""
    return new_line(northwind.server.port)


def test_a_draft_survives_a_reload_and_goes_when_it_is_stored(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    box(page).fill("half a thought")
    page.reload()
    expect(box(page)).to_have_value("half a thought")
    box(page).press("Control+Enter")
    expect(comments(page)).to_have_count(1)
    expect(box(page)).to_have_value("")
    page.reload()
    expect(comments(page)).to_have_count(1)
    expect(box(page)).to_have_value("")


def test_a_refused_comment_stays_in_its_box(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    box(page).fill("x" * 20_001)
    box(page).press("Control+Enter")
    expect(page.get_by_text("at most 20,000 are kept")).to_be_visible()
    expect(box(page)).to_have_value("x" * 20_001)


def test_words_of_a_dialog_survive_a_reload(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_label("What fixed it?").fill("Rolled back")
    page.reload()
    expect(page.get_by_role("dialog").get_by_label("What fixed it?")).to_have_value("Rolled back")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.keyboard.press("r")
    expect(page.get_by_role("dialog").get_by_label("What fixed it?")).to_have_value("Rolled back")


def test_a_dropped_connection_comes_back_with_all_that_happened(
    northwind: Northwind, as_person: Callable[..., Page], number: str, line: Line, request: pytest.FixtureRequest
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    for absence in (0.0, 0.3, 1.5):  # at once, before the server has seen the old socket go, and later
        box(page).fill(f"kept for {absence}")
        line.cut()
        northwind.write_lines(number, 1)
        time.sleep(absence)
        line.mend()
        expect(comments(page).last).to_contain_text("Line 0 of a long night")
        expect(box(page)).to_have_value(f"kept for {absence}")
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(comments(page)).to_have_count(3)
    northwind.stop(request.node.name)
    expect(page.get_by_role("button", name="Reopen…").or_(page.get_by_text("No alert of this incident fires any more"))).to_be_visible()


def test_behind_a_reverse_proxy_a_page_comes_back_before_the_server_knew_that_it_left(
    northwind: Northwind, as_person: Callable[..., Page], number: str, new_line: Callable[..., Line]
) -> None:
    line = new_line(northwind.server.port, linger_seconds=0.8)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    for time_round in range(1, 3):
        box(page).fill(f"kept {time_round}")
        box(page).focus()
        line.cut()
        line.mend()
        northwind.write_lines(number, 1)
        expect(comments(page)).to_have_count(time_round)
        page.keyboard.press("End")
        page.keyboard.type(", all of it")
        expect(box(page)).to_have_value(f"kept {time_round}, all of it")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("button", name="Start investigating")).to_be_visible()


def test_a_comment_sent_into_a_dead_line_is_stored_once(
    northwind: Northwind, as_person: Callable[..., Page], number: str, line: Line
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    line.silence()
    box(page).fill("said into the dark")
    box(page).press("Control+Enter")
    time.sleep(0.3)
    line.cut()
    line.mend()
    expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=30_000)
    time.sleep(1)
    if box(page).input_value():
        box(page).press("Control+Enter")
        expect(box(page)).to_have_value("")
        box(page).fill("said again")
        box(page).press("Control+Enter")
    expect(comments(page).filter(has_text="said into the dark")).to_have_count(1)
    page.reload()
    expect(comments(page).filter(has_text="said into the dark")).to_have_count(1)


def test_an_answer_that_was_lost_does_not_store_a_comment_twice(
    northwind: Northwind, as_person: Callable[..., Page], number: str, line: Line
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=line)
    other = as_person(northwind, Role.MANAGER, f"/incidents/{number}")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    line.silence_answers()
    box(page).fill("heard, but not answered")
    box(page).press("Control+Enter")
    expect(comments(other)).to_have_count(1)
    line.cut()
    line.mend()
    expect(comments(page)).to_have_count(1)
    time.sleep(1)
    if box(page).input_value():
        box(page).press("Control+Enter")
        expect(box(page)).to_have_value("")
    expect(comments(page)).to_have_count(1)
    expect(comments(other)).to_have_count(1)


def test_a_restart_moves_nothing_under_the_reader(new_northwind: Callable[..., Northwind], as_person: Callable[..., Page]) -> None:
    northwind = new_northwind()
    number = northwind.fire("restart")
    northwind.write_lines(number, 40)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", viewport={"width": 1440, "height": 700})
    expect(comments(page)).to_have_count(40)
    box(page).fill("half a ")
    box(page).focus()
    page.keyboard.press("End")
    page.evaluate("document.querySelector('.split > .col').scrollTop = 400")
    page.evaluate("""() => {
        window.fewest = 1e9;
        new MutationObserver(() => { fewest = Math.min(fewest, document.querySelectorAll('[data-seq]').length); })
            .observe(document.body, { childList: true, subtree: true });
    }""")
    northwind.server.stop()
    northwind.server.start()
    northwind.stop("restart")
    expect(log(page)).to_contain_text("Alert stopped", timeout=30_000)
    page.keyboard.type("thought")
    expect(box(page)).to_have_value("half a thought")
    assert abs(page.evaluate("document.querySelector('.split > .col').scrollTop") - 400) < 5
    assert page.evaluate("fewest") >= 41
    page.get_by_role("button", name="Reopen…").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_typing_loses_no_letter_on_a_slow_line(
    northwind: Northwind, as_person: Callable[..., Page], number: str, new_line: Callable[..., Line]
) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", line=new_line(northwind.server.port, delay_seconds=0.15))
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible(timeout=30_000)
    box(page).focus()
    words = "The pool of checkout-db is exhausted: 200 of 200 connections are in use."
    for place, letter in enumerate(words):
        page.keyboard.type(letter)
        if place % 20 == 10:
            northwind.write_lines(number, 1)  # the page changes while somebody types
    expect(box(page)).to_have_value(words)
    page.keyboard.press("Control+Enter")
    expect(comments(page).filter(has_text=words)).to_have_count(1, timeout=15_000)
    expect(box(page)).to_have_value("")


def test_ten_thousand_lines_scroll_in_small_steps(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    northwind.write_lines(number, MANY)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", viewport={"width": 1440, "height": 900})
    lines = log(page).locator("[data-seq]")
    expect(log(page)).to_contain_text(f"Line {MANY - 1} of")
    for _ in range(8):
        first = lines.first.get_attribute("data-seq")
        assert first is not None
        top = _scroll_up(page)
        log(page).get_by_role("button", name="Show earlier").click()
        expect(log(page).locator(f"[data-seq='{int(first) - 1}']")).to_have_count(1)
        assert lines.count() <= 220
        after = page.evaluate(f"document.getElementById('event-{first}').getBoundingClientRect().top")
        assert abs(after - top[first]) < 2, "what was read moved"
    expect(log(page).get_by_role("button", name="Show later")).to_have_count(1)
    northwind.write_lines(number, 3)
    expect(log(page).get_by_role("button", name="To the end, 3 new")).to_have_count(1)
    log(page).get_by_role("button", name="To the end").click()
    expect(log(page)).to_contain_text("Line 2 of")
    expect(log(page).get_by_role("button", name="To the end")).to_have_count(0)


def _scroll_up(page: Page) -> dict[str, float]:
    """Scroll to the first line, and give where each line then is."""
    places: dict[str, float] = page.evaluate("""() => {
        const column = document.querySelector('.split > .col');
        column.scrollTop += document.querySelector('.tl').getBoundingClientRect().top - 150;
        const lines = [...document.querySelectorAll('[data-seq]')];
        return Object.fromEntries(lines.map((one) => [one.dataset.seq, one.getBoundingClientRect().top]));
    }""")
    return places


def test_a_link_to_a_line_leads_there_in_a_long_timeline(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    northwind.write_lines(number, 1_000)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}#event-300")
    line = log(page).locator("#event-300")
    expect(line).to_be_in_viewport()
    expect(line).to_contain_text("Line 298 of")


def test_filters_and_order_hold_while_lines_come(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}")
    page.get_by_text("Comments", exact=True).click()
    expect(log(page)).to_contain_text("No comments yet.")
    northwind.write_lines(number, 2)
    expect(log(page).locator("[data-seq]")).to_have_count(2)
    page.get_by_role("button", name="Oldest first").click()
    expect(log(page).locator("[data-seq]").first).to_contain_text("Line 1 of")
    northwind.write_lines(number, 1)
    expect(log(page).locator("[data-seq]").first).to_contain_text("Line 0 of")
    page.reload()
    expect(page.get_by_role("button", name="Newest first")).to_be_visible()
    page.get_by_role("button", name="Newest first").click()
    expect(page.get_by_role("button", name="Oldest first")).to_be_visible()


def test_what_somebody_writes_comes_into_their_sight(northwind: Northwind, as_person: Callable[..., Page], number: str) -> None:
    northwind.write_lines(number, 60)
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{number}", viewport={"width": 1440, "height": 800})
    expect(comments(page)).to_have_count(60)
    page.evaluate("document.querySelector('.split > .col').scrollTop = 0")
    northwind.write_lines(number, 1)
    expect(comments(page)).to_have_count(61)
    assert page.evaluate("document.querySelector('.split > .col').scrollTop") == 0
    box(page).fill("mine")
    box(page).press("Control+Enter")
    expect(comments(page).filter(has_text="mine")).to_be_in_viewport()


def test_going_from_one_incident_to_the_next_leaves_nothing_of_the_first(
    northwind: Northwind, as_person: Callable[..., Page], request: pytest.FixtureRequest
) -> None:
    older = northwind.fire(f"{request.node.name} 1", title="The older one")
    newer = northwind.fire(f"{request.node.name} 2", title="The newer one")
    page = as_person(northwind, Role.RESPONDER, f"/incidents/{newer}")
    expect(page.get_by_role("heading", level=1)).to_have_text("The newer one")
    box(page).fill("about the newer")
    box(page).blur()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("The older one")
    assert page.url.endswith(older)
    expect(box(page)).to_have_value("")
    expect(log(page)).not_to_contain_text("The newer one")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Start investigating")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("The newer one")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(box(page)).to_have_value("about the newer")
    page.keyboard.press("u")
    page.wait_for_url("**/incidents")
