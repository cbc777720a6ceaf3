"""The lines of a timeline in words, for the zone of whoever reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.vocabulary import EventType, IncidentState
from services import clock, markdown, timeline
from services.errors import RefusedError
from services.input_text import one_line
from services.records import EventRecord
from services.views import EventRow, LabelView, LinkView, PinView, person_view
from services.wording import absolute, counted, day, hour, hour_since, ordinal, rfc3339, span

_TAG = re.compile(r"<[^>]*>")
_UNTOLD_LABELS = {"alertname", "severity", "prometheus", "grafana_folder"}
"""Labels that a line leaves out: the line says them already, or they name the sender's own parts."""
_LABELS_IN_A_LINE = 3
_LABEL_CHARACTERS = 32
_QUOTED_CHARACTERS = 300
_ONE_LINE = ("actor", "text", "strong", "after", "rest", "edited", "pinned", "hidden", "announce")
_LATE = timedelta(minutes=1)
"""How much later than it happened a line was written when it says so."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its place in the order of the timeline, the day that a divider names, and who wrote it."""

    place: timeline.Place
    type: EventType
    day: str
    row: EventRow
    by: UUID | None = None

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
        return self.called(UUID(actor_id)) if actor_id else "nobody"

    def called(self, actor_id: UUID | None) -> str:
        """What somebody is called who is named by an id."""
        return self.names.get(actor_id, "somebody") if actor_id else "somebody"


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
    row = _on_one_line(_marked(_TELL[kind](row, event, reading), event, reading))
    return Line((event.occurred_at, event.seq), kind, day(event.occurred_at, reading.zone, today), row, event.actor_id)


def _on_one_line(row: EventRow) -> EventRow:
    """The row with the texts that share a line freed of what would turn or break the rest of it."""
    texts = {name: one_line(getattr(row, name)) for name in _ONE_LINE}
    changed: dict[str, Any] = {name: text for name, text in texts.items() if text != getattr(row, name)}
    return replace(row, **changed) if changed else row


def _alert_fired(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    return replace(
        row,
        tone="fire",
        actor="",
        text="Alert fired again:" if event.data["occurrence"] > 1 else "Alert fired:",
        strong=event.data["title"],
        labels=label_views(event.data["labels"])[:_LABELS_IN_A_LINE],
    )


def _alert_resolved(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    title, still = event.data["title"], event.data["still_firing"]
    if event.data["asks"]:
        return replace(
            row,
            tone="prompt",
            actor="",
            text=f"Alert stopped: {title}",
            html="<p>No alert of this incident fires any more. Is it over?</p>",
            announce="No alert fires any more",
        )
    rest = f"{counted(still, 'other')} still {'fires' if still == 1 else 'fire'}" if still else "no alert fires any more"
    return replace(row, tone="still", actor="", text="Alert stopped:", strong=title, rest=rest)


def _marked(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    """The row with what people did to the line since it was written."""
    if event.created_at - event.occurred_at >= _LATE:
        row = replace(row, added=f"added {hour_since(event.created_at, event.occurred_at, reading.zone)}")
    if event.edited_at is not None and not event.deleted:
        by = "" if event.edited_by == event.actor_id else f" by {reading.called(event.edited_by)}"
        row = replace(row, edited=f"edited {hour_since(event.edited_at, event.occurred_at, reading.zone)}{by}")
    if event.version > 1:
        row = replace(row, earlier=counted(event.version - 1, "earlier version"))
    if event.pinned:
        row = replace(row, pinned=f"Pinned by {reading.called(event.pinned_by)}")
    if event.hidden:
        row = replace(row, hidden=f"Hidden by {reading.called(event.hidden_by)}: {_quoted(event.hidden_reason or '')}", announce="")
    return row


def _comment(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    if event.deleted:
        own = event.edited_by == event.actor_id
        text = "deleted this comment" if own else f"deleted this comment of {event.actor_name}"
        return replace(row, tone="gone", actor=reading.called(event.edited_by), text=text)
    return replace(
        row,
        tone="note",
        html=as_html(event.data["body"], frozenset(event.data.get("mentioned", ()))),
        announce=f"{event.actor_name} commented",
    )


_MOVED = {
    IncidentState.OPEN: "gave it back",
    IncidentState.ACKNOWLEDGED: "acknowledged",
    IncidentState.INVESTIGATING: "is investigating",
    IncidentState.RESOLVED: "resolved it",
}


def _state_change(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    to = IncidentState(event.data["to"])
    after = span((event.occurred_at - reading.opened_at).total_seconds())
    rest = [event.data["reason"] or ""]
    if to is IncidentState.ACKNOWLEDGED or event.data["skipped"]:
        rest.insert(0, f"after {after}")
    if event.data["skipped"]:
        rest.append("acknowledged at the same moment")
    rest.append(_followed(event))
    return replace(
        row,
        tone="state",
        state=to.value,
        text=_MOVED[to],
        rest=" · ".join(part for part in rest if part),
        announce=f"{event.actor_name} {_MOVED[to]}",
    )


def _assignment(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    to, before = (UUID(told) if told else None for told in (event.data["to"], event.data["from"]))
    rest = f"· {event.data['reason']}" if event.data["reason"] else ""
    if to is None and before == event.actor_id:
        return replace(row, text="left it to nobody", rest=rest)
    if to is None:
        return replace(row, text="unassigned", strong=reading.name(event.data["from"]), rest=rest)
    if to == event.actor_id and before is not None:
        return replace(row, text="took it over from", strong=reading.name(event.data["from"]), rest=rest)
    if to == event.actor_id:
        return replace(row, text="is the assignee now", rest=rest)
    if before not in (None, event.actor_id):
        rest = " ".join(part for part in (f"· before: {reading.name(event.data['from'])}", rest) if part)
    return replace(row, text="gave it to", strong=reading.name(event.data["to"]), rest=rest)


def _resolution(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    return replace(
        row,
        tone="resolution",
        state=IncidentState.RESOLVED.value,
        text=f"resolved after {span(event.data['ttr_seconds'])}",
        rest=" · ".join(part for part in (_why_resolved(event), _followed(event)) if part),
        html=as_html(event.data["notes"]),
        announce=f"{event.actor_name} resolved it",
    )


def _why_resolved(event: EventRecord) -> str:
    if event.data["by_rule"]:
        return "by rule, without a person"
    cause = event.data.get("cause")  # a line from before there were causes has none
    return f"cause: {cause}" if cause else ""


def _reopened(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    what = f"eopened {hour(event.occurred_at, reading.zone)}, {ordinal(event.data['occurrence'])} occurrence"
    actor, text = ("", f"R{what}") if event.data["alert_id"] else (row.actor, f"r{what}")
    rest = event.data["reason"]
    if event.data["sibling"]:
        rest += f" · {event.data['sibling']} takes the alerts of this group"
    if _followed(event):
        rest += f" · {_followed(event)}"
    return replace(row, tone="again", actor=actor, text=text, rest=rest, announce=f"{actor} {text}".strip())


def _severity_change(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    return replace(row, text=f"changed the severity from {event.data['from']} to", strong=event.data["to"])


def _merge(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    data = event.data
    if data["child"] is not None:
        joined = f"· {counted(data['alert_count'], 'alert')} joined" if data["alert_count"] else ""
        return replace(row, text="merged", rest=joined, link=_linked(data["child"], data["title"]), after="into this incident")
    rest = f"· it moved on with {data['along']}" if data["along"] else _new_state(data["before"]["state"], data["to"])
    return replace(row, text="merged this into", rest=rest, link=_linked(data["parent"], data["title"]))


def _split(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    data = event.data
    other = _linked(data["child"] or data["parent"], data["title"])
    alerts = counted(data["alert_count"], "alert")
    if not data["is_child"]:
        names = ", ".join(_quoted(title) for title in data["alerts"])
        more = data["alert_count"] - len(data["alerts"])
        rest = f"· {names}" + (f" and {more} more" if more > 0 else "")
        if data["child"] is not None:
            return replace(row, text=f"split {alerts} out into", link=other, rest=rest)
        return replace(row, text=f"split {alerts} out of", link=other, after="into this incident", rest=rest)
    rest = "· the merge was taken back" if data["undone"] else ""
    if data["child"] is not None:
        return replace(row, text="split", link=other, after="out of this incident", rest=rest)
    return replace(row, text="split this out of", link=other, rest=rest)


def _new_state(before: str, after: str) -> str:
    return f"· {before} before, {after} now" if before != after else ""


def _linked(number: str, title: str) -> LinkView:
    return LinkView(f"{number} {_quoted(title)}", f"/incidents/{number}")


def _followed(event: EventRecord) -> str:
    """That an incident made a move with the one that it was merged into; empty where it moved by itself."""
    parent = event.data.get("parent")
    return f"with {parent}" if parent else ""


def _edit(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    before, after = event.data["from"], event.data["to"]
    if event.data["field"] == "snoozed_until":
        return _snoozed(row, event, reading)
    if event.data["field"] == "acknowledgement_timeout_seconds":
        told = "as the organisation says" if not after else "never" if after == "0" else f"after {span(int(after))}"
        return replace(row, text="set that its acknowledgement lapses", strong=told)
    if event.data["field"] == "title":
        return replace(row, text="changed the title to", strong=_quoted(after), rest=f"before: {_quoted(before)}")
    if event.data["field"] == "service":
        rest = f"before: {_quoted(before)}" if before else ""
        return (
            replace(row, text="set the service to", strong=_quoted(after), rest=rest)
            if after
            else replace(row, text="took away the service", strong=_quoted(before))
        )
    text = "changed the description" if after else "removed the description"
    return replace(row, text=text, rest=f"before: {_quoted(before)}" if before else "")


def _snoozed(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    if not event.data["to"]:
        is_over = datetime.fromisoformat(event.data["from"]) <= event.occurred_at
        return replace(row, text="ended the snooze", rest="· its time is over" if is_over else "")
    until = datetime.fromisoformat(event.data["to"])
    return replace(row, text="snoozed it until", strong=hour_since(until, event.occurred_at, reading.zone))


def _checked(row: EventRow, event: EventRecord, _reading: Reading) -> EventRow:
    return replace(row, text="ticked" if event.data["ticked"] else "took the tick away from", strong=event.data["text"])


def _told(row: EventRow, event: EventRecord, reading: Reading) -> EventRow:
    names = [reading.name(user_id) for user_id in event.data["to"]]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return replace(row, text="told", strong=shown, rest=f"· {event.data['why']}")


_TELL: dict[EventType, Callable[[EventRow, EventRecord, Reading], EventRow]] = {
    EventType.ALERT_FIRED: _alert_fired,
    EventType.ALERT_RESOLVED: _alert_resolved,
    EventType.COMMENT: _comment,
    EventType.STATE_CHANGE: _state_change,
    EventType.ASSIGNMENT: _assignment,
    EventType.RESOLUTION: _resolution,
    EventType.REOPENED: _reopened,
    EventType.SEVERITY_CHANGE: _severity_change,
    EventType.MERGE: _merge,
    EventType.SPLIT: _split,
    EventType.EDIT: _edit,
    EventType.CHECKLIST: _checked,
    EventType.NOTIFICATION: _told,
}


def pin_views(events: list[EventRecord], reading: Reading) -> list[PinView]:
    """These lines for the strip above the timeline."""
    return [
        PinView(
            id=row.id,
            seq=row.seq,
            time=hour_since(event.occurred_at, reading.opened_at, reading.zone),
            time_title=row.time_title,
            actor=row.actor,
            text=summary(row),
        )
        for event, line in zip(events, lines(events, reading), strict=True)
        for row in (line.row,)
    ]


def summary(row: EventRow) -> str:
    """What a line says beside who, as plain text on one line."""
    return _quoted(f"{row.text} {row.strong} {row.rest} {unescape(_TAG.sub(' ', row.html))}")


def as_html(text: str, mentioned: frozenset[str] = frozenset()) -> str:
    """Markdown as safe HTML; a text that can't be rendered stands there as it was written."""
    try:
        return markdown.render(text, mentioned=mentioned)
    except RefusedError:
        return f"<p>{escape(text)}</p>"


def label_views(labels: Mapping[str, Any]) -> list[LabelView]:
    """The labels that say what an alert is about, by name, each cut to what a line has room for."""
    # one of the databases keeps no order of its own
    told = sorted((name, str(value)) for name, value in labels.items() if name not in _UNTOLD_LABELS)
    return [LabelView(one_line(name), _cut(one_line(value), _LABEL_CHARACTERS)) for name, value in told]


def _quoted(text: str) -> str:
    return _cut(one_line(text), _QUOTED_CHARACTERS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
