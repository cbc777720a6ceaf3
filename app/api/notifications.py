"""What people were told of, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import database, inbox

router = routes.router("notifications")

Id = Annotated[UUID, Path(description="The notification's id.")]


@router.get("/notifications", responses={200: {"model": shapes.Part[shapes.Notification]}})
async def list_notifications(
    actor: SignedIn,
    user: Annotated[UUID | None, Query(description="A person's id: only admins ask for others than themselves.")] = None,
    unread: Annotated[bool, Query(description="True leaves out what was read.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What you were told of, the newest first. A service account is told of nothing, so its own list is empty."""
    return answer(await database.run(inbox.page, actor, user_id=user, unread=unread, cursor=cursor, limit=limit))


@router.post("/notifications/read", responses={200: {"model": shapes.ReadCount}})
async def read_all_notifications(actor: SignedIn, _body: shapes.Nothing) -> Response:
    """Mark all of your inbox as read."""
    return answer({"read": await database.run(inbox.mark_all, actor)})


@router.post("/notifications/{id}/read", responses={200: {"model": shapes.Notification}})
async def read_notification(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002  # what the API calls it
    """Mark one of your inbox as read. One that was read already keeps its time."""
    return answer(await database.run(inbox.mark, actor, id, read=True))


@router.post("/notifications/{id}/unread", responses={200: {"model": shapes.Notification}})
async def unread_notification(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002
    """Mark one of your inbox as unread again."""
    return answer(await database.run(inbox.mark, actor, id, read=False))
