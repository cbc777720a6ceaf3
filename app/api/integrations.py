"""Integrations over HTTP, for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import database, integrations

router = routes.router("integrations")

_NAME_IS_TAKEN = {"description": "The name is taken."}

Id = Annotated[UUID, Path(description="The integration's id.")]


@router.get("/integrations", responses={200: {"model": shapes.Part[shapes.Integration]}})
async def list_integrations(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All integrations, the oldest first."""
    return answer(routes.part_of(await database.run(integrations.list_all, actor), cursor, limit))


@router.post("/integrations", status_code=201, responses={201: {"model": shapes.NewKey}, 409: _NAME_IS_TAKEN})
async def create_integration(actor: SignedIn, body: shapes.NewIntegration) -> Response:
    """Make one. The answer holds its key, which cannot be told again."""
    return answer(await database.run(integrations.create, actor, body.kind, body.name, service_id=body.service_id), 201)


@router.get("/integrations/{id}", responses={200: {"model": shapes.Integration}})
async def get_integration(actor: SignedIn, id: Id) -> Response:  # noqa: A002  # what the API calls it
    """One integration."""
    return answer(await database.run(integrations.get, actor, id))


@router.patch("/integrations/{id}", responses={200: {"model": shapes.Integration}, 409: _NAME_IS_TAKEN})
async def change_integration(actor: SignedIn, id: Id, body: shapes.ChangeIntegration) -> Response:  # noqa: A002
    """Call it otherwise, switch it off or on, or say which service its incidents name."""
    service_id = body.service_id if "service_id" in body.model_fields_set else ...
    await database.run(integrations.change, actor, id, name=body.name, enabled=body.enabled, service_id=service_id)
    return answer(await database.run(integrations.get, actor, id))


@router.post("/integrations/{id}/rotate", responses={200: {"model": shapes.NewKey}})
async def rotate_key(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002
    """Make a new key. The one before works for another day; one from before an earlier rotation ends at once."""
    return answer(await database.run(integrations.rotate, actor, id))
