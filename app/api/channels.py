"""Channels over HTTP, for admins."""

import asyncio
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import channels, database
from services.channels import NewChannel

router = routes.router("channels")

_NAME_IS_TAKEN = {"description": "The name is taken."}

Id = Annotated[UUID, Path(description="The channel's id.")]


def _made(new: NewChannel) -> dict[str, object]:
    return {**asdict(new.channel), "secret": new.secret}


@router.get("/channels", responses={200: {"model": shapes.Part[shapes.Channel]}})
async def list_channels(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All channels, the oldest first."""
    return answer(routes.part_of(await database.run(channels.list_all, actor), cursor, limit))


@router.post("/channels", status_code=201, responses={201: {"model": shapes.MadeChannel}, 409: _NAME_IS_TAKEN})
async def create_channel(actor: SignedIn, body: shapes.NewChannel) -> Response:
    """Make one. The answer holds the secret that signs what is sent, which cannot be told again."""
    made = await asyncio.to_thread(channels.create, actor, body.kind, body.name, body.url, severities=body.severities, events=body.events)
    return answer(_made(made), 201)


@router.get("/channels/{id}", responses={200: {"model": shapes.Channel}})
async def get_channel(actor: SignedIn, id: Id) -> Response:  # noqa: A002  # what the API calls it
    """One channel."""
    return answer(await database.run(channels.get, actor, id))


@router.patch("/channels/{id}", responses={200: {"model": shapes.Channel}, 409: _NAME_IS_TAKEN})
async def change_channel(actor: SignedIn, id: Id, body: shapes.ChangeChannel) -> Response:  # noqa: A002
    """Change it, or switch it off or on."""
    return answer(await asyncio.to_thread(channels.change, actor, id, **body.model_dump(exclude_none=True)))


@router.delete("/channels/{id}", responses={200: {"model": shapes.Channel}})
async def remove_channel(actor: SignedIn, id: Id) -> Response:  # noqa: A002
    """Remove it; what waits for it is not sent. The answer is what it was."""
    return answer(await database.run(channels.remove, actor, id))


@router.post("/channels/{id}/renew-secret", responses={200: {"model": shapes.MadeChannel}, 409: {"description": "A chat has no secret."}})
async def renew_secret(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002
    """Make a new secret. The one before signs as well for another day."""
    return answer(_made(await database.run(channels.renew_secret, actor, id)))


@router.post("/channels/{id}/test", responses={200: {"model": shapes.ChannelTest}})
async def try_channel(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002
    """Send a test now, also while it is off, and tell what came back. Takes up to ten seconds."""
    outcome = await asyncio.to_thread(channels.send_test, actor, id)
    return answer({"verdict": outcome.verdict, "sentence": outcome.sentence})


@router.get("/channels/{id}/deliveries", responses={200: {"model": shapes.Part[shapes.Delivery]}})
async def list_deliveries(actor: SignedIn, id: Id, limit: Limit = 50, cursor: Cursor = None) -> Response:  # noqa: A002
    """The newest messages to it, 200 at most, the newest first."""
    return answer(routes.part_of(await database.run(channels.deliveries, actor, id), cursor, limit))
