"""How single fields of a sender's JSON are read: texts, labels, times, links, severities and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256

import orjson

from models.vocabulary import AlertStatus, Severity
from services.errors import InvalidInputError
from services.formats.document import shown
from services.formats.received import Link
from services.input_text import one_line

TITLE_LENGTH = 300
DESCRIPTION_LENGTH = 10_000
MAX_LABELS = 100
LABEL_NAME_LENGTH = 200
LABEL_LENGTH = 2_000
FINGERPRINT_LENGTH = 64
KEY_LENGTH = 200
URL_LENGTH = 8_000
MAX_LINKS = 20
SEVERITY_LENGTH = 60

DEFAULT_SEVERITY = Severity.MEDIUM
SEVERITIES: dict[str, Severity] = {
    **dict.fromkeys(("critical", "fatal", "p1", "disaster", "crit", "emergency", "emerg"), Severity.CRITICAL),
    **dict.fromkeys(("high", "error", "p2", "err"), Severity.HIGH),
    **dict.fromkeys(("medium", "warning", "p3", "average", "warn"), Severity.MEDIUM),
    **dict.fromkeys(("low", "info", "notice", "p4", "p5", "informational", "information", "debug", "none"), Severity.LOW),
}
"""What senders call a severity, in lower case."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d{1,30})?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII)
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#\\@]+(?:[/?#]\S*)?", re.IGNORECASE)


def text(fields: Mapping[str, object], name: str) -> str:
    """The text in `name`, trimmed; empty when it is missing, null or blank.

    Raises: InvalidInputError when it is not a text.
    """
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} must be text, not {said(value)}.", field=name)
    return value.strip()


def texts(fields: Mapping[str, object], name: str) -> dict[str, str]:
    """The object in `name` as names and texts; numbers, true and false become text, null is left out; empty when missing.

    Raises: InvalidInputError when it is no object, or holds an object or a list.
    """
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInputError(f'{name} must be an object of names and texts, such as {{"host": "web-1"}}, not {said(value)}.', field=name)
    return {key: item if isinstance(item, str) else _scalar(item, name, key) for key, item in value.items() if item is not None}


def _scalar(value: object, name: str, key: str) -> str:
    if isinstance(value, dict | list):
        field = f"{name}.{shown(key)}"
        raise InvalidInputError(f"{field} must be text, a number, true or false, not {said(value)}.", field=field)
    return orjson.dumps(value).decode()


def labels_to_keep(labels: dict[str, str]) -> dict[str, str]:
    """The first `MAX_LABELS` labels, their names and texts cut to length."""
    names = list(labels)[:MAX_LABELS]
    return {clip(name, LABEL_NAME_LENGTH): clip(labels[name], LABEL_LENGTH) for name in names}


def status(value: str) -> AlertStatus:
    """Firing or resolved, in any case of letters.

    Raises: InvalidInputError for any other word.
    """
    try:
        return AlertStatus(value.lower())
    except ValueError:
        wrong = f'not "{shown(value)}"' if value else "and is missing"
        raise InvalidInputError(f'status must be "firing" or "resolved", {wrong}.', field="status") from None


def severity(word: str) -> tuple[Severity, str | None, bool]:
    """Tocsin's severity for the sender's word, the word itself (None when blank), and whether it is a known one."""
    if not word:
        return DEFAULT_SEVERITY, None, False
    known = SEVERITIES.get(word.lower())
    return known or DEFAULT_SEVERITY, clip(one_line(word), SEVERITY_LENGTH) or None, known is not None


def moment(fields: Mapping[str, object], name: str) -> datetime | None:
    """The RFC 3339 time in `name` as aware UTC, to the microsecond; None when missing, or Go's zero time (the year 1).

    Raises: InvalidInputError for anything else, also a time without an offset.
    """
    value = text(fields, name)
    if not value or value.startswith("0001-"):
        return None
    parts = _TIME.fullmatch(value)
    try:
        if parts is None:
            raise ValueError(value)
        day, minute, second, fraction, _, offset = parts.groups()
        leap = second == "60"
        whole = f"{day}T{minute}:{'59' if leap else second}{(fraction or '')[:7]}{offset or '+00:00'}"
        time = datetime.fromisoformat(whole).astimezone(UTC)
        return time + timedelta(seconds=1) if leap else time
    except (ValueError, OverflowError):
        right = "such as 2026-11-24T17:58:00Z or 2026-11-24T18:58:00.5+01:00"
        raise InvalidInputError(f'{name} must be a time with its offset (RFC 3339), {right}, not "{shown(value)}".', field=name) from None


def link(name: str, url: str) -> Link | None:
    """A link a person may safely follow, or None: http and https with a host, no user name in it, no spaces, not overlong."""
    if len(url) > URL_LENGTH or not url.isprintable() or not _WEB_ADDRESS.fullmatch(url):
        return None
    return Link(name, url)


def title(words: str) -> str:
    """One line of at most `TITLE_LENGTH` characters."""
    return clip(one_line(words), TITLE_LENGTH)


def identity(key: str, limit: int) -> str:
    """`key` as it is when it is printable and within `limit`, else a SHA-256 of it in hex, behind its beginning where there is room."""
    if len(key) <= limit and key.isprintable():
        return key
    digest = sha256(key.encode()).hexdigest()
    room = limit - len(digest) - 1
    return f"{key[:room]}…{digest}" if room > 0 and key[:room].isprintable() else digest


def digest_of(*parts: object) -> str:
    """A SHA-256 in hex that depends on the parts alone, not on the order of their fields."""
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def content_hash(*parts: object) -> str:
    """32 hex digits that tell a changed alert from a repeated one."""
    return blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def clip(words: str, limit: int) -> str:
    """At most `limit` characters of `words`, the last of them an ellipsis where something was cut."""
    return words if len(words) <= limit else words[: limit - 1] + "…"


def said(value: object) -> str:
    """What kind of JSON value this is, as a person would call it."""
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number", type(None): "null"}
    return kinds.get(type(value), "this")
