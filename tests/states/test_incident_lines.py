"""The handlers that change a line of an incident's timeline, called as any client may call them."""

from __future__ import annotations

from typing import Any

import pytest

from app.states.incident_detail_lines import IncidentLines
from services import comments, line_changes
from services.access import Actor
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab

HERE = "http://localhost/incidents/INC-1"


def opened(actor: Actor) -> IncidentLines:
    """The incident's page in a tab of this person, loaded."""
    state = open_tab(IncidentLines, begin_session(actor).token, HERE)
    call(state, "load")
    return state


def form(**fields: str) -> dict[str, str]:
    return {"number": "INC-1", "event": "2", "draft_key": "d" * 32, **fields}


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 has an alert's line and Rob's comment, line 2; a stranger's organisation has an INC-1 of its own."""
    story.fire()
    comments.add(story.organisation.responder, "INC-1", "The queue is jammed")
    story.pass_time(minutes=3)
    return story


ACTS: list[tuple[str, dict[str, Any]]] = [
    ("edit_line", {"form": form(text="Mine", before="The queue is jammed")}),
    ("delete_line", {"number": "INC-1", "event": "2"}),
    ("pin_line", {"number": "INC-1", "event": "2", "pinned": True}),
    ("hide_line", {"form": form(reason="Elsewhere")}),
    ("show_line_again", {"number": "INC-1", "event": "2"}),
    ("move_line", {"form": form(at="2026-01-02T03:04:05", before="")}),
    ("add_earlier", {"form": form(body="Before", at="2026-01-02T03:04:05")}),
]


@pytest.mark.parametrize(("name", "given"), ACTS, ids=[name for name, _ in ACTS])
def test_a_viewer_or_a_stranger_changes_nothing_and_is_told_why(night: Story, name: str, given: dict[str, Any]) -> None:
    before = night.timeline()
    viewer = opened(night.organisation.viewer)
    call(viewer, name, **given)
    assert viewer.notice.text == "Viewers only read. A responder may do this."
    stranger = open_tab(IncidentLines, begin_session(night.organisation.stranger).token, HERE)
    call(stranger, name, **given)
    assert "There is no INC-1" in f"{stranger.notice.text} {stranger.refusal}"
    assert night.timeline() == before


@pytest.mark.parametrize(
    "wrong", [{}, {"number": 7, "event": ["x"], "text": {}, "at": None}, form(event="x\x00", text="x", at="then", reason="x")]
)
@pytest.mark.parametrize("name", ["edit_line", "hide_line", "move_line", "add_earlier"])
def test_a_form_of_something_else_is_no_error_and_changes_nothing(night: Story, name: str, wrong: dict[str, Any]) -> None:
    state = opened(night.organisation.responder)
    before = night.timeline()
    call(state, name, form=wrong)
    assert night.timeline() == before
    assert state.notice.text or state.refusal


def test_the_menu_offers_what_its_reader_may_do(night: Story) -> None:
    people = night.organisation
    line_changes.change(people.responder, "INC-1", "2", text="The disk is full")
    offered = {}
    for name in ("admin", "manager", "responder", "viewer"):
        state = opened(getattr(people, name))
        call(state, "open_line", number="INC-1", event="2")
        line = state.line
        assert (state.dialog, line.seq, line.summary, line.earlier) == ("line", 2, "The disk is full", "1 earlier version")
        offered[name] = (line.may_change, line.may_edit, line.may_delete, line.text)
    assert offered == {
        "admin": (True, False, True, ""),
        "manager": (True, False, False, ""),
        "responder": (True, True, True, "The disk is full"),
        "viewer": (False, False, False, ""),
    }


def test_an_edit_of_what_was_changed_meanwhile_shows_both_and_loses_none(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "open_line", number="INC-1", event="2")
    call(state, "open_dialog", name="line-edit")
    line_changes.change(night.organisation.responder, "INC-1", "2", text="From another tab")
    call(state, "edit_line", form=form(text="From here", before=state.line.text))
    assert (state.dialog, state.meanwhile, state.line.text, state.sent_draft) == ("line-edit", "From another tab", "From another tab", "")
    assert "It was changed meanwhile" in state.refusal
    call(state, "edit_line", form=form(text="From here", before=state.line.text))
    assert (state.dialog, state.meanwhile, state.refusal, state.sent_draft) == ("", "", "", "d" * 32)
    call(state, "open_versions", number="INC-1", event="2")
    assert [one.html for one in state.earlier] == ["<p>From another tab</p>", "<p>The queue is jammed</p>"]
    assert state.earlier[1].note == "Until 03:10, when Rob Lindqvist edited it."


def test_a_refused_change_says_why_and_keeps_its_dialog(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "open_dialog", name="line-hide")
    call(state, "hide_line", form=form(reason=" "))
    assert (state.dialog, "say why" in state.refusal) == ("line-hide", True)
    call(state, "open_dialog", name="line-move")
    for at, why in (("", "Say when it happened."), ("soon", "is no day and no time"), ("2036-01-01T00:00", "must not lie in the future")):
        call(state, "move_line", form=form(at=at, before="x"))
        assert (state.dialog, why in state.refusal) == ("line-move", True), state.refusal
    call(state, "open_dialog", name="line-add")
    call(state, "add_earlier", form=form(body=" ", at="2026-11-23T02:00"))
    assert (state.dialog, state.refusal, state.sent_draft) == ("line-add", "Write what happened.", "")
    call(state, "delete_line", number="INC-1", event="1")
    assert (state.dialog, state.notice.tone, "Only comments can be deleted" in state.notice.text) == ("", "bad", True)


def test_pins_and_hidden_lines_can_be_undone(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "pin_line", number="INC-1", event="2", pinned=True)
    assert (state.notice.text, state.notice.may_undo) == ("Line 2 is pinned.", True)
    call(state, "undo")
    assert not night.timeline()[1].pinned
    call(state, "hide_line", form=form(reason="Elsewhere"))
    assert night.timeline()[1].hidden
    call(state, "undo")
    assert (night.timeline()[1].hidden, state.notice.text) == (False, "Line 2 is shown again.")


def test_times_are_read_in_the_zone_of_the_page(night: Story) -> None:
    state = opened(night.organisation.responder)
    zone = state.nav.zone
    call(state, "open_line", number="INC-1", event="2")
    call(state, "move_line", form=form(at=state.line.at, before=state.line.at))
    assert (state.notice.text, night.timeline()[1].version) == ("Nothing was changed.", 1)
    call(state, "add_earlier", form=form(body="Deployed", at="2026-11-23T02:30"))
    assert (zone, state.rows[0].time, state.rows[0].added) == ("UTC", "", "") or state.revealed == 3
    assert [event.seq for event in night.timeline()] == [3, 1, 2]


@pytest.mark.usefixtures("open_sockets")
def test_what_is_done_to_a_line_is_on_other_pages_at_once(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(night.organisation.viewer)
    first = state.rows[0]

    def line() -> Any:
        return next((row for row in (*state.rows, *state.tail) if row.seq == 2), None)

    def done() -> bool:
        return bool(line().pinned and line().hidden and state.pins and "disk" in line().html)

    def happens() -> None:
        line_changes.change(rob, "INC-1", "2", text="The disk is full")
        line_changes.change(mina, "INC-1", "2", pinned=True)
        line_changes.change(mina, "INC-1", "2", hidden=True, reason="Elsewhere")

    assert follow(state, happens, done)
    assert state.rows[0] == first
    assert follow(state, lambda: line_changes.delete(rob, "INC-1", "2"), lambda: line().tone == "gone" and not state.pins)
