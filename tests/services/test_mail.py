"""Mails: what they say, that they arrive once, and that a broken mail server loses none."""

from __future__ import annotations

import pytest
from sqlmodel import col, select, update

from models.notifications import OutgoingMessage
from models.people import User
from models.tenants import Tenant
from models.vocabulary import DeliveryStatus, NotificationState
from services import clock, comments, database, declaring, engine, inbox, incidents, line_changes, mail, people
from services.access import Actor
from services.jobs import TRIES_TO_NOTE, Run
from services.records import EventRecord
from tests.fixtures.busy_databases import busy_after
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.stories import Story

__all__ = ["mailbox"]


@pytest.fixture
def night(story: Story, mailbox: Mailbox) -> Story:
    """Rob is on call, and there is a mail server."""
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=story.organisation.responder.id))
    return story


def work() -> None:
    while engine.run_due("w"):
        pass


def messages(story: Story) -> list[OutgoingMessage]:
    with database.read(story.organisation.tenant_id) as session:
        return list(session.exec(select(OutgoingMessage).order_by(col(OutgoingMessage.created_at), col(OutgoingMessage.id))).all())


def test_a_new_incident_is_mailed_to_who_is_on_call(night: Story, mailbox: Mailbox) -> None:
    night.fire(title="Error rate above 5%\r\nBcc: all@northwind.example")
    work()
    assert mailbox.recipients == ["rob@northwind.example"]
    [said] = mailbox.mails
    assert said["Subject"] == "INC-1: Error rate above 5% Bcc: all@northwind.example"
    assert said["Bcc"] is None
    assert said["To"] == "rob@northwind.example"
    text = said.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "A new incident is open." in text
    assert "https://tocsin.northwind.example/incidents/INC-1" in text
    assert "Why you: You are the default on-call person." in text
    page = said.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert 'href="https://tocsin.northwind.example/incidents/INC-1' in page
    [message] = messages(night)
    assert (message.status, message.attempts, message.sent_at) == (DeliveryStatus.SENT, 1, clock.now())
    assert said["Message-ID"] == f"<{message.id.hex}@tocsin.northwind.example>"


def test_the_mails_of_an_incident_are_one_thread(night: Story, mailbox: Mailbox) -> None:
    night.fire()
    incidents.assign(night.organisation.admin, "INC-1", night.organisation.manager.id)
    night.fire("disk", title="Disk is full")
    work()
    threads = [mail["References"] for mail in mailbox.mails]
    assert len(set(threads)) == 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == len(mailbox.mails) == 3


def test_html_in_a_title_stays_text(night: Story, mailbox: Mailbox) -> None:
    night.fire(title="<img src=https://evil.example/x.png onerror=alert(1)> & co")
    work()
    page = mailbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<img" not in page
    assert "&lt;img src=https://evil.example/x.png" in page


def test_what_was_acknowledged_meanwhile_is_not_sent(night: Story, mailbox: Mailbox) -> None:
    night.fire()
    incidents.acknowledge(night.organisation.manager, "INC-1")
    work()
    assert mailbox.mails == []
    assert [message.status for message in messages(night)] == [DeliveryStatus.CANCELLED]


def test_an_assignment_that_has_moved_on_is_not_sent(night: Story, mailbox: Mailbox) -> None:
    alice, mina, rob = night.organisation.admin, night.organisation.manager, night.organisation.responder
    declaring.declare(alice, "Search is slow", "high", assigned_to=rob.id)
    incidents.assign(alice, "INC-1", mina.id)
    work()
    assert sorted(mailbox.recipients) == ["mina@northwind.example", "rob@northwind.example"]
    told = {mail["To"]: mail.get_body(("plain",)).get_content().splitlines()[0] for mail in mailbox.mails}  # type: ignore[union-attr]
    assert told["rob@northwind.example"] == "Alice Moreau gave the incident, which was yours, to somebody else."


def test_a_server_that_is_away_for_hours_loses_nothing_and_repeats_nothing(night: Story, mailbox: Mailbox) -> None:
    night.fire()
    mailbox.answer = "451 come again"
    for _ in range(20):
        work()
        night.pass_time(minutes=20)
    [first, *_] = messages(night)
    assert (first.status, first.last_error) == (DeliveryStatus.PENDING, "The mail server refuses the mail: 451 come again.")
    assert first.attempts > 8
    mailbox.answer = ""
    night.pass_time(hours=2)
    work()
    ours = [mail for mail in mailbox.mails if mail["Message-ID"].startswith(f"<{first.id.hex}@")]
    assert len(ours) == 1
    night.pass_time(hours=2)
    work()
    ids = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(ids) == len(set(ids))


def test_an_address_that_is_refused_for_good_is_given_up_at_once(night: Story, mailbox: Mailbox) -> None:
    mailbox.to_recipients = "550 no such user"
    night.fire()
    work()
    [message] = messages(night)
    assert (message.status, message.attempts) == (DeliveryStatus.FAILED, 1)
    assert message.last_error == "The mail server refuses the address: 550 no such user."


def test_after_a_crash_between_sending_and_noting_it_comes_twice_with_one_id(
    night: Story, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.fire()
    claimed, _ = engine.claim("first")
    [job] = [job for job in claimed if job.kind == "mail"]
    with monkeypatch.context() as crash:
        crash.setattr(mail, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            engine.HANDLERS[job.kind](Run(job))
    night.pass_time(minutes=2)
    work()
    night.pass_time(minutes=2)
    work()
    ids = [mail["Message-ID"] for mail in mailbox.mails if "A new incident" in mail.get_body(("plain",)).get_content()]  # type: ignore[union-attr]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_database_that_is_busy_when_a_mail_went_out_makes_no_second_mail(
    night: Story, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.fire()
    busy_after(monkeypatch, mail, "send", times=TRIES_TO_NOTE - 1)
    work()
    [message] = messages(night)
    assert (message.status, message.attempts, len(mailbox.mails)) == (DeliveryStatus.SENT, 1, 1)


def test_a_database_that_stays_busy_has_the_mail_sent_again_with_the_same_id(
    night: Story, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.fire()
    with monkeypatch.context() as away:
        busy_after(away, mail, "send", times=TRIES_TO_NOTE)
        work()
    assert messages(night)[0].status is DeliveryStatus.PENDING
    night.pass_time(minutes=2)
    work()
    [message] = messages(night)
    assert message.status is DeliveryStatus.SENT
    assert len({one["Message-ID"] for one in mailbox.mails}) == 1


@pytest.mark.parametrize(("wanted", "mails", "in_inbox"), [("inbox", 0, True), ("email", 1, False), ("both", 1, True)])
def test_each_person_says_how_they_are_told_of_what(night: Story, mailbox: Mailbox, wanted: str, mails: int, in_inbox: bool) -> None:
    from models.notifications import Notification

    with database.write(night.organisation.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == night.organisation.responder.id).values(told_by={"opened": wanted}))
    night.fire()
    work()
    assert len(mailbox.mails) == mails
    with database.read(night.organisation.tenant_id) as session:
        assert [row.in_inbox for row in session.exec(select(Notification))] == [in_inbox]


def test_what_can_wait_is_mailed_after_the_quiet_hours_and_calls_at_once(night: Story, mailbox: Mailbox) -> None:
    """It is 03:07 UTC, 04:07 in Stockholm; the night there ends at 07:00."""
    alice, rob = night.organisation.admin, night.organisation.responder
    people.change_profile(rob, timezone="Europe/Stockholm")
    with database.write(rob.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == rob.id).values(quiet_from=22 * 60, quiet_until=7 * 60))
    night.fire()
    incidents.assign(alice, "INC-1", alice.id)
    work()
    assert [mail["To"] for mail in mailbox.mails] == []
    night.fire("disk", title="Disk is full")
    work()
    assert [mail["To"] for mail in mailbox.mails] == ["rob@northwind.example"]
    night.pass_time(hours=2, minutes=52)
    work()
    assert not [mail for mail in mailbox.mails if "took the incident" in str(mail)]
    night.pass_time(minutes=2)
    work()
    assert [mail["To"] for mail in mailbox.mails if "took the incident" in str(mail)] == ["rob@northwind.example"]


def unread(actor: Actor) -> list[str]:
    return [one.reason for one in inbox.page(actor, limit=10).items if one.state is NotificationState.UNREAD]


def mentioning(night: Story) -> EventRecord:
    """Rob's comment on INC-1 that names Mina, whose mail waits because the server is away."""
    declaring.declare(night.organisation.responder, "Search is slow", "high")
    return comments.add(night.organisation.responder, "INC-1", "@mina can you look? SECRET77")


def test_what_is_not_to_be_read_any_more_is_not_mailed(night: Story, mailbox: Mailbox) -> None:
    rob = night.organisation.responder
    hidden, renamed, read = (mentioning(night) for _ in range(3))
    line_changes.change(rob, "INC-1", hidden.id.hex, hidden=True, reason="A secret")
    line_changes.change(rob, "INC-1", renamed.id.hex, text="Never mind. SECRET77")
    inbox.mark_all(night.organisation.manager)
    work()
    assert read is not None
    assert [mail["To"] for mail in mailbox.mails if "SECRET77" in str(mail) or mail["To"].startswith("mina")] == []


def test_nobody_is_asked_about_a_quiet_incident_that_went_on(night: Story, mailbox: Mailbox) -> None:
    night.fire()
    with database.write(night.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(reminder_seconds=dict.fromkeys(("critical", "high", "medium", "low"), 9_000_000)))
    work()
    mailbox.mails.clear()
    mailbox.answer = "451 come again"
    night.pass_time(days=8)
    work()
    incidents.resolve(night.organisation.responder, "INC-1", "Over.")
    mailbox.answer = ""
    night.pass_time(hours=2)
    work()
    assert [mail["To"] for mail in mailbox.mails] == []


def test_who_wants_mails_alone_is_told_in_the_page_while_none_arrives(night: Story, mailbox: Mailbox) -> None:
    rob = night.organisation.responder
    with database.write(rob.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == rob.id).values(told_by={"opened": "email"}))
    mailbox.answer = "451 come again"
    night.fire()
    assert unread(rob) == []
    work()
    assert unread(rob) == ["opened"]


def test_when_the_server_is_back_nothing_waits_for_its_next_try(night: Story, mailbox: Mailbox) -> None:
    mailbox.answer = "451 come again"
    for name in ("pool", "disk", "queue"):
        night.fire(name, title=name)
        for _ in range(4):
            work()
            night.pass_time(minutes=1)
    mailbox.answer = ""
    assert mailbox.mails == []
    for _ in range(3):  # the first whose time comes brings the others along
        night.pass_time(minutes=1)
        work()
    assert {message.status for message in messages(night) if message.kind == "opened"} == {DeliveryStatus.SENT}
