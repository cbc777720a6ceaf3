"""Times in the past as people type them, on the clock of their zone, also where that was put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services import typed_times
from services.address_times import NoTimeError

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 24, 2, 7, 30, tzinfo=UTC)
"""03:07:30 in Stockholm."""


@pytest.mark.parametrize("text", ["", "  ", "now", " Now "])
def test_now_and_nothing_are_now(text: str) -> None:
    assert typed_times.past(text, STOCKHOLM, NOW) is None


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("15 minutes ago", timedelta(minutes=15)),
        ("5m", timedelta(minutes=5)),
        ("1 min", timedelta(minutes=1)),
        ("30 mins ago", timedelta(minutes=30)),
        ("0 minutes ago", timedelta(0)),
        ("1 hour ago", timedelta(hours=1)),
        ("2H", timedelta(hours=2)),
        ("3  days ago", timedelta(days=3)),
    ],
)
def test_how_long_ago(text: str, ago: timedelta) -> None:
    assert typed_times.past(text, STOCKHOLM, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("03:07", "2026-11-24 03:07"),
        ("3:00", "2026-11-24 03:00"),
        ("03:00:30", "2026-11-24 03:00:30"),
        ("23:50", "2026-11-23 23:50"),
        ("15:10", "2026-11-23 15:10"),
        ("2026-11-24 03:07", "2026-11-24 03:07"),
        ("2026-11-20T9:05", "2026-11-20 09:05"),
        ("2026-11-24 02:00Z", "2026-11-24 03:00"),
        ("2026-11-24 02:00:10 +00:00", "2026-11-24 03:00:10"),
        ("2026-11-23 20:00 -0500", "2026-11-24 02:00"),
    ],
)
def test_a_time_of_the_clock_on_the_wall(text: str, local: str) -> None:
    found = typed_times.past(text, STOCKHOLM, NOW)
    assert found == datetime.fromisoformat(local).replace(tzinfo=STOCKHOLM)
    assert found is not None
    assert found.tzinfo is UTC


def test_a_clock_that_is_a_little_ahead_means_now() -> None:
    assert typed_times.past("03:08", STOCKHOLM, NOW) == NOW
    assert typed_times.past("2026-11-24 03:08", STOCKHOLM, NOW) == NOW


WRONG = [
    ("03:30", "03:30 is still to come: it is 03:07 now. For yesterday write 2026-11-23 03:30."),
    ("14:00", "14:00 is still to come: it is 03:07 now. For yesterday write 2026-11-23 14:00."),
    ("2026-11-24 03:30", "2026-11-24 03:30 lies in the future: it is 2026-11-24 03:07 now."),
    ("9999-12-31 23:59", "9999-12-31 23:59 lies in the future: it is 2026-11-24 03:07 now."),
    ("25:00", "There is no such time as “25:00”."),
    ("03:75", "There is no such time as “03:75”."),
    ("2026-02-30 03:00", "There is no such time as “2026-02-30 03:00”."),
    ("0001-01-01 00:00", "There is no such time as “0001-01-01 00:00”."),
    ("9999 days ago", None),
    ("yesterday", "“yesterday” is no time. Write how long ago, such as 15 min, or when, such as 03:07 or 2026-11-24 03:07."),
    ("-5 minutes", "“-5 minutes” is no time. "),
    ("\x00\ud800", " is no time. "),
    ("x" * 10_000, "“" + "x" * 40 + "” is no time. "),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[str(place) for place in range(len(WRONG))])
def test_what_is_no_time_in_the_past_is_told_in_a_sentence(text: str, sentence: str | None) -> None:
    if sentence is None:
        assert typed_times.past(text, STOCKHOLM, NOW) == NOW - timedelta(days=9999)
        return
    with pytest.raises(NoTimeError) as wrong:
        typed_times.past(text, STOCKHOLM, NOW)
    assert sentence in str(wrong.value)


def test_a_time_that_the_clock_was_put_over_is_not_guessed() -> None:
    """On 29 March it went from 02:00 to 03:00."""
    now = datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    sentence = "The clock never showed 02:30 on 29 March: it was put forward over it. Write 03:30 if you mean the time after."
    for text in ("02:30", "2026-03-29 02:30"):
        with pytest.raises(NoTimeError) as wrong:
            typed_times.past(text, STOCKHOLM, now)
        assert str(wrong.value) == sentence
    assert typed_times.past("03:30", STOCKHOLM, now) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert typed_times.past("01:59", STOCKHOLM, now) == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


def test_of_a_time_that_the_clock_showed_twice_one_must_be_named() -> None:
    """On 25 October it went from 03:00 back to 02:00."""
    now = datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
    sentence = (
        "The clock showed 02:30 twice on 25 October, when it was put back. "
        "Write 2026-10-25 02:30 +02:00 for the first, or 2026-10-25 02:30 +01:00 for the second."
    )
    for text in ("02:30", "2026-10-25 02:30"):
        with pytest.raises(NoTimeError) as wrong:
            typed_times.past(text, STOCKHOLM, now)
        assert str(wrong.value) == sentence
    assert typed_times.past("2026-10-25 02:30 +02:00", STOCKHOLM, now) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert typed_times.past("2026-10-25 02:30 +01:00", STOCKHOLM, now) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_while_only_the_first_of_the_two_is_over_it_is_meant() -> None:
    now = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10, the second time
    assert typed_times.past("02:30", STOCKHOLM, now) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


MONDAY = datetime(2026, 11, 23, 2, 7, 30, tzinfo=UTC)
"""03:07:30 in Paris."""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30 min", "2026-11-23 02:37:30"),
        ("in 4 h", "2026-11-23 06:07:30"),
        ("2 days", "2026-11-25 02:07:30"),
        ("03:08", "2026-11-23 02:08:00"),
        ("03:07", "2026-11-24 02:07:00"),
        ("today 09:00", "2026-11-23 08:00:00"),
        ("Tomorrow at 9:00", "2026-11-24 08:00:00"),
        ("monday 09:00", "2026-11-30 08:00:00"),
        ("Sunday 09:00", "2026-11-29 08:00:00"),
        ("2026-12-04 09:00", "2026-12-04 08:00:00"),
        ("2026-12-04 09:00+05:30", "2026-12-04 03:30:00"),
        ("2026-12-04T09:00Z", "2026-12-04 09:00:00"),
        ("2027-03-28 02:30", "2027-03-28 01:30:00"),
        ("2026-10-25 02:30", None),
    ],
)
def test_a_time_ahead_is_read_on_the_clock_of_the_zone(text: str, at: str | None) -> None:
    if at is None:
        with pytest.raises(NoTimeError, match="is over: it is 2026-11-23 03:07 now"):
            typed_times.ahead(text, ZoneInfo("Europe/Paris"), MONDAY)
    else:
        assert f"{typed_times.ahead(text, ZoneInfo('Europe/Paris'), MONDAY):%Y-%m-%d %H:%M:%S}" == at


@pytest.mark.parametrize("text", ["", "soon", "25:00", "someday 09:00", "2026-13-40 09:00", "0 min", "9999 days ago", "\x00" * 9])
def test_what_is_no_time_ahead_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(NoTimeError, match=r"^(“.*” is no time|There is no such time|“.*” is over)"):
        typed_times.ahead(text, ZoneInfo("Europe/Paris"), MONDAY)
