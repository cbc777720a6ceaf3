"""What is wrong with a request's values, in sentences that name the field and say what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.errors import InvalidFieldsError
from services.formats.document import shown

_EXAMPLE_TIME = "2026-11-24T03:07:00Z"
_SENTENCES = {
    "missing": "{name} is missing.",
    "extra_forbidden": "{name} is not a field of this request.",
    "string_type": "{name} must be text.",
    "string_unicode": "{name} holds half of a surrogate pair: send whole characters.",
    "string_too_long": "{name} may have at most {max_length:,} characters.",
    "string_too_short": "{name} must have {min_length:,} characters or more.",
    "bool_type": "{name} must be true or false.",
    "bool_parsing": "{name} must be true or false.",
    "int_type": "{name} must be a whole number.",
    "int_parsing": "{name} must be a whole number.",
    "int_parsing_size": "{name} is too large a number.",
    "int_from_float": "{name} must be a whole number.",
    "greater_than_equal": "{name} must be {ge} or more.",
    "less_than_equal": "{name} must be {le} or less.",
    "enum": "{name} must be one of {expected}.",
    "literal_error": "{name} must be one of {expected}.",
    "timezone_aware": f"{{name}} must have an offset, such as {_EXAMPLE_TIME}.",
}
_BY_BEGINNING = (
    ("uuid", "{name} must be an id such as 01938e5f-1c1f-7000-8000-0123456789ab."),
    ("datetime", f"{{name}} must be a time with its offset (RFC 3339), such as {_EXAMPLE_TIME}."),
    ("model", "{name} must be an object."),
    ("dict", "{name} must be an object."),
    ("list", "{name} must be a list."),
)


def refusal(errors: Iterable[Mapping[str, Any]]) -> InvalidFieldsError:
    """The refusal for what a validation found: a sentence for each field, the first of those that one field has."""
    fields: dict[str, str] = {}
    for error in errors:
        field = _field(error["loc"])
        fields.setdefault(field, _sentence(field, error))
    return InvalidFieldsError(fields)


def _field(place: Iterable[Any]) -> str:
    """`notes`, or `items[2].name`; `body` for the whole."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{shown(str(step))}" for step in list(place)[1:]]
    return "".join(steps).lstrip(".") or "body"


def _sentence(field: str, error: Mapping[str, Any]) -> str:
    kind: str = error["type"]
    name = "The body" if field == "body" else field
    pattern = _SENTENCES.get(kind) or next((words for beginning, words in _BY_BEGINNING if kind.startswith(beginning)), None)
    if pattern is None:
        return f"{name} is not valid: {error['msg']}."
    context = {
        key: str(value).replace("'", "").replace(" or ", ", ") if key == "expected" else value
        for key, value in error.get("ctx", {}).items()
    }
    return pattern.format(name=name, **context)
