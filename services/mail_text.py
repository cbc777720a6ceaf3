"""What a mail says: the words for each reason, as plain text and as HTML that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from urllib.parse import urlsplit
from uuid import UUID

from models.incidents import Incident
from models.notifications import Notification, OutgoingMessage
from models.timeline import TimelineEvent
from models.vocabulary import EventType, Reason
from services import clock, line_text, settings, timeline
from services.input_text import left_to_right, one_line
from services.wording import date_and_time, shown_number, zone_named

_SUBJECT_CHARACTERS = 150
_QUOTED_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Mail:
    """All that a mail about an incident tells. `line` is the line of the timeline that caused it, with who wrote it."""

    message: OutgoingMessage
    notification: Notification
    incident: Incident
    to: str
    timezone: str
    organisation: str
    line: tuple[TimelineEvent, str] | None


def write(mail: Mail) -> EmailMessage:
    """The mail with all its headers. Its Message-ID is the message's own, its thread the incident's."""
    incident = mail.incident
    number = shown_number(incident.number)
    zone, now = zone_named(mail.timezone), clock.now()
    since, zone_name = date_and_time(incident.created_at, zone, now)
    link = f"{settings.current().base_url}/incidents/{number}"
    if mail.line is not None:
        link += f"#event-{mail.line[0].seq}"
    said, quote = _lead(mail)
    lead = left_to_right(said)
    facts = [f"{number} · {incident.severity.value} · {incident.state.value}", one_line(incident.title), f"Opened {since} {zone_name}"]
    foot = [f"Why you: {one_line(mail.notification.why)}", f"How you are told of what: {settings.current().base_url}/settings/profile"]
    text = [lead, *([_indented(quote)] if quote else []), "\n".join(facts), link, "\n".join(foot)]
    message = _message(mail.to, f"{number}: {incident.title}", mail.organisation)
    message["Message-ID"] = f"<{mail.message.id.hex}@{_host()}>"
    message["In-Reply-To"] = message["References"] = f"<incident-{incident.id.hex}@{_host()}>"
    message.set_content("\n\n".join(text) + "\n")
    message.add_alternative(_html(lead, quote, facts, link, foot), subtype="html")
    return message


def letter(to: str, subject: str, paragraphs: Sequence[str], message_id: UUID | None = None) -> EmailMessage:
    """A mail of plain paragraphs, such as a test or an invitation."""
    message = _message(to, subject, "")
    if message_id is not None:
        message["Message-ID"] = f"<{message_id.hex}@{_host()}>"
    lines = [left_to_right(one_line(paragraph)) for paragraph in paragraphs]
    message.set_content("\n\n".join(lines) + "\n")
    body = "".join(f"<p>{_linked(line)}</p>" for line in lines)
    message.add_alternative(_page(body), subtype="html")
    return message


def _host() -> str:
    return urlsplit(settings.current().base_url).hostname or "localhost"


def sender_address() -> str:
    """The address that mails come from."""
    return parseaddr(settings.current().mail_from)[1] or f"tocsin@{_host()}"


def _message(to: str, subject: str, organisation: str) -> EmailMessage:
    name = parseaddr(settings.current().mail_from)[0]
    message = EmailMessage(policy=SMTP)
    told = _in_header(name or (f"Tocsin ({organisation})" if organisation else "Tocsin"))
    username, _, domain = sender_address().rpartition("@")
    message["From"] = Address(told, username, domain)
    message["To"] = to
    message["Subject"] = left_to_right(_in_header(subject))[:_SUBJECT_CHARACTERS]
    message["Date"] = format_datetime(clock.now())
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _in_header(text: str) -> str:
    """On one line, and no encoded word: `email` decodes those of a header that it is given, and writes a line break in one as it is."""
    return one_line(text).replace("=?", "= ?")


_LEADS = {
    Reason.OPENED: "A new incident is open.",
    Reason.REOPENED: "The incident is open again.",
    Reason.UNACKNOWLEDGED: "The incident is open, and nobody has acknowledged it.",
    Reason.ASSIGNMENT: "{who} assigned the incident to you.",
    Reason.REASSIGNED: "{who} took the incident from you.",
    Reason.STATE_CHANGE: "A new incident is open.",
    Reason.MENTION: "{who} mentioned you:",
    Reason.QUIET_INCIDENT: "Nothing has happened here for a while. How is it going?",
}


def _lead(mail: Mail) -> tuple[str, str]:
    """The first sentence, and what is quoted below it."""
    reason = Reason(mail.notification.reason)
    if mail.line is None:
        return _LEADS.get(reason, "Something happened.").format(who="Somebody"), ""
    event, who = mail.line
    kind = EventType(event.type)
    if reason is Reason.STATE_CHANGE:
        return line_text.as_text(timeline.to_record(event, who)), ""
    said = {EventType.COMMENT: "body", EventType.REOPENED: "reason"}.get(kind)
    if kind is EventType.ASSIGNMENT and event.data.get("reason"):
        said = "reason"
    lead = _LEADS[reason]
    if reason is Reason.REASSIGNED and event.data.get("to") not in (None, str(event.actor_id)):
        lead = "{who} gave the incident, which was yours, to somebody else."
    return lead.format(who=one_line(who)), str(event.data.get(said) or "")[:_QUOTED_CHARACTERS] if said else ""


def _indented(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _html(lead: str, quote: str, facts: Sequence[str], link: str, foot: Sequence[str]) -> str:
    style = "margin:12px 0;padding:4px 12px;border-left:3px solid #bbb;white-space:pre-wrap"
    quoted = f'<blockquote dir="auto" style="{style}">{escape(quote)}</blockquote>'
    number, title, since = (escape(fact) for fact in facts)
    return _page(
        f"<p>{escape(lead)}</p>{quoted if quote else ''}"
        f'<p style="color:#555;margin:0">{number}</p><p dir="auto" style="font-size:18px;font-weight:600;margin:2px 0">{title}</p>'
        f'<p style="color:#555;margin:0">{since}</p>'
        f'<p style="margin:16px 0"><a href="{escape(link)}" style="background:#1c6b4a;color:#fff;padding:10px 16px;border-radius:6px;'
        f'text-decoration:none">Open the incident</a></p>'
        f'<p style="color:#777;font-size:13px">{"<br>".join(_linked(line) for line in foot)}</p>'
    )


def _linked(text: str) -> str:
    """Escaped, with the addresses of this installation as links."""
    ours = f"{settings.current().base_url}/"
    words = [f'<a href="{escape(word)}">{escape(word)}</a>' if word.startswith(ours) else escape(word) for word in text.split(" ")]
    return " ".join(words)


def _page(body: str) -> str:
    return f'<!doctype html><html><body style="font-family:sans-serif;font-size:15px;line-height:1.5;max-width:560px">{body}</body></html>'
