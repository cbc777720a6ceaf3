"""Times, spans and numbers as people read them, in the zone of whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of this name, UTC where there is none of it."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def rfc3339(at: datetime | None) -> str:
    """For the browser: "2026-11-24T03:07:11.250Z", empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def hour(at: datetime, zone: ZoneInfo) -> str:
    """03:07"""
    return f"{at.astimezone(zone):%H:%M}"


def hour_since(at: datetime, since: datetime, zone: ZoneInfo) -> str:
    """03:07 on the day of `since`, "25 Nov 03:07" on another day, with the year where that is another."""
    there = at.astimezone(zone)
    if there.date() == since.astimezone(zone).date():
        return f"{there:%H:%M}"
    year = "" if there.year == since.astimezone(zone).year else f" {there.year}"
    return f"{there.day} {there:%b}{year} {there:%H:%M}"


def day(at: datetime, zone: ZoneInfo, today: datetime) -> str:
    """Tuesday 24 November, with the year where it is not that of `today`."""
    there = at.astimezone(zone)
    year = "" if there.year == today.astimezone(zone).year else f" {there.year}"
    return f"{there:%A} {there.day} {there:%B}{year}"


def date_and_time(at: datetime, zone: ZoneInfo, today: datetime) -> tuple[str, str]:
    """("Tue 24 Nov 03:07:11", "CET"), with the year where it is not that of `today`."""
    there = at.astimezone(zone)
    year = "" if there.year == today.astimezone(zone).year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year} {there:%H:%M:%S}", f"{there:%Z}"


def absolute(at: datetime, zone: ZoneInfo) -> str:
    """Tue 24 Nov 2026 03:07:11 CET · 02:07:11 UTC"""
    there = at.astimezone(zone)
    return f"{there:%a} {there.day} {there:%b %Y %H:%M:%S %Z} · {at.astimezone(UTC):%H:%M:%S} UTC"


def span(seconds: float) -> str:
    """40s, 2m 09s, 3h 04m, 1d 2h"""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3_600}h {whole % 3_600 // 60:02d}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3_600}h"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """1 alert, 2 alerts; with a `plural` of its own where the noun has one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"


def shown_number(number: int) -> str:
    """An incident's number as people write it."""
    return f"INC-{number}"
