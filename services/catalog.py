"""The services of the organisation: what can be broken, whose it is, and what is to be done then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from models.columns import new_id
from models.incidents import Incident
from models.integrations import Checklist, Service
from models.people import Team
from models.vocabulary import UNRESOLVED, Role
from services import access, audit, database, input_text
from services.access import Actor
from services.account_input import Checks
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.live_updates import Feed, incident_topic, incidents_topic, services_topic, teams_topic
from services.views import ChoiceView, ServiceRow
from services.wording import rfc3339

DESCRIPTION_LIMIT = 2_000
ITEM_LIMIT = 300
MOST_ITEMS = 50
_NAME_MAX = 120
_URL_MAX = 500
_GAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A service as programs get it; `checklist` are the lines of its response checklist in their order."""

    id: UUID
    name: str
    description: str
    owner_team_id: UUID | None
    runbook_url: str | None
    checklist: list[str]
    created_at: datetime
    archived_at: datetime | None
    version: int


def services(actor: Actor) -> list[ServiceRecord]:
    """All services, by name, those that are archived last. Raises: NotAllowedError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _records(session)


def in_use(actor: Actor) -> list[ServiceRecord]:
    """The services that something new can name, by name. Raises: NotAllowedError."""
    return [one for one in services(actor) if one.archived_at is None]


def get(actor: Actor, service_id: UUID) -> ServiceRecord:
    """One service. Raises: NotAllowedError, NotFoundError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _one(session, service_id)


def _records(session: Session, service_id: UUID | None = None) -> list[ServiceRecord]:
    query = select(Service, Checklist.items).outerjoin(Checklist, col(Checklist.id) == col(Service.checklist_id))
    if service_id is not None:
        query = query.where(col(Service.id) == service_id)
    rows = session.exec(query.execution_options(populate_existing=True)).all()
    return [
        ServiceRecord(
            id=one.id,
            name=one.name,
            description=one.description,
            owner_team_id=one.owner_team_id,
            runbook_url=one.runbook_url,
            checklist=[item["text"] for item in items or ()],
            created_at=one.created_at,
            archived_at=one.archived_at,
            version=one.version,
        )
        for one, items in sorted(rows, key=lambda row: (row[0].archived_at is not None, row[0].name.casefold()))
    ]


def _one(session: Session, service_id: UUID) -> ServiceRecord:
    found = _records(session, service_id)
    if not found:
        raise NotFoundError("There is no such service.")
    return found[0]


def create(
    actor: Actor,
    name: str,
    *,
    description: str | None = "",
    owner_team_id: UUID | None = None,
    runbook_url: str | None = "",
    checklist: Sequence[str] | None = (),
) -> ServiceRecord:
    """Make a service. Raises: NotAllowedError, InvalidFieldsError, ConflictError for a name that is taken."""
    access.require(actor, Role.MANAGER)
    given = {"name": name, "description": description, "owner_team_id": owner_team_id, "runbook_url": runbook_url, "checklist": checklist}
    wanted = _checked(given)
    with database.write(actor.tenant_id) as tx:
        _check_team(tx, owner_team_id)
        service_id, items = new_id(), wanted.pop("checklist")
        list_id = new_id() if items else None
        tx.insert(Service, id=service_id, **wanted, checklist_id=list_id, created_at=tx.now, archived_at=None, version=1)
        with _unique_name(wanted["name"]):
            tx.flush()
        if list_id is not None:
            tx.insert(Checklist, id=list_id, service_id=service_id, items=_with_ids(items, ()), created_at=tx.now)
            tx.flush()
        audit.record(tx, actor, "service.created", "service", service_id, after=_told(wanted | {"checklist": items}))
        tx.wake(services_topic(tx.tenant_id))
        return _one(tx.session, service_id)


def change(actor: Actor, service_id: UUID, *, version: int | None = None, **changes: Any) -> ServiceRecord:
    """Change what is given of `name`, `description`, `owner_team_id`, `runbook_url`, `checklist` and `archived`; the rest stays.

    Incidents keep the checklist that they have. `version` is the one that the caller has seen, if any.
    Raises: NotAllowedError, NotFoundError, InvalidFieldsError, StaleError, ConflictError for a name that is taken.
    """
    access.require(actor, Role.MANAGER)
    archived: bool | None = changes.pop("archived", None)
    wanted = _checked(changes)
    with database.write(actor.tenant_id) as tx:
        tx.session.exec(select(Service.id).where(col(Service.id) == service_id).with_for_update())
        before = _one(tx.session, service_id)
        if version is not None and version != before.version:
            raise StaleError(f"Somebody has changed the service {before.name} meanwhile: look at it again, then repeat.")
        if wanted.get("owner_team_id") != before.owner_team_id:
            _check_team(tx, wanted.get("owner_team_id"))
        if archived is not None and archived != (before.archived_at is not None):
            wanted["archived_at"] = tx.now if archived else None
        was, is_now = audit.changed({field: getattr(before, field) for field in wanted}, wanted)
        if not is_now:
            return before
        columns = {field: value for field, value in is_now.items() if field != "checklist"}
        if "checklist" in is_now:
            columns["checklist_id"] = _new_list(tx, service_id, is_now["checklist"])
        with _unique_name(str(columns.get("name", before.name))):
            tx.session.exec(update(Service).where(col(Service.id) == service_id).values(**columns, version=before.version + 1))
        audit.record(tx, actor, _action(is_now), "service", service_id, _told(was), _told(is_now))
        tx.wake(services_topic(tx.tenant_id), incidents_topic(tx.tenant_id))
        wake_incidents(tx, service_id)
        return _one(tx.session, service_id)


def wake_incidents(tx: Tx, service_id: UUID) -> None:
    """Wake the pages of its unresolved incidents: they show its name, its owner, its runbook, and who follows it."""
    named = tx.session.exec(select(Incident.id).where(col(Incident.service_id) == service_id, col(Incident.state).in_(UNRESOLVED)))
    tx.wake(*(incident_topic(incident_id) for incident_id in named))


def _action(changed: dict[str, Any]) -> str:
    if set(changed) == {"archived_at"}:
        return "service.archived" if changed["archived_at"] else "service.restored"
    return "service.changed"


def _new_list(tx: Tx, service_id: UUID, items: Sequence[str]) -> UUID | None:
    """Write another checklist for the service; None for one without items."""
    if not items:
        return None
    query = select(Checklist.items).join(Service, col(Service.checklist_id) == col(Checklist.id)).where(col(Service.id) == service_id)
    list_id = new_id()
    tx.insert(
        Checklist,
        id=list_id,
        service_id=service_id,
        items=_with_ids(items, tx.session.exec(query).first() or ()),
        created_at=tx.now,
    )
    tx.flush()
    return list_id


def _with_ids(items: Sequence[str], before: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The items as they are stored; one that was in the list before keeps its id."""
    known = {item["text"]: item["id"] for item in before}
    return [{"id": known.get(text) or new_id().hex, "text": text} for text in items]


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """Values under the names that the audit log has for them: an address there could be a secret."""
    return {"runbook" if name == "runbook_url" else name: value for name, value in values.items()}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """These values as they are stored. Raises: InvalidFieldsError."""
    checks = Checks()
    of: dict[str, Any] = {
        "name": lambda value: checks.take(input_text.check_line, value, "name", _NAME_MAX),
        "description": lambda value: checks.take(input_text.check_optional_text, value, "description", DESCRIPTION_LIMIT),
        "owner_team_id": lambda value: value,
        "runbook_url": lambda value: checks.take(_check_url, value, "runbook_url"),
        "checklist": lambda value: checks.take(_check_items, value, "checklist"),
    }
    wanted = {field: of[field](value) for field, value in given.items()}
    checks.done()
    return wanted


def _check_url(url: str | None, field: str) -> str | None:
    written = input_text.check_optional_text(url, field, _URL_MAX)
    if not written:
        return None
    try:
        parts = urlsplit(written)
    except ValueError:  # such as half of an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or any(sign.isspace() for sign in written):
        raise InvalidInputError("Runbook must be a web address that begins with https:// or http://.", field=field)
    return written


def _check_items(items: Sequence[str] | None, field: str) -> list[str]:
    """The lines of a checklist, each on one line; empty ones go. Raises: InvalidInputError, which says which one is wrong."""
    found: list[str] = []
    for place, item in enumerate(items or (), 1):
        text = input_text.one_line(item)
        if not text:
            continue
        wrong = input_text.unstorable(text)
        if len(text) > ITEM_LIMIT:
            wrong = f"has {len(text):,} characters; at most {ITEM_LIMIT} are kept"
        elif text in found:
            wrong = f"stands in it twice: {text[:60]}"
        if wrong:
            raise InvalidInputError(f"Line {place} of the checklist {wrong}.", field=field)
        found.append(text)
    if len(found) > MOST_ITEMS:
        raise InvalidInputError(f"A checklist may have {MOST_ITEMS} lines at most, not {len(found)}.", field=field)
    return found


def _check_team(tx: Tx, team_id: UUID | None) -> None:
    if team_id is not None and tx.session.get(Team, team_id) is None:
        raise InvalidInputError(
            "owner_team_id must be the id of a team of this organisation: there is none with this one.", field="owner_team_id"
        )


@contextmanager
def _unique_name(name: str) -> Iterator[None]:
    """Write a service that is called so. Raises: ConflictError when another one is."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(f"There is a service called {name} already. Choose another name.", field="name") from error


def live(tx: Tx, service_id: UUID, field: str = "service_id") -> Service:
    """The service, for something that is to name it. Raises: InvalidInputError when there is none, or it is archived."""
    found = tx.session.get(Service, service_id)
    if found is None:
        raise InvalidInputError(f"{field} must be the id of a service of this organisation: there is none with this one.", field=field)
    if found.archived_at is not None:
        raise InvalidInputError(f"The service {found.name} is archived: choose another one, or restore it first.", field=field)
    return found


# ── for pages ──


def choices(actor: Actor) -> list[ChoiceView]:
    """The same for a select. Raises: NotAllowedError."""
    return [ChoiceView(one.id.hex, one.name) for one in in_use(actor)]


def rows(actor: Actor) -> list[ServiceRow]:
    """What the page of the services shows. Raises: NotAllowedError."""
    access.require(actor, Role.VIEWER)
    return _rows(actor.tenant_id)


def _rows(tenant_id: UUID) -> list[ServiceRow]:
    counting = select(Incident.service_id, func.count()).where(col(Incident.state).in_(UNRESOLVED), col(Incident.service_id).is_not(None))
    with database.read(tenant_id) as session:
        teams = dict(session.exec(select(Team.id, Team.name)).all())
        unresolved = dict(session.exec(counting.group_by(col(Incident.service_id))).all())
        return [_row(one, teams, unresolved.get(one.id, 0)) for one in _records(session)]


def _row(one: ServiceRecord, teams: dict[UUID, str], unresolved: int) -> ServiceRow:
    return ServiceRow(
        id=one.id.hex,
        name=one.name,
        description=one.description,
        owner_id=one.owner_team_id.hex if one.owner_team_id else "",
        owner=teams.get(one.owner_team_id, "") if one.owner_team_id else "",
        runbook_url=one.runbook_url or "",
        checklist=one.checklist,
        unresolved=unresolved,
        archived_at=rfc3339(one.archived_at),
        version=one.version,
    )


async def _read(tenant_id: UUID) -> list[ServiceRow]:
    return await database.run(_rows, tenant_id)


feed: Feed[UUID, list[ServiceRow]] = Feed(
    _read, lambda tenant_id: (services_topic(tenant_id), teams_topic(tenant_id), incidents_topic(tenant_id)), _GAP_SECONDS
)
"""The rows of an organisation, read once for all its open pages: the number of incidents moves often."""
