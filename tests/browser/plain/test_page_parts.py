"""What else tocsin.js does for a page: the list that waits, sentences that go, what is read aloud, the tab, copying, the zone."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.plain.site import CONNECTED, Site

ENTRIES = "".join(f'<li style="height: 40px"><a data-row="INC-{number}" href="#">INC-{number}</a></li>' for number in range(20))
LIST = f"""<div data-viewer="bob"></div><main style="height: 300px; overflow: auto"><h1 style="margin: 0 0 40px">Incidents</h1>
<button data-busy-switch="true" onclick="told.push(true)" hidden></button>
<button data-busy-switch="false" onclick="told.push(false)" hidden></button>
<ul data-list style="margin: 0">{ENTRIES}</ul></main><button>elsewhere</button><script>const told = []</script>{CONNECTED}"""


def expect_told(page: Page, *words: bool) -> None:
    page.wait_for_function("words => JSON.stringify(told) === words", arg=json.dumps(words, separators=(",", ":")))


def test_the_state_is_told_when_the_pointer_is_in_the_list(show: Callable[..., Page]) -> None:
    page = show(LIST)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect_told(page, False)  # once as the list appears
    page.get_by_text("INC-1", exact=True).hover()
    expect_told(page, False, True)
    page.get_by_role("heading").hover()
    expect_told(page, False, True, False)


def test_the_state_is_told_when_the_focus_is_in_the_list(show: Callable[..., Page]) -> None:
    page = show(LIST)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect_told(page, False)
    page.get_by_text("INC-1", exact=True).focus()
    expect_told(page, False, True)
    page.get_by_role("button", name="elsewhere").focus()
    expect_told(page, False, True, False)


def test_the_state_is_told_when_the_list_is_scrolled(show: Callable[..., Page]) -> None:
    page = show(LIST)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect_told(page, False)
    page.evaluate("document.querySelector('main').scrollTop = 100")
    expect_told(page, False, True)
    page.evaluate("document.querySelector('main').scrollTop = 0")
    expect_told(page, False, True, False)


def test_after_a_reconnect_the_state_is_told_again(show: Callable[..., Page], site: Site) -> None:
    """It forgot: a tab that comes back may meet a new state."""
    page = show(LIST, unplugged=True)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.get_by_text("INC-1", exact=True).focus()
    expect_told(page, True)
    site.accepting = False
    site.drop()
    expect(page.locator("html")).to_have_attribute("data-connection", "reconnecting")
    site.accepting = True
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect_told(page, True, True)


def test_a_good_sentence_goes_by_itself_and_a_bad_one_stays_until_it_is_dismissed(show: Callable[..., Page]) -> None:
    page = show("")
    page.mouse.move(600, 600)  # what the pointer rests on stays
    page.clock.install()
    page.evaluate("""document.body.innerHTML = '<link rel=stylesheet href=/tocsin.css><p class="said" data-said="1">Acknowledged.</p>'
      + '<p class="said is-bad" data-said="2">Not acknowledged.<button data-dismiss>Dismiss</button></p>'""")
    page.wait_for_timeout(100)
    page.clock.run_for(4000)
    expect(page.get_by_text("Acknowledged.", exact=True)).to_be_visible()
    page.clock.run_for(2000)
    expect(page.get_by_text("Acknowledged.", exact=True)).to_be_hidden()
    page.clock.run_for(60_000)
    expect(page.get_by_text("Not acknowledged.")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Not acknowledged.")).to_be_hidden()


def test_the_same_sentence_told_again_is_seen_again(show: Callable[..., Page]) -> None:
    page = show("")
    page.mouse.move(600, 600)
    page.clock.install()
    page.evaluate("document.body.innerHTML = '<link rel=stylesheet href=/tocsin.css><p class=said data-said=1>Acknowledged.</p>'")
    page.wait_for_timeout(100)
    page.clock.run_for(6000)
    expect(page.get_by_text("Acknowledged.")).to_be_hidden()
    page.evaluate("document.querySelector('.said').dataset.said = 2")
    expect(page.get_by_text("Acknowledged.")).to_be_visible()


def line(seq: int, words: str) -> str:
    return f'<li data-seq="{seq}" data-announce="{words}">{words}</li>'


def add(page: Page, *lines: str) -> None:
    page.evaluate("lines => document.querySelector('ol').insertAdjacentHTML('beforeend', lines)", "".join(lines))
    page.wait_for_timeout(50)


def test_new_lines_are_read_aloud_one_sentence_in_five_seconds(show: Callable[..., Page]) -> None:
    page = show(f"<div data-timeline><ol>{line(5, 'Old')}</ol><p data-announcer></p></div>")
    page.clock.install()
    heard = page.locator("[data-announcer]")
    page.wait_for_timeout(100)
    expect(heard).to_be_empty()
    add(page, line(6, "Bob acknowledged"))
    expect(heard).to_have_text("Bob acknowledged")
    add(page, line(7, "Carol commented"), line(8, ""), line(9, "Bob commented"))
    expect(heard).to_have_text("Bob acknowledged")
    page.clock.run_for(5000)
    expect(heard).to_have_text("Bob commented, and 1 more")


def test_older_lines_that_are_loaded_later_are_not_read_aloud(show: Callable[..., Page]) -> None:
    page = show(f"<div data-timeline><ol>{line(50, 'New')}</ol><p data-announcer></p></div>")
    page.wait_for_timeout(100)
    add(page, line(3, "Long ago"))
    expect(page.locator("[data-announcer]")).to_be_empty()


def test_the_lines_of_another_incident_are_not_read_aloud(show: Callable[..., Page]) -> None:
    page = show(f'<div data-timeline="INC-1"><ol>{line(5, "Old")}</ol><p data-announcer></p></div>')
    page.wait_for_timeout(100)
    page.evaluate("document.querySelector('[data-timeline]').dataset.timeline = 'INC-2'")
    add(page, line(80, "Of the other"))
    expect(page.locator("[data-announcer]")).to_be_empty()
    add(page, line(81, "New in the other"))
    expect(page.locator("[data-announcer]")).to_have_text("New in the other")


def test_a_link_to_a_line_finds_it_when_it_comes(show: Callable[..., Page], site: Site) -> None:
    page = show('<div data-timeline><ol></ol></div><div style="height: 3000px"></div>')
    page.goto(f"{site.url}/#event-9")
    page.evaluate("document.querySelector('ol').innerHTML = '<div style=height:2000px></div><li id=event-9 data-seq=9>Here</li>'")
    expect(page.get_by_text("Here")).to_be_in_viewport()


def test_the_tab_shows_the_pages_own_title_and_gives_it_back(show: Callable[..., Page]) -> None:
    page = show('<div data-viewer="bob" data-title="(4) Incidents · Tocsin" data-attention="on"></div>')
    expect(page).to_have_title("(4) Incidents · Tocsin")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/favicon-attention.svg")
    page.evaluate("document.title = 'Tocsin'")
    expect(page).to_have_title("(4) Incidents · Tocsin")
    page.evaluate("Object.assign(document.querySelector('[data-viewer]').dataset, {title: '', attention: 'off'})")
    expect(page).to_have_title("Tocsin")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/favicon.svg")


def test_a_persons_own_theme_is_chosen_once_they_are_known(show: Callable[..., Page]) -> None:
    page = show("""<script>const set = []</script><div data-viewer="" data-theme="light"></div>
    <button data-set-theme="dark" onclick="set.push('dark')"></button>
    <button data-set-theme="light" onclick="set.push('light')"></button>""")
    page.wait_for_timeout(100)
    assert page.evaluate("set") == []
    page.evaluate("Object.assign(document.querySelector('[data-viewer]').dataset, {viewer: 'bob', theme: 'dark'})")
    page.wait_for_timeout(100)
    assert page.evaluate("set") == ["dark"]


def test_a_theme_chosen_before_they_are_known_stands(show: Callable[..., Page]) -> None:
    page = show("""<script>const set = []</script><div data-viewer="" data-theme="system"></div>
    <button data-chooses-theme onclick="localStorage.theme = 'light'">Theme</button>
    <button data-set-theme="dark" onclick="set.push('dark')"></button>
    <button data-set-theme="light" onclick="set.push('light')"></button>""")
    page.get_by_role("button", name="Theme").click()
    know = "theme => Object.assign(document.querySelector('[data-viewer]').dataset, {viewer: 'bob', theme})"
    page.evaluate(know, "dark")
    page.wait_for_timeout(100)
    assert page.evaluate("set") == []
    page.evaluate(know, "light")
    page.evaluate(know, "dark")  # another browser of theirs chose it since
    page.wait_for_timeout(100)
    assert page.evaluate("set") == ["dark"]


def test_the_place_where_one_is_stands_in_sight(show: Callable[..., Page]) -> None:
    places = (f'<a href="#" {"data-in-sight" if place == 7 else ""}>Place {place}</a>' for place in range(9))
    style = "<style>nav { display: flex; width: 300px; overflow-x: auto } nav a { flex: none; width: 90px }</style>"
    page = show(f"{style}<nav>{''.join(places)}</nav>")
    here = page.get_by_text("Place 7")
    expect(here).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('nav').scrollLeft") > 0
    page.evaluate("document.querySelector('nav').outerHTML = document.querySelector('nav').outerHTML.replace('data-in-sight', '')")
    expect(here).not_to_be_in_viewport()
    page.evaluate("document.querySelectorAll('nav a')[4].outerHTML = '<a href=\"#\" data-in-sight>Place 4</a>'")
    expect(page.get_by_text("Place 4")).to_be_in_viewport(ratio=1)


def test_a_button_copies_a_text_or_what_another_element_holds(show: Callable[..., Page]) -> None:
    page = show('<button data-copy="a key">One</button><button data-copy-from="code">Two</button><pre id="code">curl\n  -d</pre>')
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("One").click()
    expect(page.get_by_text("One")).to_have_attribute("data-copied", "")
    assert page.evaluate("navigator.clipboard.readText()") == "a key"
    page.get_by_text("Two").click()
    expect(page.get_by_text("Two")).to_have_attribute("data-copied", "")
    assert page.evaluate("navigator.clipboard.readText()") == "curl\n  -d"


def test_copying_works_without_tls(show: Callable[..., Page]) -> None:
    """There the browser has no clipboard object."""
    page = show('<button data-copy="a key">Copy</button><textarea></textarea>')
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_attribute("data-copied", "")
    expect(page.get_by_role("button")).to_be_focused()
    page.get_by_role("textbox").focus()
    page.keyboard.press("Control+v")
    expect(page.get_by_role("textbox")).to_have_value("a key")


def test_a_form_learns_the_browsers_zone_and_language(show: Callable[..., Page]) -> None:
    page = show('<input type="hidden" data-timezone><input type="hidden" data-locale>', timezone_id="Asia/Tokyo", locale="de-CH")
    expect(page.locator("[data-timezone]")).to_have_value("Asia/Tokyo")
    expect(page.locator("[data-locale]")).to_have_value("de-CH")


def test_an_impatient_second_click_is_not_sent_and_the_button_says_that_it_works(show: Callable[..., Page], site: Site) -> None:
    page = show(f'<button data-acts onclick="clicks += 1">Acknowledge</button><script>let clicks = 0</script>{CONNECTED}')
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    button = page.get_by_role("button")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    assert page.evaluate("clicks") == 1
    site.answer()
    expect(button).not_to_have_attribute("aria-busy", "true")
    button.click()
    assert page.evaluate("clicks") == 2


def test_nothing_is_written_into_a_page_before_react_took_it_over(show: Callable[..., Page]) -> None:
    """React compares the page with what it would draw, and throws it all away when they differ."""
    page = show('<script>window.__reactRouterContext = {}</script><time data-age datetime="2026-01-01T00:00:00Z"></time>')
    page.wait_for_timeout(300)
    expect(page.locator("time")).to_be_empty()
    page.evaluate("document.body.__reactFiber$x = {}")
    expect(page.locator("time")).not_to_be_empty()
