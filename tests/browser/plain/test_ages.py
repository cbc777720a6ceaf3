"""Times in the browser: how they are spelled, that they tick, and by whose clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

NIGHT = datetime(2026, 11, 24, 2, 46, 8, tzinfo=UTC)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def span(kind: str, **long: float) -> str:
    return f'<time data-age="{kind}" datetime="{text(NIGHT - timedelta(**long))}" data-until="{text(NIGHT)}"></time>'


@pytest.mark.parametrize(
    ("kind", "long", "words"),
    [
        ("", {"seconds": -5}, "0s"),
        ("", {"seconds": 40.9}, "40s"),
        ("", {"minutes": 2, "seconds": 14}, "2m 14s"),
        ("", {"minutes": 41, "seconds": 7}, "41m"),
        ("", {"hours": 3, "minutes": 4}, "3h 04m"),
        ("", {"days": 1, "hours": 2}, "1d 2h"),
        ("", {"days": 4}, "4d"),
        ("", {"days": 30, "hours": 5}, "30d"),
        ("coarse", {"minutes": 2, "seconds": 14}, "2m"),
        ("clock", {"minutes": 41, "seconds": 7}, "41m 07s"),
        ("clock", {"hours": 3, "minutes": 4, "seconds": 9}, "3h 04m 09s"),
    ],
)
def test_an_age_is_spelled_as_people_say_it(show: Callable[..., Page], kind: str, long: dict[str, float], words: str) -> None:
    expect(show(span(kind, **long)).locator("time")).to_have_text(words)


def test_an_age_without_a_time_shows_nothing(show: Callable[..., Page]) -> None:
    page = show('<time data-age datetime=""></time><time data-age datetime="soon"></time>')
    page.wait_for_timeout(100)
    assert page.locator("time").all_inner_texts() == ["", ""]


def test_an_age_ticks_and_follows_a_changed_time(show: Callable[..., Page]) -> None:
    page = show(f'<time data-age datetime="{text(NIGHT)}"></time>')
    page.clock.install(time=NIGHT + timedelta(seconds=10))
    page.reload()
    page.clock.run_for(1000)
    expect(page.locator("time")).to_have_text(re.compile(r"^1[1-3]s$"))
    page.clock.run_for(60_000)
    expect(page.locator("time")).to_have_text(re.compile(r"^1m 1[1-3]s$"))
    page.evaluate("time => document.querySelector('time').setAttribute('datetime', time)", text(NIGHT - timedelta(hours=1)))
    expect(page.locator("time")).to_have_text("1h 01m")


def test_ages_count_by_the_servers_clock(show: Callable[..., Page]) -> None:
    """The browser's clock is a year wrong; what is seen is right."""
    body = f'<div data-viewer="b" data-now="{text(NIGHT)}"></div><time data-age datetime="{text(NIGHT - timedelta(minutes=41))}"></time>'
    expect(show(body).locator("time")).to_have_text("41m")


def test_the_absolute_time_there_and_in_utc_is_a_hover_away(show: Callable[..., Page]) -> None:
    page = show(f'<div data-viewer="b" data-zone="Europe/Stockholm"></div>{span("", hours=0)}')
    page.locator("time").hover()
    expect(page.locator("time")).to_have_attribute("title", "Tue 24 Nov 2026 03:46:08 CET · 02:46:08 UTC")


def test_a_moment_is_shown_in_the_viewers_zone(show: Callable[..., Page]) -> None:
    page = show(f'<div data-viewer="b" data-zone="Asia/Kolkata" data-now="{text(NIGHT)}"></div>{span("moment", hours=0)}')
    expect(page.locator("time")).to_have_text("24 Nov 08:16")


def test_an_unknown_zone_falls_back_to_the_browsers(show: Callable[..., Page]) -> None:
    page = show(
        f'<div data-viewer="b" data-zone="Mars/Olympus" data-now="{text(NIGHT)}"></div>{span("moment", hours=0)}', timezone_id="Asia/Tokyo"
    )
    expect(page.locator("time")).to_have_text("24 Nov 11:46")
