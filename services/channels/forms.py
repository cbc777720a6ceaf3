"""What goes over the wire to a channel: the body of a webhook with its signature, and the text for a chat."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from models.vocabulary import ChannelEvent, Severity
from services import input_text
from services.channel_outbox import message_kind
from services.records import EventRecord, IncidentRecord
from services.wording import span

_SECRET_BEGINNING = "whsec_"  # noqa: S105  # as the standard has it
_SECRET_BYTES = 32
_TITLE, _TEXT = 300, 500
_INVISIBLE = "\u200b"
_CALL = re.compile(r"(?<![A-Za-z0-9])@(?=\S)")


@dataclass(frozen=True, slots=True)
class News:
    """What is told. `event` is the line that tells of it and None where there is none, `link` leads to the incident in Tocsin.

    The names are those of the assignee, of what is broken, and of whoever did it; empty for nobody.
    """

    kind: ChannelEvent
    at: datetime
    incident: IncidentRecord
    event: EventRecord | None
    link: str
    assignee: str = ""
    service: str = ""
    by: str = ""


# ── webhooks ──


def new_secret() -> str:
    """A secret as the standard writes it: `whsec_` and 32 random bytes in base64."""
    return _SECRET_BEGINNING + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signatures(secrets_in_use: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret, with spaces between them."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(_SECRET_BEGINNING)) for secret in secrets_in_use]
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}" for key in keys)


def webhook(news: News) -> bytes:
    """The body of a webhook: what happened and when, the incident as it is now, and the line of its timeline that tells of it."""
    data = {"incident": news.incident, "event": news.event, "url": news.link}
    return _as_json({"type": message_kind(news.kind), "timestamp": news.at, "data": data})


def webhook_test(channel: str, at: datetime) -> bytes:
    """The body of a test."""
    return _as_json({"type": "test", "timestamp": at, "data": {"message": f"A test of the channel {channel} of Tocsin."}})


def _as_json(document: object) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)


# ── chats ──


def chat(news: News) -> bytes:
    """One message for a chat that takes what Slack's incoming webhooks take: a line that says what happened, and one that says more."""
    incident = news.incident
    lines = [f"{_said(news)} <{news.link}|{incident.number}> {plain(incident.title, _TITLE)}"]
    more = _more(news)
    if more:
        lines.append(more)
    return _text("\n".join(lines))


def chat_test(channel: str) -> bytes:
    """A test for a chat."""
    return _text(f"🔔 *Test* of the channel {plain(channel, _TITLE)} of Tocsin. Incidents will be told here.")


def _text(text: str) -> bytes:
    # without the pictures and pages behind links that stand in a title
    return _as_json({"text": text, "unfurl_links": False, "unfurl_media": False})


def plain(text: str, limit: int) -> str:
    """`text` from outside on one line of a chat: it calls nobody, and links to nothing under another name.

    Slack turns `<…>` into links and calls, Mattermost calls by a bare `@channel` and links by `[…](…)`.
    """
    line = input_text.one_line(text)
    if len(line) > limit:
        line = f"{line[:limit]}…"
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _CALL.sub(f"@{_INVISIBLE}", line)
    return line.replace("](", f"]{_INVISIBLE}(")


def _said(news: News) -> str:
    by = f" by {plain(news.by, _TITLE)}" if news.by else ""
    if news.kind is ChannelEvent.OPENED:
        return f"{'🚨' if news.incident.severity is Severity.CRITICAL else '🔔'} *Opened*"
    if news.kind is ChannelEvent.RESOLVED:
        after = f" after {span(news.incident.mttr)}" if news.incident.mttr is not None else ""
        return f"✅ *Resolved*{by}{after}"
    if news.kind is ChannelEvent.ASSIGNED:
        return f"👤 *Assigned*{by} to {plain(news.assignee, _TITLE) or 'nobody'}"
    return f"{_MARKS[news.kind]}{by}"


_MARKS = {
    ChannelEvent.ACKNOWLEDGED: "👤 *Acknowledged*",
    ChannelEvent.UNACKNOWLEDGED: "↩️ *Given back*",
    ChannelEvent.INVESTIGATING: "🔎 *Investigated*",
    ChannelEvent.REOPENED: "🔁 *Reopened*",
    ChannelEvent.SEVERITY_CHANGED: "⚖️ *Severity changed*",
    ChannelEvent.COMMENTED: "💬 *Comment*",
}


def _more(news: News) -> str:
    """The second line: the words of whoever did it where there are some, else how bad it is, what is broken and whose it is."""
    data = news.event.data if news.event else {}
    if news.kind is ChannelEvent.SEVERITY_CHANGED:
        return f"{data.get('from', '')} → {data.get('to', '')}"
    words = {ChannelEvent.RESOLVED: "notes", ChannelEvent.COMMENTED: "body"}.get(news.kind, "reason")
    said = data.get(words)
    if said and news.kind is not ChannelEvent.ASSIGNED:
        return f"> {plain(str(said), _TEXT)}"
    facts = [news.incident.severity.value.capitalize()]
    if news.service:
        facts.append(plain(news.service, _TITLE))
    if news.assignee and news.kind is not ChannelEvent.ASSIGNED:
        facts.append(f"with {plain(news.assignee, _TITLE)}")
    return " · ".join(facts)
