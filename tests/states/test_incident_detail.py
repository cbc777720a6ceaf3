"""The handlers of an incident's page, called as any client may call them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app import session
from app.states.first_answer import FilledFirst
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from models.vocabulary import IncidentState, Severity
from services import comments, database, holding, inbox, incidents, people, sessions, timeline
from services.access import Actor
from services.errors import StorageBusyError
from services.incident_page.shown import TAIL
from services.incident_page.window import STEP, WINDOW
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab, run

HERE = "http://localhost/incidents/INC-1"


def opened(actor: Actor, url: str = HERE) -> IncidentActs:
    """The incident's page in a tab of this person, loaded."""
    state = open_tab(IncidentActs, begin_session(actor).token, url)
    call(state, "load")
    return state


def turn_to(state: IncidentActs, url: str) -> None:
    """The same tab has another address now."""
    root: Any = state._get_root_state()
    cookie = root.router.headers.cookie
    token = cookie.partition(f"{session.COOKIE}=")[2]
    object.__setattr__(root, "router", open_tab(IncidentActs, token, url).router)


def form(**fields: str) -> dict[str, str]:
    return {"number": "INC-1", "draft_key": "d" * 32, **fields}


def write_lines(story: Story, count: int) -> None:
    with database.write(story.organisation.tenant_id) as tx:
        held = holding.by_number(tx, 1)
        assert held is not None
        for place in range(count):
            held.say(story.organisation.responder.id, timeline.Comment(body=f"line {place}"))
        holding.save(tx, [held])


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open, and a stranger's organisation has an INC-1 of its own."""
    story.fire()
    return story


# ── whoever calls ──

ACTS: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {"number": "INC-1"}),
    ("investigate", {"number": "INC-1"}),
    ("give_back", {"number": "INC-1"}),
    ("resolve", {"form": form(notes="Rolled back")}),
    ("reopen", {"form": form(reason="Not over")}),
    ("change_severity", {"form": form(severity="low")}),
    ("assign", {"number": "INC-1", "user_id": "", "before": ""}),
    ("edit", {"form": form(title="Mine now", description="")}),
    ("comment", {"form": form(body="I was here")}),
    ("undo", {}),
]


@pytest.mark.parametrize(("name", "given"), ACTS, ids=[name for name, _ in ACTS])
def test_a_viewer_or_a_stranger_changes_nothing_and_is_told_why(night: Story, name: str, given: dict[str, Any]) -> None:
    before = (night.incident(), night.told())
    viewer = opened(night.organisation.viewer)
    call(viewer, name, **given)
    assert viewer.notice.text == "Viewers only read. A responder may do this."
    stranger = open_tab(IncidentActs, begin_session(night.organisation.stranger).token, HERE)
    call(stranger, name, **given)
    assert (night.incident(), night.told()) == before
    if name != "undo":
        assert "There is no INC-1" in f"{stranger.notice.text} {stranger.refusal} {stranger.comment_refusal}"
    nobody = open_tab(IncidentActs, "", HERE)
    call(nobody, name, **given)
    assert (night.incident(), night.told()) == before


def test_a_stranger_is_shown_nothing_of_it(night: Story) -> None:
    comments.add(night.organisation.responder, "INC-1", "our secret")
    state = opened(night.organisation.stranger)
    assert (state.absent, state.last_number, state.head.title, state.rows, state.alerts) == ("INC-1", "", "", [], [])
    for name, given in (
        ("show_earlier", {}),
        ("show_later", {}),
        ("show_newest", {}),
        ("show_only", {"kinds": "comments"}),
        ("turn_order", {}),
        ("show_all_alerts", {}),
        ("go_next", {"number": "INC-1"}),
        ("watch", {}),
    ):
        call(state, name, **given)
        assert (state.rows, state.tail, state.alerts, state.head.title) == ([], [], [], ""), name


@pytest.mark.parametrize("wrong", [{}, {"number": 7, "body": ["x"], "notes": {}, "draft_key": None}, form(body="x", draft_key="ü" * 70)])
@pytest.mark.parametrize("name", ["comment", "resolve", "reopen", "change_severity", "edit"])
def test_a_form_of_something_else_is_no_error_and_changes_nothing(night: Story, name: str, wrong: dict[str, Any]) -> None:
    state = opened(night.organisation.responder)
    before = night.told()
    call(state, name, form=wrong)
    assert night.told() == before
    assert state.notice.text or state.refusal or state.comment_refusal


# ── loading ──


def test_an_unknown_number_says_what_there_is(night: Story) -> None:
    state = opened(night.organisation.viewer, "http://localhost/incidents/INC-420")
    assert (state.absent, state.last_number) == ("INC-420", "INC-1")
    assert opened(night.organisation.viewer, "http://localhost/incidents/nothing").absent == "NOTHING"


def test_the_page_before_is_not_seen_on_the_next(night: Story) -> None:
    night.fire("other", title="Another one")
    state = opened(night.organisation.responder)
    call(state, "open_dialog", name="resolve")
    call(state, "show_only", kinds="comments")
    turn_to(state, "http://localhost/incidents/INC-2")
    call(state, "load")
    assert (state.head.title, state.dialog, state.show, len(state.rows)) == ("Another one", "", "everything", 1)


def test_a_page_that_comes_back_keeps_what_its_reader_had_open(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "open_dialog", name="resolve")
    call(state, "show_only", kinds="comments")
    comments.add(night.organisation.manager, "INC-1", "meanwhile")
    assert state.address == "show=comments"
    turn_to(state, f"{HERE}?{state.address}")  # tocsin.js writes it into the address

    filled = _connect(state)

    assert filled
    assert (state.dialog, state.show, [row.seq for row in state.rows]) == ("resolve", "comments", [2])
    call(state, "load")
    assert state.dialog == "resolve"
    call(state, "load")  # the reader went away and came again
    assert (state.dialog, state.show) == ("", "comments")


def test_a_database_that_is_away_does_not_keep_a_socket_from_its_answer(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    state = open_tab(IncidentActs, begin_session(night.organisation.responder).token, HERE)

    async def away(_self: Any, _actor: Actor) -> None:
        raise StorageBusyError

    monkeypatch.setattr(IncidentDetail, "_fill", away)
    assert not _connect(state)


def _connect(state: IncidentActs) -> bool:
    """What happens before the first answer to a socket; whether the page was filled."""

    class App:
        def get_load_events(self, _path: str) -> list[Any]:
            return [IncidentDetail.load]

    class Event:
        name = "reflex___state____state.hydrate_and_load"

    root = state._get_root_state()
    asyncio.run(FilledFirst().preprocess(App(), root, Event()))  # type: ignore[arg-type]
    return bool(state.head.number)


def test_the_address_says_which_lines_of_whom(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    for who in (rob, mina):
        comments.add(who, "INC-1", f"of {who.name}")
    state = opened(night.organisation.viewer, f"{HERE}?show=comments&by=@MINA")
    assert (state.show, state.by, state.address, [row.seq for row in state.rows]) == ("comments", "mina", "show=comments&by=mina", [3])
    assert [one.label for one in state.writers] == ["Checks", "Mina Okafor", "Rob Lindqvist"]
    call(state, "show_of", writer="rob")
    assert [row.seq for row in state.rows] == [2]
    call(state, "show_only", kinds="everything")
    assert (state.address, [row.seq for row in state.rows]) == ("by=rob", [2])
    call(state, "show_of", writer=state.writers[0].value)
    assert [row.seq for row in state.rows] == [1]
    call(state, "show_of", writer="")
    assert (state.address, len(state.rows)) == ("", 3)
    wrong = opened(night.organisation.viewer, f"{HERE}?show=nonsense&by=nobody&by=%00&" + "&".join("x=1" for _ in range(30)))
    assert (wrong.show, wrong.by, len(wrong.rows)) == ("everything", "", 3)


def test_a_link_to_a_line_that_is_filtered_out_shows_all_of_them(night: Story) -> None:
    comments.add(night.organisation.responder, "INC-1", "here")
    state = opened(night.organisation.viewer, f"{HERE}?show=comments#event-1")
    assert (state.show, state.address, [row.seq for row in state.rows]) == ("everything", "", [1, 2])


def test_a_line_that_is_not_on_the_page_is_found(night: Story) -> None:
    write_lines(night, 2 * WINDOW)
    state = opened(night.organisation.viewer)
    assert state.rows[0].seq > 90
    call(state, "find_line", form={"event": "90"})
    assert 90 in [row.seq for row in state.rows]
    assert (state.has_earlier, state.has_later) == (True, True)
    before = [row.seq for row in state.rows]
    for wrong in ("", "x", "-1", "²", "90", "9" * 12):
        call(state, "find_line", form={"event": wrong})
        assert [row.seq for row in state.rows] == before


@pytest.mark.usefixtures("open_sockets")
def test_a_filtered_page_is_told_of_its_lines_only(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    comments.add(rob, "INC-1", "first")
    state = opened(night.organisation.viewer, f"{HERE}?by=rob")

    def both() -> None:
        comments.add(mina, "INC-1", "not this")
        comments.add(rob, "INC-1", "but this")

    assert follow(state, both, lambda: [row.seq for row in state.tail] == [4])


# ── acting ──


def test_a_late_click_hits_the_incident_that_was_seen(night: Story) -> None:
    night.fire("other", title="Another one")
    state = opened(night.organisation.responder, "http://localhost/incidents/INC-2")
    call(state, "acknowledge", number="INC-1")
    assert night.incident("INC-1").state is IncidentState.ACKNOWLEDGED
    assert night.incident("INC-2").state is IncidentState.OPEN


def test_a_comment_sent_twice_is_stored_once_and_its_draft_is_forgotten(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "comment", form=form(body="once"))
    call(state, "comment", form=form(body="once"))
    assert night.told() == ["alert_fired", "comment"]
    assert (state.sent_draft, state.revealed, state.comment_refusal) == ("d" * 32, 2, "")


def test_a_refused_comment_keeps_its_draft(night: Story) -> None:
    state = opened(night.organisation.responder)
    for body in ("", "  ", "x" * 20_001, "half \ud83d"):
        call(state, "comment", form=form(body=body))
        assert state.comment_refusal
        assert state.sent_draft == ""
    assert night.told() == ["alert_fired"]


def test_a_refused_dialog_stays_open_with_the_reason(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "open_dialog", name="resolve")
    call(state, "resolve", form=form(notes=" "))
    assert (state.dialog, state.refusal) == ("resolve", "Write what fixed it: one sentence is enough.")
    call(state, "resolve", form=form(notes="x" * 20_001))
    assert state.dialog == "resolve"
    assert "at most 20,000" in state.refusal
    call(state, "resolve", form=form(notes="Rolled back"))
    assert (state.dialog, state.sent_draft, night.incident().state) == ("", "d" * 32, IncidentState.RESOLVED)


def test_a_move_that_came_too_late_says_so_in_the_dialog_and_its_words_can_be_a_comment(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "open_dialog", name="resolve")
    incidents.resolve(night.organisation.manager, "INC-1", "Done")
    call(state, "resolve", form=form(notes="Mine"))
    assert (state.dialog, state.sent_draft, state.refusal) == ("resolve", "", "Not resolved: Mina Okafor resolved it at 03:07.")
    assert (state.notice.text, state.notice.tone) == (state.refusal, "bad")
    call(state, "resolve", form=form(notes=" ", as_comment="on"))
    assert (state.dialog, state.refusal) == ("resolve", "Write something first.")
    call(state, "resolve", form=form(notes="Mine", as_comment="on"))
    assert (state.dialog, state.refusal, state.sent_draft) == ("", "", "d" * 32)
    assert night.incident().resolution_notes == "Done"
    assert [row.html for row in opened(night.organisation.responder).rows if row.type == "comment"] == ["<p>Mine</p>"]


def test_undo_takes_the_last_move_back_once(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "change_severity", form=form(severity="low"))
    assert state.notice.may_undo
    call(state, "undo")
    assert night.incident().severity is Severity.CRITICAL
    call(state, "undo")
    assert night.told().count("severity_change") == 2
    call(state, "acknowledge", number="INC-1")
    assert night.incident().assigned_to == night.organisation.responder.id
    call(state, "undo")
    assert (night.incident().state, night.incident().assigned_to) == (IncidentState.OPEN, None)  # nobody had it before


def test_undo_takes_nothing_back_that_went_on_meanwhile(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(rob)
    call(state, "change_severity", form=form(severity="low"))
    incidents.change_severity(mina, "INC-1", "high")
    call(state, "undo")
    assert (state.notice.text, state.notice.tone) == ("INC-1 is high meanwhile, so this is not taken back.", "bad")
    assert night.incident().severity is Severity.HIGH
    call(state, "acknowledge", number="INC-1")
    incidents.investigate(mina, "INC-1")
    call(state, "undo")
    assert (state.notice.text, state.notice.tone) == ("INC-1 went on meanwhile, so this is not taken back.", "bad")
    assert night.incident().state is IncidentState.INVESTIGATING


def test_anybody_gives_back_what_somebody_else_acknowledged(night: Story) -> None:
    incidents.acknowledge(night.organisation.manager, "INC-1")
    state = opened(night.organisation.responder)
    call(state, "give_back", number="INC-1")
    assert night.incident().state is IncidentState.OPEN


def test_the_dialog_offers_who_can_have_it_and_gives_it_to_them(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(rob)
    call(state, "ask_whom")
    assert (state.dialog, [one.name for one in state.candidates]) == ("assign", ["Alice Moreau", "Mina Okafor", "Rob Lindqvist"])
    call(state, "assign", number="INC-1", user_id=mina.id.hex, before="")
    assert (state.dialog, state.notice.text, state.notice.may_undo) == ("", "Assigned. Mina Okafor has INC-1 now.", True)
    assert night.incident().assigned_to == mina.id
    call(state, "undo")
    assert (state.notice.text, state.notice.may_undo) == ("Nobody has INC-1 now.", False)
    assert [(event.data["to"], event.data["reason"]) for event in night.timeline("INC-1")[1:]] == [(str(mina.id), None), (None, "undone")]
    call(state, "undo")
    assert night.told("INC-1").count("assignment") == 2


def test_undo_takes_it_from_nobody_who_got_it_meanwhile(night: Story) -> None:
    rob, mina, alice = night.organisation.responder, night.organisation.manager, night.organisation.admin
    state = opened(rob)
    call(state, "assign", number="INC-1", user_id=mina.id.hex, before="")
    incidents.assign(mina, "INC-1", alice.id)
    call(state, "undo")
    assert (state.notice.text, state.notice.tone) == ("Not assigned: Mina Okafor gave it to Alice Moreau at 03:07.", "bad")
    assert night.incident().assigned_to == alice.id


def test_who_takes_what_was_taken_meanwhile_is_told_by_whom(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    first, second = opened(rob), opened(mina)
    call(first, "assign", number="INC-1", user_id=rob.id.hex, before="")
    call(second, "assign", number="INC-1", user_id=mina.id.hex, before="")
    assert first.notice.text == "INC-1 is yours now."
    assert (second.notice.text, second.notice.tone, second.notice.may_undo) == (
        "Not assigned: Rob Lindqvist took it at 03:07.",
        "bad",
        False,
    )
    assert night.incident().assigned_to == rob.id


def test_somebody_who_cannot_have_it_is_told_of_in_the_dialog_or_beside_it(night: Story) -> None:
    vera = night.organisation.viewer
    state = opened(night.organisation.responder)
    call(state, "ask_whom")
    call(state, "assign", number="INC-1", user_id=vera.id.hex, before="")
    assert state.dialog == "assign"
    assert "Vera Novak is a viewer" in state.refusal
    call(state, "set_dialog_open", is_open=False)
    call(state, "assign", number="INC-1", user_id="nonsense", before="")
    assert (state.notice.text, state.refusal) == ("user_id must be the id of a person.", "")
    assert night.told() == ["alert_fired"]


def test_the_order_is_remembered_with_the_person(night: Story) -> None:
    rob, vera = night.organisation.responder, night.organisation.viewer
    call(opened(rob), "turn_order")
    assert people.own_profile(rob).timeline_newest_first
    assert opened(rob).newest_first
    viewer = opened(vera)
    call(viewer, "turn_order")
    assert viewer.newest_first
    assert not opened(vera).newest_first


# ── staying live ──


@pytest.mark.usefixtures("open_sockets")
def test_a_new_line_is_sent_by_itself(night: Story) -> None:
    state = opened(night.organisation.viewer)
    rows = list(state.rows)
    rob = night.organisation.responder
    assert follow(state, lambda: incidents.acknowledge(rob, "INC-1"), lambda: [row.seq for row in state.tail] == [2, 3])
    assert list(state.rows) == rows
    assert (state.head.state, state.head.assignee.name) == ("acknowledged", "Rob Lindqvist")


@pytest.mark.usefixtures("open_sockets")
def test_what_came_between_loading_and_following_is_not_missed(night: Story) -> None:
    state = opened(night.organisation.viewer)
    comments.add(night.organisation.responder, "INC-1", "in between")
    assert follow(state, lambda: None, lambda: [row.seq for row in state.tail] == [2])


@pytest.mark.usefixtures("open_sockets")
def test_a_page_that_fell_behind_reads_the_end_again(night: Story) -> None:
    state = opened(night.organisation.viewer)
    assert follow(state, lambda: write_lines(night, 150), lambda: bool(state.rows) and state.rows[-1].seq == 151)
    assert (len(state.rows), state.tail, state.has_earlier) == (STEP, [], True)


@pytest.mark.usefixtures("open_sockets")
def test_many_changes_leave_every_line_once_and_the_state_small(night: Story) -> None:
    state = opened(night.organisation.viewer)
    sizes: list[int] = []

    def many() -> None:
        for place in range(3 * TAIL):
            comments.add(night.organisation.responder, "INC-1", f"line {place}")

    def all_there() -> bool:
        sizes.append(len(state.rows) + len(state.tail))
        return [row.seq for row in (*state.rows, *state.tail)] == list(range(1, 3 * TAIL + 2))

    assert follow(state, many, all_there, seconds=30)
    assert max(sizes) <= WINDOW + TAIL


@pytest.mark.usefixtures("open_sockets")
def test_an_older_window_stays_where_it_is(night: Story) -> None:
    write_lines(night, 2 * WINDOW)
    state = opened(night.organisation.viewer)
    for _ in range(3):
        call(state, "show_earlier")
    shown = [row.seq for row in state.rows]
    assert len(shown) == WINDOW
    assert state.has_later
    assert follow(state, lambda: comments.add(night.organisation.responder, "INC-1", "beyond"), lambda: state.beyond == 1)
    assert [row.seq for row in state.rows] == shown
    _connect(state)
    assert [row.seq for row in state.rows] == shown
    call(state, "show_newest")
    assert (state.rows[-1].seq, state.has_later, state.beyond) == (2 * WINDOW + 2, False, 0)


@pytest.mark.usefixtures("open_sockets")
def test_all_alerts_stay_right_while_they_are_shown(night: Story) -> None:
    key = night.integration("alertmanager")
    hosts = [f"host-{place}" for place in range(12)]
    night.post(_group("firing", *hosts), key=key)
    state = opened(night.organisation.viewer, "http://localhost/incidents/INC-2")
    assert len(state.alerts) == 6
    call(state, "show_all_alerts")
    assert len(state.alerts) == 12
    night.pass_time(minutes=1)
    assert follow(
        state,
        lambda: night.post(_group("resolved", hosts[0]), key=key),
        lambda: [alert.status for alert in state.alerts].count("resolved") == 1,
    )
    assert len(state.alerts) == 12
    call(state, "show_all_alerts")
    assert len(state.alerts) == 6


@pytest.mark.usefixtures("open_sockets")
def test_a_session_that_ends_takes_the_page_away(night: Story) -> None:
    signed_in = begin_session(night.organisation.viewer)
    state = open_tab(IncidentActs, signed_in.token, HERE)
    call(state, "load")

    async def following() -> Any:
        watching = asyncio.create_task(run(state, "watch"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(sessions.sign_out, signed_in.actor)
        return await asyncio.wait_for(watching, 5)

    answer = asyncio.run(following())
    assert next(str(value._var_value) for name, value in answer.args if str(name) == "path") == "/login?next=/incidents/INC-1"
    assert (state.head.title, state.rows, state.alerts) == ("", [], [])


def _group(status: str, *hosts: str) -> dict[str, object]:
    alerts = [
        {
            "status": status,
            "labels": {"alertname": "DiskFull", "severity": "critical", "host": host},
            "annotations": {"summary": f"Disk full on {host}"},
            "startsAt": "2026-11-23T03:05:00Z",
            "endsAt": "2026-11-23T03:07:30Z" if status == "resolved" else "0001-01-01T00:00:00Z",
            "fingerprint": host,
        }
        for host in hosts
    ]
    return {
        "version": "4", "groupKey": '{}:{alertname="DiskFull"}', "status": status, "receiver": "tocsin", "truncatedAlerts": 0,
        "groupLabels": {"alertname": "DiskFull"}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": alerts,
    }  # fmt: skip


def test_opening_it_reads_what_one_was_told_of_it(night: Story) -> None:
    alice = night.organisation.admin
    assert [one.state for one in inbox.page(alice).items] == ["unread"]
    state = opened(alice)
    call(state, "note_opened")
    assert [one.state for one in inbox.page(alice).items] == ["read"]
