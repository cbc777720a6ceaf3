"""Services, that which can be broken, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import catalog, database, followers

router = routes.router("services")

_NAME_IS_TAKEN = {"description": "The name is taken."}

Id = Annotated[UUID, Path(description="The service's id.")]


@router.get("/services", responses={200: {"model": shapes.Part[shapes.Service]}})
async def list_services(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All services, by name, those that are archived last."""
    return answer(routes.part_of(await database.run(catalog.services, actor), cursor, limit))


@router.post("/services", status_code=201, responses={201: {"model": shapes.Service}, 409: _NAME_IS_TAKEN})
async def create_service(actor: SignedIn, body: shapes.NewService) -> Response:
    """Make one. For managers and admins."""
    return answer(await database.run(catalog.create, actor, **body.model_dump()), 201)


@router.get("/services/{id}", responses={200: {"model": shapes.Service}})
async def get_service(actor: SignedIn, id: Id) -> Response:  # noqa: A002  # what the API calls it
    """One service."""
    return answer(await database.run(catalog.get, actor, id))


@router.patch("/services/{id}", responses={200: {"model": shapes.Service}, 409: _NAME_IS_TAKEN})
async def change_service(actor: SignedIn, id: Id, body: shapes.ChangeService) -> Response:  # noqa: A002
    """Change it, archive it or restore it. For managers and admins."""
    return answer(await database.run(catalog.change, actor, id, **body.model_dump(exclude_unset=True)))


@router.post("/services/{id}/follow", responses={200: {"model": shapes.Following}})
async def follow_service(actor: SignedIn, id: Id, body: shapes.Follow) -> Response:  # noqa: A002
    """Be told of its new incidents and of their moves in your inbox and by mail, as you wish to be told, or not any more."""
    await database.run(followers.follow_service, actor, id, body.follows)
    return answer({"follows": body.follows})
