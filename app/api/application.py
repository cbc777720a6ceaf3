"""The HTTP routes that stand beside the pages, and how they refuse."""

from fastapi import FastAPI, Request, Response

from app.api import health, problems, sign_in
from services.errors import RefusedError


def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedError)
    problem = problems.of(refusal)
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(problem.body, problem.status, headers, media_type=problems.MEDIA_TYPE)


def create() -> FastAPI:
    """The routes as one application, for Reflex to stand behind."""
    routes = FastAPI(title="Tocsin", docs_url=None, redoc_url=None, openapi_url=None)
    routes.add_exception_handler(RefusedError, _refused)
    routes.include_router(health.router)
    routes.include_router(sign_in.router)
    return routes
