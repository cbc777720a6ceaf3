"""The keyboard: shortcuts, the cursor in the list, and when both keep out of the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

NOTE = "<script>const did = []; const note = (event) => did.push(event.target.closest('[data-key]').id)</script>"
CONTROLS = f"""{NOTE}<div data-viewer="bob" data-shortcuts="on">
<a id="incidents" data-key="g i" href="#" onclick="note(event)">Incidents</a>
<button id="acknowledge" data-key="a" onclick="note(event)">Acknowledge<kbd aria-hidden="true">a</kbd></button>
<button id="grow" data-key="Shift+M" onclick="note(event)">To me</button>
<input data-key="/" aria-label="Filter incidents" value="old"><textarea data-key="c" aria-label="Comment"></textarea></div>"""


def row(number: int, extra: str = "") -> str:
    return f"""<li><div class="inc"><a data-row="INC-{number}" href="#INC-{number}">INC-{number}</a>
    <span hidden><button id="row-{number}" data-key="a" onclick="note(event)">acknowledge</button></span>{extra}</div></li>"""


ROWS = f"""{NOTE}<div data-viewer="bob" data-shortcuts="on"><button>before</button>
<ul data-list>{row(47)}{row(46)}{row(45)}</ul><button>after</button></div>"""


def did(page: Page) -> list[str]:
    done: list[str] = page.evaluate("did")
    return done


def focused(page: Page) -> str:
    words: str = page.evaluate("document.activeElement.dataset.row ?? document.activeElement.getAttribute('aria-label') ?? ''")
    return words


def test_a_key_clicks_its_control(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.keyboard.press("a")
    page.keyboard.press("Shift+m")
    page.keyboard.press("m")
    assert did(page) == ["acknowledge", "grow"]


def test_a_key_goes_to_its_field_and_is_not_typed_into_it(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.keyboard.press("/")
    assert focused(page) == "Filter incidents"
    page.keyboard.type("new")
    expect(page.get_by_label("Filter incidents")).to_have_value("new")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    assert focused(page) == "Comment"
    expect(page.get_by_label("Comment")).to_have_value("")


def test_two_keys_in_a_row_go_to_a_place(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.keyboard.press("g")
    page.keyboard.press("i")
    assert did(page) == ["incidents"]


def test_the_second_key_alone_goes_nowhere(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.keyboard.press("i")
    page.keyboard.press("g")
    page.wait_for_timeout(1300)
    page.keyboard.press("i")
    assert did(page) == []


@pytest.mark.parametrize("keys", ["Control+a", "Alt+a", "Meta+a"])
def test_a_shortcut_of_the_browser_stays_the_browsers(show: Callable[..., Page], keys: str) -> None:
    page = show(CONTROLS)
    page.keyboard.press(keys)
    assert did(page) == []


def test_keys_are_text_while_typing(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.get_by_label("Comment").click()
    page.keyboard.type("a g i ?")
    expect(page.get_by_label("Comment")).to_have_value("a g i ?")
    assert did(page) == []


def test_keys_can_be_switched_off(show: Callable[..., Page]) -> None:
    page = show(CONTROLS.replace('shortcuts="on"', 'shortcuts="off"'))
    for key in ("a", "/", "?", "j"):
        page.keyboard.press(key)
    assert did(page) == []
    assert focused(page) == ""
    assert page.locator("dialog").count() == 0


@pytest.mark.parametrize("off", ["disabled", 'aria-disabled="true"'])
def test_a_key_does_not_press_what_cannot_be_pressed(show: Callable[..., Page], off: str) -> None:
    page = show(CONTROLS.replace('id="acknowledge"', f'id="acknowledge" {off}'))
    page.keyboard.press("a")
    assert did(page) == []


def test_a_dialog_keeps_the_keys_of_the_page_away(show: Callable[..., Page]) -> None:
    page = show(CONTROLS + f'<div role="dialog"><button id="inside" data-key="a" onclick="note(event)">Yes</button></div>{row(1)}')
    page.keyboard.press("a")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.keyboard.press("j")
    assert did(page) == ["inside"]
    assert focused(page) == ""


def test_what_is_typed_ahead_of_a_dialog_presses_nothing_on_the_page(show: Callable[..., Page]) -> None:
    page = show(CONTROLS + '<button id="assign" data-key="m" data-opens="" onclick="note(event)">Assign</button>')
    page.keyboard.type("ma")
    assert did(page) == ["assign"]
    page.wait_for_timeout(1600)
    page.keyboard.type("a")
    assert did(page) == ["assign", "acknowledge"]
    page.keyboard.type("m")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<div role=dialog><button data-key=a id=inside onclick=note(event)></div>')"
    )
    page.keyboard.type("a")
    assert did(page)[2:] == ["assign", "inside"]


def test_escape_gives_the_keys_back(show: Callable[..., Page]) -> None:
    page = show(CONTROLS + '<button id="assign" data-key="m" data-opens="" onclick="note(event)">Assign</button>')
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert did(page) == ["assign", "acknowledge"]


def test_question_mark_lists_the_keys_that_work_here(show: Callable[..., Page]) -> None:
    page = show(CONTROLS + row(1))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    told = dict(zip(dialog.locator("dt").all_inner_texts(), dialog.locator("dd").all_inner_texts(), strict=True))
    assert {key.replace("\xa0", " ").strip(): words for key, words in told.items()} == {
        "g i": "Incidents",
        "a": "Acknowledge",
        "Shift+M": "To me",
        "/": "Filter incidents",
        "c": "Comment",
        "j": "Next",
        "k": "Previous",
        "Enter": "Open",
        "Ctrl Enter": "Send",
        "?": "These keys",
    }
    expect(dialog.get_by_role("link", name="Help")).to_have_attribute("href", "/help?theme=system")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_ctrl_enter_sends_the_form_even_with_shortcuts_off(show: Callable[..., Page]) -> None:
    page = show("""<div data-viewer="bob" data-shortcuts="off"></div>
    <form onsubmit="event.preventDefault(); document.title = 'sent ' + this.body.value">
    <textarea name="body" aria-label="Comment"></textarea><button type="submit">Comment</button></form>""")
    page.get_by_label("Comment").fill("hello")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_title("sent hello")


def test_j_and_k_move_the_focus_and_stop_at_the_ends(show: Callable[..., Page]) -> None:
    page = show(ROWS)
    seen = []
    for key in "jjjjkkkk":
        page.keyboard.press(key)
        seen.append(focused(page))
    assert seen == ["INC-47", "INC-46", "INC-45", "INC-45", "INC-46", "INC-47", "INC-47", "INC-47"]


def test_enter_opens_the_row_under_the_cursor_also_when_the_focus_left_it(show: Callable[..., Page]) -> None:
    page = show(ROWS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    assert page.url.endswith("#INC-46")


def test_the_list_is_one_stop_for_tab_and_arrows_move_in_it(show: Callable[..., Page]) -> None:
    page = show(ROWS.replace('shortcuts="on"', 'shortcuts="off"'))
    page.get_by_role("button", name="before").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "INC-47"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "INC-46"
    page.keyboard.press("End")
    assert focused(page) == "INC-45"
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="after")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "INC-45"


def test_a_key_acts_on_the_row_under_the_cursor_alone(show: Callable[..., Page]) -> None:
    page = show(ROWS)
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert did(page) == ["row-46"]


def test_the_cursor_goes_on_from_where_a_row_went_away(show: Callable[..., Page]) -> None:
    page = show(ROWS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.evaluate("document.querySelector('[data-row=INC-46]').closest('li').remove()")
    page.keyboard.press("j")
    assert focused(page) == "INC-45"


def test_the_cursor_is_where_it_was_after_coming_back(show: Callable[..., Page]) -> None:
    page = show(ROWS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.reload()
    expect(page.locator("[data-at] [data-row]")).to_have_text("INC-46")
    page.keyboard.press("j")
    assert focused(page) == "INC-45"


def test_what_is_typed_on_after_its_field_vanished_presses_no_keys(show: Callable[..., Page]) -> None:
    page = show(CONTROLS)
    page.get_by_label("Comment").focus()
    page.keyboard.type("all ")
    page.get_by_label("Comment").evaluate("field => field.remove()")
    page.keyboard.type("are away")
    assert did(page) == []
    page.wait_for_timeout(1600)
    page.keyboard.press("a")
    assert did(page) == ["acknowledge"]
