"""Mentions: who is named in a text by @handle, alone or as a member of a team, is told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlmodel import col, select

from models.notifications import Notification
from models.people import ActorRow, Team, TeamMember, User
from models.vocabulary import Reason, Role
from services import database, markdown, telling
from services.access import Actor, require
from services.database import Tx
from services.telling import Notice

MOST_OFFERED = 8
_BEGUN_LIMIT = 40
MOST_HANDLES = 50
"""So many handles of one text are looked up; the rest stays text."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The handles of a text that name somebody, in order, and why each person is named by them."""

    handles: list[str]
    why: Mapping[UUID, str]


def find(tx: Tx, text: str) -> Mentioned:
    """Whom the text names: active people, each once, however often and by whatever handles."""
    wanted = list(islice(dict.fromkeys(markdown.handles(text)), MOST_HANDLES))
    if not wanted:
        return Mentioned([], {})
    people = tx.session.exec(select(User.handle, User.id).where(col(User.handle).in_(wanted), col(User.active))).all()
    why: dict[UUID, str] = {user_id: "You were mentioned." for _, user_id in people}
    known = {handle for handle, _ in people}
    members = (
        select(Team.handle, Team.name, TeamMember.user_id)
        .join(TeamMember, col(TeamMember.team_id) == col(Team.id))
        .join(User, col(User.id) == col(TeamMember.user_id))
        .where(col(Team.handle).in_(wanted), col(User.active))
    )
    for handle, name, user_id in tx.session.exec(members):
        known.add(handle)
        why.setdefault(user_id, f"You are in the team {name}, which was mentioned.")
    return Mentioned([handle for handle in wanted if handle in known], why)


def tell(tx: Tx, incident_id: UUID, event_id: UUID, author_id: UUID, mentioned: Mentioned) -> None:
    """Tell the people whom a line names, but for its author and those who were told of this line before."""
    if not mentioned.why:
        return
    tx.flush()
    before = select(Notification.user_id).where(Notification.event_id == event_id, Notification.reason == Reason.MENTION.value)
    told = {author_id, *tx.session.exec(before)}
    wanted = {user_id: why for user_id, why in mentioned.why.items() if user_id not in told}
    telling.tell(tx, _notices(incident_id, event_id, wanted), telling.duty(tx, wanted).listeners)


def _notices(incident_id: UUID, event_id: UUID, wanted: Mapping[UUID, str]) -> Iterator[Notice]:
    for user_id, why in wanted.items():
        yield Notice(user_id, incident_id, Reason.MENTION, f"line:{event_id.hex}", why, event_id)


@dataclass(frozen=True, slots=True)
class Mentionable:
    """Somebody, or a team, that can be mentioned. `kind` is person or team."""

    handle: str
    name: str
    kind: str


def suggest(actor: Actor, begun: str) -> list[Mentionable]:
    """Whom a handle that begins so may mean: active people and teams whose handle or a word of whose name begins so, few of them.

    Those whose handle begins so come first. Raises: NotAllowedError.
    """
    require(actor, Role.VIEWER)
    words = begun.strip().lower()[:_BEGUN_LIMIT]
    with database.read(actor.tenant_id) as session:
        people = session.exec(select(User.handle, ActorRow.name).join(ActorRow, col(ActorRow.id) == col(User.id)).where(col(User.active)))
        found = [Mentionable(handle, name, "person") for handle, name in people]
        found += [Mentionable(handle, name, "team") for handle, name in session.exec(select(Team.handle, Team.name))]
    fitting = [one for one in found if one.handle.startswith(words) or any(word.startswith(words) for word in one.name.lower().split())]
    return sorted(fitting, key=lambda one: (not one.handle.startswith(words), one.handle))[:MOST_OFFERED]
