"""From the bytes of a request to a JSON document, or to a sentence that says what is wrong with them."""

from __future__ import annotations

import orjson

from services.errors import RefusedError

BODY = "body"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_REASONS = {
    "depth limit exceeded": "it is nested too deep; an alert needs a few levels",
    "number is infinity when parsed as double": "a number is too large to be kept; send it as text",
    "no low surrogate in string": "a text holds half of a surrogate pair; send whole characters",
    "invalid high surrogate in string": "a text holds half of a surrogate pair; send whole characters",
    "unexpected control character in string": "a text holds a control character that is not escaped",
    "unexpected end of data": "it ends too early; was it cut off on the way?",
    "unexpected content after document": "more text follows the document; send one object or one list",
}


def decode(body: bytes) -> object:
    """The JSON document in `body`, which is at most a request's size and nested at most 1,024 deep.

    Takes time and memory in proportion to the body. A byte order mark is forgiven.

    Raises: RefusedError (400) with `field` "body" and what is wrong and where.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if not body.strip():
        raise RefusedError("The body is empty; send the alert as JSON.", field=BODY)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(_sentence(body, error), field=BODY) from None


def _sentence(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        return f"The body is not UTF-8: byte {fault.start + 1} can't be read. Send JSON in UTF-8."
    place = f"line {error.lineno}, column {error.colno}"
    reason = _REASONS.get(error.msg, "JSON was expected; NaN, Infinity, comments and single quotes are not JSON")
    return f"The body is not readable as JSON at {place}: {reason}."
