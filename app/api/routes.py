"""How every route of the API reads a request, answers, and refuses."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.api import bodies, complaints, problems
from app.api.problems import Problem
from services.errors import InvalidInputError, RefusedError
from services.records import Page

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_AS_JSON = orjson.OPT_UTC_Z

Limit = Annotated[int, Query(description="How many items at most, 1 to 200.")]
Cursor = Annotated[str | None, Query(description="The `next` of the part before.")]

log = structlog.get_logger(__name__)


class HasId(Protocol):
    """Something that has an id."""

    @property
    def id(self) -> UUID: ...


Identified = TypeVar("Identified", bound=HasId)


class Route(APIRoute):
    """A route whose body is JSON, whatever its Content-Type says, and whose refusals are problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            answered = await respond(request)
            say = log.info if answered.status_code >= 400 else log.debug
            say("answered", method=request.method, route=self.path_format, status=answered.status_code)
            return answered

        async def respond(request: Request) -> Response:
            try:
                if request.method in _WITH_BODY:
                    await _read_body(request)
                return await handle(request)
            except RefusedError as refusal:
                return refused(problems.of(refusal))
            except RequestValidationError as error:
                return refused(problems.of(complaints.refusal(error.errors())))
            except bodies.GoneError:
                return Response(status_code=499)  # nobody is there to read it
            except Exception:  # the one place where a bug of a route ends
                log.exception("a route failed", method=request.method, route=self.path_format)
                return refused(problems.failure())

        return answer


async def _read_body(request: Request) -> None:
    """Put the decoded body where FastAPI looks for it; nothing at all counts as an empty object. Raises: RefusedError."""
    body = await bodies.read(request.scope, request.receive)
    request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"content-type"]
    request._body = body or b"{}"
    request._json = _decoded(body) if body.strip() else {}


def _decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RefusedError(f"The body is not readable as JSON in UTF-8 at {place}: {error.msg}.", field="body") from None


def router(*tags: str) -> APIRouter:
    """Routes under `/api/v1`, shown together in the documentation."""
    return APIRouter(
        prefix="/api/v1",
        route_class=Route,
        tags=list(tags),
        strict_content_type=False,
        generate_unique_id_function=lambda route: route.name,
    )


def answer(value: Any, status: int = 200, **headers: str) -> Response:
    """`value`, a record or a page of records, as JSON: ids dashed, times as RFC 3339 with Z."""
    return Response(orjson.dumps(value, option=_AS_JSON), status, headers, media_type="application/json")


def part_of(items: Sequence[Identified], cursor: str | None, limit: int) -> Page[Identified]:
    """The part of a list that is short enough to be read at once: `limit` items from the one after `cursor` on.

    Raises: InvalidInputError for a limit or a cursor that no part gave.
    """
    if not 1 <= limit <= 200:
        raise InvalidInputError("limit must be a number from 1 to 200.", field="limit")
    first = 0
    if cursor is not None:
        first = next((place for place, item in enumerate(items, 1) if str(item.id) == cursor), -1)
        if first < 0:
            raise InvalidInputError("cursor must be the `next` of the part before, as it was given.", field="cursor")
    shown = list(items[first : first + limit])
    return Page(shown, str(shown[-1].id) if first + limit < len(items) else None)


def refused(problem: Problem) -> Response:
    """A problem as an answer."""
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(problem.body, problem.status, headers, media_type=problems.MEDIA_TYPE)
