"""The HTTP routes that stand beside the pages, as one application, and how it refuses what none of them answers."""

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.api import (
    channels,
    description,
    guide,
    health,
    incidents,
    integrations,
    notifications,
    organisation,
    people,
    problems,
    services,
    sign_in,
    teams,
)
from app.api.problems import MethodRefusedError
from app.api.routes import refused
from services.errors import NotFoundError, RefusedError

PREFIXES = ("/api/", "/auth/", "/-/", "/help", "/healthz", "/readyz")
"""What the paths of these routes begin with; all others are pages."""
_ROUTERS = (
    incidents.router,
    organisation.router,
    people.router,
    notifications.router,
    teams.router,
    services.router,
    integrations.router,
    channels.router,
    health.router,
    sign_in.router,
    description.router,
    guide.router,
)


def create() -> FastAPI:
    """All routes beside the pages and the intake."""
    routes = FastAPI(title="Tocsin", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    routes.add_exception_handler(RefusedError, _refused)
    routes.add_exception_handler(HTTPException, _no_route)
    for router in _ROUTERS:
        routes.router.routes.extend(router.routes)  # as they are, so that whoever looks through the routes finds each of them
    return routes


def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedError)
    return refused(problems.of(refusal))


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = ", ".join(sorted(_methods(request)))
        return refused(problems.of(MethodRefusedError(f"This address takes {allow}, not {request.method[:20]}.", allow=allow)))
    if error.status_code == 404:
        return refused(problems.of(NotFoundError(f"There is nothing at this address. {problems.DOCS} lists what there is.")))
    return refused(problems.plain(error.status_code, "Refused", str(error.detail)))


def _methods(request: Request) -> set[str]:
    """The methods that this path takes."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return found
