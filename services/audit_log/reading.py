"""Pages of the audit log, the newest entries first, with the names of who and what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from models.access import ApiKey
from models.audit import AuditEntry
from models.channels import Channel
from models.incidents import Incident
from models.integrations import Service
from models.people import ActorRow, Team, User
from models.vocabulary import ActorKind, Role
from services import clock, database
from services.access import Actor, require
from services.audit_log import wording
from services.audit_log.wanted import Wanted, address
from services.people import marked
from services.views import AuditRow, ChangeView, ChoiceView, person_view
from services.wording import absolute, date_and_time, zone_named

PAGE = 50
_HIDDEN = frozenset({"event_id"})
"""Values that programs look up and that tell a person nothing."""
_PAGES = {"team": "/settings/teams", "service": "/services", "channel": "/settings/channels"}
"""The page of the list that a thing stands in which has no page of its own."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the log. `older` is the address of the next one, empty on the last."""

    rows: list[AuditRow]
    older: str


@dataclass(frozen=True, slots=True)
class _Named:
    """What entries are about, by id: the words for it, and the page where it is, if it has one."""

    names: dict[UUID, str]
    places: dict[UUID, str]


def read(actor: Actor, wanted: Wanted, zone: str, limit: int = PAGE) -> AuditPage:
    """The entries that are wanted, `limit` at most, the newest first, with times in this zone.

    Raises: NotAllowedError.
    """
    require(actor, Role.ADMIN)
    there = zone_named(zone)
    with database.read(actor.tenant_id) as session:
        found = _entries(session, wanted, limit + 1)
        entries = found[:limit]
        named = _named(session, [entry for entry, _, _ in entries])
    rows = [_row(entry, name, kind, named, there) for entry, name, kind in entries]
    last = entries[-1][0] if len(found) > limit else None
    return AuditPage(rows, address(wanted.parameters, (last.at, last.id)) if last else "")


def _entries(session: Session, wanted: Wanted, limit: int) -> Sequence[tuple[AuditEntry, str, str]]:
    query = select(AuditEntry, ActorRow.name, ActorRow.kind).join(ActorRow, col(ActorRow.id) == col(AuditEntry.actor_id))
    if wanted.actor is not None:
        query = query.where(col(AuditEntry.actor_id) == wanted.actor)
    if wanted.kind:
        query = query.where(col(AuditEntry.subject_kind) == wanted.kind)
    if wanted.action:
        query = query.where(col(AuditEntry.action) == wanted.action)
    if wanted.after is not None:
        query = query.where(col(AuditEntry.at) >= wanted.after)
    if wanted.before is not None:
        query = query.where(col(AuditEntry.at) < wanted.before)
    if wanted.beyond is not None:
        at, entry_id = wanted.beyond
        same_moment = and_(col(AuditEntry.at) == at, col(AuditEntry.id) < entry_id)
        # the first condition alone lets the index find the place
        query = query.where(col(AuditEntry.at) <= at, or_(col(AuditEntry.at) < at, same_moment))
    newest_first = query.order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    return session.exec(newest_first.limit(limit)).all()


def _named(session: Session, entries: list[AuditEntry]) -> _Named:
    subjects = {entry.subject_id for entry in entries if entry.subject_id is not None}
    ids = subjects.union(*(wording.ids_in(values) for entry in entries for values in (entry.before, entry.after)))
    names: dict[UUID, str] = {}
    places: dict[UUID, str] = {}
    for table in (ActorRow, Service, Team, ApiKey, Channel):
        names.update(session.exec(select(table.id, table.name).where(col(table.id).in_(ids))).all())
    for incident_id, number, title in session.exec(select(Incident.id, Incident.number, Incident.title).where(col(Incident.id).in_(ids))):
        names[incident_id], places[incident_id] = f"INC-{number} {title}", f"/incidents/INC-{number}"
    return _Named(names, places)


def _row(entry: AuditEntry, actor_name: str, kind: str, named: _Named, zone: ZoneInfo) -> AuditRow:
    about, place = _about(entry, named)
    when, _ = date_and_time(entry.at, zone, clock.now())
    return AuditRow(
        id=entry.id.hex,
        when=when,
        when_title=absolute(entry.at, zone),
        who=person_view(entry.actor_id, actor_name),
        is_person=kind == ActorKind.PERSON,
        did=wording.did(entry.action),
        kind=entry.subject_kind,
        about=about,
        place=place,
        address=entry.address,
        changes=_changes(entry, named, zone),
    )


def _about(entry: AuditEntry, named: _Named) -> tuple[str, str]:
    kind, subject = entry.subject_kind, entry.subject_id
    name = named.names.get(subject, "") if subject else ""
    if kind in ("session", "organisation"):
        return "", ""
    if kind == "integration" and subject and name:
        return f"{wording.noun(kind)} {name}", f"/integrations/{subject.hex}"
    if kind in ("incident", "person") and subject and name:
        return name, named.places.get(subject, "")
    return f"{wording.noun(kind)} {name or (entry.after or entry.before or {}).get('name', '')}".strip(), _PAGES.get(kind, "")


def _changes(entry: AuditEntry, named: _Named, zone: ZoneInfo) -> list[ChangeView]:
    before, after = entry.before or {}, entry.after or {}
    return [
        ChangeView(
            name=wording.field_name(name),
            before=wording.shown(before.get(name), named.names.get, zone),
            after=wording.shown(after.get(name), named.names.get, zone),
        )
        for name in [*before, *(name for name in after if name not in before)]
        if name not in _HIDDEN
    ]


def choices(actor: Actor, wanted: Wanted) -> tuple[list[ChoiceView], list[ChoiceView]]:
    """What entries can be looked for: by whom (a handle, or the id of what is no person), and about what. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        query = (
            select(ActorRow.id, ActorRow.name, User.handle, User.active)
            .outerjoin(User, col(User.id) == col(ActorRow.id))
            .where(col(ActorRow.kind) != ActorKind.INTEGRATION)
        )
        actors = sorted(session.exec(query), key=lambda row: (row[2] is None, row[3] is False, row[1].casefold()))
    whos = [ChoiceView(handle or actor_id.hex, marked(name, active is not False)) for actor_id, name, handle, active in actors]
    whats = [ChoiceView(kind, words) for kind, words in wording.KINDS.items()]
    if wanted.action:
        whats.append(ChoiceView(wanted.action, wanted.action))
    return [ChoiceView("", "Anyone"), *whos], [ChoiceView("", "Anything"), *whats]
