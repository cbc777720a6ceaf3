"""Times as somebody writes them into an address of a page: a day, a time, or how far back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services import input_text

_LAST = re.compile(r"([1-9][0-9]{0,3})([hdw])", re.IGNORECASE)
_UNITS = {"h": ("hour", 1), "d": ("day", 24), "w": ("week", 168)}


class NoTimeError(ValueError):
    """What was written is no time; the text is a sentence that says what would be right."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far back: "7d" is seven days. `words` are "7 days"."""

    length: timedelta
    words: str


def span(text: str) -> Span | None:
    """The span that `text` names, such as "24h", "7d" or "2w"; None when it is none."""
    found = _LAST.fullmatch(text)
    if found is None:
        return None
    count, (unit, hours) = int(found[1]), _UNITS[found[2].lower()]
    return Span(timedelta(hours=count * hours), f"{count} {unit}{'' if count == 1 else 's'}")


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that `text` names, in UTC: a day as it begins in this zone, or a time. Raises: NoTimeError."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that nobody quoted arrives as a space
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NoTimeError(f"“{short(text)}” is no day and no time. Write one such as 2026-11-24 or 2026-11-24T03:07:00Z.") from error


def short(text: str) -> str:
    """What somebody typed, short and harmless enough for a sentence."""
    return input_text.one_line(text.replace("\x00", " ").encode("utf-8", "replace").decode())[:40]
