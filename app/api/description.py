"""The description of the API: its OpenAPI document, and a page that shows it without anything from outside."""

from functools import lru_cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from app.api import problems, reference, shapes
from app.api.routes import Route, answer

OPENAPI = "/api/openapi.json"
router = APIRouter(route_class=Route, include_in_schema=False)

_ABOUT = """What programs talk to: alerts come in, incidents are read and changed. Requests and answers are JSON in UTF-8.
Times are RFC 3339 in UTC with Z, ids are UUIDs, durations are whole seconds.

A request proves who it is by an API key as bearer token, or by the session cookie of a browser.
Lists come in parts: `limit` says how many items, `next` is the `cursor` of the part that follows.

A refusal is a problem (RFC 9457) whose `detail` says what would be right.
A field that a request does not have is refused, never ignored."""
_PROBLEMS: dict[int, str] = {
    400: "The body is not JSON.",
    401: "Nobody is signed in, or the key has ended.",
    403: "The role is too low, or a page of another site sent this.",
    404: "There is no such thing in this organisation.",
    409: "Somebody was first, or the state does not allow this move; `allowed` lists the moves that it does.",
    412: "It has changed since the version in `If-Match`.",
    413: "The body has more than 1 MiB.",
    422: "A value is missing or wrong; `errors` has a sentence for each.",
    503: "The database did not answer in time; `Retry-After` says when to send this again.",
}
_ALWAYS = (401, 403, 503)


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _PROBLEMS[status], "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _statuses(method: str, operation: dict[str, Any]) -> set[int]:
    """Which refusals an operation may answer with, beside its own."""
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    names = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
    statuses = set(_ALWAYS)
    if "path" in places:
        statuses.add(404)
    if any(parameter["in"] == "path" and parameter["schema"].get("format") == "uuid" for parameter in operation.get("parameters", ())):
        statuses.add(422)
    if "requestBody" in operation:
        statuses |= {400, 413, 422}
    if places & {"query", "header"}:
        statuses.add(422)
    if "if-match" in names:
        statuses |= {409, 412} if method == "post" else {412}
    return statuses


@lru_cache(maxsize=1)
def _schemas() -> dict[str, Any]:
    models: list[Any] = [(model, "serialization") for model in (shapes.Problem, shapes.Taken, shapes.Refusal)]
    found: dict[str, Any] = models_json_schema(models, ref_template="#/components/schemas/{model}")[1]["$defs"]
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of this application, with the intake, which is no route of it."""
    if app.openapi_schema:
        return app.openapi_schema
    made = get_openapi(title="Tocsin", version=version("tocsin"), description=_ABOUT, routes=app.routes)
    components = made.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas())
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer tk_…`."},
        "session": {"type": "apiKey", "in": "cookie", "name": "tocsin_session", "description": "The session of a signed-in browser."},
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api/v1/"):
                operation["security"] = [{"key": []}, {"session": []}]
                _tell_refusals(method, operation)
    made["paths"]["/intake/{key}"] = {"post": _intake()}
    app.openapi_schema = made
    return made


def _tell_refusals(method: str, operation: dict[str, Any]) -> None:
    """Describe what an operation refuses; a route may say in its own words what a status means there."""
    told: dict[str, Any] = operation["responses"]
    told.pop("422", None)
    own = {status: told.pop(status)["description"] for status in list(told) if status >= "400"}
    refusals = {str(status): _problem(status) for status in _statuses(method, operation)}
    refusals |= {status: _problem(int(status)) | {"description": words} for status, words in own.items()}
    operation["responses"] = told | dict(sorted(refusals.items()))


def _intake() -> dict[str, Any]:
    """The one address that is answered before the routes are looked at."""
    refused = {
        400: _PROBLEMS[400],
        403: "The integration is disabled.",
        404: "No integration has this key.",
        408: "The body did not come in time.",
        413: "The body has more than 1 MiB, perhaps after it was unpacked.",
        415: "The Content-Encoding is not gzip, deflate or identity.",
        422: "No alert of the body was taken; `refused` says why, for each.",
        503: _PROBLEMS[503],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "tags": ["intake"],
        "summary": "Take in alerts",
        "operationId": "take_in",
        "description": "The webhook of an integration, for the body of its own kind. It is answered after the commit: what was accepted is "
        "stored. A sender that is answered 503 sends the same again.",
        "security": [],
        "parameters": [
            {
                "name": "key",
                "in": "path",
                "required": True,
                "schema": {"type": "string"},
                "description": "The integration's key. Whoever knows it can send alerts.",
            }
        ],
        "requestBody": {
            "required": True,
            "description": "What the integration's kind sends: a notification of Alertmanager or Grafana; an alert or a list.",
            "content": {"application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}}},
        },
        "responses": {
            "202": {
                "description": "At least one alert was stored.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}},
            },
            **{
                str(status): {"description": words, "content": {problems.MEDIA_TYPE: {"schema": schema}}}
                for status, words in refused.items()
            },
        },
    }


@router.get(OPENAPI)
async def openapi(request: Request) -> Response:
    """The document, for programs."""
    return answer(document(request.app))


@router.get(problems.DOCS)
async def docs(request: Request) -> Response:
    """The document, for people."""
    return Response(reference.page(document(request.app)), media_type="text/html; charset=utf-8")
