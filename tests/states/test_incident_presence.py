"""Who else is on an incident's page, and what its reader has seen: the handlers, called as any client may call them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app import sockets
from app.states.incident_detail_acts import IncidentActs
from models.timeline import LastLook
from services import comments, database, declaring, live_updates, presence, sessions
from services.access import Actor
from services.incident_page import last_looks
from services.live_updates import Hub
from services.presence import Presence
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab, run

pytestmark = pytest.mark.usefixtures("open_sockets")
HERE = "http://localhost/incidents/INC-1"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Presence:
    monkeypatch.setattr(live_updates, "hub", Hub())
    monkeypatch.setattr(sockets, "is_heard", lambda _sid: True)
    own = Presence()
    monkeypatch.setattr(presence, "here", own)
    return own


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open, and a stranger's organisation has none."""
    story.fire()
    return story


def opened(actor: Actor, *, in_sight: bool = True) -> IncidentActs:
    """The incident's page in a tab of this person, loaded; the browser has said that it is in sight."""
    state = open_tab(IncidentActs, begin_session(actor).token, HERE)
    call(state, "load")
    call(state, "set_in_sight", is_in_sight=in_sight)
    return state


def come_back(state: IncidentActs) -> None:
    """The same tab opens the page anew, after it showed another."""
    state._address = "elsewhere"
    call(state, "load")
    call(state, "set_in_sight", is_in_sight=True)


def dividers(state: IncidentActs) -> dict[int, str]:
    return {row.seq: row.since for row in [*state.rows, *state.tail] if row.since}


def say(actor: Actor, *words: str) -> None:
    for one in words:
        comments.add(actor, "INC-1", one)


def marks(actor: Actor) -> list[int]:
    last_looks.store()
    with database.read(actor.tenant_id) as session:
        return list(session.exec(select(LastLook.seq).where(LastLook.user_id == actor.id)))


# ── who is there ──


def test_a_page_shows_who_else_looks_and_who_writes_until_they_leave(night: Story) -> None:
    rob, mina = opened(night.organisation.responder), opened(night.organisation.manager)

    async def meanwhile(is_so: Callable[[], bool]) -> bool:
        for _ in range(300):
            if is_so():
                return True
            await asyncio.sleep(0.02)
        return False

    async def story() -> None:
        watching = asyncio.create_task(run(rob, "watch_people"))
        assert await meanwhile(lambda: [one.name for one in rob.here.people] == ["Rob Lindqvist"])
        beside = asyncio.create_task(run(mina, "watch_people"))
        assert await meanwhile(lambda: rob.here.count == 2)
        await run(mina, "set_writing", is_writing=True)
        assert await meanwhile(lambda: rob.writing == "Mina Okafor is writing…")
        assert (rob.here.writing, mina.writing) == ([night.organisation.manager.id.hex], "")
        await run(mina, "comment", form={"number": "INC-1", "body": "Found it", "draft_key": "d" * 32})
        assert await meanwhile(lambda: rob.writing == "")
        beside.cancel()  # the tab is closed, or turned to another page
        assert await meanwhile(lambda: [one.name for one in rob.here.people] == ["Rob Lindqvist"])
        watching.cancel()
        await asyncio.gather(watching, beside, return_exceptions=True)
        assert presence.here._seats == {}

    asyncio.run(story())


def test_who_is_signed_out_is_gone(night: Story, here: Presence) -> None:
    signed_in = begin_session(night.organisation.viewer)
    vera = open_tab(IncidentActs, signed_in.token, HERE)
    call(vera, "load")
    call(vera, "set_in_sight", is_in_sight=True)
    incident = vera._key.incident_id  # type: ignore[union-attr]
    assert follow(vera, lambda: None, lambda: here.at(incident).people != {}, watch="watch_people")
    assert follow(vera, lambda: sessions.sign_out(signed_in.actor), lambda: here.at(incident).people == {}, watch="watch_people")


def test_nobody_is_at_an_incident_of_another_organisation(night: Story, here: Presence) -> None:
    opened(night.organisation.viewer)
    stranger = open_tab(IncidentActs, begin_session(night.organisation.stranger).token, HERE)
    call(stranger, "load")
    for name, given in (("set_in_sight", {"is_in_sight": True}), ("set_writing", {"is_writing": True}), ("watch_people", {})):
        call(stranger, name, **given)
    assert (here._seats, stranger.here.count, marks(night.organisation.stranger)) == ({}, 0, [])


def test_what_a_browser_says_before_its_page_is_loaded_does_no_harm(night: Story, here: Presence) -> None:
    state = open_tab(IncidentActs, begin_session(night.organisation.responder).token, HERE)
    for name, given in (("set_in_sight", {"is_in_sight": True}), ("set_writing", {"is_writing": True}), ("watch_people", {})):
        call(state, name, **given)
    assert (here._seats, marks(night.organisation.responder)) == ({}, [])


def test_a_viewer_writes_nowhere(night: Story) -> None:
    vera = opened(night.organisation.viewer)
    call(vera, "set_writing", is_writing=True)
    assert vera.notice.text == "Viewers only read. A responder may do this."


# ── what was seen ──


def test_the_divider_tells_who_comes_back_what_they_missed_and_stays_while_they_look(night: Story) -> None:
    mina = night.organisation.manager
    state = opened(night.organisation.viewer)
    assert dividers(state) == {}
    say(mina, "One", "Two")
    come_back(state)
    assert dividers(state) == {2: "2 events since you last looked"}
    assert follow_and(state, lambda: say(mina, "Three"))
    assert dividers(state) == {2: "2 events since you last looked"}
    call(state, "show_only", kinds="comments")
    call(state, "show_only", kinds="everything")
    call(state, "turn_order")
    assert dividers(state) == {2: "2 events since you last looked"}
    come_back(state)
    assert dividers(state) == {}, "the third came while they looked"


def follow_and(state: IncidentActs, happens: Callable[[], Any]) -> bool:
    """Let the page follow while this happens; whether it was shown."""
    before = len(state.rows) + len(state.tail)
    return follow(state, happens, lambda: len(state.rows) + len(state.tail) > before)


def test_what_comes_first_is_new_to_who_has_seen_that_there_was_nothing(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    number = declaring.declare(mina, "It is slow", "low").incident.number
    state = open_tab(IncidentActs, begin_session(rob).token, f"http://localhost/incidents/{number}")
    call(state, "load")
    call(state, "set_in_sight", is_in_sight=True)
    assert (state.rows, marks(rob)) == ([], [0])
    comments.add(mina, number, "One")
    come_back(state)
    assert dividers(state) == {1: "1 event since you last looked"}


def test_what_came_while_the_page_was_out_of_sight_is_new(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(rob)
    call(state, "set_in_sight", is_in_sight=False)
    assert follow_and(state, lambda: say(mina, "One"))
    assert marks(rob) == [1]
    assert dividers(state) == {}
    call(state, "set_in_sight", is_in_sight=True)
    assert dividers(state) == {2: "1 event since you last looked"}
    assert marks(rob) == [2]
    assert follow_and(state, lambda: say(mina, "Two"))
    call(state, "set_in_sight", is_in_sight=True)
    assert dividers(state) == {2: "1 event since you last looked"}


def test_a_page_that_opens_behind_another_one_has_not_been_seen(night: Story) -> None:
    rob = night.organisation.responder
    opened(rob, in_sight=False)
    assert marks(rob) == []
    state = opened(rob)
    assert (dividers(state), marks(rob)) == ({}, [1])


def test_what_one_tab_has_shown_is_not_new_in_the_other(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    first, second = opened(rob), opened(rob)
    call(second, "set_in_sight", is_in_sight=False)
    assert follow_and(first, lambda: say(mina, "One"))
    assert follow_and(second, lambda: say(rob, "Mine"))
    call(second, "set_in_sight", is_in_sight=True)
    assert dividers(second) == {}


def test_a_page_that_comes_back_from_a_broken_line_keeps_its_divider(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    state = opened(rob)
    say(mina, "One")
    come_back(state)
    assert dividers(state) == {2: "1 event since you last looked"}
    asyncio.run(state._fill(rob))
    assert dividers(state) == {2: "1 event since you last looked"}
    say(mina, "Two")
    asyncio.run(state._fill(rob))
    assert dividers(state) == {3: "1 event since you last looked"}


def test_the_address_of_a_line_wins_over_the_divider(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    opened(rob)
    say(mina, *(f"line {place}" for place in range(150)))
    state = open_tab(IncidentActs, begin_session(rob).token, f"{HERE}#event-140")
    call(state, "load")
    assert 140 in [row.seq for row in state.rows] and state.rows[0].seq > 2
    state = open_tab(IncidentActs, begin_session(rob).token, HERE)
    call(state, "load")
    assert dividers(state) == {2: "150 events since you last looked"}
    assert state.has_later
