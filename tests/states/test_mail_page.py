"""The page of the mail server: a test says what came of it, and what waits comes by itself."""

import asyncio

from app.states.mail import MailServer
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, call, open_tab

__all__ = ["mailbox"]


def test_an_admin_sends_a_test_and_reads_the_answer(organisation: Organisation, mailbox: Mailbox) -> None:
    page = open_tab(MailServer, begin_session(organisation.admin).token, url="http://localhost/settings/mail")
    asyncio.run(MailServer.event_handlers["load"].fn(page))
    assert page.mail.server == f"127.0.0.1:{mailbox.controller.port}"
    call(page, "send_test")
    assert (page.is_bad, page.notice.text) == (False, "The test is sent.")
    assert page.answer.endswith("and answered: ok. Look into that mailbox.")
    mailbox.answer = "552 full"
    call(page, "send_test")
    assert (page.is_bad, page.answer) == (True, "The mail server refuses the mail: 552 full.")


def test_others_send_none(organisation: Organisation, mailbox: Mailbox) -> None:
    page = open_tab(MailServer, begin_session(organisation.manager).token, url="http://localhost/settings/mail")
    call(page, "send_test")
    assert (page.answer, mailbox.mails, page.mail.server) == ("", [], "")
