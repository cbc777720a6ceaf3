"""A page never looks live when it is not: what is shown as the connection closes, falls silent and comes back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.plain.site import CONNECTED, Site

BODY = f"""<div data-viewer="bob" data-zone="UTC"></div><span class="live"><span data-live></span></span>
<div role="alert" data-banner></div>
<button data-needs-connection title="Acknowledge (a)" onclick="document.title = 'acknowledged'">Acknowledge</button>
<button onclick="document.title = 'filtered'">Filter</button>
<form onsubmit="event.preventDefault(); document.title = 'sent'"><textarea aria-label="Comment" data-draft="c"></textarea>
<button type="submit" data-needs-connection>Comment</button></form>{CONNECTED}"""


@pytest.fixture
def page(show: Callable[..., Page], site: Site) -> Page:
    """A live page whose clock the test moves."""
    shown = show(BODY, unplugged=True)
    shown.clock.install()
    shown.reload()
    expect_state(shown, "live")
    return shown


def expect_state(page: Page, state: str) -> None:
    page.clock.run_for(1000)
    expect(page.locator("html")).to_have_attribute("data-connection", state)


def pass_time(page: Page, site: Site, seconds: int, *, talking: bool) -> None:
    """Let time pass second by second, while the server talks or says nothing."""
    for _ in range(seconds):
        if talking:
            site.say("2")
            page.wait_for_timeout(20)
        page.clock.run_for(1000)


def lose(page: Page, site: Site) -> None:
    site.accepting = False
    site.drop()
    page.wait_for_timeout(100)


def test_an_open_socket_alone_is_not_live(show: Callable[..., Page], site: Site) -> None:
    """Until the app answered, what is seen may be old."""
    site.answering = False
    page = show(BODY)
    expect(page.locator("[data-live]")).to_have_text("Connecting…")
    page.wait_for_timeout(300)
    expect(page.locator("html")).to_have_attribute("data-connection", "connecting")
    site.answer()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.locator("[data-live]")).to_have_text("Live")


def test_a_closed_socket_shows_within_three_seconds(page: Page, site: Site) -> None:
    lose(page, site)
    page.clock.run_for(3000)
    expect(page.locator("html")).to_have_attribute("data-connection", "reconnecting")
    expect(page.locator("[data-live]")).to_have_text("Reconnecting…")


def test_a_quick_drop_and_return_shows_nothing(page: Page, site: Site) -> None:
    page.evaluate("""() => { window.seen = []; new MutationObserver(() => seen.push(document.documentElement.dataset.connection))
      .observe(document.documentElement, {attributes: true, attributeFilter: ["data-connection"]}); }""")
    site.drop()
    page.clock.run_for(500)
    page.wait_for_timeout(300)
    page.clock.run_for(1500)
    expect_state(page, "live")
    assert page.evaluate("seen") == []


def test_a_silent_socket_shows_within_ten_seconds(page: Page, site: Site) -> None:
    pass_time(page, site, 8, talking=False)
    expect(page.locator("html")).to_have_attribute("data-connection", "reconnecting")
    site.say("2")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_a_socket_that_talks_stays_live(page: Page, site: Site) -> None:
    pass_time(page, site, 30, talking=True)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_a_stale_page_says_so_with_its_age_and_holds_actions_back(page: Page, site: Site) -> None:
    lose(page, site)
    pass_time(page, site, 20, talking=False)
    expect(page.locator("html")).to_have_attribute("data-connection", "stale")
    expect(page.get_by_role("alert")).to_contain_text("No connection since")
    expect(page.get_by_role("alert").locator("time")).to_have_text(re.compile(r"^2\ds$"))
    button = page.get_by_role("button", name="Acknowledge")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "No connection: this waits until it is back.")
    button.click(force=True)
    page.get_by_label("Comment").fill("kept")
    page.get_by_label("Comment").press("Control+Enter")
    expect(page).to_have_title("Tocsin")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_title("filtered")


def test_what_appears_on_a_stale_page_is_held_back_too(page: Page, site: Site) -> None:
    lose(page, site)
    pass_time(page, site, 20, talking=False)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button data-needs-connection>Resolve</button>')")
    expect(page.get_by_role("button", name="Resolve")).to_be_disabled()


def test_a_page_that_is_live_again_gives_everything_back(page: Page, site: Site) -> None:
    lose(page, site)
    pass_time(page, site, 20, talking=False)
    page.get_by_label("Comment").fill("kept")
    site.accepting = True
    page.clock.run_for(1000)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.get_by_role("alert")).to_be_empty()
    button = page.get_by_role("button", name="Acknowledge")
    expect(button).to_have_attribute("title", "Acknowledge (a)")
    button.click()
    expect(page).to_have_title("acknowledged")
    page.get_by_label("Comment").press("Control+Enter")
    expect(page).to_have_title("sent")
    expect(page.get_by_label("Comment")).to_have_value("kept")


def test_try_now_gives_up_a_socket_that_says_nothing(page: Page, site: Site) -> None:
    pass_time(page, site, 20, talking=False)
    page.get_by_role("button", name="Try now").click()
    page.clock.run_for(300)
    page.wait_for_timeout(200)
    expect_state(page, "live")


def test_a_click_that_was_sent_before_the_socket_closed_is_named(page: Page, site: Site) -> None:
    """Whether it was done, nobody knows: it is not sent again by itself."""
    page.get_by_role("button", name="Acknowledge").click()
    lose(page, site)
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("The connection broke before “Acknowledge” was answered. Whether it was done shows")
    site.accepting = True
    page.clock.run_for(1000)
    expect(banner).to_contain_text("What you see is up to date: if it was not done, do it again.")
    banner.get_by_role("button", name="Dismiss").click()
    expect(banner).to_be_empty()


def test_the_next_click_takes_the_news_of_a_broken_one_away(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Acknowledge").click()
    site.drop()
    page.clock.run_for(1000)
    expect(page.get_by_role("alert")).to_contain_text("broke before")
    expect_state(page, "live")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_click_that_was_answered_is_not_named(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Acknowledge").click()
    site.answer()
    page.wait_for_timeout(100)
    lose(page, site)
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_click_without_a_socket_shows_that_it_waits(page: Page, site: Site) -> None:
    """It is sent when there is a socket again, so nothing broke."""
    lose(page, site)
    button = page.get_by_role("button", name="Acknowledge")
    button.click()
    pass_time(page, site, 12, talking=False)
    expect(button).to_have_attribute("aria-busy", "true")
    site.accepting = True
    page.clock.run_for(1000)
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_click_into_a_silent_line_is_busy_until_the_line_is_given_up(page: Page, site: Site) -> None:
    button = page.get_by_role("button", name="Acknowledge")
    button.click()
    pass_time(page, site, 12, talking=False)  # with some of the test's own time on top, the page must not be stale yet
    expect(button).to_have_attribute("aria-busy", "true")
    lose(page, site)
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert")).to_contain_text("broke before “Acknowledge” was answered")
