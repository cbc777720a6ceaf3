"""What an open page has of a timeline, line by line as things happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from models.vocabulary import EventType
from services.incident_page.lines import Line
from services.incident_page.live import Told
from services.incident_page.shown import TAIL, News, Shown
from services.incident_page.snapshot import CHANGES
from services.incident_page.window import WINDOW, Show, Window
from services.views import EventRow, IncidentHead

START = datetime(2026, 11, 23, 3, 7, tzinfo=UTC)


def line(seq: int, *, day: str = "Monday", kind: EventType = EventType.COMMENT, at: timedelta | None = None) -> Line:
    return Line((START + (at if at is not None else timedelta(seconds=seq)), seq), kind, day, EventRow(id=f"e{seq}", seq=seq))


def told(*lines: Line, last_seq: int | None = None) -> Told:
    newest = sorted(lines, key=lambda one: one.seq)
    return Told(IncidentHead(), [], newest, last_seq if last_seq is not None else newest[-1].seq)


def page(count: int, **more: object) -> Shown:
    return Shown(Window(tuple(line(seq) for seq in range(1, count + 1))), count, **more)  # type: ignore[arg-type]


def seqs(rows: list[EventRow]) -> list[int]:
    return [row.seq for row in rows]


def test_a_new_line_goes_to_the_tail_and_leaves_the_page_alone() -> None:
    shown = page(3)
    rows = shown.rows()
    assert shown.take(told(line(3), line(4))) is News.TAIL
    assert seqs(shown.tail_rows()) == [4]
    assert shown.rows() == rows
    assert shown.take(told(line(3), line(4))) is News.NOTHING


def test_a_full_tail_becomes_part_of_the_page() -> None:
    shown = page(3, tail_limit=TAIL)
    for seq in range(4, 4 + TAIL):
        assert shown.take(told(line(seq))) is News.TAIL
    assert shown.take(told(line(4 + TAIL))) is News.LINES
    assert shown.tail_rows() == []
    assert seqs(shown.rows()) == list(range(1, 5 + TAIL))


def test_the_page_never_holds_more_than_its_window() -> None:
    shown = page(WINDOW)
    for seq in range(WINDOW + 1, 2 * WINDOW):
        shown.take(told(line(seq)))
        assert len(shown.rows()) <= WINDOW
        assert len(shown.tail_rows()) <= TAIL
    assert shown.window.has_earlier
    assert seqs(shown.rows() + shown.tail_rows())[-1] == 2 * WINDOW - 1


def test_a_page_that_missed_lines_reads_again() -> None:
    shown = page(3)
    assert shown.take(told(line(6), line(7))) is News.MISSED
    assert shown.last_seq == 3
    assert seqs(shown.rows()) == [1, 2, 3]


def test_a_line_that_happened_before_the_last_one_stands_before_it() -> None:
    shown = page(3)
    assert shown.take(told(line(4, at=timedelta(seconds=2)))) is News.LINES
    assert seqs(shown.rows()) == [1, 2, 4, 3]
    assert shown.take(told(line(3), line(4), line(5, at=timedelta(seconds=0)), line(6))) is News.LINES
    assert seqs(shown.rows() + shown.tail_rows()) == [5, 1, 2, 4, 3, 6]


def test_a_line_that_happened_outside_of_the_window_is_not_put_into_it() -> None:
    shown = Shown(Window((line(5), line(6)), has_earlier=True), 6)
    assert shown.take(told(line(7, at=timedelta(seconds=1)))) is News.NOTHING
    assert (seqs(shown.rows()), shown.last_seq) == ([5, 6], 7)


def changed(*changes: tuple[int, Line], last_seq: int = 3) -> Told:
    return Told(IncidentHead(), [], [], last_seq, changed=list(changes), last_change=changes[-1][0])


def with_html(seq: int, html: str, **more: Any) -> Line:
    one = line(seq, **more)
    return replace(one, row=replace(one.row, html=html))


def test_a_changed_line_is_changed_where_it_stands() -> None:
    shown = page(3)
    assert shown.take(changed((1, with_html(2, "other")))) is News.LINES
    assert [(row.seq, row.html) for row in shown.rows()] == [(1, ""), (2, "other"), (3, "")]
    assert shown.take(changed((1, with_html(2, "other")))) is News.NOTHING


def test_a_changed_line_of_the_tail_sends_the_tail_alone() -> None:
    shown = page(3)
    shown.take(told(line(4), line(5)))
    assert shown.take(changed((1, with_html(4, "other")), last_seq=5)) is News.TAIL
    assert [(row.seq, row.html) for row in shown.tail_rows()] == [(4, "other"), (5, "")]
    assert shown.take(changed((2, with_html(4, "moved", at=timedelta(seconds=9))), last_seq=5)) is News.LINES
    assert seqs(shown.rows()) == [1, 2, 3, 5, 4]


def test_a_line_that_is_moved_leaves_and_enters_windows() -> None:
    shown = Shown(Window((line(5), line(6), line(7)), has_earlier=True, has_later=True), 9)
    assert shown.take(changed((1, line(6, at=timedelta(seconds=1))), last_seq=9)) is News.LINES
    assert seqs(shown.rows()) == [5, 7]
    assert shown.take(changed((2, line(1, at=timedelta(seconds=6))), last_seq=9)) is News.LINES
    assert seqs(shown.rows()) == [5, 1, 7]
    assert shown.take(changed((3, with_html(2, "elsewhere")), last_seq=9)) is News.NOTHING


def test_a_page_that_missed_changes_reads_again() -> None:
    shown = page(3)
    assert shown.take(changed((CHANGES + 1, line(2)))) is News.MISSED
    assert shown.take(changed((CHANGES, with_html(2, "x")))) is News.LINES


def test_a_changed_line_of_a_kind_that_is_not_shown_is_no_news() -> None:
    shown = page(3, show=Show.COMMENTS)
    assert shown.take(changed((1, with_html(2, "x", kind=EventType.EDIT)))) is News.NOTHING


def test_lines_that_came_together_stand_in_the_order_of_their_time() -> None:
    shown = page(3)
    shown.take(told(line(4, at=timedelta(seconds=9)), line(5, at=timedelta(seconds=8))))
    assert seqs(shown.tail_rows()) == [5, 4]


def test_a_filter_lets_its_kinds_through_only() -> None:
    shown = page(3, show=Show.COMMENTS)
    assert shown.take(told(line(4, kind=EventType.ALERT_FIRED))) is News.NOTHING
    assert shown.take(told(line(4, kind=EventType.ALERT_FIRED), line(5))) is News.TAIL
    assert seqs(shown.tail_rows()) == [5]


def test_an_older_window_stays_and_counts_what_came_beyond_it() -> None:
    shown = Shown(Window((line(1), line(2)), has_later=True), 9)
    assert shown.take(told(line(10), line(11))) is News.BEYOND
    assert (shown.beyond, seqs(shown.rows()), shown.tail_rows()) == (2, [1, 2], [])
    shown.move(Window((line(10), line(11))))
    assert shown.beyond == 0


def test_days_divide_the_lines_with_the_oldest_first() -> None:
    lines = (line(1, day="Monday"), line(2, day="Monday"), line(3, day="Tuesday"))
    shown = Shown(Window(lines), 3)
    assert shown.top_day == "Monday"
    assert [row.day for row in shown.rows()] == ["", "", "Tuesday"]
    shown.take(told(line(4, day="Tuesday")))
    shown.take(told(line(5, day="Wednesday")))
    assert [row.day for row in shown.tail_rows()] == ["", "Wednesday"]


def test_days_divide_the_lines_with_the_newest_first() -> None:
    lines = (line(1, day="Monday"), line(2, day="Tuesday"))
    shown = Shown(Window(lines), 2, newest_first=True)
    assert (shown.top_day, seqs(shown.rows()), [row.day for row in shown.rows()]) == ("Tuesday", [2, 1], ["", "Monday"])
    assert shown.take(told(line(3, day="Tuesday"))) is News.TAIL
    assert (shown.top_day, seqs(shown.tail_rows()), [row.day for row in shown.tail_rows()]) == ("Tuesday", [3], [""])
    assert [row.day for row in shown.rows()] == ["", "Monday"]
    assert shown.take(told(line(4, day="Wednesday"))) is News.LINES
    assert (shown.top_day, [(row.seq, row.day) for row in shown.rows()]) == (
        "Wednesday",
        [(4, ""), (3, "Tuesday"), (2, ""), (1, "Monday")],
    )


def test_an_empty_page_takes_its_first_line() -> None:
    for newest_first in (False, True):
        shown = Shown(Window(), 0, newest_first=newest_first)
        assert shown.top_day == ""
        assert shown.take(told(line(1), line(2, day="Tuesday"))) in (News.TAIL, News.LINES)
        rows = shown.tail_rows() + shown.rows()
        assert [row.day for row in rows] == (["", "Monday"] if newest_first else ["", "Tuesday"])
        assert shown.top_day == ("Tuesday" if newest_first else "Monday")
