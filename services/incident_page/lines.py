"""The lines of a timeline in words, for the zone of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.vocabulary import EventType, IncidentState
from services import clock, markdown, timeline
from services.errors import RefusedError
from services.incident_page.wording import absolute, counted, day, hour, ordinal, rfc3339, span
from services.records import EventRecord
from services.views import EventRow, LabelView, person_view

_UNTOLD_LABELS = {"alertname", "severity", "prometheus", "grafana_folder"}
"""Labels that a line leaves out: the line says them already, or they name the sender's own parts."""
_LABELS_IN_A_LINE = 3
_LABEL_CHARACTERS = 32
_QUOTED_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its place in the order of the timeline and the day that a divider names."""

    place: timeline.Place
    type: EventType
    day: str
    row: EventRow

    @property
    def seq(self) -> int:
        return self.place[1]

    def after(self, day_before: str) -> EventRow:
        """The row as it stands below a line of that day."""
        return self.row if self.day == day_before else replace(self.row, day=self.day)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a line depend on beside the line: the reader's zone, who is who, and when the incident was opened."""

    zone: ZoneInfo
    names: Mapping[UUID, str]
    opened_at: datetime

    def name(self, actor_id: str | None) -> str:
        return self.names.get(UUID(actor_id), "somebody") if actor_id else "nobody"


def lines(events: list[EventRecord], reading: Reading) -> list[Line]:
    """These lines in words, in the order in which they were given."""
    today = clock.now()
    return [_line(event, reading, today) for event in events]


def _line(event: EventRecord, reading: Reading, today: datetime) -> Line:
    kind = EventType(event.type)
    actor = person_view(event.actor_id, event.actor_name)
    row = EventRow(
        id=event.id.hex,
        seq=event.seq,
        type=event.type,
        actor=event.actor_name,
        actor_initials=actor.initials,
        actor_colour=actor.colour,
        time=hour(event.occurred_at, reading.zone),
        time_title=absolute(event.occurred_at, reading.zone),
        occurred_at=rfc3339(event.occurred_at),
    )
    _TELL[kind](row, event, reading)
    return Line((event.occurred_at, event.seq), kind, day(event.occurred_at, reading.zone, today), row)


def _alert_fired(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    row.tone, row.actor = "fire", ""
    row.text = "Alert fired again:" if event.data["occurrence"] > 1 else "Alert fired:"
    row.strong = event.data["title"]
    row.labels = label_views(event.data["labels"])[:_LABELS_IN_A_LINE]


def _alert_resolved(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    row.actor, row.text, row.strong = "", "Alert stopped:", event.data["title"]
    still = event.data["still_firing"]
    if event.data["asks"]:
        row.tone = "prompt"
        row.text, row.strong = f"Alert stopped: {event.data['title']}", ""
        row.html = "<p>No alert of this incident fires any more. Is it over?</p>"
        row.announce = "No alert fires any more"
    else:
        row.tone = "still"
        row.rest = f"{counted(still, 'other')} still {'fires' if still == 1 else 'fire'}" if still else "no alert fires any more"


def _comment(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    row.tone, row.html = "note", as_html(event.data["body"])
    row.announce = f"{event.actor_name} commented"


_MOVED = {
    IncidentState.OPEN: "gave it back",
    IncidentState.ACKNOWLEDGED: "acknowledged",
    IncidentState.INVESTIGATING: "is investigating",
    IncidentState.RESOLVED: "resolved it",
}


def _state_change(row: EventRow, event: EventRecord, reading: Reading) -> None:
    to = IncidentState(event.data["to"])
    row.tone, row.state, row.text = "state", to.value, _MOVED[to]
    after = span((event.occurred_at - reading.opened_at).total_seconds())
    rest = [event.data["reason"] or ""]
    if to is IncidentState.ACKNOWLEDGED or event.data["skipped"]:
        rest.insert(0, f"after {after}")
    if event.data["skipped"]:
        rest.append("acknowledged at the same moment")
    row.rest = " · ".join(part for part in rest if part)
    row.announce = f"{event.actor_name} {row.text}"


def _assignment(row: EventRow, event: EventRecord, reading: Reading) -> None:
    to = event.data["to"]
    if to is None:
        row.text, row.strong = "took it from", reading.name(event.data["from"])
    elif UUID(to) == event.actor_id:
        row.text = "is the assignee now"
    else:
        row.text, row.strong = "gave it to", reading.name(to)
    row.rest = f"· {event.data['reason']}" if event.data["reason"] else ""


def _resolution(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    row.tone, row.state = "resolution", IncidentState.RESOLVED.value
    row.text = f"resolved after {span(event.data['ttr_seconds'])}"
    row.rest = "by rule, without a person" if event.data["by_rule"] else ""
    row.html = as_html(event.data["notes"])
    row.announce = f"{event.actor_name} resolved it"


def _reopened(row: EventRow, event: EventRecord, reading: Reading) -> None:
    row.tone = "again"
    row.text = f"eopened {hour(event.occurred_at, reading.zone)}, {ordinal(event.data['occurrence'])} occurrence"
    if event.data["alert_id"]:
        row.actor, row.text = "", f"R{row.text}"
    else:
        row.text = f"r{row.text}"
    row.rest = event.data["reason"]
    if event.data["sibling"]:
        row.rest += f" · {event.data['sibling']} takes the alerts of this group"
    row.announce = f"{row.actor} {row.text}".strip()


def _severity_change(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    row.text, row.strong = f"changed the severity from {event.data['from']} to", event.data["to"]


def _edit(row: EventRow, event: EventRecord, _reading: Reading) -> None:
    if event.data["field"] == "title":
        row.text, row.strong, row.rest = "changed the title to", _quoted(event.data["to"]), f"before: {_quoted(event.data['from'])}"
    else:
        row.text = "changed the description" if event.data["to"] else "removed the description"
        row.rest = f"before: {_quoted(event.data['from'])}" if event.data["from"] else ""


_TELL: dict[EventType, Callable[[EventRow, EventRecord, Reading], None]] = {
    EventType.ALERT_FIRED: _alert_fired,
    EventType.ALERT_RESOLVED: _alert_resolved,
    EventType.COMMENT: _comment,
    EventType.STATE_CHANGE: _state_change,
    EventType.ASSIGNMENT: _assignment,
    EventType.RESOLUTION: _resolution,
    EventType.REOPENED: _reopened,
    EventType.SEVERITY_CHANGE: _severity_change,
    EventType.EDIT: _edit,
}


def as_html(text: str) -> str:
    """Markdown as safe HTML; a text that can't be rendered stands there as it was written."""
    try:
        return markdown.render(text)
    except RefusedError:
        return f"<p>{escape(text)}</p>"


def label_views(labels: Mapping[str, Any]) -> list[LabelView]:
    """The labels that say what an alert is about, by name, each cut to what a line has room for."""
    # one of the databases keeps no order of its own
    told = sorted((name, str(value)) for name, value in labels.items() if name not in _UNTOLD_LABELS)
    return [LabelView(name, _cut(value, _LABEL_CHARACTERS)) for name, value in told]


def _quoted(text: str) -> str:
    return _cut(" ".join(text.split()), _QUOTED_CHARACTERS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
