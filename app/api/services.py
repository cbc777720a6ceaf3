"""Services, that which can be broken, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import catalog, database

router = routes.router("services")


@router.get("/services", responses={200: {"model": shapes.Part[shapes.Service]}})
async def list_services(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All services, by name."""
    return answer(routes.part_of(await database.run(catalog.services, actor), cursor, limit))


@router.post("/services", status_code=201, responses={201: {"model": shapes.Service}, 409: {"description": "The name is taken."}})
async def create_service(actor: SignedIn, body: shapes.NewService) -> Response:
    """Make one. For managers and admins."""
    made = await database.run(catalog.create, actor, body.name, description=body.description, runbook_url=body.runbook_url)
    return answer(made, 201)


@router.get("/services/{id}", responses={200: {"model": shapes.Service}})
async def get_service(actor: SignedIn, id: Annotated[UUID, Path(description="The service's id.")]) -> Response:  # noqa: A002
    """One service."""
    return answer(await database.run(catalog.get, actor, id))
