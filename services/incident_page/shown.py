"""What one open page has of a timeline, and what of a change is new to it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto
from itertools import pairwise
from uuid import UUID

from services.incident_page.last_looks import Since
from services.incident_page.lines import Line
from services.incident_page.live import Told
from services.incident_page.window import Show, Window, shows
from services.views import EventRow

TAIL = 20
"""How many new lines are sent by themselves, at most, before the page's lines are sent anew."""


class News(Enum):
    """What a change means for a page: nothing, more beyond its window, another tail, other lines, or that it must read again."""

    NOTHING = auto()
    BEYOND = auto()
    TAIL = auto()
    LINES = auto()
    MISSED = auto()


class Shown:
    """The lines of one page: a window, and a short tail of what came since the window was sent.

    `since` is what was new to the reader when they began to look: the divider stays there.
    `last_seq` is the last line that the page knows of, shown or not, `last_change` the last change of a line. `beyond` counts the lines
    that came while the window ended before the end of the timeline. Rows come in the order of the page; `top_day` is the divider above
    the first of them. `tail_limit` differs from page to page, or all viewers of an incident would be sent all of their lines at the
    same change.
    """

    def __init__(
        self,
        window: Window,
        last_seq: int,
        show: Show = Show.EVERYTHING,
        by: UUID | None = None,
        *,
        last_change: int = 0,
        newest_first: bool = False,
        tail_limit: int | None = None,
        since: Since | None = None,
    ) -> None:
        self.window = window
        self.tail: list[Line] = []
        self.last_seq = last_seq
        self.last_change = last_change
        self.show = show
        self.by = by
        self.newest_first = newest_first
        self.since = since
        self.beyond = 0
        self.tail_limit = tail_limit if tail_limit is not None else random.randint(TAIL // 2, TAIL)  # noqa: S311

    def take(self, told: Told) -> News:
        """Take over what is new; MISSED changes nothing."""
        if told.last_seq <= self.last_seq and told.last_change <= self.last_change:
            return News.NOTHING
        if told.first_seq > self.last_seq + 1 or told.first_change > self.last_change + 1:
            return News.MISSED
        came = sorted(
            (line for line in told.newest if line.seq > self.last_seq and shows(self.show, self.by, line)), key=lambda line: line.place
        )
        changed = [line for change, line in told.changed if change > self.last_change and shows(self.show, self.by, line)]
        self.last_seq, self.last_change = told.last_seq, told.last_change
        last = self._last()
        late = [line for line in came if last is not None and line.place < last.place]
        news = self._put(late + [line for line in changed if line not in came])
        came = came[len(late) :]
        if not came:
            return news
        if self.window.has_later:
            self.beyond += len(came)
            return News.BEYOND if news is News.NOTHING else News.LINES
        return max(news, self._append(came), key=lambda one: one.value)

    def _put(self, lines: list[Line]) -> News:
        """Put lines that were changed, or that happened before the last one, where they belong now."""
        if not lines:
            return News.NOTHING
        places = {line.seq: line.place for line in self.tail}
        if all(places.get(line.seq) == line.place for line in lines):
            now = {line.seq: line for line in lines}
            self.tail = [now.get(line.seq, line) for line in self.tail]
            return News.TAIL
        whole = self.whole().with_lines(lines)
        if whole.lines == self.whole().lines:
            return News.NOTHING
        self.move(whole)
        return News.LINES

    def _append(self, came: list[Line]) -> News:
        """New lines go to the tail; a full tail becomes lines of the window, and so does one below a divider that has to move."""
        last = self._last()
        turns_day = self.newest_first and last is not None and came[-1].day != last.day
        self.tail += came
        if len(self.tail) <= self.tail_limit and not turns_day:
            return News.TAIL
        self.move(self.window.with_new(self.tail))
        return News.LINES

    def _last(self) -> Line | None:
        return self.tail[-1] if self.tail else self.window.lines[-1] if self.window.lines else None

    def holds(self, seq: int) -> bool:
        """Whether the line with this number is on the page."""
        return any(line.seq == seq for line in self.whole().lines)

    def whole(self) -> Window:
        """The window with the tail as its end."""
        return self.window.with_new(self.tail) if self.tail else self.window

    def move(self, window: Window) -> None:
        """Show this window instead; it holds what the tail held."""
        self.window, self.tail = window, []
        if not window.has_later:
            self.beyond = 0

    @property
    def top_day(self) -> str:
        """The day of the line at the top of the page, empty when there is none."""
        if self.newest_first:
            last = self._last()
            return last.day if last else ""
        first = self.window.lines[0] if self.window.lines else self.tail[0] if self.tail else None
        return first.day if first else ""

    def rows(self) -> list[EventRow]:
        """The window's rows."""
        above = self._edge_day() if self.newest_first else self.top_day
        return self._rows(reversed(self.window.lines) if self.newest_first else self.window.lines, above)

    def tail_rows(self) -> list[EventRow]:
        """The tail's rows, which stand above the window's where the newest come first, else below."""
        if self.newest_first:
            return self._rows(reversed(self.tail), self.top_day)
        return self._rows(self.tail, self._edge_day() or self.top_day)

    def _edge_day(self) -> str:
        return self.window.lines[-1].day if self.window.lines else ""

    def _rows(self, lines: Iterable[Line], day_above: str) -> list[EventRow]:
        ordered = list(lines)
        if not ordered:
            return []
        rows = [ordered[0].after(day_above), *(line.after(above.day) for above, line in pairwise(ordered))]
        since = self.since
        return [replace(row, since=since.words) if row.seq == since.first else row for row in rows] if since is not None else rows
