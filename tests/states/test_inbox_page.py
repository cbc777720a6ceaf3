"""The inbox and the bell, without a browser: what they say, whose they are, and that they stay right."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlmodel import col, update

from app.states.inbox import Inbox
from models.people import User
from models.tenants import Tenant
from services import catalog, comments, database, declaring, engine, followers, inbox, incidents, people
from services.access import Actor
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab, run

__all__ = ["mailbox"]

HERE = "http://localhost/inbox"


@pytest.fixture
def rob(story: Story) -> Actor:
    """Rob, who is on call."""
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=story.organisation.responder.id))
    return story.organisation.responder


def opened(actor: Actor, query: str = "") -> Inbox:
    state = open_tab(Inbox, begin_session(actor).token, HERE + query)
    call(state, "load")
    return state


def said(state: Inbox) -> list[str]:
    return [" ".join(part for part in (row.who.name, row.text, row.title) if part) for row in state.rows]


def work() -> None:
    while engine.run_due("w"):
        pass


def test_it_says_what_and_why_and_leads_to_the_line(story: Story, rob: Actor) -> None:
    alice = story.organisation.admin
    story.fire(title="Pool is empty")
    state = opened(rob)
    [row] = state.rows
    assert (row.text, row.title, row.number, row.severity, row.state) == ("You are called:", "Pool is empty", "INC-1", "critical", "open")
    assert (row.why, row.is_unread, row.mail) == ("You are the default on-call person.", True, "")
    assert row.place == "/incidents/INC-1#event-1"
    assert (state.nav.unread, state.tab_title) == (1, "(1) Inbox · Tocsin")
    assert (state.nav.newest_unread, state.nav.newest_is_call) == ("You are called to INC-1: Pool is empty", True)
    incidents.assign(alice, "INC-1", story.organisation.manager.id, reason="Rob sleeps")
    assert said(opened(story.organisation.manager)) == ["Alice Moreau gave you Pool is empty"]
    assert opened(story.organisation.manager).rows[0].quote == "Rob sleeps"
    assert said(opened(rob)) == ["Alice Moreau took from you Pool is empty", "You are called: Pool is empty"]
    incidents.acknowledge(story.organisation.manager, "INC-1")
    assert said(opened(rob))[-1] == "You were called: Pool is empty"


def test_a_mention_is_quoted_as_plain_text(story: Story, rob: Actor) -> None:
    story.fire()
    inbox.mark_all(rob)
    comments.add(story.organisation.admin, "INC-1", "**@rob** look at <img src=x onerror=alert(1)> `pool`")
    row = opened(rob).rows[0]
    assert (row.who.name, row.text) == ("Alice Moreau", "mentioned you in")
    assert row.quote == "@rob look at <img src=x onerror=alert(1)> pool"


@pytest.mark.parametrize(
    ("answer", "says", "tone"),
    [
        ("", "Mail sent 03:07.", ""),
        ("451 come again", "Mail waits, tried once. The mail server refuses the mail: 451 come again.", "warn"),
        ("550 no", "Mail not delivered, tried once. The mail server refuses the mail: 550 no.", "bad"),
    ],
)
def test_what_became_of_the_mail_is_said(story: Story, rob: Actor, mailbox: Mailbox, answer: str, says: str, tone: str) -> None:
    people.change_profile(rob, timezone="UTC")
    mailbox.answer = answer
    story.fire()
    assert opened(rob).rows[0].mail == "Mail is about to go out."
    work()
    row = opened(rob).rows[0]
    assert (row.mail, row.mail_tone) == (says, tone)


def test_a_mail_that_waits_for_the_morning_or_no_longer_matters_says_so(story: Story, rob: Actor, mailbox: Mailbox) -> None:
    """It is 03:07 UTC."""
    with database.write(rob.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == rob.id).values(quiet_from=0, quiet_until=7 * 60, timezone="UTC"))
    story.fire()
    incidents.assign(story.organisation.admin, "INC-1", story.organisation.admin.id)
    incidents.acknowledge(story.organisation.admin, "INC-1")
    work()
    assert [row.mail for row in opened(rob).rows] == ["Mail waits for the end of your quiet hours.", "No mail: it no longer mattered."]


def test_what_one_follows_is_told_with_who_changed_it(story: Story, rob: Actor) -> None:
    followers.follow_incident(story.organisation.manager, story.fire()[0], True)
    incidents.acknowledge(rob, "INC-1")
    row = opened(story.organisation.manager).rows[0]
    assert (row.who.name, row.text, row.quote) == ("Rob Lindqvist", "changed", "acknowledged after 0s")
    service = catalog.create(story.organisation.admin, "Checkout")
    followers.follow_service(story.organisation.manager, service.id, True)
    declaring.declare(rob, "Checkout is slow", "high", service_id=service.id)
    row = opened(story.organisation.manager).rows[0]
    assert (row.who.name, row.text, row.title, row.place) == ("", "A new incident:", "Checkout is slow", "/incidents/INC-2")


def test_marks_and_the_filter(story: Story, rob: Actor) -> None:
    story.fire()
    story.fire("disk", title="Disk is full")
    state = opened(rob, "?show=unread")
    call(state, "mark", notification_id=state.rows[0].id, is_read=True)
    assert [row.number for row in state.rows] == ["INC-1"]
    assert state.nav.unread == 1
    whole = opened(rob)
    assert [row.is_unread for row in whole.rows] == [False, True]
    call(whole, "mark", notification_id=whole.rows[0].id, is_read=False)
    assert [row.is_unread for row in whole.rows] == [True, True]
    call(whole, "mark_all")
    assert (whole.notice.text, whole.nav.unread, whole.tab_title) == ("2 marked as read.", 0, "Inbox · Tocsin")
    call(whole, "mark_all")
    assert whole.notice.text == "Everything was read already."


@pytest.mark.parametrize("wrong", ["", "here", "'; --", "f4db213d4f5444d49b658ed00b3f5cd4"])
def test_a_mark_of_what_is_not_there_is_refused(story: Story, rob: Actor, wrong: str) -> None:
    story.fire()
    state = opened(rob)
    call(state, "mark", notification_id=wrong, is_read=True)
    assert (state.notice.tone, state.notice.text) == ("bad", "There is no such notification in your inbox.")
    assert state.nav.unread == 1


def test_somebody_elses_is_not_there(story: Story, rob: Actor) -> None:
    story.fire()
    theirs = opened(rob).rows[0].id
    for other in (story.organisation.admin, story.organisation.stranger):
        state = opened(other)
        assert (state.rows, state.nav.unread) == ([], 0)
        call(state, "mark", notification_id=theirs, is_read=True)
        assert state.notice.text == "There is no such notification in your inbox."
        assert opened(other, f"?older={theirs}").wrong == "This page of the inbox is not known: here is the first one."
    assert opened(rob).nav.unread == 1


def test_pages_follow_each_other(story: Story, rob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.inbox import shown

    monkeypatch.setattr(shown.read, "__defaults__", (2,))
    for place in range(3):
        story.fire(f"alert {place}")
    first = opened(rob)
    assert [row.number for row in first.rows] == ["INC-3", "INC-2"]
    second = opened(rob, first.older.removeprefix("/inbox"))
    assert ([row.number for row in second.rows], second.older, second.newest) == (["INC-1"], "", "/inbox")
    unread = opened(rob, "?show=unread")
    assert unread.older.startswith("/inbox?show=unread&older=")
    assert opened(rob, unread.older.removeprefix("/inbox")).newest == "/inbox?show=unread"


def test_the_open_page_follows_what_comes_and_what_happens_to_it(story: Story, rob: Actor, open_sockets: None) -> None:
    state = opened(rob)
    assert follow(state, story.fire, lambda: len(state.rows) == 1)
    assert follow(state, lambda: incidents.acknowledge(story.organisation.admin, "INC-1"), lambda: state.rows[0].state == "acknowledged")


def test_the_bell_of_every_page_counts_up_and_down(story: Story, rob: Actor, open_sockets: None) -> None:
    state: Any = opened(rob)
    state.rows = []

    async def following() -> list[int]:
        watching = asyncio.create_task(run(state, "follow"))
        seen = []
        for happens in (story.fire, lambda: inbox.mark_all(rob)):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(happens)
            for _ in range(250):
                if state.nav.unread != (seen[-1] if seen else 0):
                    break
                await asyncio.sleep(0.02)
            seen.append(state.nav.unread)
        watching.cancel()
        return seen

    assert asyncio.run(following()) == [1, 0]
