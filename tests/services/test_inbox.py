"""The inbox: whose it is, in which order it is read, what marks it, and what became of the mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import col, update

from models.people import User
from models.tenants import Tenant
from services import clock, database, declaring, engine, inbox, incidents
from services.access import Actor
from services.errors import InvalidInputError, NotAllowedError, NotFoundError
from services.records import NotificationRecord
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.stories import Story

__all__ = ["mailbox"]


@pytest.fixture
def rob(story: Story) -> Actor:
    """Rob, who is on call."""
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=story.organisation.responder.id))
    return story.organisation.responder


def work() -> None:
    while engine.run_due("w"):
        pass


def told(actor: Actor, **asked: Any) -> list[tuple[str, str, str]]:
    """What somebody was told of: incident, reason, state."""
    return [(one.incident_number, one.reason, one.state) for one in inbox.page(actor, **asked).items]


def test_a_notification_tells_of_what_why_and_how_it_came(story: Story, rob: Actor) -> None:
    story.fire(title="Pool is empty")
    [one] = inbox.page(rob).items
    line = next(line for line in story.timeline() if line.type == "alert_fired")
    assert (one.user_id, one.incident_number, one.incident_title) == (rob.id, "INC-1", "Pool is empty")
    assert (one.event_id, one.reason, one.why) == (line.id, "opened", "You are the default on-call person.")
    assert (one.state, one.read_at, one.created_at) == ("unread", None, clock.now())
    assert [(way.channel, way.state, way.attempts) for way in one.deliveries] == [("inbox", "sent", 1)]
    assert one.deliveries[0].sent_at == one.created_at


def test_parts_come_newest_first_and_make_up_the_whole(story: Story, rob: Actor) -> None:
    for place in range(5):
        story.fire(f"alert {place}")
        story.pass_time(seconds=place % 2)  # some were written at the same moment
    whole = inbox.page(rob).items
    assert [one.incident_number for one in whole] == ["INC-5", "INC-4", "INC-3", "INC-2", "INC-1"]
    seen: list[NotificationRecord] = []
    cursor = None
    while True:
        part = inbox.page(rob, cursor=cursor, limit=2)
        seen, cursor = seen + part.items, part.next
        if cursor is None:
            break
    assert seen == whole


def test_reading_one_keeps_its_first_time_and_can_be_taken_back(story: Story, rob: Actor) -> None:
    story.fire()
    story.fire("disk")
    first = inbox.page(rob).items[0]
    at = clock.now()
    assert inbox.mark(rob, first.id, read=True).read_at == at
    story.pass_time(minutes=1)
    again = inbox.mark(rob, first.id, read=True)
    assert (again.state, again.read_at) == ("read", at)
    assert told(rob, unread=True) == [("INC-1", "opened", "unread")]
    assert inbox.mark(rob, first.id, read=False).state == "unread"
    assert len(told(rob, unread=True)) == 2
    assert inbox.mark_all(rob) == 2
    assert inbox.mark_all(rob) == 0
    assert told(rob, unread=True) == []


def test_opening_an_incident_reads_what_one_was_told_of_it_and_nothing_else(story: Story, rob: Actor) -> None:
    story.fire()
    story.fire("disk")
    incidents.assign(rob, "INC-1", story.organisation.manager.id)
    opened = incidents.get(rob, "INC-1").id
    assert inbox.mark_incident(rob, opened) == 1
    assert inbox.mark_incident(rob, opened) == 0
    assert told(rob) == [("INC-2", "opened", "unread"), ("INC-1", "opened", "read")]
    assert told(story.organisation.manager) == [("INC-1", "assignment", "unread")]


def test_an_inbox_is_its_persons_own_and_admins_may_look(story: Story, rob: Actor) -> None:
    story.fire()
    [one] = inbox.page(rob).items
    assert told(story.organisation.admin, user_id=rob.id) == [("INC-1", "opened", "unread")]
    assert told(rob, user_id=rob.id) == [("INC-1", "opened", "unread")]
    assert told(story.organisation.admin) == []
    with pytest.raises(NotAllowedError):
        inbox.page(story.organisation.manager, user_id=rob.id)
    for somebody_else in (story.organisation.admin, story.organisation.stranger):
        with pytest.raises(NotFoundError, match="in your inbox"):
            inbox.mark(somebody_else, one.id, read=True)
        assert inbox.mark_all(somebody_else) == 0
        assert inbox.mark_incident(somebody_else, one.incident_id) == 0
    with pytest.raises(NotFoundError, match="no such person"):
        inbox.page(story.organisation.stranger, user_id=rob.id)
    assert told(rob) == [("INC-1", "opened", "unread")]


@pytest.mark.parametrize("cursor", ["", "here", "somebody else's"])
def test_a_cursor_that_no_part_gave_is_refused(story: Story, rob: Actor, cursor: str) -> None:
    story.fire()
    theirs = str(inbox.page(rob).items[0].id)
    with pytest.raises(InvalidInputError, match=r"^cursor must be the `next`"):
        inbox.page(story.organisation.admin, cursor=theirs if cursor == "somebody else's" else cursor)
    with pytest.raises(InvalidInputError, match="limit must be"):
        inbox.page(rob, limit=0)


def test_what_became_of_a_mail_is_told(story: Story, rob: Actor, mailbox: Mailbox) -> None:
    mailbox.answer = "451 come again"
    story.fire()
    work()
    [inside, mail] = inbox.page(rob).items[0].deliveries
    assert (inside.channel, mail.channel, mail.state, mail.attempts, mail.sent_at) == ("inbox", "email", "pending", 1, None)
    assert mail.last_error == "The mail server refuses the mail: 451 come again."
    mailbox.answer = ""
    story.pass_time(minutes=2)
    work()
    mail = inbox.page(rob).items[-1].deliveries[1]
    assert (mail.state, mail.attempts, mail.sent_at, mail.last_error) == ("sent", 2, clock.now(), None)


def test_what_went_by_mail_alone_is_told_to_programs_and_is_never_unread(story: Story, rob: Actor, mailbox: Mailbox) -> None:
    with database.write(rob.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == rob.id).values(told_by={"opened": "email"}))
    story.fire()
    [one] = inbox.page(rob).items
    assert (one.state, [way.channel for way in one.deliveries]) == ("mailed", ["email"])
    assert told(rob, unread=True) == []
    assert inbox.mark_all(rob) == 0
    with pytest.raises(NotFoundError):
        inbox.mark(rob, one.id, read=True)


# By which index


@contextmanager
def steps() -> Iterator[list[str]]:
    """By which steps the statements of the block go that touch notifications (SQLite)."""
    engine_of = database.storage().engine
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "notification" in statement and statement.startswith(("SELECT", "UPDATE")):
            seen.append((statement, parameters))

    found: list[str] = []
    event.listen(engine_of, "before_cursor_execute", note)
    event.listen(database.storage().read_engine, "before_cursor_execute", note)
    yield found
    event.remove(engine_of, "before_cursor_execute", note)
    event.remove(database.storage().read_engine, "before_cursor_execute", note)
    with engine_of.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for statement, parameters in seen:
            plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            found += plan


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it tells its plan without rows to plan for
def test_no_part_of_an_inbox_looks_at_more_than_it_shows(story: Story, rob: Actor) -> None:
    story.fire()
    story.fire("disk")
    part = inbox.page(rob, limit=1)
    asked: list[tuple[str, Any]] = [
        ("ix_notification_user", lambda: inbox.page(rob, limit=1)),
        ("ix_notification_user", lambda: inbox.page(rob, limit=1, cursor=part.next)),
        ("ix_notification_unread", lambda: inbox.page(rob, unread=True, limit=1)),
        ("ix_notification_unread", lambda: inbox.page(rob, unread=True, limit=1, cursor=part.next)),
        ("ix_notification_unread", lambda: inbox.mark_all(rob)),
    ]
    for index, ask in asked:
        with steps() as found:
            ask()
        assert any(f"USING INDEX {index}" in step for step in found), (index, found)
        assert not [step for step in found if step.startswith("SCAN") or "(tenant_id=?)" in step], found
        assert not [step for step in found if "B-TREE" in step], found
    with steps() as found:
        inbox.mark_incident(rob, UUID(int=0))
    assert found
    assert not [step for step in found if step.startswith("SCAN") or "(tenant_id=?)" in step], found


def test_who_declares_has_an_empty_inbox(story: Story, rob: Actor) -> None:
    declaring.declare(rob, "Checkout is slow", "high")
    assert told(rob) == []
