"""What people do to lines that stand on a timeline: edit and delete comments, pin, hide, and move lines in time.

A line is never lost: what it said before stays as a revision, and a hidden one stays with who hid it and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from models.columns import new_id
from models.timeline import TimelineEvent, TimelineRevision
from models.vocabulary import EventType, Role
from services import audit, comments, database, holding, incidents, people, timeline
from services.access import Actor, may, require
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from services.held import Held
from services.incidents import REASON_LIMIT
from services.input_text import check_optional_text, check_past, check_text
from services.records import EventRecord
from services.wording import shown_number


@dataclass(slots=True)
class HeldLine:
    """A line, and the incident whose it is, while a transaction holds both; `is_changed` by this transaction."""

    tx: Tx
    incident: Held
    line: TimelineEvent
    author: str
    is_changed: bool = False


def change(
    actor: Actor,
    number: str,
    event: str,
    *,
    text: str | None = None,
    occurred_at: datetime | None = None,
    pinned: bool | None = None,
    hidden: bool | None = None,
    reason: str | None = None,
    version: int | None = None,
    instead_of: str | None = None,
) -> EventRecord:
    """Change what is given of a line, named by its id or its number; what is None stays. What it said before stays as a revision.

    `text` is for comments, and for their author alone. Hiding needs a `reason`. `version` is the one that the caller has seen, and
    `instead_of` the text that they edited, where they say so.
    Raises: NotAllowedError, NotFoundError, InvalidInputError naming the field, StaleError, ConflictError when it was deleted.
    """
    require(actor, Role.RESPONDER)
    body = None if text is None else check_text(text, "text", comments.LIMIT)
    why = check_optional_text(reason, "reason", REASON_LIMIT)
    if hidden and not why:
        raise InvalidInputError("reason is missing: say why the line is hidden; the others read it in its place.", field="reason")
    with _held(actor, number, event) as held:
        tx, line = held.tx, held.line
        if version is not None and version != line.version:
            raise StaleError(f"Line {line.seq} has changed since: it is at version {line.version}, not {version}.")
        if body is not None:
            _check_text(actor, held, instead_of)
        at = line.occurred_at if occurred_at is None else check_past(occurred_at, "occurred_at", tx.now)
        new_text = body is not None and body != line.data["body"]
        if new_text or at != line.occurred_at:
            _keep(actor, held)
        if new_text and body is not None:
            comments.rewrite(tx, actor, held.incident, line, body)
        _move(actor, held, at)
        if pinned is not None:
            _pin(actor, held, pinned)
        if hidden is not None:
            _hide(actor, held, hidden, why)
    return timeline.to_record(held.line, held.author)


def delete(actor: Actor, number: str, event: str) -> EventRecord:
    """Delete a comment: its author may, and an admin. Its place stays, with who deleted it; so do its earlier versions.

    Raises: NotAllowedError, NotFoundError, InvalidInputError when it is no comment, ConflictError when it was deleted already.
    """
    require(actor, Role.RESPONDER)
    with _held(actor, number, event) as held:
        _check_comment(held.line, "deleted")
        if held.line.actor_id != actor.id and not may(actor.role, Role.ADMIN):
            raise NotAllowedError(f"This comment is {held.author}'s: they delete it, or an admin.")
        _keep(actor, held)
        comments.erase(held.tx, actor, held.incident, held.line)
        held.line.pinned_at = held.line.pinned_by = None
    return timeline.to_record(held.line, held.author)


@contextmanager
def _held(actor: Actor, number: str, event: str) -> Iterator[HeldLine]:
    """The line, held for one verb; when it was changed, the incident counts the change, so that open pages take it over."""
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        value = incidents.parse_number(number)
        incident = holding.by_number(tx, value)
        if incident is None:
            raise NotFoundError(f"There is no {shown_number(value)}.")
        line, author = timeline.find_line(tx.session, incident.id, event)
        if line.is_deleted:
            raise ConflictError(f"Line {line.seq} was deleted, so nothing of it can be changed.")
        held = HeldLine(tx, incident, line, author)
        yield held
        if not held.is_changed:
            return
        incident.change(last_change=incident.last_change + 1)
        line.change = incident.last_change
        if actor.is_hands_on:
            incident.touch(held.tx.now)
        holding.save(tx, [incident])


def _check_comment(line: TimelineEvent, done: str) -> None:
    if line.type != EventType.COMMENT:
        kind = line.type.replace("_", " ")
        raise InvalidInputError(f"Only comments can be {done}, and line {line.seq} is of the kind {kind}.", field="text")


def _check_text(actor: Actor, held: HeldLine, instead_of: str | None) -> None:
    _check_comment(held.line, "edited")
    if held.line.actor_id != actor.id:
        raise NotAllowedError(f"This comment is {held.author}'s: nobody else edits its text.")
    if instead_of is not None and instead_of != held.line.data["body"]:
        raise StaleError("The comment was changed meanwhile, in another tab or by a program.")


def _keep(actor: Actor, held: HeldLine) -> None:
    """Keep what the line says until now, as a revision."""
    tx, line = held.tx, held.line
    tx.insert(
        TimelineRevision,
        id=new_id(),
        event_id=line.id,
        data=line.data,
        occurred_at=line.occurred_at,
        revised_by=actor.id,
        revised_at=tx.now,
    )
    held.is_changed = True
    line.version += 1
    line.revised_at, line.revised_by = tx.now, actor.id


def _move(actor: Actor, held: HeldLine, at: datetime) -> None:
    before = held.line.occurred_at
    if at == before:
        return
    held.line.occurred_at = at
    _note(actor, held, "line_moved", {"occurred_at": before}, {"occurred_at": at})


def _pin(actor: Actor, held: HeldLine, pinned: bool) -> None:
    line = held.line
    if pinned is (line.pinned_at is not None):
        return
    line.pinned_at, line.pinned_by = (held.tx.now, actor.id) if pinned else (None, None)
    _note(actor, held, "line_pinned" if pinned else "line_unpinned")


def _hide(actor: Actor, held: HeldLine, hidden: bool, reason: str) -> None:
    """Who hides what is hidden already gives it another reason."""
    line, before = held.line, held.line.hidden_reason
    if (reason if hidden else None) == before:
        return
    line.hidden_at, line.hidden_by, line.hidden_reason = (held.tx.now, actor.id, reason) if hidden else (None, None, None)
    _note(
        actor, held, "line_hidden" if hidden else "line_shown", {"reason": before} if before else None, {"reason": reason} if hidden else {}
    )


def _note(
    actor: Actor, held: HeldLine, action: str, before: dict[str, object] | None = None, after: dict[str, object] | None = None
) -> None:
    held.is_changed = True
    told = {"event_id": held.line.id, "line": held.line.seq, **(after or {})}
    audit.record(held.tx, actor, f"incident.{action}", "incident", held.incident.id, before, told)
