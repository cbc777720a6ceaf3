"""What somebody typed is never lost: drafts are kept by the browser until the app says that they were stored."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

FORM = """<div data-viewer="{viewer}"></div><span data-draft-sent=""></span>
<form onsubmit="event.preventDefault(); sent.push([this.body.value, this.draft_key.value])">
<textarea name="body" data-draft="{draft}" aria-label="Comment"></textarea><input type="hidden" name="draft_key" data-draft-key>
<button>Send</button></form><script>const sent = []</script>"""


def form(viewer: str = "bob", draft: str = "comment:INC-42") -> str:
    return FORM.format(viewer=viewer, draft=draft)


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Comment")


def send(page: Page) -> tuple[str, str]:
    """Send the form; returns the text and the draft's id that went with it."""
    page.get_by_role("button", name="Send").click()
    body, key = page.evaluate("sent.at(-1)")
    return body, key


def stored(page: Page, key: str) -> None:
    """The app says that the draft with this id was stored."""
    page.evaluate("key => document.querySelector('[data-draft-sent]').setAttribute('data-draft-sent', key)", key)


def test_a_draft_survives_a_reload(show: Callable[..., Page]) -> None:
    page = show(form())
    box(page).fill("pool is exhausted")
    page.reload()
    expect(box(page)).to_have_value("pool is exhausted")


def test_a_draft_survives_a_field_that_is_drawn_anew(show: Callable[..., Page]) -> None:
    page = show(form())
    box(page).fill("pool is exhausted")
    page.evaluate("document.querySelector('form').outerHTML = document.querySelector('form').outerHTML")
    expect(box(page)).to_have_value("pool is exhausted")


def test_a_stored_draft_is_forgotten(show: Callable[..., Page]) -> None:
    page = show(form())
    box(page).fill("pool is exhausted")
    body, key = send(page)
    assert (body, len(key)) == ("pool is exhausted", 32)
    stored(page, key)
    expect(box(page)).to_have_value("")
    page.reload()
    expect(box(page)).to_have_value("")


def test_a_draft_that_nobody_confirmed_is_sent_again_under_the_same_id(show: Callable[..., Page]) -> None:
    """So that a comment whose answer was lost is stored once."""
    page = show(form())
    box(page).fill("pool is exhausted")
    _, first = send(page)
    page.reload()
    assert send(page) == ("pool is exhausted", first)


def test_a_text_changed_after_the_first_try_is_a_new_text(show: Callable[..., Page]) -> None:
    """Under the old id it would be taken for the first one, and what was added would be dropped."""
    page = show(form())
    box(page).fill("pool")
    _, first = send(page)
    box(page).fill("pool is exhausted")
    body, second = send(page)
    assert body == "pool is exhausted"
    assert second != first


def test_what_is_typed_while_it_is_being_sent_stays(show: Callable[..., Page]) -> None:
    page = show(form())
    box(page).fill("first")
    _, key = send(page)
    box(page).press_sequentially(" and second")
    stored(page, key)
    expect(box(page)).to_have_value("and second")
    assert send(page)[1] != key


def test_each_viewer_has_drafts_of_their_own(show: Callable[..., Page]) -> None:
    page = show(form(viewer="bob"))
    box(page).fill("mine")
    page.evaluate("document.querySelector('[data-viewer]').remove()")
    page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<div data-viewer=carol></div>')")
    page.evaluate("document.querySelector('form').outerHTML = document.querySelector('form').outerHTML")
    page.wait_for_timeout(100)
    expect(box(page)).to_have_value("")


def test_what_is_typed_before_the_viewer_is_known_becomes_theirs(show: Callable[..., Page]) -> None:
    page = show(form(viewer=""))
    box(page).fill("early")
    page.evaluate("document.querySelector('[data-viewer]').setAttribute('data-viewer', 'bob')")
    page.wait_for_timeout(100)
    assert "tocsin:draft:bob:comment:INC-42" in page.evaluate("Object.keys(localStorage)")
    expect(box(page)).to_have_value("early")


def test_what_is_typed_before_the_viewer_is_known_is_added_to_their_draft(show: Callable[..., Page]) -> None:
    page = show(form(viewer="bob"))
    box(page).fill("kept")
    page.evaluate("document.querySelector('[data-viewer]').setAttribute('data-viewer', '')")
    page.evaluate("document.querySelector('form').outerHTML = document.querySelector('form').outerHTML")
    box(page).fill("early")
    page.evaluate("document.querySelector('[data-viewer]').setAttribute('data-viewer', 'bob')")
    expect(box(page)).to_have_value("kept\n\nearly")
    page.reload()
    expect(box(page)).to_have_value("kept\n\nearly")


def test_a_field_that_turns_to_another_incident_shows_that_ones_draft(show: Callable[..., Page]) -> None:
    page = show(form())
    turn = "draft => document.querySelector('textarea').setAttribute('data-draft', draft)"
    box(page).fill("about 42")
    page.evaluate(turn, "comment:INC-43")
    expect(box(page)).to_have_value("")
    box(page).fill("about 43")
    page.evaluate(turn, "comment:INC-42")
    expect(box(page)).to_have_value("about 42")


def test_a_draft_stored_in_another_tab_is_gone_in_this_one(show: Callable[..., Page]) -> None:
    page = show(form())
    box(page).fill("said once")
    other = page.context.new_page()
    other.goto(page.url)
    expect(box(other)).to_have_value("said once")
    _, key = send(other)
    stored(other, key)
    expect(box(page)).to_have_value("")


def test_old_drafts_are_cleared_away(show: Callable[..., Page]) -> None:
    page = show(form())
    page.evaluate("""() => { const day = 86400000;
      localStorage.setItem("tocsin:draft:bob:old", JSON.stringify({id: "a", text: "x", at: Date.now() - 31 * day}));
      localStorage.setItem("tocsin:draft:bob:fresh", JSON.stringify({id: "b", text: "x", at: Date.now() - 29 * day}));
      localStorage.setItem("tocsin:draft:bob:broken", "{"); }""")
    page.reload()
    page.wait_for_timeout(100)
    assert [name for name in page.evaluate("Object.keys(localStorage)") if name.startswith("tocsin")] == ["tocsin:draft:bob:fresh"]
