"""What channels are to be told of incidents, written in the transaction of the change. Sending it is a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from models.channels import Channel
from models.columns import new_id
from models.notifications import OutgoingMessage
from models.vocabulary import ChannelEvent, ChannelKind, DeliveryStatus, IncidentState
from services import jobs, timeline
from services.database import Tx, storage
from services.held import Held, Line
from services.live_updates import channels_topic
from services.statements import Prepared, as_json, as_uuid

KIND = "channel"
"""The kind of job that sends what waits for one channel."""
_OF_STATE = {
    IncidentState.OPEN: ChannelEvent.UNACKNOWLEDGED,
    IncidentState.ACKNOWLEDGED: ChannelEvent.ACKNOWLEDGED,
    IncidentState.INVESTIGATING: ChannelEvent.INVESTIGATING,
}
_OF_LINE: dict[type[timeline.EventData], ChannelEvent] = {
    timeline.Resolution: ChannelEvent.RESOLVED,
    timeline.Reopened: ChannelEvent.REOPENED,
    timeline.SeverityChange: ChannelEvent.SEVERITY_CHANGED,
    timeline.Assignment: ChannelEvent.ASSIGNED,
    timeline.Comment: ChannelEvent.COMMENTED,
}

_channel = Channel.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Listening:
    """A channel that is on, and what it wants to be told."""

    id: UUID
    kind: str
    severities: frozenset[str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class _News:
    """What happened to an incident. `severities` are those that it has and had by it, `event_id` is the line that tells of it."""

    incident: Held
    event: ChannelEvent
    event_id: UUID | None
    severities: frozenset[str]

    def is_for(self, channel: _Listening) -> bool:
        # a merged incident follows its parent, which a chat is told of already
        follows = self.incident.parent_id is not None and channel.kind == ChannelKind.SLACK
        return self.event in channel.events and not follows and not self.severities.isdisjoint(channel.severities)


def message_kind(event: ChannelEvent) -> str:
    """How a message of this kind is called where it is stored and sent: "incident.opened"."""
    return f"incident.{event.value}"


def job_key(channel_id: UUID) -> str:
    """The name of the job that sends what waits for a channel: there is one, so that messages go out one after the other."""
    return f"{KIND}:{channel_id.hex}"


def follow_up(tx: Tx, changed: Sequence[Held], written: Mapping[UUID, Sequence[Line]]) -> None:
    """Write a message for each channel that wants to know of what these lines tell. Costs one read, and none where they tell nothing."""
    news = [one for incident in changed for one in _news(incident, written[incident.id])]
    if not news:
        return
    for channel in _listening(tx):
        wanted = [one for one in news if one.is_for(channel)]
        for one in wanted:
            tx.insert(
                OutgoingMessage,
                id=new_id(),
                notification_id=None,
                channel=channel.kind,
                channel_id=channel.id,
                incident_id=one.incident.id,
                event_id=one.event_id,
                kind=message_kind(one.event),
                status=DeliveryStatus.PENDING,
                attempts=0,
                created_at=tx.now,
                sent_at=None,
                last_error=None,
            )
        if wanted:
            jobs.add(tx, KIND, {"channel_id": channel.id.hex}, tx.now, job_key(channel.id))
            tx.wake(channels_topic(tx.tenant_id))


def _news(incident: Held, lines: Sequence[Line]) -> Iterator[_News]:
    now = frozenset([incident.severity.value])
    if incident.is_new:
        first = next((line.event_id for line in lines if isinstance(line.data, timeline.AlertFired)), None)
        yield _News(incident, ChannelEvent.OPENED, first, now)
    for line in lines:
        data = line.data
        if isinstance(data, timeline.StateChange):
            if IncidentState.ACKNOWLEDGED in data.skipped:
                yield _News(incident, ChannelEvent.ACKNOWLEDGED, line.event_id, now)
            if data.to in _OF_STATE:
                yield _News(incident, _OF_STATE[data.to], line.event_id, now)
        elif isinstance(data, timeline.SeverityChange):
            yield _News(incident, ChannelEvent.SEVERITY_CHANGED, line.event_id, frozenset([data.origin.value, data.to.value]))
        elif type(data) in _OF_LINE and not (incident.is_new and isinstance(data, timeline.Assignment)):
            yield _News(incident, _OF_LINE[type(data)], line.event_id, now)


@lru_cache(maxsize=4)
def _query(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only
    own = _channel.c.tenant_id == bindparam("tenant", type_=Uuid())
    columns = (_channel.c.id, _channel.c.kind, _channel.c.severities, _channel.c.events)
    return Prepared(select(*columns).where(own, _channel.c.enabled).order_by(_channel.c.id), storage().dialect)


def _listening(tx: Tx) -> Iterator[_Listening]:
    for channel_id, kind, severities, events in _query(tx.dialect.name).run(tx.cursor, {"tenant": tx.tenant_id}).fetchall():
        found = as_uuid(channel_id)
        assert found is not None
        yield _Listening(found, kind, frozenset(as_json(severities)), frozenset(as_json(events)))
