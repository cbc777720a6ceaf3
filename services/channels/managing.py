"""Channels as admins set them up: made, changed, switched off, tested and removed. Their addresses and secrets are told to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from models.channels import Channel
from models.columns import new_id
from models.notifications import OutgoingMessage
from models.vocabulary import ChannelEvent, ChannelKind, DeliveryStatus, Role, Severity
from services import audit, channel_outbox, database, input_text, jobs, sealing
from services.access import Actor, require
from services.channels import forms
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError
from services.live_updates import channels_topic
from services.outgoing_addresses import check_url

NAME_LIMIT = 120
OVERLAP = timedelta(hours=24)
"""For how long the secret before a new one still signs, too."""
CHAT_EVENTS = (ChannelEvent.OPENED, ChannelEvent.ACKNOWLEDGED, ChannelEvent.RESOLVED, ChannelEvent.REOPENED)
"""What a chat is told unless somebody chooses otherwise; a webhook is told everything."""
_PLACE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel as programs get it. `place` is so much of its address as may be shown; the rest may hold a secret."""

    id: UUID
    kind: str
    name: str
    place: str
    severities: list[str]
    events: list[str]
    enabled: bool
    off_reason: str | None
    created_at: datetime
    previous_secret_until: datetime | None
    last_sent_at: datetime | None
    failing_since: datetime | None
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel with the secret that signs what is sent to it, which is not shown again; None for a chat, which checks none."""

    channel: ChannelRecord
    secret: str | None


def create(
    actor: Actor, kind: str, name: str, url: str, *, severities: Iterable[str] | None = None, events: Iterable[str] | None = None
) -> NewChannel:
    """Make a channel; without a choice it is told of all severities, and of what its kind is told at first.

    Raises: NotAllowedError, InvalidInputError, ConflictError for a name that is taken.
    """
    require(actor, Role.ADMIN)
    usual = usual_events(kind)
    wanted_name = input_text.check_line(name, "name", NAME_LIMIT)
    values: dict[str, Any] = {
        "name": wanted_name,
        "severities": _chosen(severities, tuple(Severity), Severity, "severities"),
        "events": _chosen(events, usual, ChannelEvent, "events"),
        **_address(check_url(url, actor.tenant_id)),
    }
    secret = forms.new_secret() if kind == ChannelKind.WEBHOOK else None
    sealed = sealing.seal(secret) if secret else None
    with database.write(actor.tenant_id) as tx:
        channel_id = new_id()
        tx.insert(
            Channel, id=channel_id, kind=kind, **values, secret_sealed=sealed, enabled=True, created_by=actor.id, created_at=tx.now,
            failures=0,
        )  # fmt: skip
        _flush(tx, wanted_name)
        after = {"kind": kind, **{name: values[name] for name in ("name", "place", "severities", "events")}}
        audit.record(tx, actor, "channel.created", "channel", channel_id, after=after)
        tx.wake(channels_topic(tx.tenant_id))
        return NewChannel(_record(_held(tx.session, channel_id)), secret)


def usual_events(kind: str) -> list[str]:
    """What a channel of this kind is told unless somebody chooses otherwise. Raises: InvalidInputError for an unknown kind."""
    if kind not in list(ChannelKind):
        raise InvalidInputError(f"A kind is one of {', '.join(ChannelKind)}.", field="kind")
    return [event.value for event in (CHAT_EVENTS if kind == ChannelKind.SLACK else ChannelEvent)]


def _chosen(given: Iterable[str] | None, usual: Iterable[str], words: type[StrEnum], field: str) -> list[str]:
    """The words that were chosen, in the order of their vocabulary. Raises: InvalidInputError."""
    if given is None:
        return [str(word) for word in usual]
    wanted = {str(word) for word in given}
    strange = wanted - {word.value for word in words}
    if strange or not wanted:
        raise InvalidInputError(f"{field.capitalize()} must be one or more of {', '.join(words)}.", field=field)
    return [word.value for word in words if word.value in wanted]


def _address(url: str) -> dict[str, str]:
    """An address as it is stored. Its path may be its password, as that of a chat is: only the host is shown."""
    parts = urlsplit(url)
    rest = "/…" if parts.path.strip("/") or parts.query else ""
    return {"url_sealed": sealing.seal(url), "place": f"{parts.scheme}://{parts.netloc}{rest}"[:_PLACE_LIMIT]}


def _flush(tx: Tx, name: str) -> None:
    try:
        tx.flush()
    except IntegrityError as error:
        raise ConflictError(f"There is a channel called {name} already. Choose another name.", field="name") from error


def _held(session: Session, channel_id: UUID) -> Channel:
    found = session.exec(select(Channel).where(Channel.id == channel_id)).first()
    if found is None:
        raise NotFoundError("There is no such channel.")
    return found


def _record(channel: Channel) -> ChannelRecord:
    return ChannelRecord(**{name: getattr(channel, name) for name in ChannelRecord.__dataclass_fields__})


def change(
    actor: Actor,
    channel_id: UUID,
    *,
    name: str | None = None,
    url: str | None = None,
    severities: Iterable[str] | None = None,
    events: Iterable[str] | None = None,
    enabled: bool | None = None,
) -> ChannelRecord:
    """Change what is given. While it is off it is told nothing, and what happens meanwhile it is not told later.

    Raises: NotAllowedError, NotFoundError, InvalidInputError, ConflictError for a name that is taken.
    """
    require(actor, Role.ADMIN)
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = input_text.check_line(name, "name", NAME_LIMIT)
    if severities is not None:
        wanted["severities"] = _chosen(severities, (), Severity, "severities")
    if events is not None:
        wanted["events"] = _chosen(events, (), ChannelEvent, "events")
    if enabled is not None:
        wanted["enabled"] = enabled
    checked_url = check_url(url, actor.tenant_id) if url is not None else None
    with database.write(actor.tenant_id) as tx:
        channel = _held(tx.session, channel_id)
        if checked_url is not None and checked_url != _known_url(channel):
            wanted |= _address(checked_url)
        old, new = audit.changed({field: getattr(channel, field) for field in wanted}, wanted)
        if new:
            _write(tx, channel_id, new)
            _follow(tx, channel_id, new)
            _tell_audit(tx, actor, channel_id, old, new)
            tx.session.expire_all()
        return _record(_held(tx.session, channel_id))


def _known_url(channel: Channel) -> str:
    try:
        return sealing.unseal(channel.url_sealed)
    except sealing.UnreadableError:
        return ""


def _follow(tx: Tx, channel_id: UUID, new: dict[str, Any]) -> None:
    """What follows from a change: an old failure says nothing of a new address, and what is off is told nothing."""
    if "url_sealed" in new or "enabled" in new:
        _write(tx, channel_id, {"off_reason": None, "failures": 0, "failing_since": None, "last_error": None, "last_error_at": None})
    if "enabled" in new:
        drop_waiting(tx, channel_id, "The channel was switched off.")
    elif "url_sealed" in new:
        jobs.add(tx, channel_outbox.KIND, {"channel_id": channel_id.hex}, tx.now, channel_outbox.job_key(channel_id), move=True)


def _write(tx: Tx, channel_id: UUID, values: dict[str, Any]) -> None:
    try:
        tx.session.exec(update(Channel).where(col(Channel.id) == channel_id).values(**values))
    except IntegrityError as error:
        raise ConflictError(f"There is a channel called {values.get('name')} already. Choose another name.", field="name") from error
    tx.wake(channels_topic(tx.tenant_id))


def _tell_audit(tx: Tx, actor: Actor, channel_id: UUID, old: dict[str, Any], new: dict[str, Any]) -> None:
    switched = new.get("enabled")
    told = [field for field in ("name", "place", "severities", "events") if field in old]
    if told or "url_sealed" in old:
        after = {field: new[field] for field in told} | ({"new_address": True} if "url_sealed" in old else {})
        audit.record(tx, actor, "channel.changed", "channel", channel_id, {field: old[field] for field in told}, after)
    if switched is not None:
        action = "channel.enabled" if switched else "channel.disabled"
        audit.record(tx, actor, action, "channel", channel_id, {"enabled": not switched}, {"enabled": switched})


def renew_secret(actor: Actor, channel_id: UUID) -> NewChannel:
    """Make a new secret. For another day the one before signs as well, so that the receiver can be changed in peace.

    Raises: NotAllowedError, NotFoundError, ConflictError for a chat, which has none.
    """
    require(actor, Role.ADMIN)
    secret = forms.new_secret()
    with database.write(actor.tenant_id) as tx:
        before = _held(tx.session, channel_id)
        if before.kind != ChannelKind.WEBHOOK:
            raise ConflictError("A chat checks no signature, so this channel has no secret.")
        until = tx.now + OVERLAP
        _write(
            tx,
            channel_id,
            {"secret_sealed": sealing.seal(secret), "previous_secret_sealed": before.secret_sealed, "previous_secret_until": until},
        )
        audit.record(tx, actor, "channel.secret_renewed", "channel", channel_id, after={"previous_secret_until": until})
        tx.session.expire_all()
        return NewChannel(_record(_held(tx.session, channel_id)), secret)


def remove(actor: Actor, channel_id: UUID) -> ChannelRecord:
    """Remove a channel; what waits for it is not sent. What it was. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.ADMIN)
    with database.write(actor.tenant_id) as tx:
        removed = _held(tx.session, channel_id)
        record = _record(removed)
        drop_waiting(tx, channel_id, "The channel was removed.")
        jobs.cancel(tx, dedup_key=channel_outbox.job_key(channel_id))
        tx.session.delete(removed)
        before = {"kind": record.kind, "name": record.name, "place": record.place}
        audit.record(tx, actor, "channel.removed", "channel", channel_id, before=before)
        tx.wake(channels_topic(tx.tenant_id))
    return record


def drop_waiting(tx: Tx, channel_id: UUID, why: str) -> None:
    """Cancel what waits for a channel."""
    waiting = (col(OutgoingMessage.channel_id) == channel_id, col(OutgoingMessage.status) == DeliveryStatus.PENDING)
    tx.session.exec(update(OutgoingMessage).where(*waiting).values(status=DeliveryStatus.CANCELLED, last_error=why))


def list_all(actor: Actor) -> list[ChannelRecord]:
    """All channels, the oldest first. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        return [_record(one) for one in session.exec(select(Channel).order_by(col(Channel.created_at), col(Channel.id)))]


def get(actor: Actor, channel_id: UUID) -> ChannelRecord:
    """One channel. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        return _record(_held(session, channel_id))
