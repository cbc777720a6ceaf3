"""A field that narrows the choices beside it: by the beginnings of words, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PEOPLE = ("Take it", "Zoë Ångström zoe", "Mina Okafor mina", "Rob Lindqvist rob.l")
CHOICES = "".join(f'<li><button data-choice="{name}" onclick="did.push(this.textContent)">{name}</button></li>' for name in PEOPLE)
CHOOSER = f"""<link rel="stylesheet" href="/tocsin.css"><script>const did = []</script>
<div role="dialog" aria-label="Assign" data-chooser=""><label>Who?<input data-narrows=""></label>
<ul class="choices">{CHOICES}</ul><p data-no-choice="">Nobody is called that</p></div>"""


def offered(page: Page) -> list[str]:
    return page.locator("[data-choice]:visible").all_inner_texts()


@pytest.fixture
def page(show: Callable[..., Page]) -> Page:
    """The choices, with the cursor in their field."""
    shown = show(CHOOSER)
    shown.get_by_label("Who?").focus()
    return shown


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("", list(PEOPLE)),
        ("mi", [PEOPLE[2]]),
        ("OKA mina", [PEOPLE[2]]),
        ("angs", [PEOPLE[1]]),
        ("@zoe", [PEOPLE[1]]),
        ("rob.l", [PEOPLE[3]]),
        ("fina", []),
        ("ina", []),
        ("  ", list(PEOPLE)),
    ],
)
def test_those_are_left_whose_words_begin_so(page: Page, typed: str, left: list[str]) -> None:
    page.keyboard.type(typed)
    assert offered(page) == left
    expect(page.get_by_text("Nobody is called that")).to_be_visible(visible=not left)


def test_who_was_out_comes_back(page: Page) -> None:
    page.keyboard.type("mi")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    assert offered(page) == list(PEOPLE)


def test_enter_takes_the_first_that_is_left_and_nothing_while_nothing_was_typed(page: Page) -> None:
    page.keyboard.press("Enter")
    page.keyboard.type("nobody here")
    page.keyboard.press("Enter")
    assert page.evaluate("did") == []
    page.get_by_label("Who?").fill("")
    page.keyboard.type("mi")
    page.keyboard.press("Enter")
    assert page.evaluate("did") == [PEOPLE[2]]


@pytest.mark.parametrize("keys", [["Enter"], ["ArrowDown", "Enter"]])
def test_after_the_choice_keys_work_at_once(page: Page, keys: list[str]) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button data-key=a onclick=did.push(\\'key\\')>Acknowledge</button>')")
    page.keyboard.type("mi")
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("document.querySelector('[data-chooser]').remove()")
    page.keyboard.press("a")
    assert page.evaluate("did") == [PEOPLE[2], "key"]


def test_the_arrows_walk_from_the_field_through_what_is_left_and_back(page: Page) -> None:
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Zoë")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Who?")).to_be_focused()
    page.keyboard.type("rob")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Rob")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("did") == [PEOPLE[3]]
