"""The stretch of a timeline that a page holds: at most `WINDOW` lines, moved along it in steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from models.vocabulary import EventType
from services import timeline
from services.incident_page.lines import Line, Reading, lines
from services.incident_page.snapshot import names
from services.records import EventRecord
from services.timeline import Place

WINDOW = 200
STEP = 100
"""How many lines a page opens with, and how many more one step shows."""


class Show(StrEnum):
    """Which lines the reader wants to see."""

    EVERYTHING = "everything"
    COMMENTS = "comments"
    STATE = "state"
    ALERTS = "alerts"


TYPES: dict[Show, tuple[EventType, ...]] = {
    Show.EVERYTHING: (),
    Show.COMMENTS: (EventType.COMMENT,),
    Show.STATE: (
        EventType.STATE_CHANGE,
        EventType.ASSIGNMENT,
        EventType.RESOLUTION,
        EventType.REOPENED,
        EventType.SEVERITY_CHANGE,
        EventType.MERGE,
        EventType.SPLIT,
        EventType.EDIT,
        EventType.CHECKLIST,
    ),
    Show.ALERTS: (EventType.ALERT_FIRED, EventType.ALERT_RESOLVED),
}


def shows(show: Show, by: UUID | None, line: Line) -> bool:
    """Whether this line is among those that the reader wants to see: of these kinds, and where it is given by this actor."""
    return (not TYPES[show] or line.type in TYPES[show]) and by in (None, line.by)


@dataclass(frozen=True, slots=True)
class Window:
    """Lines that follow each other, oldest first, and whether there are others before and after them."""

    lines: tuple[Line, ...] = ()
    has_earlier: bool = False
    has_later: bool = False

    def with_new(self, more: list[Line]) -> Window:
        """With these lines at its end; the first ones go where it would be too long."""
        whole = (*self.lines, *more)
        return Window(whole[-WINDOW:], self.has_earlier or len(whole) > WINDOW, self.has_later)

    def with_lines(self, lines: list[Line]) -> Window:
        """With these lines where they belong, those too that stood elsewhere in it; what lies before or after it is left out."""
        kept = {line.seq: line for line in self.lines}
        for line in lines:
            kept.pop(line.seq, None)
            if self._reaches(line.place):
                kept[line.seq] = line
        ordered = tuple(sorted(kept.values(), key=lambda line: line.place))
        if self.has_later:
            return Window(ordered[:WINDOW], self.has_earlier, True)
        return Window(ordered[-WINDOW:], self.has_earlier or len(ordered) > WINDOW, False)

    def _reaches(self, place: Place) -> bool:
        if not self.lines:
            return not self.has_earlier and not self.has_later
        return (not self.has_earlier or self.lines[0].place <= place) and (not self.has_later or place <= self.lines[-1].place)


def newest(
    session: Session, incident_id: UUID, reading: Reading, show: Show, by: UUID | None = None, *, last_seq: int | None = None
) -> Window:
    """The last `STEP` lines, or those of them that were written up to `last_seq`."""
    found = timeline.page(session, incident_id, limit=STEP + 1, types=TYPES[show], by=by, newest_first=True)[::-1]
    known = [event for event in found if last_seq is None or event.seq <= last_seq]
    return Window(_told(session, known[-STEP:], reading), len(found) > STEP, False)


def earlier(session: Session, incident_id: UUID, reading: Reading, show: Show, by: UUID | None, window: Window) -> Window:
    """The window one step towards the beginning; lines that fall out at its end come back by `later`."""
    if not window.lines:
        return newest(session, incident_id, reading, show, by)
    found = timeline.page(session, incident_id, before=window.lines[0].place, limit=STEP + 1, types=TYPES[show], by=by)
    whole = (*_told(session, found[-STEP:], reading), *window.lines)
    return Window(whole[:WINDOW], len(found) > STEP, window.has_later or len(whole) > WINDOW)


def later(session: Session, incident_id: UUID, reading: Reading, show: Show, by: UUID | None, window: Window) -> Window:
    """The window one step towards the end."""
    if not window.lines:
        return newest(session, incident_id, reading, show, by)
    found = timeline.page(session, incident_id, after=window.lines[-1].place, limit=STEP + 1, types=TYPES[show], by=by)
    whole = (*window.lines, *_told(session, found[:STEP], reading))
    return Window(whole[-WINDOW:], window.has_earlier or len(whole) > WINDOW, len(found) > STEP)


def around(session: Session, incident_id: UUID, reading: Reading, show: Show, by: UUID | None, seq: int) -> Window | None:
    """The lines around the one with this number; None when the incident has no such line, or it is not among those to be shown."""
    place = timeline.place_of(session, incident_id, seq)
    if place is None:
        return None
    before = timeline.page(session, incident_id, before=(place[0], seq + 1), limit=STEP // 2 + 1, types=TYPES[show], by=by)
    if not before or before[-1].seq != seq:
        return None
    after = timeline.page(session, incident_id, after=place, limit=STEP // 2 + 1, types=TYPES[show], by=by)
    part = STEP // 2
    return Window(_told(session, [*before[-part:], *after[:part]], reading), len(before) > part, len(after) > part)


def _told(session: Session, events: list[EventRecord], reading: Reading) -> tuple[Line, ...]:
    known = {**reading.names, **names(session, events, reading.names)}
    return tuple(lines(events, Reading(reading.zone, known, reading.opened_at)))
