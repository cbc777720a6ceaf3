"""People over HTTP."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import database, departures, membership, one_time_links, people
from services.access import Actor
from services.departures import Heir, Moved
from services.mail import MailError
from services.one_time_links import NewLink
from services.people import Person
from services.records import Page

router = routes.router("people")

Id = Annotated[UUID, Path(description="The person's id.")]


def _told(person: Person) -> dict[str, object]:
    return {name: getattr(person, name) for name in shapes.User.model_fields}


async def _mailed(actor: Actor, person: Person, link: NewLink) -> dict[str, object]:
    """The link, mailed to whom it is for where that can be done."""
    mailed, error = False, None
    try:
        mailed = await asyncio.to_thread(membership.mail_link, actor, person, link)
    except MailError as refusal:
        error = refusal.message
    address = one_time_links.password_address(link.token)
    return {"link": address, "link_works_until": link.works_until, "mailed": mailed, "mail_error": error}


def _told_moves(heir: Heir | None, incidents: Sequence[Moved]) -> list[dict[str, object]]:
    if heir is None:
        return []
    to = {"id": heir.person.id, "name": heir.person.name} if heir.person else None
    return [{"number": moved.number, "title": moved.title, "to": to, "reason": heir.why} for moved in incidents]


@router.get("/users", responses={200: {"model": shapes.Part[shapes.User]}})
async def list_users(actor: SignedIn, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Everybody of the organisation: those who are active before those who left, by name."""
    part = routes.part_of(await database.run(people.people, actor), cursor, limit)
    return answer(Page([_told(person) for person in part.items], part.next))


@router.post(
    "/users", status_code=201, responses={201: {"model": shapes.InvitedUser}, 409: {"description": "The address or the handle is taken."}}
)
async def invite_user(actor: SignedIn, body: shapes.NewUser) -> Response:
    """Invite somebody. The answer holds the link with which they choose their password: it works for 7 days, and is mailed to them too."""
    made = await database.run(membership.invite, actor, **body.model_dump())
    return answer(_told(made.person) | await _mailed(actor, made.person, made.link), 201)


@router.patch("/users/{id}", responses={200: {"model": shapes.ChangedUser}, 409: {"description": "There would be no admin left."}})
async def change_user(actor: SignedIn, id: Id, body: shapes.ChangeUser) -> Response:  # noqa: A002  # what the API calls it
    """Change what somebody is called, what they may do, whom they report to, and whether they are active.

    The incidents of whoever leaves go to somebody else in the same transaction, and their sessions and keys end.
    """
    wanted = body.model_dump(exclude_none=True) | body.model_dump(include={"manager_id"}, exclude_unset=True)
    changed = await database.run(membership.change, actor, id, **wanted)
    return answer(_told(changed.person) | {"reassigned": _told_moves(changed.heir, changed.incidents)})


@router.get("/users/{id}/departure", responses={200: {"model": shapes.Departure}, 409: {"description": "They have left, or can't."}})
async def preview_departure(actor: SignedIn, id: Id) -> Response:  # noqa: A002
    """What would become of somebody's incidents if they left now. Nothing is changed."""
    would = await database.run(departures.preview, actor, id)
    return answer({"reassigned": _told_moves(would.heir, would.incidents)})


@router.post(
    "/users/{id}/password-link",
    status_code=201,
    responses={201: {"model": shapes.PasswordLink}, 409: {"description": "The person is deactivated."}},
)
async def make_password_link(actor: SignedIn, id: Id, _body: shapes.Nothing) -> Response:  # noqa: A002
    """Make a link with which they give themselves a password. It replaces the one before, and works for 24 hours; the first for 7 days."""
    link = await database.run(one_time_links.make_password_link, actor, id)
    return answer(await _mailed(actor, await database.run(people.person_of, actor, id), link), 201)


@router.delete("/users/{id}/password-link", responses={200: {"model": shapes.User}, 409: {"description": "No link works."}})
async def withdraw_password_link(actor: SignedIn, id: Id) -> Response:  # noqa: A002
    """Make the link work no more."""
    return answer(_told(await database.run(one_time_links.withdraw_password_link, actor, id)))
