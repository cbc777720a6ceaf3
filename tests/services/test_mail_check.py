"""The mail server as admins see it: what waits, what it said, and the test that they ask for."""

from __future__ import annotations

import pytest

from services import across_tenants, audit_log, doctor, engine, mail, mail_check, organisation, settings, viewers
from services.doctor import Verdict
from services.errors import NotAllowedError, SlowDownError
from services.mail import MailError
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.organisations import Organisation
from tests.fixtures.servers import free_port
from tests.fixtures.stories import Story

__all__ = ["mailbox"]


def test_a_test_goes_to_the_admin_who_asks_and_says_what_the_server_answered(organisation: Organisation, mailbox: Mailbox) -> None:
    said = mail_check.send_test(organisation.admin)
    assert said == "The mail server took the test for alice@northwind.example and answered: ok. Look into that mailbox."
    assert mailbox.recipients == ["alice@northwind.example"]
    rows = audit_log.read(organisation.admin, audit_log.wanted_by(organisation.admin, "what=mail.tested", "UTC"), "UTC").rows
    assert [(row.did, row.about) for row in rows] == [("sent a test mail to", "Alice Moreau")]


def test_others_may_not(organisation: Organisation, mailbox: Mailbox) -> None:
    for actor in (organisation.viewer, organisation.responder, organisation.manager):
        for verb in (mail_check.send_test, mail_check.view):
            with pytest.raises(NotAllowedError):
                verb(actor)
    assert mailbox.mails == []


def test_tests_are_few_an_hour(story: Story, mailbox: Mailbox) -> None:
    alice = story.organisation.admin
    for _ in range(mail_check.TESTS_AN_HOUR):
        mail_check.send_test(alice)
    with pytest.raises(SlowDownError, match="10 tests in the last hour"):
        mail_check.send_test(alice)
    story.pass_time(minutes=61)
    mail_check.send_test(alice)


def test_a_refused_test_says_why(organisation: Organisation, mailbox: Mailbox) -> None:
    mailbox.to_recipients = "550 no such user"
    with pytest.raises(MailError, match="refuses the address: 550 no such user"):
        mail_check.send_test(organisation.admin)


def test_what_waits_is_shown_until_the_server_takes_it(story: Story, mailbox: Mailbox) -> None:
    alice, rob = story.organisation.admin, story.organisation.responder
    organisation.change(alice, default_on_call_id=rob.id)
    mailbox.answer = "451 come again"
    story.fire()
    assert mail_check.view(alice).waiting == ""
    while engine.run_due("w"):
        pass
    shown = mail_check.view(alice)
    assert (shown.waiting, shown.is_late, shown.given_up) == ("1 mail", False, "")
    assert shown.last_error == "The mail server refuses the mail: 451 come again."
    assert across_tenants.waiting_mails() == 1
    assert not viewers.nav(alice).mails_late
    story.pass_time(minutes=6)
    assert mail_check.view(alice).is_late
    assert viewers.nav(alice).mails_late
    assert not viewers.nav(rob).mails_late
    assert not viewers.nav(story.organisation.stranger).mails_late
    assert mail_check.view(story.organisation.stranger).waiting == ""
    mailbox.answer = ""
    story.pass_time(hours=1)
    while engine.run_due("w"):
        pass
    shown = mail_check.view(alice)
    assert (shown.waiting, shown.is_late, shown.last_error) == ("", False, "")
    assert across_tenants.waiting_mails() == 0


def test_what_was_given_up_is_shown_for_a_day(story: Story, mailbox: Mailbox) -> None:
    alice = story.organisation.admin
    mailbox.to_recipients = "550 no such user"
    story.fire()
    while engine.run_due("w"):
        pass
    shown = mail_check.view(alice)
    assert (shown.waiting, shown.given_up) == ("", "1 mail")
    assert shown.last_error == "The mail server refuses the address: 550 no such user."
    story.pass_time(hours=25)
    assert mail_check.view(alice).given_up == ""


def test_the_page_and_the_doctor_never_show_the_password(
    organisation: Organisation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_SMTP_URL", f"smtp://post:Swordfish@127.0.0.1:{free_port()}")
    settings.current.cache_clear()
    shown = mail_check.view(organisation.admin)
    assert shown.server.startswith("127.0.0.1:")
    found = doctor._check_mail()
    with pytest.raises(MailError) as refused:
        mail_check.send_test(organisation.admin)
    assert found.verdict is Verdict.ILL
    assert "Connect" in found.detail
    assert "TOCSIN_SMTP_URL" in found.advice
    assert "Swordfish" not in f"{shown} {found} {refused.value.message}"


def test_the_doctor_greets_the_server_and_sends_only_when_asked(organisation: Organisation, mailbox: Mailbox) -> None:
    found = doctor._check_mail()
    assert found.verdict is Verdict.WELL
    assert "The mail server answers: 127.0.0.1:" in found.detail
    assert mailbox.mails == []
    assert doctor.test_of_mail("ops@northwind.example")().detail == (
        "The mail server took a test for ops@northwind.example and answered: ok."
    )
    assert mailbox.recipients == ["ops@northwind.example"]
    mailbox.answer = "554 no"
    assert doctor.test_of_mail("ops@northwind.example")().verdict is Verdict.ILL


def test_without_a_server_nothing_is_wrong(organisation: Organisation) -> None:
    assert mail.server() is None
    assert doctor._check_mail().verdict is Verdict.WELL
    assert mail_check.view(organisation.admin).server == ""
    with pytest.raises(MailError, match="No mail server is set"):
        mail_check.send_test(organisation.admin)
