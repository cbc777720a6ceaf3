"""What comes from outside must be before it is stored: texts whole, without NUL, within their length; times not in the future."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from services.errors import InvalidInputError

_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What has no place on one line: control characters, and the marks that turn the direction of what follows them."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""How far ahead a sender's clock may be before "now" counts as the future."""
_FIRST_YEAR = 1970
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Zs", "Zl", "Zp"})
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that fonts show as nothing."""


def check_text(text: object, field: str, limit: int) -> str:
    """`text` as a person meant it: trimmed, line breaks as `\\n`, not empty, at most `limit` characters.

    Raises: InvalidInputError naming `field`.
    """
    written = check_optional_text(text, field, limit)
    if not written:
        raise InvalidInputError(f"{_name(field)} is missing: write at least one character.", field=field)
    return written


def check_optional_text(text: object, field: str, limit: int) -> str:
    """As `check_text`, and nothing (also None) is an empty text.

    Raises: InvalidInputError naming `field`.
    """
    if text is None:
        return ""
    if not isinstance(text, str):
        raise InvalidInputError(f"{_name(field)} must be text.", field=field)
    written = text.replace("\r\n", "\n").replace("\r", "\n").strip().strip(_INVISIBLE)
    if len(written) > limit:
        raise InvalidInputError(f"{_name(field)} has {len(written):,} characters; at most {limit:,} are kept.", field=field)
    wrong = unstorable(written)
    if wrong:
        raise InvalidInputError(f"{_name(field)} {wrong}.", field=field)
    return written if _is_seen(written) else ""


def check_line(text: object, field: str, limit: int) -> str:
    """As `check_text`, on one line: line breaks and runs of spaces become one space, control characters go.

    Raises: InvalidInputError naming `field`.
    """
    return check_text(one_line(text) if isinstance(text, str) and "\x00" not in text else text, field, limit)


def one_line(text: str) -> str:
    """`text` on one line, trimmed: line breaks and runs of spaces become one space, control and direction characters go.

    What cannot be seen at all is nothing.
    """
    line = _CONTROLS.sub("", " ".join(text.split())).strip(_INVISIBLE)
    return line if _is_seen(line) else ""


def left_to_right(sentence: str) -> str:
    """A sentence that reads from left to right also where it begins with a name in letters that do not: mail programs go by the first."""
    first = next((way for way in map(unicodedata.bidirectional, sentence) if way in ("L", "R", "AL")), "L")
    return sentence if first == "L" else f"\u200e{sentence}"


def _is_seen(text: str) -> bool:
    """Whether anything of `text` can be seen: a name of marks, spaces and blanks alone would be a link that nobody finds."""
    return any(sign not in _BLANKS and unicodedata.category(sign) not in _UNSEEN for sign in text)


def check_past(at: datetime, field: str, now: datetime) -> datetime:
    """`at` in UTC, which is not after `now`: what is ahead by less than clocks differ counts as now.

    Raises: InvalidInputError naming `field`.
    """
    if at.tzinfo is None or at.year < _FIRST_YEAR:
        raise InvalidInputError(f"{field} must be a time with its offset, of {_FIRST_YEAR} or later.", field=field)
    if at > now + _CLOCKS_DIFFER:
        raise InvalidInputError(f"{field} must not lie in the future: it is {now:%Y-%m-%dT%H:%M:%SZ} now.", field=field)
    return min(at.astimezone(UTC), now)


def unstorable(text: str) -> str | None:
    """Why no database takes `text`, as the end of a sentence about it, or None when all is well."""
    if "\x00" in text:
        return "holds a NUL character, which can't be stored: leave it out"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair: send whole characters"
    return None


def _name(field: str) -> str:
    return field.replace("_", " ").capitalize()
