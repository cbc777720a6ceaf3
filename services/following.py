"""What a merged incident takes over from the one that it was merged into: where that stands, and each move that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.vocabulary import IncidentState
from services import timeline

Line = tuple[UUID, timeline.EventData]
"""Who did something, and what."""

MOVES = (timeline.StateChange, timeline.Resolution, timeline.Reopened)
"""The lines of a timeline that tell of a move."""
_WORKED_ON = ("acknowledged_at", "acknowledged_by", "investigating_at", "investigating_by")
_SHARED = ("state", *_WORKED_ON, "resolved_at", "resolved_by", "resolution_notes", "cause", "reopened_at")
_STANDING = ("state", *_WORKED_ON, "first_acknowledged_at", "tta_seconds")


def standing(row: Mapping[str, Any]) -> timeline.Standing:
    """How an incident stands, to be given back to it when its merge is taken back."""
    return timeline.Standing(**{name: row[name] for name in _STANDING})


def adopted(child: Mapping[str, Any], parent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What changes of an unresolved incident that is to stand where another one does. Who works on that one does so on it from now on."""
    to: IncidentState = parent["state"]
    if child["state"] is to:
        return {}
    changes: dict[str, Any] = {"state": to}
    if to is IncidentState.OPEN:
        return changes | dict.fromkeys(_WORKED_ON)
    if child["acknowledged_at"] is None:
        changes |= {"acknowledged_at": now, "acknowledged_by": parent["acknowledged_by"]} | _first(child, now)
    if to is IncidentState.INVESTIGATING:
        return changes | {"investigating_at": now, "investigating_by": parent["investigating_by"]}
    return changes | {"investigating_at": None, "investigating_by": None}


def followed(
    child: Mapping[str, Any], shared: Mapping[str, Any], lines: Iterable[Line], number: str, reopen_window: timedelta
) -> tuple[dict[str, Any], list[Line]]:
    """What changes of a child, and its own lines, when the incident with this number makes the moves that `lines` tell of.

    `shared` are the values that the moves changed of the parent. Whether it takes alerts again is not decided here.
    """
    changes = {name: value for name, value in shared.items() if name in _SHARED}
    row = {**child, **changes}
    own: list[Line] = []
    for actor_id, told in lines:
        copied: dict[str, Any] = {"parent": number}
        if isinstance(told, timeline.Reopened):
            copied |= {"occurrence": row["occurrence"] + 1, "sibling": None}
            row["occurrence"] = changes["occurrence"] = copied["occurrence"]
        elif isinstance(told, timeline.Resolution):
            at = shared["resolved_at"] or child["resolved_at"] or child["created_at"]
            changes["snoozed_until"] = None
            copied["ttr_seconds"] = max(0, round((at - child["created_at"]).total_seconds()))
        own.append((actor_id, told.model_copy(update=copied)))
    if changes.get("acknowledged_at") is not None:
        changes |= _first(child, changes["acknowledged_at"])
    resolved_at = changes.get("resolved_at")
    if resolved_at is not None:
        changes["ttr_seconds"] = max(0, round((resolved_at - child["created_at"]).total_seconds()))
        changes["first_resolved_at"] = child["first_resolved_at"] or resolved_at
        if child["accepts_alerts"]:
            changes |= {"accepts_alerts": reopen_window > timedelta(0), "accepts_until": resolved_at + reopen_window}
    elif "resolved_at" in changes:
        changes |= {"ttr_seconds": None, "accepts_until": None}
    return changes, own


def _first(child: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The first acknowledgement ever, where there was none."""
    if child["first_acknowledged_at"] is not None:
        return {}
    return {"first_acknowledged_at": at, "tta_seconds": max(0, round((at - child["created_at"]).total_seconds()))}
