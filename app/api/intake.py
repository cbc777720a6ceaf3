"""`POST /intake/{key}`: the shortest way from a request to the intake queue and back. Raw ASGI, since each request counts here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import structlog

from app.api import bodies, problems
from app.api.problems import MethodRefusedError, Problem
from services import measures
from services.errors import InvalidInputError, NotFoundError, RefusedError, StorageBusyError, TooLargeError
from services.intake import Answer, NotStoredError, intake
from services.measures import IntakeResult

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/intake/"

_log = structlog.get_logger(__name__)
_count = {result: measures.intake_requests.labels(result.value).inc for result in IntakeResult}
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", problems.MEDIA_TYPE.encode())
_NOSNIFF = (b"x-content-type-options", b"nosniff")


async def respond(scope: bodies.Scope, receive: bodies.Receive, send: Send) -> None:
    """Answer one request whose path begins with `PREFIX`, after the commit of what it brought."""
    try:
        result, answer = _answer(await _take(scope, receive))
    except RefusedError as refusal:
        result, answer = _result_of(refusal), problems.of(refusal)
    except bodies.GoneError:
        return
    except Exception:
        _log.exception("intake failed")
        result, answer = IntakeResult.FAILED, problems.of(NotStoredError())
    status, body, more = answer
    _count[result]()
    kind = _JSON if status == 202 else _PROBLEM
    headers = [kind, (b"content-length", str(len(body)).encode()), _NOSNIFF, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _take(scope: bodies.Scope, receive: bodies.Receive) -> Answer:
    key: str = scope["path"][len(PREFIX) :].removesuffix("/")
    if not key or "/" in key:
        raise NotFoundError("There is nothing at this address. Alerts go to /intake/ and the integration's key.")
    if scope["method"] != "POST":
        raise MethodRefusedError(f"This address takes alerts by POST, not {scope['method'][:20]}.", allow="POST")
    return await intake.take(key, await bodies.read(scope, receive))


def _answer(answer: Answer) -> tuple[IntakeResult, Problem]:
    """What the sender is told; when no alert of the body was taken, a problem with the first reason, and all of them."""
    if answer.refused and not answer.accepted:
        first = answer.refused[0]
        return IntakeResult.REFUSED, problems.of(InvalidInputError(first.reason, field=first.field), **_told(answer))
    result = IntakeResult.PARTLY if answer.refused else IntakeResult.ACCEPTED
    return result, Problem(202, orjson.dumps(_told(answer)))


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "accepted": answer.accepted,
        "incidents": answer.incidents,
        "refused": [{"index": each.index, "field": each.field, "reason": each.reason} for each in answer.refused],
    }


def _result_of(refusal: RefusedError) -> IntakeResult:
    if isinstance(refusal, NotFoundError):
        return IntakeResult.UNKNOWN_KEY
    if isinstance(refusal, TooLargeError):
        return IntakeResult.TOO_LARGE
    if isinstance(refusal, NotStoredError):
        return IntakeResult.FAILED
    return IntakeResult.BUSY if isinstance(refusal, StorageBusyError) else IntakeResult.REFUSED
