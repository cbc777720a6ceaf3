"""Sending what waits for a channel: one job for each channel, one message after the other, each at least once under the same id."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog
from sqlmodel import Session, col, select, text, update

from models.channels import Channel
from models.columns import new_id
from models.incidents import Incident
from models.integrations import Service
from models.notifications import CHANNEL_WAITING, OutgoingMessage
from models.people import ActorRow
from models.timeline import TimelineEvent
from models.vocabulary import UNRESOLVED, ChannelEvent, ChannelKind, DeliveryStatus, IncidentState, Role
from services import audit, channel_outbox, clock, database, holding, jobs, measures, outgoing, people, sealing, settings, timeline
from services.access import Actor, require
from services.channels import forms
from services.channels.forms import News
from services.channels.managing import drop_waiting
from services.database import Tx
from services.errors import NotFoundError
from services.jobs import Run
from services.live_updates import channels_topic
from services.outgoing import Answer
from services.outgoing_addresses import CallError
from services.records import EventRecord, IncidentRecord

_TURN_SECONDS = 10.0
"""So long one run goes on: a slow receiver must not keep the channels of others from their turn."""
AT_ONCE = 50
"""So many messages are sent in one run; the rest waits for the next one, so that others have their turn."""
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_WAIT_SECONDS = 300.0
_LONGEST_RETRY_AFTER_SECONDS = 3600.0
_SHORTEST_SECRET = 8
"""A part of an address that is shorter is none."""
_IN_FRONT = 3
"""So many tries a message has before those behind it go first."""
_STATES = {
    ChannelEvent.ACKNOWLEDGED: (IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING),
    ChannelEvent.UNACKNOWLEDGED: (IncidentState.OPEN,),
    ChannelEvent.INVESTIGATING: (IncidentState.INVESTIGATING,),
    ChannelEvent.RESOLVED: (IncidentState.RESOLVED,),
    ChannelEvent.REOPENED: UNRESOLVED,
}
"""In which states of the incident it still is so."""
_MAY_RETRY = frozenset({408, 425, 429})
_GONE = 410

_log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """What came of a call."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call, in a sentence too. `wait_seconds` is what the receiver asked for."""

    verdict: Verdict
    sentence: str
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Next:
    """The message whose turn it is, and how it is sent; `news` is None where it was overtaken by what happened since."""

    channel: Channel
    message: OutgoingMessage
    news: News | None


def run(this: Run) -> None:
    """Send what waits for a channel, the oldest first, until a call fails in a way that may pass."""
    tenant_id, channel_id = this.job.tenant_id, UUID(str(this.job.payload["channel_id"]))
    until = time.monotonic() + _TURN_SECONDS
    for _ in range(AT_ONCE):
        if time.monotonic() > until:
            break
        this.go_on()
        with database.read(tenant_id) as session:
            following = _next(session, channel_id)
        if following is None:
            return
        if following.news is None:
            _note_overtaken(tenant_id, following.message)
            continue
        outcome = _call(following.channel, following.message.id, _body(following.channel, following.news))
        if not _note(this, following, outcome):
            return
    with database.write(tenant_id) as tx:
        _again(tx, channel_id, tx.now)


# ── what is next ──


def _next(session: Session, channel_id: UUID) -> _Next | None:
    channel = session.exec(select(Channel).where(Channel.id == channel_id, Channel.enabled)).first()
    if channel is None:
        return None
    message = session.exec(
        select(OutgoingMessage)
        .where(text(CHANNEL_WAITING), OutgoingMessage.channel_id == channel_id)
        .order_by(col(OutgoingMessage.attempts) // _IN_FRONT, col(OutgoingMessage.created_at), col(OutgoingMessage.id))
        .limit(1)
    ).first()
    return None if message is None else _Next(channel, message, _news(session, message))


def _news(session: Session, message: OutgoingMessage) -> News | None:
    """What the message tells, of the incident as it is now; None when that is not so any more, or the incident is gone."""
    kind = ChannelEvent(message.kind.removeprefix("incident."))
    number = session.exec(select(Incident.number).where(Incident.id == message.incident_id)).first()
    held = holding.read(session, number) if number is not None else None
    if held is None:
        return None
    incident, event = held.record(), _event(session, message.event_id)
    if not still_holds(kind, incident, event):
        return None
    names = _names(session, incident)
    return News(
        kind=kind,
        at=message.created_at,
        incident=incident,
        event=None if event and event.hidden else event,
        link=f"{settings.current().base_url}/incidents/{incident.number}",
        assignee=names.get(incident.assigned_to, "") if incident.assigned_to else "",
        service=session.exec(select(Service.name).where(Service.id == incident.service_id)).first() or "",
        by=event.actor_name if event else "",
    )


def _event(session: Session, event_id: UUID | None) -> EventRecord | None:
    query = select(TimelineEvent, ActorRow.name).join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
    found = session.exec(query.where(TimelineEvent.id == event_id)).first() if event_id else None
    return timeline.to_record(*found) if found else None


def _names(session: Session, incident: IncidentRecord) -> dict[UUID, str]:
    return dict(session.exec(select(ActorRow.id, ActorRow.name).where(col(ActorRow.id) == incident.assigned_to)).all())


def still_holds(kind: ChannelEvent, incident: IncidentRecord, event: EventRecord | None) -> bool:
    """Whether what happened still is so: else it is left out, since what happened after it is told, too.

    That an incident was opened is told in any case, and a comment unless it was deleted or hidden.
    """
    if kind in _STATES:
        return incident.state in _STATES[kind]
    if kind is ChannelEvent.SEVERITY_CHANGED:
        return event is not None and event.data["to"] == incident.severity.value
    if kind is ChannelEvent.ASSIGNED:
        return event is not None and event.data["to"] == (str(incident.assigned_to) if incident.assigned_to else None)
    if kind is ChannelEvent.COMMENTED:
        return event is not None and not event.deleted and not event.hidden
    return True


# ── the call ──


def _body(channel: Channel, news: News) -> bytes:
    return forms.chat(news) if channel.kind == ChannelKind.SLACK else forms.webhook(news)


def _call(channel: Channel, message_id: UUID, body: bytes) -> Outcome:
    """Send one message now, and judge what came back."""
    wanted = settings.variable("previous_secret_key")
    try:
        url = sealing.unseal(channel.url_sealed)
    except sealing.UnreadableError as error:
        return Outcome(Verdict.RETRY, f"Its address cannot be read. {error} Enter it again, or set {wanted} to the key before.")
    try:
        headers = _headers(channel, str(message_id), body)
    except sealing.UnreadableError as error:
        return Outcome(Verdict.RETRY, f"Its secret cannot be read. {error} Make a new one, or set {wanted} to the key before.")
    try:
        answer = outgoing.post(url, body, headers, channel.tenant_id)
    except CallError as error:
        return Outcome(Verdict.REFUSED if error.is_permanent else Verdict.RETRY, error.message)
    return judge(replace(answer, text=without_address(answer.text, url)))


def without_address(text: str, url: str) -> str:
    """What a receiver said, without the parts of its own address that may be a secret: many say back what they were asked for."""
    parts = urlsplit(url)
    asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = [piece for piece in re.split(r"[/?&=]", asked) if len(piece) >= _SHORTEST_SECRET]
    said_as = {url, asked, *pieces} | {unquote(piece) for piece in (asked, *pieces)}
    for piece in sorted(said_as, key=len, reverse=True):
        if len(piece) >= _SHORTEST_SECRET:
            text = text.replace(piece, "…")
    return text


def _headers(channel: Channel, message_id: str, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks. A chat has no secret, and is told the id alone."""
    timestamp = int(clock.now().timestamp())
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    secrets_in_use = [sealing.unseal(channel.secret_sealed)] if channel.secret_sealed else []
    overlaps = channel.previous_secret_until is not None and channel.previous_secret_until > clock.now()
    if overlaps and channel.previous_secret_sealed:
        with suppress(sealing.UnreadableError):  # of a key that is gone: the new secret signs alone
            secrets_in_use.append(sealing.unseal(channel.previous_secret_sealed))
    if secrets_in_use:
        headers["webhook-signature"] = forms.signatures(secrets_in_use, message_id, timestamp, body)
    return headers


def judge(answer: Answer) -> Outcome:
    """What an answer means: sent, to be sent again, refused for good, or that nobody is there any more."""
    said = f"It answered {answer.status}{f': {answer.text}' if answer.text else ''}"
    said = said if said.endswith((".", "!", "…")) else f"{said}."
    if 200 <= answer.status < 300:
        return Outcome(Verdict.SENT, said)
    if answer.status == _GONE:
        return Outcome(Verdict.GONE, said)
    if answer.status in _MAY_RETRY or answer.status >= 500:
        return Outcome(Verdict.RETRY, said, min(answer.retry_after_seconds or 0.0, _LONGEST_RETRY_AFTER_SECONDS))
    if 300 <= answer.status < 400:
        said = f"It answered {answer.status}, which leads elsewhere. Redirects are not followed: enter the address that it leads to."
    return Outcome(Verdict.REFUSED, said)


# ── what came of it ──


def _again(tx: Tx, channel_id: UUID, at: datetime) -> None:
    jobs.add(tx, channel_outbox.KIND, {"channel_id": channel_id.hex}, at, channel_outbox.job_key(channel_id), move=True)


def _note_overtaken(tenant_id: UUID, message: OutgoingMessage) -> None:
    with database.write(tenant_id) as tx:
        _set(tx, message, status=DeliveryStatus.CANCELLED, last_error="Something else happened before it was sent.")


def _set(tx: Tx, message: OutgoingMessage, **values: object) -> bool:
    """Write what came of a message, unless it does not wait any more."""
    waits = (col(OutgoingMessage.id) == message.id, col(OutgoingMessage.status) == DeliveryStatus.PENDING)
    tx.wake(channels_topic(tx.tenant_id))
    return tx.session.exec(update(OutgoingMessage).where(*waits).values(**values)).rowcount == 1


def _note(this: Run, sent: _Next, outcome: Outcome) -> bool:
    """Write what came of a call, for the message and for the channel; whether to go on with the next message. Raises: StorageBusyError."""
    channel, message, verdict = sent.channel, sent.message, outcome.verdict
    measures.channel_messages.labels(channel.kind, verdict.value).inc()
    if verdict is not Verdict.SENT:
        ids = {"channel_id": str(channel.id), "message_id": str(message.id)}
        _log.warning("a channel was not told", **ids, kind=message.kind, verdict=verdict.value, said=outcome.sentence)
    return this.note(lambda tx: _write_note(tx, sent, outcome))


def _write_note(tx: Tx, sent: _Next, outcome: Outcome) -> bool:
    channel, message, verdict = sent.channel, sent.message, outcome.verdict
    if tx.session.exec(select(Channel.url_sealed).where(Channel.id == channel.id)).first() != channel.url_sealed:
        return True  # the address was changed while the old one was called: what that one said is no matter
    attempts = message.attempts + 1
    if verdict is Verdict.SENT:
        _set(tx, message, status=DeliveryStatus.SENT, attempts=attempts, sent_at=tx.now, last_error=None)
        _set_channel(tx, channel, last_sent_at=tx.now, failures=0, failing_since=None)
        return True
    is_over = verdict is not Verdict.RETRY or tx.now - message.created_at >= GIVE_UP_AFTER
    status = DeliveryStatus.FAILED if is_over else DeliveryStatus.PENDING
    _set(tx, message, status=status, attempts=attempts, last_error=outcome.sentence)
    failures, said = channel.failures + 1, outcome.sentence[:500]
    failing_since = channel.failing_since or tx.now
    _set_channel(tx, channel, failures=failures, failing_since=failing_since, last_error=said, last_error_at=tx.now)
    if verdict is Verdict.GONE:
        _switch_off(tx, channel, outcome.sentence)
    if verdict is Verdict.RETRY:
        wait_seconds = max(min(jobs.wait_seconds(failures), LONGEST_WAIT_SECONDS), outcome.wait_seconds)
        _again(tx, channel.id, tx.now + timedelta(seconds=wait_seconds))
    return verdict is Verdict.REFUSED


def _set_channel(tx: Tx, channel: Channel, **values: object) -> None:
    tx.session.exec(update(Channel).where(col(Channel.id) == channel.id).values(**values))


def _switch_off(tx: Tx, channel: Channel, said: str) -> None:
    """The receiver says that nobody is there any more: it is told nothing until an admin switches it on again."""
    _set_channel(tx, channel, enabled=False, off_reason=f"{said} That means that it does not exist any more."[:300])
    drop_waiting(tx, channel.id, "The channel was switched off.")
    audit.record(
        tx,
        people.system_actor(tx.tenant_id),
        "channel.disabled",
        "channel",
        channel.id,
        {"enabled": True},
        {"enabled": False, "said": said},
    )


# ── a test ──


def send_test(actor: Actor, channel_id: UUID) -> Outcome:
    """Send a test now, also to a channel that is off; what came back. Takes seconds: call it in a thread of its own.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        channel = tx.session.exec(select(Channel).where(Channel.id == channel_id)).first()
        if channel is None:
            raise NotFoundError("There is no such channel.")
        audit.record(tx, actor, "channel.tested", "channel", channel.id)
    body = forms.chat_test(channel.name) if channel.kind == ChannelKind.SLACK else forms.webhook_test(channel.name, clock.now())
    outcome = _call(channel, new_id(), body)
    if outcome.verdict is Verdict.SENT:
        with database.write(actor.tenant_id) as tx:
            _again(tx, channel.id, tx.now)  # what waits need not wait for its next try
    return outcome
