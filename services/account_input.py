"""What people type about themselves and their organisation: each value is checked, and all complaints are told at once."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from models.vocabulary import Role
from services import input_text
from services.errors import InvalidFieldsError, InvalidInputError

PASSWORD_MIN = 12
PASSWORD_MAX = 1024
_NAME_MAX = 120
_NOT_IN_EMAIL = r"@\s\x00-\x20\x7f()<>\[\]:;,\\\""
_EMAIL = re.compile(rf"(?!.*=\?)[^{_NOT_IN_EMAIL}]+@[^{_NOT_IN_EMAIL}.]+(\.[^{_NOT_IN_EMAIL}.]+)*")
"""Without what would have to be quoted, or what a mail's header would take for more than one address or for an encoded word."""
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class Checks:
    """The complaints about a form, one for each field, collected so that all are told at once."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def take(self, check: Any, value: Any, field: str, *more: Any) -> Any:
        """What `check` makes of the value; None when it complains."""
        try:
            return check(value, field, *more)
        except InvalidInputError as error:
            self.fields[field] = error.message
            return None

    def complain(self, field: str, sentence: str) -> None:
        """Add a complaint that no check makes."""
        self.fields[field] = sentence

    def done(self) -> None:
        """Raises: InvalidFieldsError when anything was wrong."""
        if self.fields:
            raise InvalidFieldsError(self.fields)


def check_name(value: str, field: str = "name") -> str:
    """A name on one line. Raises: InvalidInputError."""
    return input_text.check_line(value, field, _NAME_MAX)


def check_role(value: str, field: str = "role") -> Role:
    """A role by its word. Raises: InvalidInputError."""
    if value not in list(Role):
        raise InvalidInputError(f"Role must be one of {', '.join(Role)}.", field=field)
    return Role(value)


def check_email(value: str, field: str = "email") -> str:
    """An e-mail address, in lower case. Raises: InvalidInputError."""
    email = input_text.check_line(value, field, 254).lower()
    if not _EMAIL.fullmatch(email):
        raise InvalidInputError("E-mail must be an address such as alice@example.org.", field=field)
    return email


def check_handle(value: str, field: str = "handle") -> str:
    """A handle as in @alice, without the @. Raises: InvalidInputError."""
    handle = input_text.check_line(value, field, 80).removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise InvalidInputError(
            "Handle must have 1 to 40 characters: a to z, 0 to 9, and inside also dots, dashes and underscores, such as alice.", field=field
        )
    return handle


def check_password(value: str, field: str = "password") -> str:
    """A password that is long enough. Spaces count, and nothing is trimmed. Raises: InvalidInputError."""
    if len(value) < PASSWORD_MIN:
        raise InvalidInputError(f"Password must have {PASSWORD_MIN} characters or more.", field=field)
    if len(value) > PASSWORD_MAX:
        raise InvalidInputError(f"Password must have at most {PASSWORD_MAX:,} characters.", field=field)
    if input_text.unstorable(value):
        raise InvalidInputError("Password holds a character that cannot be kept: use letters, digits, signs and spaces.", field=field)
    return value


def check_timezone(value: str | None, field: str = "timezone") -> str | None:
    """An IANA time zone, or None for nothing. Raises: InvalidInputError."""
    if not value:
        return None
    if value not in _zones():
        raise InvalidInputError("Time zone must be a name such as Europe/Stockholm or UTC.", field=field)
    return value


def check_slug(value: str, field: str = "slug") -> str:
    """The short name of an organisation. Raises: InvalidInputError."""
    if not _SLUG.fullmatch(value):
        raise InvalidInputError(
            "Slug must have 1 to 40 characters, a to z, 0 to 9 and inside also dashes, such as northwind.",
            field=field,
        )
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def timezones() -> list[str]:
    """The names of all time zones, those of places first."""
    return sorted(_zones(), key=lambda name: ("/" not in name or name.startswith(("Etc/", "SystemV/", "US/")), name))


def check_person(*, email: str, name: str, handle: str | None, password: str | None, timezone: str | None) -> dict[str, Any]:
    """The values of a new person as they are stored, without the password. Raises: InvalidFieldsError."""
    checks = Checks()
    checked = {
        "email": checks.take(check_email, email, "email"),
        "name": checks.take(check_name, name, "name"),
        "handle": checks.take(check_handle, handle, "handle") if handle and handle.strip() else None,
        "timezone": checks.take(check_timezone, timezone, "timezone"),
    }
    if password is not None:
        checks.take(check_password, password, "password")
    checks.done()
    return checked


def slug_from(name: str) -> str:
    """The short name that an organisation gets when nobody chooses one."""
    return re.sub(r"[^a-z0-9]+", "-", plain_letters(name)).strip("-")[:40].strip("-") or "default"


def plain_letters(text: str) -> str:
    """Small letters of the alphabet for those of the text that have one: Zołć becomes zolc."""
    return (
        unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
        .encode("ascii", "ignore")
        .decode()
    )
