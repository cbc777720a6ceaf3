"""Times as people type them: how long ago or from now, a time of day, or a day and a time, on the clock of their own zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.address_times import NoTimeError, short

_AGO = re.compile(r"(\d{1,4})\s*(m|mins?|minutes?|h|hours?|d|days?)(\s+ago)?", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_IN = re.compile(r"(?:in\s+)?(\d{1,4})\s*(m|mins?|minutes?|h|hours?|d|days?)", re.IGNORECASE)
_NAMED = re.compile(r"(today|tomorrow|[a-z]+day)\s+(?:at\s+)?(\d{1,2}:\d{2})", re.IGNORECASE)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_FULL = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\s*(\d{1,2}:\d{2}(?::\d{2})?)\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
_AHEAD = timedelta(minutes=1)
"""How far a clock may be ahead before its "now" is in the future."""
_PLAIN = timedelta(hours=12)
"""How long ago a time of day without its day may be: an older one is likely a slip."""


def past(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment that `text` names, in UTC and never after `now`; None for "now" and for nothing.

    Takes "15 minutes ago", "1 h", "03:07" (the last time that the clock showed that), "2026-11-24 03:07" and the same with an offset or Z.
    A time that the clock never showed, or twice, is not guessed. Raises: NoTimeError, with a sentence that says what would be right.
    """
    written = " ".join(text.split())
    if written.lower() in ("", "now"):
        return None
    ago, clock, full = _AGO.fullmatch(written), _CLOCK.fullmatch(written), _FULL.fullmatch(written)
    try:
        if ago:
            return now - int(ago[1]) * _UNITS[ago[2][0].lower()]
        if clock:
            return _last(_time(written), zone, now)
        if full:
            return _on_that_day(full, zone, now)
    except (ValueError, OverflowError) as error:
        if isinstance(error, NoTimeError):
            raise
        raise NoTimeError(f"There is no such time as “{short(written)}”.") from error
    raise NoTimeError(f"“{short(written)}” is no time. Write how long ago, such as 15 min, or when, such as 03:07 or 2026-11-24 03:07.")


def ahead(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment that `text` names, in UTC and after `now`.

    Takes "30 min", "4 h", "in 2 days", "09:00" (the next time that the clock shows that), "tomorrow 09:00", "Monday 09:00" (the next
    Monday, never today), "2026-12-04 09:00" and the same with an offset or Z. A time that the clock shows twice is the first of both,
    and one that it leaves out is as much later. Raises: NoTimeError, with a sentence that says what would be right.
    """
    written = " ".join(text.split())
    span, clock, named, full = (one.fullmatch(written) for one in (_IN, _CLOCK, _NAMED, _FULL))
    try:
        if span:
            at = (now + int(span[1]) * _UNITS[span[2][0].lower()]).replace(microsecond=0)
        elif clock:
            at = _next(_time(written), zone, now)
        elif named and (day := _day_named(named[1].lower(), now.astimezone(zone).date())):
            at = _first(day, _time(named[2]), zone)
        elif full:
            day, moment = date.fromisoformat(full[1]), _time(full[2])
            at = _with_offset(day, moment, full[3]) if full[3] else _first(day, moment, zone)
        else:
            raise NoTimeError(
                f"“{short(written)}” is no time. Write how long, such as 45 min, or until when, such as 14:30, tomorrow 09:00 "
                "or 2026-12-04 09:00."
            )
    except (ValueError, OverflowError) as error:
        if isinstance(error, NoTimeError):
            raise
        raise NoTimeError(f"There is no such time as “{short(written)}”.") from error
    if at <= now:
        raise NoTimeError(f"“{short(written)}” is over: it is {now.astimezone(zone):%Y-%m-%d %H:%M} now.")
    return at


def _next(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    moment = _first(today, at, zone)
    return moment if moment > now else _first(today + timedelta(days=1), at, zone)


def _day_named(word: str, today: date) -> date | None:
    if word in _WEEK:
        return today + timedelta(days=(_WEEK.index(word) - today.weekday() - 1) % 7 + 1)
    return {"today": today, "tomorrow": today + timedelta(days=1)}.get(word)


def _first(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _with_offset(day: date, at: time, offset: str) -> datetime:
    written = "+00:00" if offset.upper() == "Z" else offset
    return datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{written}").astimezone(UTC)


def _time(clock: str) -> time:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return time(hours, minutes, seconds[0] if seconds else 0)


def _last(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        past_ones = [one for one in _moments(day, at, zone) if one <= now + _AHEAD]
        if day == today and not past_ones and at <= now.astimezone(zone).time() and not _moments(day, at, zone):
            raise _never(day, at, zone)
        if past_ones:
            if now - past_ones[0] > _PLAIN:
                break
            return min(_only(past_ones, day, at, zone), now)
    yesterday = datetime.combine(today - timedelta(days=1), at)
    raise NoTimeError(
        f"{at:%H:%M} is still to come: it is {now.astimezone(zone):%H:%M} now. For yesterday write {yesterday:%Y-%m-%d %H:%M}."
    )


def _on_that_day(full: re.Match[str], zone: ZoneInfo, now: datetime) -> datetime:
    day, at = date.fromisoformat(full[1]), _time(full[2])
    moments = [_with_offset(day, at, full[3])] if full[3] else _moments(day, at, zone)
    if not moments:
        raise _never(day, at, zone)
    past_ones = [one for one in moments if one <= now + _AHEAD]
    if not past_ones:
        raise NoTimeError(f"{full[0]} lies in the future: it is {now.astimezone(zone):%Y-%m-%d %H:%M} now.")
    return min(_only(past_ones, day, at, zone), now)


def _moments(day: date, at: time, zone: ZoneInfo) -> list[datetime]:
    """When the clock of the zone showed this: once, twice when it was put back, never when it was put forward over it."""
    shown = datetime.combine(day, at)
    both = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted({one for one in both if one.astimezone(zone).replace(tzinfo=None, fold=0) == shown})


def _only(moments: list[datetime], day: date, at: time, zone: ZoneInfo) -> datetime:
    if len(moments) == 1:
        return moments[0]
    first, second = (f"{one.astimezone(zone):%Y-%m-%d %H:%M} {_offset(one, zone)}" for one in moments)
    raise NoTimeError(
        f"The clock showed {at:%H:%M} twice on {day.day} {day:%B}, when it was put back. "
        f"Write {first} for the first, or {second} for the second."
    )


def _never(day: date, at: time, zone: ZoneInfo) -> NoTimeError:
    after = datetime.combine(day, at, tzinfo=zone).astimezone(UTC).astimezone(zone)
    return NoTimeError(
        f"The clock never showed {at:%H:%M} on {day.day} {day:%B}: it was put forward over it. "
        f"Write {after:%H:%M} if you mean the time after."
    )


def _offset(at: datetime, zone: ZoneInfo) -> str:
    written = f"{at.astimezone(zone):%z}"
    return f"{written[:3]}:{written[3:5]}"
