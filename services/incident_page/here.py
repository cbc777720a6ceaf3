"""Who looks at an incident and who writes there, as its open pages show it: read once for all of them, a second apart at least."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from models.incidents import Incident
from models.notifications import Follower
from models.people import ActorRow, User
from services import database, presence
from services.incident_page.snapshot import IncidentKey
from services.live_updates import Feed, people_topic, presence_topic
from services.presence import Present
from services.views import HereView, person_view

NAMED = 12
"""How many of those who look are named: of a crowd those who write, then who has the incident or follows it, come first."""
GAP_SECONDS = 1.0


async def read_here(key: IncidentKey) -> HereView:
    """Who is there now. People of other organisations and those who were deactivated are not."""
    present = presence.here.at(key.incident_id)
    return await database.run(_named, key, present) if present.people else HereView()


def _named(key: IncidentKey, present: Present) -> HereView:
    ids = list(present.people)
    with database.read(key.tenant_id) as session:
        found = select(ActorRow.id, ActorRow.name, User.handle).join(User, col(User.id) == col(ActorRow.id))
        people = session.exec(found.where(col(User.id).in_(ids), col(User.active))).all()
        row = session.exec(select(Incident.assigned_to, Incident.service_id).where(Incident.id == key.incident_id)).first()
        holder, service_id = row or (None, None)
        subject = col(Follower.subject_id).in_([key.incident_id, service_id])
        near = {holder, *session.exec(select(Follower.user_id).where(subject, col(Follower.user_id).in_(ids)))}
    ranked = sorted(people, key=lambda one: (not present.people[one[0]], one[0] not in near, one[1].casefold(), one[0]))
    named = sorted(ranked[:NAMED], key=lambda one: (one[1].casefold(), one[0]))
    count = len(people) + present.more
    return HereView(
        count,
        [person_view(*one) for one in named],
        [user_id.hex for user_id, _, _ in named],
        count - len(named),
        [user_id.hex for user_id, _, _ in named if present.people[user_id]],
    )


def writing_words(here: HereView, reader: UUID) -> str:
    """Who else writes, in a sentence; empty when nobody does."""
    names = [one.name for one in here.people if one.id in here.writing and one.id != reader.hex]
    if len(names) > 2:
        return f"{len(names)} people are writing…"
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} writing…" if names else ""


people_here: Feed[IncidentKey, HereView] = Feed(
    read_here, lambda key: (presence_topic(key.incident_id), people_topic(key.tenant_id)), GAP_SECONDS
)
"""What the open pages of this process follow. However many come and go, each is told once a second at most."""
