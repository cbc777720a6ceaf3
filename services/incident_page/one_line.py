"""One line of a timeline by itself: what its reader may do with it, and what it said before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from sqlmodel import Session

from models.vocabulary import EventType, Role
from services import database, incidents, timeline
from services.access import Actor, may, require
from services.incident_page.lines import Reading, lines, summary
from services.incident_page.snapshot import names
from services.records import EventRecord
from services.views import EventRow, LineView, VersionView
from services.wording import absolute, hour_since, zone_named


def line_view(actor: Actor, number: str, event: str, zone: str) -> LineView:
    """The line, and what this actor may do with it. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    there = zone_named(zone)
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        found, author = timeline.find_line(session, incident.id, event)
        record = timeline.to_record(found, author)
        (row,) = _rows(session, [record], Reading(there, {}, incident.created_at))
    may_change = may(actor.role, Role.RESPONDER) and not record.deleted
    is_comment = record.type == EventType.COMMENT
    is_own = record.actor_id == actor.id
    return LineView(
        id=row.id,
        seq=row.seq,
        time=row.time,
        at=f"{record.occurred_at.astimezone(there):%Y-%m-%dT%H:%M:%S}",
        actor=row.actor,
        summary=summary(row),
        text=record.data["body"] if is_comment and is_own else "",
        may_change=may_change,
        may_edit=may_change and is_comment and is_own,
        may_delete=may_change and is_comment and (is_own or may(actor.role, Role.ADMIN)),
        is_pinned=record.pinned,
        is_hidden=record.hidden,
        earlier=row.earlier,
    )


def versions(actor: Actor, number: str, event: str, zone: str) -> list[VersionView]:
    """What the line said before, the latest first. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    there = zone_named(zone)
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        found, author = timeline.find_line(session, incident.id, event)
        now = timeline.to_record(found, author)
        earlier = timeline.earlier_versions(session, found.id)
        as_it_was = [replace(now, data=one.data, occurred_at=one.occurred_at, deleted=False) for one in earlier]
        rows = _rows(session, as_it_was, Reading(there, {}, incident.created_at))
    whole = [*as_it_was, now]
    told = [
        VersionView(
            note=f"Until {hour_since(one.until, incident.created_at, there)}, when {one.edited_by_name} {did}.",
            time=absolute(one.occurred_at, there),
            html=row.html,
            says="" if row.html else " ".join(part for part in (row.actor, row.text, row.strong) if part),
        )
        for one, row, did in zip(earlier, rows, _did(whole), strict=True)
    ]
    return told[::-1]


def _did(versions: list[EventRecord]) -> Iterator[str]:
    """What was done to each version but the last, in words."""
    for before, after in pairwise(versions):
        if after.deleted:
            yield "deleted it"
        elif before.data == after.data:
            yield "changed its time"
        else:
            yield "edited it" if before.occurred_at == after.occurred_at else "edited it and changed its time"


def _rows(session: Session, events: list[EventRecord], reading: Reading) -> list[EventRow]:
    known = names(session, events, {})
    return [line.row for line in lines(events, Reading(reading.zone, known, reading.opened_at))]
