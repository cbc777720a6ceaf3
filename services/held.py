"""One incident while a transaction holds it: what it is, what was changed since, and the lines that it got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.columns import new_id
from models.incidents import Incident
from models.vocabulary import IncidentState, allowed_moves
from services import following, timeline
from services.database import Tx
from services.records import Allowed, IncidentRecord
from services.wording import shown_number

COLUMNS: tuple[str, ...] = tuple(column.name for column in Incident.__table__.columns)  # type: ignore[attr-defined]
_BOOKKEEPING = frozenset({
    "last_seq", "last_change", "version", "updated_at", "touched", "accepts_alerts", "accepts_until", "checklist_id",
    "last_activity_at", "next_call_at", "call_step",
})  # fmt: skip


def is_called(incident: Mapping[str, Any]) -> bool:
    """Whether people are called for an incident: it is open, not snoozed, and its own."""
    return incident["state"] is IncidentState.OPEN and incident["parent_id"] is None and incident["snoozed_until"] is None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that the timeline is to get: who says it, what it says, and its place."""

    event_id: UUID
    seq: int
    actor_id: UUID
    data: timeline.EventData
    key: str | None = None
    occurred_at: datetime | None = None


class Held:
    """One incident that this transaction holds. Reads are attributes; `change` and `say` are written by `save`.

    `children` are those that were merged into it, once they are held, too; None before that.
    """

    __slots__ = ("_before", "_lines", "children", "is_new", "row", "seen_version")

    def __init__(self, row: dict[str, Any], *, is_new: bool) -> None:
        self.row = row
        self.is_new = is_new
        self.seen_version: int = row["version"]
        self.children: list[Held] | None = None
        self._before: dict[str, Any] = {}
        self._lines: list[Line] = []

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None

    def change(self, **values: Any) -> None:
        """Set columns; those that keep their value are not written."""
        for name, value in values.items():
            if self.row[name] != value:
                self._before.setdefault(name, self.row[name])
                self.row[name] = value

    def say(self, actor_id: UUID, data: timeline.EventData, *, key: str | None = None, occurred_at: datetime | None = None) -> int:
        """Add a line to the timeline, of now or of an earlier time; its number `seq`."""
        seq: int = self.row["last_seq"] + 1
        self.change(last_seq=seq)
        self._lines.append(Line(new_id(), seq, actor_id, data, key, occurred_at))
        return seq

    @property
    def lines(self) -> list[Line]:
        """The lines that it got and that are not written yet."""
        return self._lines

    def was(self, name: str) -> Any:
        """The value of a column when it was held."""
        return self._before.get(name, self.row[name])

    @property
    def is_called(self) -> bool:
        """Whether people are called for it: it is open, not snoozed, and its own."""
        return is_called(self.row)

    def touch(self, now: datetime) -> None:
        """Note that a person or a service account did something about it at this moment."""
        self.change(touched=True, last_activity_at=now)

    @property
    def is_changed(self) -> bool:
        return bool(self._before) or self.is_new

    @property
    def is_resolved(self) -> bool:
        return bool(self.row["state"] is IncidentState.RESOLVED)

    @property
    def shown(self) -> str:
        return shown_number(self.row["number"])

    @property
    def allowed(self) -> list[Allowed]:
        """What it may do now: the moves of its state, or the one way out where it was merged into another one and moves with that."""
        return ["split"] if self.row["parent_id"] is not None else [*allowed_moves(self.row["state"])]

    @property
    def moves(self) -> list[following.Line]:
        """The moves that it made since it was held."""
        return [(line.actor_id, line.data) for line in self._lines if isinstance(line.data, following.MOVES)]

    def accepts(self, now: datetime) -> bool:
        """Whether alerts of its group are its own at this moment; those of a merged one are then the other one's, too."""
        until = self.row["accepts_until"]
        return bool(self.row["accepts_alerts"]) and (until is None or until > now)

    def changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was changed since it was held, as it was and as it is, without what is only kept for counting."""
        names = [name for name in self._before if name not in _BOOKKEEPING]
        return {name: self._before[name] for name in names}, {name: self.row[name] for name in names}

    def changed_columns(self) -> tuple[str, ...]:
        return tuple(name for name in COLUMNS if name in self._before)

    def write_lines(self, tx: Tx) -> list[Line]:
        """Write the new lines; they are given back."""
        written, self._lines = self._lines, []
        for line in written:
            timeline.record(
                tx,
                self.row["id"],
                line.seq,
                line.actor_id,
                line.data,
                event_id=line.event_id,
                key=line.key,
                occurred_at=line.occurred_at,
            )
        return written

    def record(self) -> IncidentRecord:
        """The incident as programs get it."""
        row = self.row
        return IncidentRecord(
            id=row["id"],
            tenant_id=row["tenant_id"],
            number=self.shown,
            title=row["title"],
            description=row["description"],
            severity=row["severity"],
            state=row["state"],
            assigned_to=row["assigned_to"],
            created_by=row["created_by"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            acknowledged_at=row["acknowledged_at"],
            acknowledged_by=row["acknowledged_by"],
            first_acknowledged_at=row["first_acknowledged_at"],
            resolved_at=row["resolved_at"],
            resolved_by=row["resolved_by"],
            first_resolved_at=row["first_resolved_at"],
            resolution_notes=row["resolution_notes"],
            cause=row["cause"],
            mttr=row["ttr_seconds"],
            tta_seconds=row["tta_seconds"],
            occurrence=row["occurrence"],
            alert_id=row["alert_id"],
            post_mortem_id=None,
            snoozed_until=row["snoozed_until"],
            next_call_at=row["next_call_at"] if self.is_called else None,
            acknowledgement_timeout_seconds=row["acknowledgement_timeout_seconds"],
            parent_id=row["parent_id"],
            merged_count=row["merged_count"],
            previous_id=row["previous_id"],
            service_id=row["service_id"],
            why=row["why"],
            group_key=row["group_key"],
            alert_count=row["alert_count"],
            firing_count=row["firing_count"],
            truncated_count=row["truncated_count"],
            version=row["version"],
            allowed=self.allowed,
        )
