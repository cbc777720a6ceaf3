"""Teams, people who are named together, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import database, mentions, teams
from services.records import Page

router = routes.router("people")

_IS_TAKEN = {"description": "The name or the handle is taken."}

Id = Annotated[UUID, Path(description="The team's id.")]


@router.get("/teams", responses={200: {"model": shapes.Part[shapes.Team]}})
async def list_teams(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All teams, by name."""
    return answer(routes.part_of(await database.run(teams.teams, actor), cursor, limit))


@router.post("/teams", status_code=201, responses={201: {"model": shapes.Team}, 409: _IS_TAKEN})
async def create_team(actor: SignedIn, body: shapes.NewTeam) -> Response:
    """Make one. For managers and admins."""
    made = await database.run(teams.create, actor, body.name, handle=body.handle, description=body.description, members=tuple(body.members))
    return answer(made, 201)


@router.get("/teams/{id}", responses={200: {"model": shapes.Team}})
async def get_team(actor: SignedIn, id: Id) -> Response:  # noqa: A002  # what the API calls it
    """One team."""
    return answer(await database.run(teams.get, actor, id))


@router.patch("/teams/{id}", responses={200: {"model": shapes.Team}, 409: _IS_TAKEN})
async def change_team(actor: SignedIn, id: Id, body: shapes.ChangeTeam) -> Response:  # noqa: A002
    """Change what it is called and who is in it. For managers and admins."""
    changes = body.model_dump(exclude_none=True)
    return answer(await database.run(teams.change, actor, id, **changes))


@router.get("/mentionable", responses={200: {"model": shapes.Part[shapes.Mentionable]}})
async def suggest_mentions(
    actor: SignedIn, q: Annotated[str, Query(description="How the handle or a word of the name begins.")] = ""
) -> Response:
    """People and teams that `@` may mean, at most eight."""
    return answer(Page(await database.run(mentions.suggest, actor, q), None))
