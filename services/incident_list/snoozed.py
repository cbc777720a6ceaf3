"""What is snoozed: few incidents, found by an index of their own, so that all others are found as if there were none."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from models.incidents import Incident
from models.vocabulary import IncidentState

_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
_snoozed: Any = Incident.__table__.alias("snoozed")  # type: ignore[attr-defined]


def awake(tenant: Any) -> ColumnElement[bool]:
    """That an incident is not among the snoozed ones of this organisation, an id or a parameter."""
    ids = select(_snoozed.c.id).where(_snoozed.c.tenant_id == tenant, _snoozed.c.snoozed_until.is_not(None))
    return _incident.id.not_in(ids)  # type: ignore[no-any-return]


def counted(session: Session) -> Counter[tuple[UUID | None, IncidentState]]:
    """How many of the session's organisation are snoozed, by assignee and state; those that were merged into another one left out."""
    own = (_incident.tenant_id == session.info["tenant_id"], _incident.snoozed_until.is_not(None), _incident.parent_id.is_(None))
    # counted here: to group them, SQLite would walk the index of all assignees
    found = session.connection().execute(select(_incident.assigned_to, _incident.state).where(*own))
    return Counter((person_id, state) for person_id, state in found)


def soonest_first(where: list[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The ids of snoozed incidents for which these conditions hold, first those whose snooze ends first."""
    order = (_incident.snoozed_until, _incident.id)
    return select(_incident.id).where(*where, _incident.snoozed_until.is_not(None)).order_by(*order).limit(limit)
