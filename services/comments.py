"""What people write on an incident's timeline."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from models.people import ActorRow
from models.timeline import TimelineEvent
from models.vocabulary import Role
from services import audit, database, holding, incidents, markdown, mentions, people, search, telling, timeline
from services.access import Actor, require
from services.database import Tx
from services.errors import InvalidInputError, NotFoundError
from services.held import Held
from services.input_text import check_past, check_text
from services.records import EventRecord

LIMIT = 20_000
_KEY_LIMIT = 64


def add(actor: Actor, number: str, body: str, *, key: str | None = None, occurred_at: datetime | None = None) -> EventRecord:
    """Write a comment (Markdown). With a `key` of the sender's own, the same comment sent twice is stored once.

    `occurred_at` is when it happened, for what is written down afterwards; never in the future.
    Raises: NotAllowedError, NotFoundError, InvalidInputError.
    """
    require(actor, Role.RESPONDER)
    text = check_text(body, "body", LIMIT)
    if key is not None and not (0 < len(key) <= _KEY_LIMIT and key.isascii() and key.isprintable()):
        raise InvalidInputError(f"A key has 1 to {_KEY_LIMIT} plain characters.", field="key")
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        at = None if occurred_at is None else check_past(occurred_at, "occurred_at", tx.now)
        incident = holding.by_number(tx, incidents.parse_number(number))
        if incident is None:
            raise NotFoundError(f"There is no {number[:40]}.")
        if key is not None:
            known = _by_key(tx, incident, key)
            if known is not None:
                return known
        mentioned = mentions.find(tx, text)
        seq = incident.say(actor.id, timeline.Comment(body=text, mentioned=mentioned.handles), key=key, occurred_at=at)
        if actor.is_hands_on:
            incident.touch(tx.now)
        holding.save(tx, [incident])
        tx.flush()
        query = select(TimelineEvent).where(TimelineEvent.incident_id == incident.id, TimelineEvent.seq == seq)
        event = timeline.to_record(tx.session.exec(query).one(), actor.name)
        audit.record(tx, actor, "incident.commented", "incident", incident.id, after={"event_id": event.id})
        search.add(tx, "comment", event.id, incident.id, incident.title, text, tx.now)
        mentions.tell(tx, incident.id, event.id, actor.id, mentioned)
        return event


def preview(actor: Actor, text: str) -> str:
    """What a comment with this text will look like, as safe HTML. Raises: NotAllowedError, InvalidInputError."""
    require(actor, Role.RESPONDER)
    return markdown.render(text, "text")


def rewrite(tx: Tx, actor: Actor, incident: Held, line: TimelineEvent, text: str) -> None:
    """Give a comment another text, by which it is found from now on. The caller keeps the one before.

    Whom it names now and did not before is told.
    """
    before = line.data["body"]
    mentioned = mentions.find(tx, text)
    line.data = timeline.Comment(body=text, mentioned=mentioned.handles).model_dump(mode="json")
    telling.take_back_mentions(tx, line.id, mentioned.why)
    mentions.tell(tx, incident.id, line.id, actor.id, mentioned)
    told = {"event_id": line.id, "line": line.seq}
    audit.record(tx, actor, "incident.comment_edited", "incident", incident.id, {"text": before}, {**told, "text": text})
    search.change(tx, "comment", line.id, incident.title, text)


def erase(tx: Tx, actor: Actor, incident: Held, line: TimelineEvent) -> None:
    """Take a comment's text away, so that nobody finds it. The caller keeps it among the earlier versions."""
    before = line.data["body"]
    line.data = timeline.Comment(body="").model_dump(mode="json")
    line.is_deleted = True
    told = {"event_id": line.id, "line": line.seq, "text": before}
    audit.record(tx, actor, "incident.comment_deleted", "incident", incident.id, told)
    search.remove(tx, "comment", line.id)


def _by_key(tx: database.Tx, incident: Held, key: str) -> EventRecord | None:
    query = (
        select(TimelineEvent, ActorRow.name)
        .join(ActorRow, col(ActorRow.id) == col(TimelineEvent.actor_id))
        .where(TimelineEvent.incident_id == incident.id, TimelineEvent.key == key)
    )
    found = tx.session.exec(query).first()
    return timeline.to_record(*found) if found else None
