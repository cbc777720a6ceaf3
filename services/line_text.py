"""A line of a timeline as text, in the words of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from models.vocabulary import EventType, IncidentState
from services.input_text import one_line
from services.records import EventRecord

NOBODY: Mapping[UUID, str] = MappingProxyType({})

_LINE = {
    EventType.ALERT_FIRED: "🚨 Alert fired: {title}",
    EventType.ALERT_RESOLVED: "✔️ Alert stopped: {title}",
    EventType.COMMENT: '💬 {who}: "{body}"',
    EventType.RESOLUTION: '✅ {who} resolved incident: "{notes}"',
    EventType.REOPENED: "🔁 Reopened: {reason}",
    EventType.SEVERITY_CHANGE: "⚖️ {who} changed severity from {from} to {to}",
    EventType.NOTIFICATION: "📟 Told {whom}: {why}",
    EventType.EDIT: "✏️ {who} changed the {field}",
}
_GIVEN_LINE, _TAKEN_LINE, _LEFT_LINE = "👤 {who} assigned it to {whom}", "👤 {who} took it", "👤 {who} left it to nobody"
_SNOOZE_LINE = "🔕 {who} snoozed it until {to}", "🔔 {who} ended the snooze"
_MERGE_LINE = "🔗 {who} merged {child} into this incident", "🔗 {who} merged this into {parent}"
_SPLIT_LINE = "✂️ {who} split {child} out of this incident", "✂️ {who} split this out of {parent}"
_SPLIT_ALERTS_LINE = "✂️ {who} split {alert_count} alerts out into {child}", "✂️ {who} split {alert_count} alerts out of {parent} into this"
_CHECKED_LINE = "⬜ {who} took the tick away: {text}", "☑️ {who} ticked: {text}"
_STATE_LINE = {
    IncidentState.ACKNOWLEDGED: "👤 {who} acknowledged incident",
    IncidentState.INVESTIGATING: "🔎 {who} is investigating",
    IncidentState.OPEN: "↩️ {who} gave the acknowledgement back",
}


def as_text(event: EventRecord, names: Mapping[UUID, str] = NOBODY) -> str:
    """The line without its time, as in `👤 Alice acknowledged incident`: for exports and for readers without a screen.

    `names` are those of people whom lines name by their id; who is not among them is "somebody".
    """
    pattern = _pattern(EventType(event.type), event)
    called = {"who": event.actor_name, "whom": _called(event, names)}
    values = {name: one_line(str(value)) for name, value in {**event.data, **called}.items()}
    return pattern.format_map(values)


def _called(event: EventRecord, names: Mapping[UUID, str]) -> str:
    """Whom the line is about, beside who made it."""
    to = event.data.get("to")
    if event.type == EventType.NOTIFICATION:
        return ", ".join(names.get(UUID(one), "somebody") for one in to or ())
    return names.get(UUID(to), "somebody") if event.type == EventType.ASSIGNMENT and to else ""


def _pattern(kind: EventType, event: EventRecord) -> str:
    choose = _CHOICES.get(kind)
    return choose(event) if choose is not None else _LINE[kind]


def _of_state(event: EventRecord) -> str:
    is_given_back = event.data["to"] == IncidentState.OPEN and event.data["reason"]
    return _STATE_LINE[IncidentState(event.data["to"])] + (": {reason}" if is_given_back else "")


def _of_assignment(event: EventRecord) -> str:
    to = event.data["to"]
    pattern = _LEFT_LINE if to is None else _TAKEN_LINE if to == str(event.actor_id) else _GIVEN_LINE
    return pattern + (" ({reason})" if event.data["reason"] else "")


def _of_edit(event: EventRecord) -> str:
    if event.data["field"] == "snoozed_until":
        return _SNOOZE_LINE[not event.data["to"]]
    is_timeout = event.data["field"] == "acknowledgement_timeout_seconds"
    return "✏️ {who} changed the acknowledgement timeout" if is_timeout else _LINE[EventType.EDIT]


_CHOICES: dict[EventType, Callable[[EventRecord], str]] = {
    EventType.STATE_CHANGE: _of_state,
    EventType.ASSIGNMENT: _of_assignment,
    EventType.EDIT: _of_edit,
    EventType.MERGE: lambda event: _MERGE_LINE[event.data["child"] is None],
    EventType.SPLIT: lambda event: (_SPLIT_LINE if event.data["is_child"] else _SPLIT_ALERTS_LINE)[event.data["child"] is None],
    EventType.CHECKLIST: lambda event: _CHECKED_LINE[event.data["ticked"]],
}
