"""How incidents come to be: the one function that makes or joins one, for alerts and for people alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, select, update

from models.columns import new_id
from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Severity
from services import search
from services.database import Tx, storage
from services.held import Held
from services.holding import findable
from services.statements import Prepared

_tenant = Tenant.__table__  # type: ignore[attr-defined]
_COLUMNS: tuple[str, ...] = tuple(column.name for column in Incident.__table__.columns)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an incident is opened with. `group_hash` is None for one that takes no alerts, `id` for one that gets a new one."""

    title: str
    description: str
    severity: Severity
    created_by: UUID
    why: str
    group_key: str | None = None
    group_hash: str | None = None
    alert_id: UUID | None = None
    service_id: UUID | None = None
    checklist_id: UUID | None = None
    assigned_to: UUID | None = None
    started_at: datetime | None = None
    previous_id: UUID | None = None
    touched: bool = False
    id: UUID | None = None


class Openings:
    """The one way in which an incident is made or joined: `know` the live ones, `open_or_join`, then `number`.

    It knows the incidents that accept alerts for the groups at hand, so that a group has one live incident. On PostgreSQL the
    organisation's row must be locked before new ones are made (`lock_numbers`); the unique index on live groups is the belt.
    """

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._live: dict[str, Held] = {}
        self._expired: dict[str, Held] = {}
        self.made: list[Held] = []

    @property
    def closed(self) -> list[Held]:
        """The incidents whose time to accept alerts was found to be over."""
        return list(self._expired.values())

    def know(self, live: Mapping[str, Held]) -> None:
        """Take in the incidents that accept alerts, by the hash of their group."""
        self._live.update(live)

    def live(self, key: str | None) -> Held | None:
        """The incident that takes alerts of this group now. One whose time is over is closed at once."""
        if key is None:
            return None
        incident = self._live.get(key)
        if incident is None or incident.accepts(self._tx.now):
            return incident
        incident.change(accepts_alerts=False)
        self._expired[key] = self._live.pop(key)
        return None

    def expired(self, key: str) -> Held | None:
        """The incident that took alerts of this group until its time was over."""
        self.live(key)
        return self._expired.get(key)

    def open_or_join(self, opening: Opening) -> tuple[Held, bool]:
        """The live incident of the group, or a new one; and whether it is new."""
        found = self.live(opening.group_hash)
        if found is not None:
            return found, False
        now = self._tx.now
        started = opening.started_at if opening.started_at is not None and opening.started_at <= now else now
        row: dict[str, Any] = dict.fromkeys(_COLUMNS)
        row.update(
            id=opening.id or new_id(), tenant_id=self._tx.tenant_id, number=0, title=opening.title, description=opening.description,
            severity=opening.severity, state=IncidentState.OPEN, service_id=opening.service_id, checklist_id=opening.checklist_id,
            assigned_to=opening.assigned_to,
            created_by=opening.created_by, created_at=now, updated_at=now, started_at=started, occurrence=1, alert_id=opening.alert_id,
            previous_id=opening.previous_id, why=opening.why, group_key=opening.group_key, group_hash=opening.group_hash,
            accepts_alerts=opening.group_hash is not None, alert_count=0, firing_count=0, truncated_count=0, touched=opening.touched,
            last_activity_at=now if opening.touched else None, last_seq=0, last_change=0, merged_count=0, version=1,
            call_step=0,
        )  # fmt: skip
        incident = Held(row, is_new=True)
        self.made.append(incident)
        if opening.group_hash is not None:
            self._live[opening.group_hash] = incident
        return incident, True

    def lock_numbers(self) -> None:
        """Take the organisation's turn to make incidents (PostgreSQL; on SQLite the transaction has it)."""
        if self._tx.dialect.name == "postgresql":
            self._tx.execute(select(_tenant.c.id).where(_tenant.c.id == self._tx.tenant_id).with_for_update(key_share=True))

    def number(self) -> None:
        """Give the new incidents their numbers, and make them findable."""
        if not self.made:
            return
        count = len(self.made)
        taken = _take_numbers(self._tx.dialect.name).run(self._tx.cursor, {"which": self._tx.tenant_id, "count": count})
        first = taken.fetchone()[0] - count
        for place, incident in enumerate(self.made):
            incident.row["number"] = first + place
            search.add(
                self._tx, "incident", incident.id, incident.id, incident.title, findable(incident), self._tx.now
            )  # fmt: skip


@lru_cache(maxsize=4)
def _take_numbers(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only
    statement = (
        update(_tenant)
        .where(_tenant.c.id == bindparam("which", type_=Uuid()))
        .values(next_number=_tenant.c.next_number + bindparam("count", type_=Integer()))
        .returning(_tenant.c.next_number)
    )
    return Prepared(statement, storage().dialect)
