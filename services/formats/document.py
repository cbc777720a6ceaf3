"""From the bytes of a request to a JSON document and back to text, or to a sentence that says what is wrong and where."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import orjson

from services.errors import InvalidInputError, RefusedError
from services.input_text import unstorable

BODY = "body"
MAX_DEPTH = 250
"""How deep an alert may nest; deeper ones can't be written back."""
MAX_VALUES = 100_000
"""How many commas and brackets a body may hold, so that no body costs many times its size in memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)
_MANY_DIGITS = b"0" * 19
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")

_TOO_DEEP = "nested too deep; an alert needs a few levels."
_REASONS = {
    "depth limit exceeded": f"it is {_TOO_DEEP}",
    "unexpected control character in string": "a text holds a control character that is not escaped.",
    "unexpected end of data": "it ends too early; was it cut off on the way?",
    "unexpected content after document": "more text follows the document; send one object or one list.",
}


def decode(body: bytes) -> object:
    """The JSON document in `body`, which is nested at most 1,024 deep and holds at most `MAX_VALUES` values.

    A byte order mark is forgiven. Half surrogate pairs, numbers beyond a double and whole numbers beyond 64 bits are let
    through as they are, for `compact` to refuse the one alert that holds them and no other.

    Raises: RefusedError (400) with `field` "body" and what is wrong and where.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if not body.strip():
        raise RefusedError("The body is empty; send the alert as JSON.", field=BODY)
    if len(body) > MAX_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise RefusedError(f"The body holds more than {MAX_VALUES:,} values; send fewer alerts at once.", field=BODY)
    refusal: RefusedError | None = None
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        refusal = RefusedError(_sentence(body, error), field=BODY)
    if refusal or _MANY_DIGITS in body.translate(_DIGITS_AS_ZEROS):  # orjson rounds such numbers without a word
        try:
            document = json.loads(body.decode(), parse_int=_whole, parse_float=_double, parse_constant=_not_json)
        except (ValueError, RecursionError):
            raise refusal or RefusedError(f"The body is {_TOO_DEEP}", field=BODY) from None
    return document


def compact(part: object, path: str = "") -> str:
    """`part` of a decoded document as compact JSON that every database can store.

    Raises: InvalidInputError naming the place, below `path`, of a NUL, half a surrogate pair, a number beyond 64 bits,
    or a nesting deeper than `MAX_DEPTH`.
    """
    try:
        text = orjson.dumps(part).decode()
    except TypeError:
        text = None
    if text is None or "\\u0000" in text:
        _refuse_unstorable(part, path)
    if text is None:
        raise InvalidInputError("The alert can't be written back as JSON.", field=path or BODY)
    return text


def shown(name: str) -> str:
    """A sender's name for something, safe and short enough to stand in a sentence."""
    if not name.isprintable():
        name = repr(name)[1:-1]
    return name if len(name) <= 80 else name[:79] + "…"


def _sentence(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        return f"The body is not UTF-8: byte {fault.start + 1} can't be read. Send JSON in UTF-8."
    reason = _REASONS.get(error.msg, "JSON was expected; NaN, Infinity, comments and single quotes are not JSON.")
    return f"The body is not readable as JSON at line {error.lineno}, column {error.colno}: {reason}"


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= 40 else _LARGEST + 1


def _double(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _LARGEST + 1


def _not_json(name: str) -> object:
    raise ValueError(name)


def _refuse_unstorable(part: object, path: str) -> None:
    for value, keys in _walk(part):
        wrong = _wrong(value) if len(keys) <= MAX_DEPTH else f"is nested more than {MAX_DEPTH} levels deep"
        if wrong:
            field = _path(path, keys)
            raise InvalidInputError(f"{field} {wrong}.", field=field)


def _wrong(value: object) -> str | None:
    if isinstance(value, str):
        return unstorable(value)
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return "is a number that does not fit into 64 bits: send it as text"
    return None


def _walk(part: object) -> Iterator[tuple[object, list[str | int]]]:
    """Every value in `part` with the keys that lead to it, names of fields as values at their own place.

    The list of keys is the same object each time. Never recurses, and holds no more than the depth of the document.
    """
    keys: list[str | int] = []
    yield part, keys
    open_parts = [_inside(part)]
    while open_parts:
        inner = next(open_parts[-1], None)
        if inner is None:
            open_parts.pop()
            if keys:
                keys.pop()
            continue
        key, value = inner
        keys.append(key)
        yield value, keys
        if isinstance(value, dict | list) and value:
            open_parts.append(_inside(value))
        else:
            keys.pop()


def _inside(part: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(part, dict):
        for name, value in part.items():
            yield name, name
            yield name, value
    elif isinstance(part, list):
        yield from enumerate(part)


def _path(path: str, keys: list[str | int]) -> str:
    steps = (f"[{key}]" if isinstance(key, int) else f".{shown(key)}" for key in keys)
    whole = (path + "".join(steps)).lstrip(".") or BODY
    return whole if len(whole) <= 300 else whole[:299] + "…"
