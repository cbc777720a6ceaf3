"""The services of the organisation: what can be broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.columns import new_id
from models.integrations import Service
from models.vocabulary import Role
from services import access, audit, database, input_text
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotFoundError

_NAME_MAX = 120
_DESCRIPTION_MAX = 2_000
_URL_MAX = 500


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A service as programs get it."""

    id: UUID
    name: str
    description: str
    runbook_url: str | None
    created_at: datetime


def services(actor: Actor) -> list[ServiceRecord]:
    """All services, by name. Raises: NotAllowedError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return sorted(_records(session), key=lambda service: service.name.casefold())


def get(actor: Actor, service_id: UUID) -> ServiceRecord:
    """One service. Raises: NotAllowedError, NotFoundError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        found = _records(session, service_id)
    if not found:
        raise NotFoundError("There is no such service.")
    return found[0]


def _records(session: Session, service_id: UUID | None = None) -> list[ServiceRecord]:
    query = select(Service) if service_id is None else select(Service).where(col(Service.id) == service_id)
    return [ServiceRecord(one.id, one.name, one.description, one.runbook_url, one.created_at) for one in session.exec(query)]


def create(actor: Actor, name: str, *, description: str = "", runbook_url: str = "") -> ServiceRecord:
    """Make a service. Raises: NotAllowedError, InvalidInputError, ConflictError for a name that is taken."""
    access.require(actor, Role.MANAGER)
    name = input_text.check_line(name, "name", _NAME_MAX)
    description = input_text.check_optional_text(description, "description", _DESCRIPTION_MAX)
    url = _check_url(runbook_url)
    with database.write(actor.tenant_id) as tx:
        made = ServiceRecord(new_id(), name, description, url, tx.now)
        tx.insert(Service, id=made.id, name=name, description=description, runbook_url=url, created_at=tx.now)
        try:
            tx.flush()
        except IntegrityError as error:
            raise ConflictError(f"There is a service called {name} already. Choose another name.", field="name") from error
        after = {"name": name, "description": description, "runbook": url}
        audit.record(tx, actor, "service.created", "service", made.id, after=after)
    return made


def _check_url(url: str) -> str | None:
    written = input_text.check_optional_text(url, "runbook_url", _URL_MAX)
    if not written:
        return None
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(sign.isspace() for sign in written):
        raise InvalidInputError("Runbook must be a web address that begins with https:// or http://.", field="runbook_url")
    return written
