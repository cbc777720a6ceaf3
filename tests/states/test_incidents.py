"""The list's handlers, called as any client may call them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.states.incidents import Incidents
from app.states.incidents_acts import IncidentsActs
from models.vocabulary import IncidentState
from services import incidents, sessions
from services.access import Actor
from services.incident_list import live
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab, run

HERE = "http://localhost/incidents"


def opened(actor: Actor, query: str = "") -> IncidentsActs:
    """The list in a tab of this person, loaded."""
    state = open_tab(IncidentsActs, begin_session(actor).token, f"{HERE}?{query}" if query else HERE)
    call(state, "load")
    return state


def numbers(state: Incidents) -> list[str]:
    return [row.number for row in (*state.attention, *state.working, *state.rest)]


def redirect(answer: Any) -> str:
    """The path to which an answer leads."""
    return next(str(value._var_value) for name, value in answer.args if str(name) == "path")


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 and INC-2 are open, INC-3 is Rob's, INC-4 is over."""
    for name in "abcd":
        story.fire(name, title=f"Alert {name}")
        story.pass_time(minutes=1)
    incidents.acknowledge(story.organisation.responder, "INC-3")
    incidents.resolve(story.organisation.manager, "INC-4", "Restarted")
    return story


# ── loading ──


def test_the_page_shows_what_its_address_asks_for(night: Story) -> None:
    viewer = night.organisation.viewer
    now, found = opened(viewer), opened(viewer, "state=resolved&q=alert")

    assert [row.number for row in now.attention] == ["INC-1", "INC-2"]
    assert [row.number for row in now.working] == ["INC-3"]
    assert [row.number for row in now.rest] == ["INC-4"]
    assert (now.figures.attention, now.figures.unresolved, now.tab_title) == (2, 3, "(2) Incidents · Tocsin")
    assert (now.nothing, now.wrong, now.chips) == ("", [], [])
    assert numbers(found) == ["INC-4"]
    assert [(chip.name, chip.value) for chip in found.chips] == [("State", "resolved"), ("Words", "alert")]
    assert found.words == "alert"
    assert [tab.name for tab in found.tabs if tab.is_here] == ["All"]


def test_what_means_nothing_in_the_address_is_told_and_the_page_is_there(night: Story) -> None:
    state = opened(night.organisation.viewer, "state=lost&severity=critical")

    assert state.wrong == ["“lost” is no state. It is one of open, acknowledged, investigating and resolved."]
    assert numbers(state) == ["INC-4", "INC-3", "INC-2", "INC-1"]


def test_the_page_before_is_not_seen_on_the_next(night: Story) -> None:
    state = opened(night.organisation.viewer, "q=alert")
    plain = opened(night.organisation.viewer)
    object.__setattr__(state._get_root_state(), "router", plain._get_root_state().router)

    call(state, "load")

    assert (state.words, state.chips) == ("", [])


@pytest.mark.parametrize(
    ("query", "nothing"),
    [("", "first"), ("view=all", "first"), ("severity=critical", "first"), ("view=mine", "first")],
)
def test_before_the_first_incident_the_page_says_what_to_do(story: Story, query: str, nothing: str) -> None:
    assert opened(story.organisation.admin, query).nothing == nothing


def test_an_empty_part_says_why_it_is_empty(story: Story) -> None:
    story.fire("a")
    incidents.resolve(story.organisation.manager, "INC-1", "Restarted")
    story.pass_time(days=2)
    viewer = story.organisation.viewer

    quiet = opened(viewer)

    assert (quiet.nothing, quiet.figures.last_number) == ("quiet", "INC-1")
    assert opened(viewer, "view=mine").nothing == "mine"
    assert opened(viewer, "view=now&q=pool").nothing == "none"
    assert opened(viewer, "view=now&q=pool").everywhere == "/incidents?q=pool"
    assert opened(viewer, "q=nowhere").nothing == "none"


def test_older_pages_are_led_to_and_back(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAGE_ROWS", 3)
    viewer = night.organisation.viewer
    first = opened(viewer, "view=all")
    second = opened(viewer, first.older.partition("?")[2])

    assert (numbers(first), first.newest) == (["INC-4", "INC-3", "INC-2"], "")
    assert (numbers(second), second.older, second.newest) == (["INC-1"], "", "/incidents?view=all")


# ── attackers ──

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("load", {}),
    ("watch", {}),
    ("set_read", {"is_read": True}),
    ("show_new", {}),
    ("look_for", {"form": {"q": "x"}}),
    ("move", {"number": "INC-1", "verb": "acknowledge"}),
    ("undo", {}),
    ("resolve", {"form": {"number": "INC-1", "notes": "gone"}}),
    ("set_resolving", {"is_open": False}),
    ("assign", {"number": "INC-1", "user_id": "", "before": ""}),
    ("set_assigning", {"is_open": False}),
    ("snooze", {"number": "INC-1", "until": "1 h"}),
    ("snooze_as_typed", {"form": {"number": "INC-1", "until": "1 h"}}),
    ("set_snoozing", {"is_open": False}),
    ("choose", {"is_open": True}),
    ("apply", {"form": {}}),
)
ACTS = ("move", "undo", "resolve", "assign", "snooze", "snooze_as_typed")


def test_every_handler_is_tried_by_an_attacker() -> None:
    own = {name for state in (Incidents, IncidentsActs) for name in state.event_handlers} - set(Incidents.get_parent_state().event_handlers)  # type: ignore[union-attr]

    assert own == {name for name, _ in CALLS}


@pytest.mark.parametrize(("name", "given"), CALLS)
def test_nobody_gets_nothing_and_is_led_to_sign_in(night: Story, name: str, given: dict[str, Any]) -> None:
    state = open_tab(IncidentsActs, url=HERE)

    assert redirect(call(state, name, **given)) == "/login"
    assert numbers(state) == []
    assert night.incident("INC-1").state is IncidentState.OPEN


def test_a_viewer_changes_nothing_and_is_told_why(night: Story) -> None:
    state = opened(night.organisation.viewer)
    for name, given in CALLS:
        if name in ACTS:
            call(state, name, **given)
            assert state.notice.text == "Viewers only read. A responder may do this."
    assert night.incident("INC-1").state is IncidentState.OPEN
    assert not any(row.moves for row in state.attention)


def test_a_stranger_reaches_nothing_of_it(night: Story) -> None:
    state = opened(night.organisation.stranger, "view=all&assignee=rob&q=alert")

    assert numbers(state) == []
    call(state, "move", number="INC-1", verb="acknowledge")
    assert state.notice.text == "There is no INC-1."
    call(state, "move", number="INC-1", verb="resolve")
    assert (state.notice.text, state.resolving) == ("There is no INC-1.", "")
    assert night.incident("INC-1").state is IncidentState.OPEN


def test_a_verb_that_is_none_does_nothing(night: Story) -> None:
    state = opened(night.organisation.responder)
    for verb in ("", "delete", "reopen", "unacknowledge", "__init__"):
        call(state, "move", number="INC-1", verb=verb)
    assert night.told("INC-1") == ["alert_fired"]


@pytest.mark.parametrize("form", [{}, {"q": None}, {"q": ["a"]}, {"q": {"a": 1}}, {"state-open": {}, "assignee": 7}])
def test_a_form_with_something_else_in_it_is_no_error(night: Story, form: dict[str, Any]) -> None:
    state = opened(night.organisation.viewer)

    assert redirect(call(state, "look_for", form=form)) == "/incidents"
    assert redirect(call(state, "apply", form={"state-open": "", **{key: value for key, value in form.items() if key == "assignee"}}))


# ── moves ──


def test_a_key_on_a_row_acknowledges_and_undo_gives_it_back(night: Story) -> None:
    state = opened(night.organisation.responder)

    call(state, "move", number="INC-1", verb="acknowledge")
    assert (state.notice.text, state.notice.tone, state.notice.may_undo) == ("Acknowledged. INC-1 is yours.", "good", True)
    assert night.incident("INC-1").state is IncidentState.ACKNOWLEDGED

    call(state, "undo")
    assert night.incident("INC-1").state is IncidentState.OPEN
    call(state, "undo")
    assert night.told("INC-1").count("state_change") == 2


def test_who_comes_second_is_told_who_was_first(night: Story) -> None:
    first, second = opened(night.organisation.responder), opened(night.organisation.manager)
    call(first, "move", number="INC-1", verb="acknowledge")
    night.pass_time(minutes=1)

    call(second, "move", number="INC-1", verb="acknowledge")

    assert (second.notice.text, second.notice.tone) == ("Not acknowledged: Rob Lindqvist was first, at 03:11.", "bad")
    assert night.incident("INC-1").acknowledged_by == night.organisation.responder.id


def test_a_key_on_a_row_asks_for_a_person_and_undo_takes_it_back(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(rob)

    call(state, "move", number="INC-3", verb="assign")
    assert (state.assigning, state.holder.name) == ("INC-3", "Rob Lindqvist")
    assert [one.handle for one in state.candidates] == ["alice", "mina", "rob"]
    call(state, "assign", number="INC-3", user_id=mina.id.hex, before=state.holder.id)
    assert (state.assigning, state.notice.text, state.notice.may_undo) == ("", "Assigned. Mina Okafor has INC-3 now.", True)
    assert night.incident("INC-3").assigned_to == mina.id

    call(state, "undo")
    assert (state.notice.text, night.incident("INC-3").assigned_to) == ("INC-3 is yours again.", rob.id)
    call(state, "assign", number="INC-3", user_id=rob.id.hex, before=rob.id.hex)
    assert (state.notice.text, state.notice.tone, state.notice.may_undo) == ("INC-3 is yours already.", "good", False)


def test_the_list_holds_still_while_somebody_chooses(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "move", number="INC-1", verb="assign")
    assert state._holds_still()
    call(state, "set_assigning", is_open=False)
    assert not state._holds_still()


def test_of_two_who_take_a_row_the_second_is_told(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    first, second = opened(rob), opened(mina)
    row = next(row for row in second.attention if row.number == "INC-1")
    call(first, "assign", number="INC-1", user_id=rob.id.hex, before="")
    call(second, "assign", number="INC-1", user_id=mina.id.hex, before=row.assignee_id)
    assert (second.notice.text, second.notice.tone) == ("Not assigned: Rob Lindqvist took it at 03:11.", "bad")
    call(second, "assign", number="INC-1", user_id=night.organisation.viewer.id.hex, before=rob.id.hex)
    assert "Vera Novak is a viewer" in second.notice.text
    assert night.incident("INC-1").assigned_to == rob.id


@pytest.mark.usefixtures("open_sockets")
def test_a_key_on_a_row_asks_until_when_and_undo_takes_the_snooze_back(night: Story) -> None:
    state = opened(night.organisation.responder)

    call(state, "move", number="INC-2", verb="snooze")
    assert (state.snoozing, [one.value for one in state.snoozes][:2]) == ("INC-2", ["30 min", "1 h"])
    for until in ("", "soon", "91 days"):
        call(state, "snooze_as_typed", form={"number": "INC-2", "until": until})
        assert state.snoozing == "INC-2" and state.refusal
    call(state, "snooze_as_typed", form={"number": "INC-2", "until": "2 h"})
    assert (state.snoozing, state.notice.tone, state.notice.may_undo) == ("", "good", True)
    assert state.notice.text.startswith("INC-2 is snoozed until ")
    assert follow(state, lambda: None, lambda: [row.number for row in state.attention] == ["INC-1"])
    snoozed = state.rest[0]
    assert (snoozed.number, snoozed.head, snoozed.head_count, snoozed.last_activity) == ("INC-2", "Snoozed", 1, "snoozed it")
    assert (state.tab_title, state.nav.attention) == ("(1) Incidents · Tocsin", 1)

    call(state, "undo")
    assert state.notice.text == "INC-2 is not snoozed any more."
    assert follow(state, lambda: None, lambda: [row.number for row in state.attention] == ["INC-1", "INC-2"])


def test_investigating_takes_it_on(night: Story) -> None:
    state = opened(night.organisation.responder)

    call(state, "move", number="INC-2", verb="investigate")

    assert night.incident("INC-2").state is IncidentState.INVESTIGATING
    assert state.notice.tone == "good"


def test_resolving_asks_what_fixed_it_and_keeps_the_dialog_until_it_is_said(night: Story) -> None:
    state = opened(night.organisation.responder)

    call(state, "move", number="INC-3", verb="resolve")
    assert (state.resolving, state.resolving_title, state.firing_count) == ("INC-3", "Alert c", 1)
    assert state.refires_reopen

    call(state, "resolve", form={"number": "INC-3", "notes": "  "})
    assert (state.resolving, state.refusal) == ("INC-3", "Write what fixed it: one sentence is enough.")
    call(state, "resolve", form={"number": "INC-3", "notes": "x" * 20_001})
    assert state.resolving == "INC-3"
    assert "at most 20,000" in state.refusal

    call(state, "resolve", form={"number": "INC-3", "notes": "Raised the limit", "draft_key": "k1"})
    assert (state.resolving, state.sent_draft) == ("", "k1")
    assert night.incident("INC-3").resolution_notes == "Raised the limit"
    assert state.notice.text.startswith("Resolved after")


def test_resolving_what_somebody_has_resolved_says_who_and_the_words_can_be_a_comment(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "move", number="INC-1", verb="resolve")
    incidents.resolve(night.organisation.manager, "INC-1", "Done")

    call(state, "resolve", form={"number": "INC-1", "notes": "Mine"})

    assert (state.resolving, state.resolved_line) == ("INC-1", "Mina Okafor resolved it at 03:11.")
    assert state.notice.text == state.refusal == "Not resolved: Mina Okafor resolved it at 03:11."

    call(state, "resolve", form={"number": "INC-1", "notes": "Mine", "as_comment": "on", "draft_key": "k" * 32})

    assert (state.resolving, state.refusal, state.sent_draft) == ("", "", "k" * 32)
    assert night.incident("INC-1").resolution_notes == "Done"


# ── filters ──


def test_words_and_choices_lead_to_an_address_within_the_view(night: Story) -> None:
    state = opened(night.organisation.responder, "view=mine&severity=critical")

    assert redirect(call(state, "look_for", form={"q": " alert c "})) == "/incidents?view=mine&severity=critical&q=alert+c"
    chosen = {"state-open": "on", "state-resolved": "on", "severity-low": "on", "assignee": "me", "span": "7d", "since": "", "before": ""}
    assert redirect(call(state, "apply", form=chosen)) == ("/incidents?view=mine&state=open%2Cresolved&severity=low&assignee=me&after=7d")
    assert redirect(call(state, "apply", form={"since": "2026-11-01", "span": "7d", "before": "2026-11-05"})) == (
        "/incidents?view=mine&after=2026-11-01&before=2026-11-05"
    )
    assert redirect(call(state, "apply", form={})) == "/incidents?view=mine"


def test_the_choice_begins_with_what_is_set(night: Story) -> None:
    state = opened(night.organisation.responder, "state=open&severity=low,high&assignee=rob&after=2026-11-01&before=2026-11-05")

    call(state, "choose", is_open=True)

    assert state.is_choosing
    assert (state.chosen_states, state.chosen_severities) == (["open"], ["high", "low"])
    assert (state.chosen_assignee, state.chosen_since, state.chosen_before) == ("rob", "2026-11-01", "2026-11-05")
    assert [one.value for one in state.people] == ["", "me", "none", "alice", "mina", "rob", "vera"]


# ── staying live ──


@pytest.mark.usefixtures("open_sockets")
def test_what_happens_elsewhere_is_on_the_page(night: Story) -> None:
    state = opened(night.organisation.viewer)
    rob = night.organisation.responder

    assert follow(state, lambda: incidents.acknowledge(rob, "INC-1"), lambda: [row.number for row in state.working] == ["INC-1", "INC-3"])
    assert [row.number for row in state.attention] == ["INC-2"]
    assert (state.figures.attention, state.nav.attention, state.tab_title) == (1, 1, "(1) Incidents · Tocsin")


@pytest.mark.usefixtures("open_sockets")
def test_while_somebody_reads_new_rows_wait_and_shown_ones_tell_the_truth(night: Story) -> None:
    state = opened(night.organisation.viewer)
    call(state, "set_read", is_read=True)

    def happens() -> None:
        incidents.acknowledge(night.organisation.responder, "INC-1")

    assert follow(state, happens, lambda: state.attention[0].state == "acknowledged")
    assert [row.number for row in state.attention] == ["INC-1", "INC-2"]
    assert state.figures.attention == 1

    incidents.resolve(night.organisation.responder, "INC-2", "Restarted")
    assert follow(state, lambda: None, lambda: state.attention[1].state == "resolved")
    call(state, "set_read", is_read=False)
    assert [row.number for row in state.attention] == []
    assert [row.number for row in state.working] == ["INC-1", "INC-3"]


@pytest.mark.usefixtures("open_sockets")
def test_the_list_holds_still_under_the_dialog(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "move", number="INC-1", verb="resolve")
    call(state, "set_read", is_read=False)

    assert follow(
        state, lambda: incidents.acknowledge(night.organisation.manager, "INC-1"), lambda: state.attention[0].state == "acknowledged"
    )
    assert [row.number for row in state.attention] == ["INC-1", "INC-2"]


@pytest.mark.usefixtures("open_sockets")
def test_a_session_that_ends_takes_the_page_away(night: Story) -> None:
    signed_in = begin_session(night.organisation.viewer)
    state = open_tab(IncidentsActs, signed_in.token, HERE)
    call(state, "load")

    async def following() -> Any:
        watching = asyncio.create_task(run(state, "watch"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(sessions.sign_out, signed_in.actor)
        return await asyncio.wait_for(watching, 5)

    assert redirect(asyncio.run(following())) == "/login"
    assert numbers(state) == []
