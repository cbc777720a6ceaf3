"""The parts of an incident that programs page through."""

from __future__ import annotations

from uuid import UUID

from models.vocabulary import Role
from services import database, incidents, timeline
from services.access import Actor, require
from services.errors import InvalidInputError
from services.incident_page import firings
from services.records import AlertRecord, EventHistory, EventRecord, Page

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def timeline_page(actor: Actor, number: str, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[EventRecord]:
    """A part of an incident's timeline, oldest first, from the line after the one that `cursor` names.

    Raises: NotAllowedError, NotFoundError, InvalidInputError for a limit or a cursor that no page gave.
    """
    require(actor, Role.VIEWER)
    _check_limit(limit)
    with database.read(actor.tenant_id) as session:
        incident_id = incidents.find(session, number).id
        after = None
        if cursor is not None:
            after = timeline.place_of(session, incident_id, _seq(cursor))
            if after is None:
                raise _wrong_cursor()
        found = timeline.page(session, incident_id, after=after, limit=limit + 1)
    return Page(found[:limit], str(found[limit - 1].seq) if len(found) > limit else None)


def one_line(actor: Actor, number: str, event: str) -> EventHistory:
    """A line, named by its id or its number, and what it said before. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        line, author = timeline.find_line(session, incidents.find(session, number).id, event)
        return EventHistory(timeline.to_record(line, author), timeline.earlier_versions(session, line.id))


def alerts(actor: Actor, number: str, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[AlertRecord]:
    """A part of an incident's alerts, those that were seen first before the others, after the one that `cursor` names.

    An alert that has meanwhile moved on to another incident is still here, as it was when it was last part of this one.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for a limit or a cursor that no page gave.
    """
    require(actor, Role.VIEWER)
    _check_limit(limit)
    after = _alert_id(cursor) if cursor is not None else None
    with database.read(actor.tenant_id) as session:
        family = firings.family(session, incidents.find(session, number))
        found = firings.in_order(session, family, after=after, limit=limit + 1)
    return Page(found[:limit], found[limit - 1].id.hex if len(found) > limit else None)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"Limit must be a number from 1 to {MAX_LIMIT}.", field="limit")


def _wrong_cursor() -> InvalidInputError:
    return InvalidInputError("Cursor must be the `next` of the page before, as it was given.", field="cursor")


def _seq(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise _wrong_cursor()
    return int(cursor)


def _alert_id(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError as error:
        raise _wrong_cursor() from error
