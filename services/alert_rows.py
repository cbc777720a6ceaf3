"""Alerts while a transaction of intake holds them: read at once by fingerprint, changed in memory, written in a few calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select, update

from models.alerts import Alert, AlertFiring, RawPayload
from models.columns import new_id
from models.integrations import Integration
from models.vocabulary import AlertStatus, Severity
from services.database import Tx, storage
from services.formats import ReceivedAlert
from services.statements import Prepared, Written, as_time, as_uuid, listed, one_of, updating

_alert = Alert.__table__  # type: ignore[attr-defined]
_firing = AlertFiring.__table__  # type: ignore[attr-defined]
_integration = Integration.__table__  # type: ignore[attr-defined]
_READ = (
    "id", "integration_id", "fingerprint", "incident_id", "status", "severity", "title", "content_hash", "starts_at", "repeat_count",
    "firing_count",
)  # fmt: skip


class HeldAlert:
    """One alert. `counts_as_firing` is true while the incident that it links to counts it as firing."""

    __slots__ = ("_changed", "_closes", "_firings", "_links", "_payloads", "counts_as_firing", "ended_at", "is_new", "row")

    def __init__(self, row: dict[str, Any], *, is_new: bool) -> None:
        self.row = row
        self.is_new = is_new
        self.counts_as_firing = row["incident_id"] is not None and row["status"] is AlertStatus.FIRING and not is_new
        self.ended_at: datetime | None = None
        self._changed: set[str] = set()
        self._closes: datetime | None = None
        self._links: UUID | None = None
        self._firings: list[dict[str, Any]] = []
        self._payloads: list[dict[str, Any]] = []

    @classmethod
    def first(cls, integration_id: UUID, alert: ReceivedAlert, now: datetime) -> HeldAlert:
        """An alert that was never seen before; `fire` counts its first firing."""
        row = {
            "id": new_id(), "integration_id": integration_id, "fingerprint": alert.fingerprint, "incident_id": None,
            "status": alert.status, "starts_at": alert.starts_at, "ends_at": alert.ends_at, "first_seen_at": now, "last_seen_at": now,
            "repeat_count": 0, "firing_count": 0, **_content(alert),
        }  # fmt: skip
        held = cls(row, is_new=True)
        held._keep(alert, now)
        return held

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def is_firing(self) -> bool:
        return bool(self.row["status"] is AlertStatus.FIRING)

    def change(self, **values: Any) -> None:
        self.row.update(values)
        self._changed.update(values)

    def _keep(self, alert: ReceivedAlert, now: datetime) -> None:
        self._payloads.append(
            {
                "id": new_id(),
                "integration_id": self.integration_id,
                "alert_id": self.id,
                "received_at": now,
                "body": alert.raw,
                "envelope": "",
            }
        )

    @property
    def payload_count(self) -> int:
        """How many payloads are to be kept with it."""
        return len(self._payloads)

    def keep_envelope(self, envelope: str) -> None:
        """Keep what the body said beside its alerts, with the payload that was kept last."""
        self._payloads[-1]["envelope"] = envelope

    def _read_content(self, alert: ReceivedAlert, now: datetime) -> None:
        self.change(last_seen_at=now)
        if alert.content_hash == self.row["content_hash"]:
            return
        self._keep(alert, now)
        # a sender may say little of an end: what was known of the firing stays
        self.change(**(_content(alert) if alert.status is AlertStatus.FIRING else {"content_hash": alert.content_hash}))

    def repeat(self, alert: ReceivedAlert, now: datetime) -> None:
        """The same firing, or the same end, told again."""
        self._read_content(alert, now)
        self.change(repeat_count=self.row["repeat_count"] + 1)

    def note(self, alert: ReceivedAlert, now: datetime) -> None:
        """Something about an earlier firing, told late: kept as a payload, and nothing else changes."""
        self.change(last_seen_at=now, repeat_count=self.row["repeat_count"] + 1)
        self._keep(alert, now)

    def begin(self, alert: ReceivedAlert, now: datetime) -> None:
        """Another firing began; one that was never told to end ends here."""
        if self.is_firing and self.row["firing_count"]:
            self._close(now)
        self._read_content(alert, now)
        self.change(status=AlertStatus.FIRING, starts_at=alert.starts_at, ends_at=None)

    def fire(self, alert: ReceivedAlert, incident_id: UUID | None, now: datetime) -> None:
        """Count the firing that began, and link it."""
        self.change(firing_count=self.row["firing_count"] + 1, incident_id=incident_id)
        self._firings.append({
            "id": new_id(), "alert_id": self.row["id"], "incident_id": incident_id, "number": self.row["firing_count"],
            "severity": alert.severity, "starts_at": alert.starts_at, "fired_at": now, "resolved_at": None,
        })  # fmt: skip

    def link(self, incident_id: UUID) -> None:
        """Link the firing that goes on, which belonged to no incident until now."""
        if self._firings:
            self._firings[-1]["incident_id"] = incident_id
        else:
            self._links = incident_id
        self.change(incident_id=incident_id)

    def end(self, alert: ReceivedAlert, now: datetime) -> None:
        """The firing ended; `ended_at` is when, as far as the sender says."""
        self.ended_at = alert.ends_at if alert.ends_at is not None and alert.ends_at <= now else now
        self._close(self.ended_at)
        self._read_content(alert, now)
        self.change(status=AlertStatus.RESOLVED, ends_at=self.ended_at)

    def _close(self, at: datetime) -> None:
        if self._firings:
            self._firings[-1]["resolved_at"] = at
        else:
            self._closes = at


@dataclass(frozen=True, slots=True)
class LinkedAlert:
    """An alert that people move from one incident to another; `began_at` is when it began to fire, as far as anybody knows."""

    id: UUID
    incident_id: UUID | None
    title: str
    description: str
    severity: Severity
    is_firing: bool
    began_at: datetime


def _content(alert: ReceivedAlert) -> dict[str, Any]:
    return {
        "severity": alert.severity,
        "title": alert.title,
        "description": alert.description,
        "labels": alert.labels,
        "links": [{"name": link.name, "url": link.url} for link in alert.links],
        "dedup_key": alert.dedup_key,
        "group_key": alert.group_key,
        "content_hash": alert.content_hash,
    }


@lru_cache(maxsize=4)
def _statements(dialect_name: str) -> tuple[Prepared, Prepared, Prepared, Prepared]:
    """Read by fingerprint; end the firing that goes on; link it; count on the integration."""
    dialect = storage().dialect
    query = select(*(_alert.c[name] for name in _READ)).where(
        one_of(_alert.c.integration_id, "integrations", dialect), one_of(_alert.c.fingerprint, "fingerprints", dialect)
    )
    if dialect_name == "postgresql":
        query = query.order_by(_alert.c.id).with_for_update()
    going_on = (_firing.c.alert_id == bindparam("which", type_=Uuid()), _firing.c.resolved_at.is_(None))
    close = update(_firing).where(*going_on).values(resolved_at=bindparam("at", type_=_firing.c.resolved_at.type))
    link = update(_firing).where(*going_on).values(incident_id=bindparam("incident", type_=Uuid()))
    count = (
        update(_integration)
        .where(_integration.c.id == bindparam("which", type_=Uuid()))
        .values(
            alert_count=_integration.c.alert_count + bindparam("count", type_=_integration.c.alert_count.type),
            last_alert_at=bindparam("at", type_=_integration.c.last_alert_at.type),
        )
    )
    return Prepared(query, dialect), Prepared(close, dialect), Prepared(link, dialect), Prepared(count, dialect)


@lru_cache(maxsize=64)
def _update_for(columns: tuple[str, ...], dialect_name: str) -> Written:
    del dialect_name  # part of the key only
    return updating(_alert, columns, {"which": "id"}, storage().dialect)


def by_fingerprint(tx: Tx, wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], HeldAlert]:
    """Hold the alerts that are known by these integrations and fingerprints."""
    keys = set(wanted)
    if not keys:
        return {}
    values = {
        "integrations": listed(sorted({integration for integration, _ in keys}), tx.dialect),
        "fingerprints": listed(sorted({fingerprint for _, fingerprint in keys}), tx.dialect),
    }
    found: dict[tuple[UUID, str], HeldAlert] = {}
    for values_of_row in _statements(tx.dialect.name)[0].run(tx.cursor, values).fetchall():
        row = dict(zip(_READ, values_of_row, strict=True))
        for name in ("id", "integration_id", "incident_id"):
            row[name] = as_uuid(row[name])
        row["status"], row["severity"], row["starts_at"] = AlertStatus(row["status"]), Severity(row["severity"]), as_time(row["starts_at"])
        key = (row["integration_id"], row["fingerprint"])
        if key in keys:
            found[key] = HeldAlert(row, is_new=False)
    return found


def by_ids(tx: Tx, ids: Sequence[UUID]) -> list[LinkedAlert]:
    """Hold those of these alerts that are the organisation's, in the order in which they were first seen."""
    wanted = ("id", "incident_id", "title", "description", "severity", "status", "starts_at", "first_seen_at")
    query = select(*(_alert.c[name] for name in wanted)).where(_alert.c.tenant_id == tx.tenant_id, _alert.c.id.in_(ids))
    query = query.order_by(_alert.c.id).with_for_update()
    return [
        LinkedAlert(
            id=row.id,
            incident_id=row.incident_id,
            title=row.title,
            description=row.description,
            severity=row.severity,
            is_firing=row.status is AlertStatus.FIRING,
            began_at=min(row.starts_at or row.first_seen_at, tx.now),
        )
        for row in tx.execute(query)
    ]


def move(tx: Tx, alerts: Iterable[LinkedAlert], incident_id: UUID) -> None:
    """Link these alerts to another incident, with all the firings that they had in the one that they leave."""
    moved = {"incident_id": incident_id}
    for alert in alerts:
        tx.execute(update(_alert).where(_alert.c.id == alert.id, _alert.c.tenant_id == tx.tenant_id).values(moved))
        own = (_firing.c.alert_id == alert.id, _firing.c.incident_id == alert.incident_id, _firing.c.tenant_id == tx.tenant_id)
        tx.execute(update(_firing).where(*own).values(moved))


def save(tx: Tx, alerts: Iterable[HeldAlert]) -> None:
    """Write what changed: firings that ended before firings that began, since one alert has one that goes on."""
    closes: list[Mapping[str, Any]] = []
    links: list[Mapping[str, Any]] = []
    shapes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for alert in sorted(alerts, key=lambda held: held.row["id"]):
        if alert._closes is not None:
            closes.append({"which": alert.id, "at": alert._closes})
        if alert._links is not None:
            links.append({"which": alert.id, "incident": alert._links})
        if alert.is_new:
            tx.insert(Alert, **alert.row)
        elif alert._changed:
            columns = tuple(sorted(alert._changed))
            shapes.setdefault(columns, []).append({**alert.row, "which": alert.id})
        for firing in alert._firings:
            tx.insert(AlertFiring, **firing)
        for payload in alert._payloads:
            tx.insert(RawPayload, **payload)
    cursor = tx.cursor
    _, close, link, _ = _statements(tx.dialect.name)
    if links:
        link.run_many(cursor, links)
    if closes:
        close.run_many(cursor, closes)
    for columns, rows in shapes.items():
        _update_for(columns, tx.dialect.name).run(cursor, rows)
    tx.flush()


def count_alerts(tx: Tx, counts: Mapping[UUID, int]) -> None:
    """Note on each integration how many alerts came, and when."""
    rows = [{"which": integration, "count": counts[integration], "at": tx.now} for integration in sorted(counts)]
    if rows:
        _statements(tx.dialect.name)[3].run_many(tx.cursor, rows)
