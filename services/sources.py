"""Whose key this is: the one look-up of intake that crosses organisations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import or_, select, update

from models.integrations import Integration, Service
from models.people import ActorRow
from services import database, live_updates
from services.statements import Prepared, as_time, as_uuid, listed, one_of


@dataclass(frozen=True, slots=True)
class Source:
    """The integration that something came by, as far as intake needs it. A service that is archived is none here.

    `checklist_id` is what is to be done when the service is broken, as of now: an incident takes it over by its id alone.
    """

    id: UUID
    tenant_id: UUID
    kind: str
    name: str
    enabled: bool
    service_id: UUID | None
    checklist_id: UUID | None


@lru_cache(maxsize=4)
def _by_key(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only
    dialect = database.storage().dialect
    integration, actor, service = Integration.__table__, ActorRow.__table__, Service.__table__  # type: ignore[attr-defined]
    query = (
        select(
            integration.c.id, integration.c.tenant_id, integration.c.kind, actor.c.name, integration.c.enabled,
            service.c.id, service.c.checklist_id, integration.c.key_hash, integration.c.previous_key_hash, integration.c.previous_key_until,
        )
        .join(actor, actor.c.id == integration.c.id)
        .outerjoin(service, (service.c.id == integration.c.service_id) & service.c.archived_at.is_(None))
        .where(or_(one_of(integration.c.key_hash, "hashes", dialect), one_of(integration.c.previous_key_hash, "hashes", dialect)))
    )  # fmt: skip
    return Prepared(query, dialect)


def by_key(hashes: Iterable[str], now: datetime) -> dict[str, Source]:
    """The integrations that these key hashes belong to; a key before the last rotation counts until its time is over."""
    wanted = set(hashes)
    place = database.storage()
    rows = place.look(_by_key(place.dialect.name), {"hashes": listed(sorted(wanted), place.dialect)})
    found: dict[str, Source] = {}
    for source_id, tenant_id, kind, name, enabled, service_id, checklist_id, key_hash, previous_hash, previous_until in rows:
        source = Source(
            as_uuid(source_id),  # type: ignore[arg-type]
            as_uuid(tenant_id),  # type: ignore[arg-type]
            kind,
            name,
            bool(enabled),
            as_uuid(service_id),
            as_uuid(checklist_id),
        )
        until = as_time(previous_until)
        if key_hash in wanted:
            found[key_hash] = source
        if previous_hash in wanted and until is not None and until > now:
            found[previous_hash] = source
    return found


def note_refusal(source: Source, sentence: str) -> None:
    """Keep why something of this integration was refused last, for its page. Raises: StorageBusyError."""
    integration = Integration.__table__  # type: ignore[attr-defined]
    with database.write(source.tenant_id) as tx:
        own = (integration.c.id == source.id, integration.c.tenant_id == source.tenant_id)
        tx.execute(update(integration).where(*own).values(last_refused_at=tx.now, last_refusal=sentence[:500]))
        tx.wake_lazily(live_updates.integration_topic(source.id))
