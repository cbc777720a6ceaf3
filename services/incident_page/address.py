"""The address of an incident's page: which kinds of lines, and whose."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from sqlmodel import col, select

from models.people import ActorRow, User
from models.timeline import TimelineEvent
from models.vocabulary import Role
from services import database, incidents
from services.access import Actor, require
from services.incident_page.window import Show
from services.views import ChoiceView

_MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; what it says wrong is left out.

    `name` is the handle of whoever wrote the lines, or their id, empty for everybody; `writers` are those who can be asked for.
    """

    show: Show = Show.EVERYTHING
    by: UUID | None = None
    name: str = ""
    writers: list[ChoiceView] = field(default_factory=list)


def asked(actor: Actor, number: str, query: str) -> Asked:
    """What this query of the page's address asks for. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    try:
        given = {name: values[-1].strip() for name, values in parse_qs(query, max_num_fields=_MOST_PARAMETERS).items()}
    except ValueError:
        given = {}
    with database.read(actor.tenant_id) as session:
        incident = incidents.find(session, number)
        wrote = select(TimelineEvent.actor_id).where(TimelineEvent.incident_id == incident.id).distinct()
        rows = session.exec(
            select(ActorRow.id, ActorRow.name, User.handle)
            .outerjoin(User, col(User.id) == col(ActorRow.id))
            .where(col(ActorRow.id).in_(wrote))
        ).all()
    ids = {handle or actor_id.hex: actor_id for actor_id, _, handle in rows}
    kinds, whose = given.get("show", ""), given.get("by", "").lower().removeprefix("@")
    return Asked(
        Show(kinds) if kinds in list(Show) else Show.EVERYTHING,
        ids.get(whose),
        whose if whose in ids else "",
        sorted((ChoiceView(handle or actor_id.hex, name) for actor_id, name, handle in rows), key=lambda one: one.label.casefold()),
    )


def query(show: str, by: str) -> str:
    """The query of the address that asks for these; empty for everything of everybody."""
    wanted = {"show": show if show != Show.EVERYTHING else "", "by": by}
    return urlencode({name: value for name, value in wanted.items() if value})
