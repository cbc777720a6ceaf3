"""Teams: people who are named together, by a handle of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.columns import new_id
from models.people import ActorRow, Team, TeamMember, User
from models.vocabulary import Role
from services import access, account_input, audit, database, handles, input_text, people
from services.access import Actor
from services.account_input import Checks
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.live_updates import teams_topic
from services.people import Person
from services.views import MemberView, PersonView, TeamRow, person_view

DESCRIPTION_LIMIT = 500
MOST_MEMBERS = 500


@dataclass(frozen=True, slots=True)
class TeamRecord:
    """A team as programs get it. `members` are the ids of its people, also of those who are not active any more."""

    id: UUID
    name: str
    handle: str
    description: str
    members: list[UUID]
    created_at: datetime
    version: int


def teams(actor: Actor) -> list[TeamRecord]:
    """All teams, by name. Raises: NotAllowedError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _records(session)


def get(actor: Actor, team_id: UUID) -> TeamRecord:
    """One team. Raises: NotAllowedError, NotFoundError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _one(session, team_id)


def _records(session: Session, team_id: UUID | None = None) -> list[TeamRecord]:
    found, members = select(Team), select(TeamMember.team_id, TeamMember.user_id).order_by(col(TeamMember.user_id))
    if team_id is not None:
        found, members = found.where(col(Team.id) == team_id), members.where(col(TeamMember.team_id) == team_id)
    within: dict[UUID, list[UUID]] = {}
    for team, user_id in session.exec(members):
        within.setdefault(team, []).append(user_id)
    rows = session.exec(found.execution_options(populate_existing=True)).all()
    return [
        TeamRecord(team.id, team.name, team.handle, team.description, within.get(team.id, []), team.created_at, team.version)
        for team in sorted(rows, key=lambda team: team.name.casefold())
    ]


def _one(session: Session, team_id: UUID) -> TeamRecord:
    found = _records(session, team_id)
    if not found:
        raise NotFoundError("There is no such team.")
    return found[0]


def create(actor: Actor, name: str, *, handle: str = "", description: str = "", members: Iterable[UUID] = ()) -> TeamRecord:
    """Make a team; without a handle it gets one that is made of its name.

    Raises: NotAllowedError, InvalidFieldsError; ConflictError when the name or the handle is taken.
    """
    access.require(actor, Role.MANAGER)
    wanted = _checked(name=name, handle=handle or None, description=description)
    with database.write(actor.tenant_id) as tx:
        if "handle" in wanted:
            handles.claim(tx, wanted["handle"])
        else:
            wanted["handle"] = handles.free(tx, _handle_from(wanted["name"]))
        team_id, within = new_id(), _fit(tx, members, already=())
        tx.insert(Team, id=team_id, **wanted, created_at=tx.now, version=1)
        for user_id in within:
            tx.insert(TeamMember, team_id=team_id, user_id=user_id)
        with _unique_name(wanted["name"]):
            tx.flush()
        audit.record(tx, actor, "team.created", "team", team_id, after=wanted | {"members": [str(user_id) for user_id in within]})
        tx.wake(teams_topic(tx.tenant_id))
        return _one(tx.session, team_id)


def change(
    actor: Actor,
    team_id: UUID,
    *,
    name: str | None = None,
    handle: str | None = None,
    description: str | None = None,
    members: Iterable[UUID] | None = None,
    version: int | None = None,
) -> TeamRecord:
    """Change what a team is called and who is in it; what is None stays. `version` is the one that the caller has seen, if any.

    Raises: NotAllowedError, NotFoundError, InvalidFieldsError, StaleError; ConflictError when the name or the handle is taken.
    """
    access.require(actor, Role.MANAGER)
    wanted = _checked(name=name, handle=handle, description=description)
    with database.write(actor.tenant_id) as tx:
        tx.session.exec(select(Team.id).where(col(Team.id) == team_id).with_for_update())
        before = _one(tx.session, team_id)
        if version is not None and version != before.version:
            raise StaleError(f"Somebody has changed the team {before.name} meanwhile: look at it again, then repeat.")
        if wanted.get("handle", before.handle) != before.handle:
            handles.claim(tx, wanted["handle"], own=team_id)
        if members is not None:
            wanted["members"] = _fit(tx, members, already=before.members)
        was, is_now = audit.changed({field: getattr(before, field) for field in wanted}, wanted)
        if not is_now:
            return before
        _write(tx, before, is_now)
        told = [values | {"members": _as_text(values["members"])} if "members" in values else values for values in (was, is_now)]
        audit.record(tx, actor, "team.changed", "team", team_id, *told)
        tx.wake(teams_topic(tx.tenant_id))
        return _one(tx.session, team_id)


def _write(tx: Tx, before: TeamRecord, changes: dict[str, Any]) -> None:
    own = {field: value for field, value in changes.items() if field != "members"}
    with _unique_name(str(own.get("name", before.name))):
        tx.session.exec(update(Team).where(col(Team.id) == before.id).values(**own, version=before.version + 1))
    if "members" not in changes:
        return
    gone = set(before.members) - set(changes["members"])
    if gone:
        tx.session.exec(delete(TeamMember).where(col(TeamMember.team_id) == before.id, col(TeamMember.user_id).in_(gone)))
    for user_id in changes["members"]:
        if user_id not in before.members:
            tx.insert(TeamMember, team_id=before.id, user_id=user_id)
    tx.flush()


@contextmanager
def _unique_name(name: str) -> Iterator[None]:
    """Write a team that is called so. Raises: ConflictError when another one is."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(f"There is a team called {name} already. Choose another name.", field="name") from error


def _checked(*, name: str | None, handle: str | None, description: str | None) -> dict[str, Any]:
    """The values that are given, as they are stored. Raises: InvalidFieldsError."""
    checks = Checks()
    wanted = {
        "name": checks.take(account_input.check_name, name, "name") if name is not None else None,
        "handle": checks.take(account_input.check_handle, handle, "handle") if handle is not None else None,
        "description": checks.take(input_text.check_optional_text, description, "description", DESCRIPTION_LIMIT)
        if description is not None
        else None,
    }
    checks.done()
    return {field: value for field, value in wanted.items() if value is not None}


def _handle_from(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", account_input.plain_letters(name))
    return "-".join(words)[:36].strip("-") or "team"


def _fit(tx: Tx, members: Iterable[UUID], *, already: Sequence[UUID]) -> list[UUID]:
    """These people, each once; who left meanwhile may stay and cannot be added. Raises: InvalidInputError, which names who is not fit."""
    wanted = sorted(set(members))
    if len(wanted) > MOST_MEMBERS:
        raise InvalidInputError(f"A team may have {MOST_MEMBERS} members at most.", field="members")
    added = [user_id for user_id in wanted if user_id not in already]
    named = select(User.id, User.active, ActorRow.name).join(ActorRow, col(ActorRow.id) == col(User.id)).where(col(User.id).in_(added))
    known = {user_id: (active, name) for user_id, active, name in tx.session.exec(named)}
    for user_id in added:
        active, name = known.get(user_id, (False, ""))
        if not active:
            wrong = f"{name} is deactivated" if name else f"there is nobody with the id {user_id}"
            raise InvalidInputError(f"members must be the ids of active people of this organisation, and {wrong}.", field="members")
    return wanted


def _as_text(members: Iterable[UUID]) -> list[str]:
    return [str(user_id) for user_id in members]


def team_rows(actor: Actor) -> list[TeamRow]:
    """What the page of the teams shows: who is in each, those who are not active any more by themselves. Raises: NotAllowedError."""
    everybody = {person.id: person for person in people.people(actor)}
    return [_row(team, [everybody[user_id] for user_id in team.members if user_id in everybody]) for team in teams(actor)]


def _row(team: TeamRecord, members: list[Person]) -> TeamRow:
    ordered = sorted(members, key=lambda person: person.name.casefold())
    return TeamRow(
        id=team.id.hex,
        name=team.name,
        handle=team.handle,
        description=team.description,
        members=[_view(person) for person in ordered if person.active],
        former=[_view(person) for person in ordered if not person.active],
        version=team.version,
    )


def candidates(actor: Actor, team_id: UUID | None = None) -> list[MemberView]:
    """Who can be in a team, by name: everybody active, and who is in it already. Raises: NotAllowedError, NotFoundError."""
    within = set(get(actor, team_id).members) if team_id is not None else set()
    return [
        MemberView(person=_view(person), is_in=person.id in within, active=person.active)
        for person in people.people(actor)
        if person.active or person.id in within
    ]


def _view(person: Person) -> PersonView:
    return person_view(person.id, person.name, person.handle)
