"""What admins see of the mail server, and the test that they ask for."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, func, select

from models.audit import AuditEntry
from models.vocabulary import Role
from services import access, across_tenants, audit, clock, database, mail, mail_text, mail_waiting, people, telling
from services.access import Actor
from services.errors import SlowDownError
from services.views import MailView
from services.wording import counted, rfc3339

TESTS_AN_HOUR = 10
_TESTED = "mail.tested"


def send_test(actor: Actor) -> str:
    """Send the actor a mail; the sentence that says where it went and what the server answered. Takes as long as the server does.

    Raises: NotAllowedError; NotFoundError when the actor is no person; SlowDownError after many within an hour; MailError.
    """
    access.require(actor, Role.ADMIN)
    mail.required_server()
    to = people.own_profile(actor).email
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.ADMIN)
        own = (col(AuditEntry.actor_id) == actor.id, col(AuditEntry.action) == _TESTED, col(AuditEntry.at) > tx.now - timedelta(hours=1))
        if tx.session.exec(select(func.count()).select_from(AuditEntry).where(*own)).one() >= TESTS_AN_HOUR:
            raise SlowDownError(f"You have asked for {TESTS_AN_HOUR} tests in the last hour. Try again later.", retry_after_seconds=900)
        audit.record(tx, actor, _TESTED, "person", actor.id)
    answer = mail.send_test(to)
    across_tenants.hasten_jobs(telling.MAIL_KIND)  # what waits need not wait for its next try
    return f"The mail server took the test for {to} and answered: {answer}. Look into that mailbox."


def view(actor: Actor) -> MailView:
    """The mail server, without its password, and the mails that could not be handed over. Raises: NotAllowedError."""
    access.require(actor, Role.ADMIN)
    server, now = mail.server(), clock.now()
    with database.read(actor.tenant_id) as session:
        troubles = mail_waiting.troubles(session, now)
    return MailView(
        server=f"{server.host}:{server.port}" if server else "",
        security=server.security if server else "",
        sender=mail_text.sender_address(),
        own_address=people.own_profile(actor).email,
        waiting=counted(troubles.count, "mail") if troubles.count else "",
        since=rfc3339(troubles.since),
        is_late=troubles.since is not None and now - troubles.since > mail_waiting.LATE,
        given_up=counted(troubles.given_up, "mail") if troubles.given_up else "",
        last_error=troubles.last_error or "",
    )
