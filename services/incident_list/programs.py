"""The list as programs page through it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from models.incidents import Incident
from models.vocabulary import Role
from services import database
from services.access import Actor, require
from services.errors import InvalidInputError
from services.held import Held
from services.incident_list import cursors, scans
from services.incident_list.filters import EVERY, Filters
from services.incident_list.scans import Place
from services.records import IncidentRecord, Page
from services.statements import aside

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_incident: Any = Incident.__table__  # type: ignore[attr-defined]


def page(actor: Actor, filters: Filters = EVERY, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[IncidentRecord]:
    """A page of the incidents that the filters let through, in every state where they name none, newest first.

    `cursor` is the `next` of the page before. Raises: NotAllowedError, InvalidInputError for a limit or a cursor that no page gave.
    """
    require(actor, Role.VIEWER)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"Limit must be a number from 1 to {MAX_LIMIT}.", field="limit")
    beyond = cursors.read_time(cursor, actor.tenant_id) if cursor is not None else None
    with database.read(actor.tenant_id) as session:
        ids = scans.find(session, filters, limit=limit + 1, beyond=beyond)
        items = _records(session, ids[:limit])
    if len(ids) <= limit or not items:
        return Page(items)
    return Page(items, cursors.write(Place(items[-1].created_at, items[-1].id), actor.tenant_id))


def _records(session: Session, ids: list[UUID]) -> list[IncidentRecord]:
    own = aside(_incident.c.tenant_id, database.storage().dialect) == session.info["tenant_id"]
    query = select(*_incident.columns).where(own, _incident.c.id.in_(ids))
    found = {row.id: Held(dict(row._mapping), is_new=False).record() for row in session.connection().execute(query)}
    return [found[one] for one in ids if one in found]
