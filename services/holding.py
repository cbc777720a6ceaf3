"""Incidents while a transaction holds them: read under lock, changed in memory, written once with their new lines.

Intake and people change incidents by the same functions, so that a rule and a responder leave the same rows behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Integer, Uuid, bindparam, select
from sqlmodel import Session

from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Severity
from services import calls, channel_outbox, following, live_updates, timeline
from services.database import Tx, storage
from services.errors import ConflictError
from services.held import COLUMNS, Held
from services.statements import Prepared, Written, as_time, as_uuid, aside, listed, one_of, updating

_incident = Incident.__table__  # type: ignore[attr-defined]
_tenant = Tenant.__table__  # type: ignore[attr-defined]
_CONVERT: dict[str, Any] = {
    column.name: (
        as_uuid
        if isinstance(column.type, Uuid)
        else as_time
        if isinstance(getattr(column.type, "impl_instance", column.type), DateTime)
        else bool
        if isinstance(column.type, Boolean)
        else None
    )
    for column in _incident.columns
}
_CONVERT |= {"state": IncidentState, "severity": Severity}
_WHERE = {"where_id": "id", "where_tenant": "tenant_id", "where_version": "version"}
_MAKERS = [(name, _CONVERT[name]) for name in COLUMNS]


def group_hash(integration_id: UUID, group_key: str) -> str:
    """The name of a group within its organisation, short enough for an index: 32 hex digits."""
    return hashlib.sha256(integration_id.bytes + group_key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@lru_cache(maxsize=16)
def _selects(dialect_name: str, lock: bool) -> tuple[Prepared, Prepared, Prepared, Prepared]:
    """By ids, by a number with those that were merged into it, by the groups that accept alerts, and by what they were merged into.

    The dialect is that of the storage in use.
    """
    dialect = storage().dialect
    every = select(*_incident.columns)
    own = every.where(_incident.c.tenant_id == bindparam("tenant", type_=Uuid()))
    named = every.where(aside(_incident.c.tenant_id, dialect) == bindparam("tenant", type_=Uuid()))
    number, other = bindparam("number", type_=Integer()), _incident.alias("named")
    named_by = select(other.c.id).where(other.c.tenant_id == bindparam("tenant", type_=Uuid()), other.c.number == number)
    queries = (
        named.where(one_of(_incident.c.id, "values", dialect)),
        own.where((_incident.c.number == number) | (_incident.c.parent_id == named_by.scalar_subquery())),
        own.where(one_of(_incident.c.group_hash, "values", dialect), _incident.c.accepts_alerts),
        own.where(one_of(_incident.c.parent_id, "values", dialect)),
    )
    if lock and dialect_name == "postgresql":
        queries = tuple(query.order_by(_incident.c.id).with_for_update() for query in queries)  # type: ignore[assignment]
    by_ids, by_number, by_groups, by_parents = (Prepared(query, dialect) for query in queries)
    return by_ids, by_number, by_groups, by_parents


def _held(rows: Iterable[Sequence[Any]]) -> list[Held]:
    return [
        Held(
            {
                name: value if convert is None or value is None else convert(value)
                for (name, convert), value in zip(_MAKERS, row, strict=True)
            },
            is_new=False,
        )
        for row in rows
    ]


def by_ids(tx: Tx, ids: Iterable[UUID], *, lock: bool = True) -> dict[UUID, Held]:
    """Hold these incidents, in the order of their ids."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    statement = _selects(tx.dialect.name, lock)[0]
    found = statement.run(tx.cursor, {"tenant": tx.tenant_id, "values": listed(wanted, tx.dialect)})
    return {held.id: held for held in _held(found.fetchall())}


def by_groups(tx: Tx, hashes: Iterable[str], *, lock: bool = True) -> dict[str, Held]:
    """Hold the incidents that accept alerts of these groups."""
    wanted = sorted(set(hashes))
    if not wanted:
        return {}
    statement = _selects(tx.dialect.name, lock)[2]
    found = statement.run(tx.cursor, {"tenant": tx.tenant_id, "values": listed(wanted, tx.dialect)})
    return {held.group_hash: held for held in _held(found.fetchall())}


def by_number(tx: Tx, number: int) -> Held | None:
    """Hold one incident by its number, and with it those that were merged into it."""
    statement = _selects(tx.dialect.name, True)[1]
    found = _held(statement.run(tx.cursor, {"tenant": tx.tenant_id, "number": number}).fetchall())
    incident = next((one for one in found if one.number == number), None)
    if incident is not None:
        _know_children(incident, found)
    return incident


def family(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Held]:
    """Hold these incidents and those that were merged into them, all in the order of their ids."""
    wanted = set(ids)
    statement = _selects(tx.dialect.name, False)[3]
    seen = statement.run(tx.cursor, {"tenant": tx.tenant_id, "values": listed(sorted(wanted), tx.dialect)})
    held = by_ids(tx, wanted | {child.id for child in _held(seen.fetchall())})
    for one in wanted & held.keys():
        _know_children(held[one], held.values())
        hold_children(tx, [held[one]])
    return held


def kin(tx: Tx, found: Iterable[Held], *, lock: bool = True) -> dict[UUID, Held]:
    """Hold what those were merged into that were, and all that was merged into these; without what is among them already."""
    known = {incident.id: incident for incident in found}
    parents = by_ids(tx, {one.parent_id for one in known.values() if one.parent_id is not None} - known.keys(), lock=lock)
    leading = {one.id for one in (*known.values(), *parents.values()) if one.merged_count}
    children = by_parents(tx, leading, lock=lock) if leading else []
    return parents | {child.id: child for child in children if child.id not in known}


def by_parents(tx: Tx, ids: Iterable[UUID], *, lock: bool = True) -> list[Held]:
    """Hold all that was merged into these incidents."""
    statement = _selects(tx.dialect.name, lock)[3]
    return _held(statement.run(tx.cursor, {"tenant": tx.tenant_id, "values": listed(sorted(ids), tx.dialect)}).fetchall())


def _know_children(incident: Held, found: Iterable[Held]) -> None:
    """Give it those of `found` that were merged into it, where these are all."""
    children = [one for one in found if one.parent_id == incident.id]
    incident.children = children if len(children) == incident.merged_count else None


def hold_children(tx: Tx, incidents: Iterable[Held], found: Iterable[Held] = ()) -> None:
    """Hold all that was merged into these, where it is not held yet: as one of `found`, where it is among them."""
    held = {one.id: one for one in found}
    for incident in incidents:
        _know_children(incident, incident.children or held.values())
        if incident.children is None:
            incident.children = [held.get(child.id, child) for child in by_parents(tx, [incident.id])]


def read(session: Session, number: int) -> Held | None:
    """One incident of the session's organisation, as it is now: nothing is locked, and it cannot be saved."""
    query = select(*_incident.columns).where(_incident.c.tenant_id == session.info["tenant_id"], _incident.c.number == number)
    row = session.connection().execute(query).first()
    return Held(dict(row._mapping), is_new=False) if row else None


@lru_cache(maxsize=256)
def _update_for(columns: tuple[str, ...], dialect_name: str) -> Written:
    del dialect_name
    return updating(_incident, columns, _WHERE, storage().dialect)


def save(tx: Tx, held: Iterable[Held]) -> None:
    """Write what changed and wake the pages that show it. Rows of one shape are written by one call of the driver."""
    named = {incident.row["id"]: incident for incident in held if incident.is_changed}
    if not named:
        return
    leading = [incident for incident in named.values() if incident.row["merged_count"]]
    if leading:
        named |= {child.id: child for child in _lead(tx, leading)}
    changed = sorted(named.values(), key=lambda incident: incident.row["id"])
    plan = calls.prepare(tx, changed)
    shapes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for incident in changed:
        incident.change(updated_at=tx.now)
        if incident.is_new:
            continue
        incident.change(version=incident.seen_version + 1)
        where = {"where_id": incident.id, "where_tenant": tx.tenant_id, "where_version": incident.seen_version}
        shapes.setdefault(incident.changed_columns(), []).append({**incident.row, **where})
    cursor = tx.cursor
    for columns, rows in shapes.items():
        if _update_for(columns, tx.dialect.name).run(cursor, rows) != len(rows):
            raise ConflictError("Somebody changed this incident at the same moment. Look again, then repeat.")
    for incident in changed:
        if incident.is_new:
            tx.insert(Incident, **incident.row)
        tx.wake(live_updates.incident_topic(incident.id))
        if incident.row["parent_id"] is not None:
            tx.wake(live_updates.incident_topic(incident.row["parent_id"]))
    tx.wake(live_updates.incidents_topic(tx.tenant_id))
    tx.flush()
    written = {incident.id: incident.write_lines(tx) for incident in changed}
    calls.follow_up(tx, plan, changed, written)
    channel_outbox.follow_up(tx, changed, written)
    for incident in changed:
        incident.is_new = False
        incident.seen_version = incident.version
        incident._before.clear()


def _lead(tx: Tx, leading: Sequence[Held]) -> list[Held]:
    """Let those that were merged into these follow their moves; the ones that have changed by it."""
    moving = [incident for incident in leading if incident.moves or "title" in incident._before]
    if not moving:
        return []
    hold_children(tx, moving)
    reopens_for = select(_tenant.c.reopen_window_seconds).where(_tenant.c.id == tx.tenant_id)
    window = timedelta(seconds=tx.connection.execute(reopens_for).scalar_one())
    led = []
    for parent in moving:
        for child in parent.children or ():
            shared = {name: parent.row[name] for name in parent._before}
            changes, lines = following.followed(child.row, shared, parent.moves, parent.shown, window)
            child.change(**changes)
            for actor_id, told in lines:
                child.say(actor_id, told)
            if child.is_changed:
                led.append(child)
            tx.wake(live_updates.incident_topic(child.id))  # its page names the parent
    take_alerts_again(tx, [child for child in led if not child.is_resolved], beside=leading)
    return led


def take_alerts_again(tx: Tx, unresolved: Sequence[Held], beside: Sequence[Held] = ()) -> None:
    """Let these accept the alerts of their groups, where no other incident has come to do so meanwhile.

    `beside` are others that the transaction holds: what they accept may not be written yet.
    """
    without = [one for one in unresolved if one.group_hash is not None and not one.accepts_alerts]
    taken = {*by_groups(tx, {one.group_hash for one in without}, lock=False), *(one.group_hash for one in beside if one.accepts_alerts)}
    for one in without:
        if one.group_hash not in taken:
            one.change(accepts_alerts=True, accepts_until=None)
            taken.add(one.group_hash)


# ── what happens to an incident, the same for rules and for people ──


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))


def acknowledged(incident: Held, actor_id: UUID, now: datetime) -> None:
    """Note who took it and when; the first acknowledgement ever gives the time to acknowledge."""
    incident.change(acknowledged_at=now, acknowledged_by=actor_id)
    if incident.first_acknowledged_at is None:
        incident.change(first_acknowledged_at=now, tta_seconds=_seconds(incident.created_at, now))


def resolve(
    incident: Held, actor_id: UUID, notes: str, now: datetime, reopen_window: timedelta, *, by_rule: bool, cause: str | None = None
) -> None:
    """Resolve it, with its one line. It goes on to accept alerts of its group for the reopen window."""
    ttr_seconds = _seconds(incident.created_at, now)
    incident.change(
        state=IncidentState.RESOLVED, resolved_at=now, resolved_by=actor_id, resolution_notes=notes, cause=cause, ttr_seconds=ttr_seconds
    )
    incident.change(snoozed_until=None)
    if incident.first_resolved_at is None:
        incident.change(first_resolved_at=now)
    if incident.accepts_alerts:
        incident.change(accepts_alerts=reopen_window > timedelta(0), accepts_until=now + reopen_window)
    incident.say(actor_id, timeline.Resolution(notes=notes, ttr_seconds=ttr_seconds, by_rule=by_rule, cause=cause))


def reopen(
    incident: Held, actor_id: UUID, reason: str, now: datetime, *, alert_id: UUID | None = None, sibling: Held | None = None
) -> None:
    """Open it again as its next occurrence. Beside a `sibling` that takes the alerts of its group, it takes none.

    An alert opens it again while it accepts alerts, or while one that was merged into it does: then it goes on as before.
    """
    takes_alerts = incident.accepts_alerts if alert_id is not None else incident.group_hash is not None and sibling is None
    incident.change(
        state=IncidentState.OPEN,
        occurrence=incident.occurrence + 1,
        reopened_at=now,
        resolved_at=None,
        resolved_by=None,
        resolution_notes=None,
        cause=None,
        ttr_seconds=None,
        accepts_until=None,
        accepts_alerts=takes_alerts,
    )
    unacknowledge(incident)
    told = sibling.shown if sibling else None
    incident.say(actor_id, timeline.Reopened(reason=reason, occurrence=incident.occurrence, alert_id=alert_id, sibling=told))


def snooze(incident: Held, actor_id: UUID, until: datetime | None) -> None:
    """Stop its calls until this moment, or let them go on, with a line that says so."""
    before, after = (at.astimezone(UTC).isoformat(timespec="seconds") if at else "" for at in (incident.snoozed_until, until))
    incident.say(actor_id, timeline.Edit(field="snoozed_until", origin=before.replace("+00:00", "Z"), to=after.replace("+00:00", "Z")))
    incident.change(snoozed_until=until)


def spoken(span: timedelta) -> str:
    """A stretch of time as people say it: "40s", "12m", "3h 04m", "2d 5h"."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86_400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02d}m"
    return f"{seconds // 86_400}d {seconds % 86_400 // 3600}h"


def unacknowledge(incident: Held) -> None:
    """Empty what tells of somebody working on it."""
    incident.change(acknowledged_at=None, acknowledged_by=None, investigating_at=None, investigating_by=None)


def findable(incident: Held) -> str:
    """The words by which an incident is found beside its title."""
    return f"{incident.shown} {incident.description}".strip()
