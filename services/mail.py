"""E-mail: what people are told of goes out as plain text and HTML, one thread an incident, at least once with the same Message-ID."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib
import structlog
from sqlmodel import Session, col, select, update

from models.incidents import Incident
from models.notifications import Notification, OutgoingMessage
from models.people import ActorRow, User
from models.tenants import Tenant
from models.timeline import TimelineEvent
from models.vocabulary import CALLS, DeliveryStatus, IncidentState, Reason, Role
from services import across_tenants, clock, database, mail_text, measures, settings, telling
from services.database import Tx
from services.errors import RefusedError
from services.jobs import Run, TryAgainError
from services.live_updates import inbox_topic, incident_topic, mail_topic
from services.mail_text import Mail
from services.measures import MailResult

MAX_ATTEMPTS = 40
"""How often a mail is tried: with a wait of at most an hour between two tries that is for more than a day."""
TIMEOUT_SECONDS = 10.0
"""For each word that the server is waited for."""
WHOLE_SECONDS = 45.0
"""For one mail: less than a worker holds its job without a sign of life, or a second one would send it, too."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_log = structlog.get_logger(__name__)


class MailError(RefusedError):
    """The mail server did not take the mail; the sentence says what it said. `is_final` says that it never will."""

    status = 502
    title = "Mail"

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over. `start_tls` True asks for TLS after the greeting, None takes it where it is offered."""

    host: str
    port: int
    user: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    @property
    def security(self) -> str:
        """How what is sent to it is kept from others, in words."""
        if self.use_tls:
            return "TLS"
        return {True: "STARTTLS", None: "STARTTLS where it offers it", False: "not encrypted"}[self.start_tls]


def server() -> MailServer | None:
    """The mail server of the settings; None where there is none. A password travels in the clear to this machine alone."""
    url = settings.current().smtp_url
    if url is None:
        return None
    parts = urlsplit(url.get_secret_value())
    host, is_tls = parts.hostname or "localhost", parts.scheme == "smtps"
    off = parse_qs(parts.query).get("tls") == ["off"]
    start_tls = False if is_tls or off or host in _LOOPBACK else True if parts.username else None
    return MailServer(
        host=host,
        port=parts.port or (465 if is_tls else 587 if parts.username else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=is_tls,
        start_tls=start_tls,
    )


def send(message: EmailMessage) -> str:
    """Hand one mail over, which takes as long as the server does; what it answered. Called in a thread. Raises: MailError."""
    return _ending(asyncio.run(_talk(required_server(), message)))


def greet() -> str:
    """Connect to the mail server as for a mail, and send none; what it is. Called in a thread. Raises: MailError."""
    to = required_server()
    asyncio.run(_talk(to, None))
    return f"{to.host}:{to.port}, {to.security}"


def required_server() -> MailServer:
    """The mail server of the settings. Raises: MailError where there is none."""
    to = server()
    if to is None:
        raise MailError("No mail server is set: TOCSIN_SMTP_URL is empty.", is_final=True)
    return to


async def _talk(to: MailServer, message: EmailMessage | None) -> str:
    """Greet the server, encrypt, sign in where a user is set, and hand the mail over, where there is one. Raises: MailError."""
    client = aiosmtplib.SMTP(
        hostname=to.host,
        port=to.port,
        username=to.user,
        password=to.password,
        use_tls=to.use_tls,
        start_tls=to.start_tls,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        async with asyncio.timeout(WHOLE_SECONDS), client:
            return (await client.send_message(message))[1] if message is not None else ""
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        raise MailError(f"The mail server refuses the address: {_said(refused)}.", is_final=refused.code >= 500) from error
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
        raise MailError(f"The mail server refuses the mail: {_said(error)}.", is_final=error.code >= 500) from error
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        said = _said(error) if isinstance(error, aiosmtplib.SMTPResponseException) else str(error) or type(error).__name__
        raise MailError(f"The mail server {to.host}:{to.port} cannot be used: {said}.") from error


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return _ending(f"{error.code} {error.message}")


def _ending(said: str) -> str:
    """What a server said, as the end of a sentence."""
    return " ".join(said.split())[:300].removesuffix(".")


def run(this: Run) -> None:
    """Send one message, unless it no longer matters. Raises: TryAgainError when the server does not take it now."""
    message_id = UUID(hex=this.job.payload["message_id"])
    with database.read(this.job.tenant_id) as session:
        waiting = _waiting(session, message_id)
    if waiting is None:
        return
    if not _matters(waiting, clock.now()):
        _note(this, waiting, DeliveryStatus.CANCELLED)
        return
    try:
        send(mail_text.write(waiting.mail))
    except MailError as error:
        is_over = error.is_final or this.job.attempts >= MAX_ATTEMPTS
        _note(this, waiting, DeliveryStatus.FAILED if is_over else DeliveryStatus.PENDING, error.message)
        measures.mails.labels((MailResult.GIVEN_UP if is_over else MailResult.RETRIED).value).inc()
        if is_over:
            _log.warning("a mail was given up", message_id=str(message_id), reason=error.message, attempts=this.job.attempts)
            return
        raise TryAgainError(error.message) from error
    measures.mails.labels(MailResult.SENT.value).inc()
    _note(this, waiting, DeliveryStatus.SENT)
    if this.job.attempts > 1:
        across_tenants.hasten_jobs(telling.MAIL_KIND)  # the server is back: what else waits need not wait for its next try


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message that waits, with what it depends on, as it is now."""

    message: OutgoingMessage
    notification: Notification
    user: User
    incident: Incident
    mail: Mail


def _waiting(session: Session, message_id: UUID) -> _Waiting | None:
    query = (
        select(OutgoingMessage, Notification, User, Incident)
        .join(Notification, col(Notification.id) == col(OutgoingMessage.notification_id))
        .join(User, col(User.id) == col(Notification.user_id))
        .join(Incident, col(Incident.id) == col(Notification.incident_id))
        .where(OutgoingMessage.id == message_id, col(OutgoingMessage.status) == DeliveryStatus.PENDING)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    message, notification, user, incident = found
    line = None
    if notification.event_id is not None:
        line = session.exec(
            select(TimelineEvent, ActorRow.name)
            .join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
            .where(TimelineEvent.id == notification.event_id)
        ).first()
    tenant = session.exec(select(Tenant)).one()
    mail = Mail(message, notification, incident, user.email, user.timezone or tenant.timezone, tenant.name, line)
    return _Waiting(message, notification, user, incident, mail)


def _matters(waiting: _Waiting, now: datetime) -> bool:
    """Whether the person still has to hear of it by mail."""
    incident, notification = waiting.incident, waiting.notification
    if not waiting.user.active or notification.read_at is not None:
        return False
    reason = Reason(notification.reason)
    if reason in CALLS:
        is_called = incident.state is IncidentState.OPEN and incident.parent_id is None
        is_snoozed = incident.snoozed_until is not None and incident.snoozed_until > now
        began = incident.reopened_at or incident.created_at
        is_theirs = incident.assigned_to in (None, notification.user_id) or (
            reason is Reason.UNACKNOWLEDGED and waiting.user.role is Role.ADMIN
        )
        return is_called and not is_snoozed and notification.created_at >= began and is_theirs
    if reason is Reason.ASSIGNMENT:
        return incident.assigned_to == notification.user_id and incident.state is not IncidentState.RESOLVED
    if reason is Reason.QUIET_INCIDENT:
        is_at_rest = incident.state is IncidentState.RESOLVED or incident.parent_id is not None or incident.snoozed_until is not None
        return not is_at_rest and (incident.last_activity_at or incident.created_at) <= notification.created_at
    if reason is Reason.MENTION and waiting.mail.line is not None:
        line = waiting.mail.line[0]
        return not line.is_deleted and line.hidden_at is None
    return True


def _note(this: Run, waiting: _Waiting, status: DeliveryStatus, error: str | None = None) -> None:
    """Record what came of a try; what was cancelled meanwhile and yet sent, was sent. Raises: StorageBusyError."""
    this.note(lambda tx: _write_note(tx, this.job.attempts, waiting, status, error))


def _write_note(tx: Tx, attempts: int, waiting: _Waiting, status: DeliveryStatus, error: str | None) -> None:
    tried = status is not DeliveryStatus.CANCELLED
    tx.session.exec(
        update(OutgoingMessage)
        .where(col(OutgoingMessage.id) == waiting.message.id)
        .values(
            status=status,
            attempts=attempts if tried else col(OutgoingMessage.attempts),
            sent_at=tx.now if status is DeliveryStatus.SENT else None,
            last_error=error[:1000] if error else None,
        )
    )
    if error and not waiting.notification.in_inbox:  # who wants mails alone is told in the page while none arrives
        tx.session.exec(update(Notification).where(col(Notification.id) == waiting.notification.id).values(in_inbox=True))
    tx.wake(inbox_topic(waiting.notification.user_id), mail_topic(tx.tenant_id))
    if waiting.notification.reason in CALLS:
        tx.wake(incident_topic(waiting.notification.incident_id))


def send_test(to: str) -> str:
    """Send a mail that says that mails arrive; what the server answered. Raises: MailError."""
    words = ["This is the test that was asked for: mails from Tocsin arrive.", settings.current().base_url]
    return send(mail_text.letter(to, "Tocsin can reach you", words))
