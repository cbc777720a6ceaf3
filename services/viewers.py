"""Who looks at a page, and what stands around every page: name, role, theme, time zone, and how much waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from models.access import LoginSession
from models.incidents import Incident
from models.notifications import Notification
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import CALLS, UNRESOLVED, IncidentState, Reason, Role
from services import clock, database, live_updates, mail_waiting
from services.access import Actor, may, require
from services.views import NavView, person_view
from services.wording import rfc3339, shown_number


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in an organisation: unresolved incidents, open ones, and to whom open ones are assigned; the snoozed do not wait."""

    unresolved: int
    attention: int
    assignees: frozenset[UUID]


def _waiting(session: Session) -> Waiting:
    whole = col(Incident.parent_id).is_(None)  # what was merged into another one waits as part of that
    unresolved = select(Incident.state, func.count()).where(col(Incident.state).in_(UNRESOLVED), whole).group_by(col(Incident.state))
    counts = dict(session.exec(unresolved).all())
    is_open = Incident.state == IncidentState.OPEN
    snoozed = col(Incident.snoozed_until).is_not(None)
    asleep = Counter(session.exec(select(Incident.assigned_to).where(is_open, whole, snoozed)))
    somebodys = (is_open, col(Incident.assigned_to).is_not(None), whole)
    assigned = select(Incident.assigned_to, func.count()).where(*somebodys).group_by(col(Incident.assigned_to))
    assignees = frozenset(person for person, count in session.exec(assigned) if person is not None and count > asleep[person])
    return Waiting(sum(counts.values()), counts.get(IncidentState.OPEN, 0) - asleep.total(), assignees)


async def _read_waiting(tenant_id: UUID) -> Waiting:
    def read() -> Waiting:
        with database.read(tenant_id) as session:
            return _waiting(session)

    return await database.run(read)


waiting: live_updates.Feed[UUID, Waiting] = live_updates.Feed(
    _read_waiting, lambda tenant_id: (live_updates.incidents_topic(tenant_id),), 0.7, wait_seconds=0.3
)
"""What waits, by organisation: one read a second at most, however many pages are open, and after what the pages themselves show."""


@dataclass(frozen=True, slots=True)
class Unread:
    """How much in somebody's inbox is unread; of the newest of it what it is, in words, its incident's page, and whether it is a call."""

    count: int = 0
    words: str = ""
    place: str = ""
    is_call: bool = False


def unread_of(session: Session, user_id: UUID) -> int:
    """How much in this person's inbox is unread."""
    return session.exec(select(func.count()).select_from(Notification).where(*_is_unread(user_id))).one()


def _is_unread(user_id: UUID) -> tuple[Any, ...]:
    """In the words of the index of what is unread."""
    return Notification.user_id == user_id, col(Notification.read_at).is_(None), col(Notification.in_inbox)


def _unread(session: Session, user_id: UUID) -> Unread:
    count = unread_of(session, user_id)
    if not count:
        return Unread()
    newest = (
        select(Notification.reason, Incident.number, Incident.title)
        .join(Incident, col(Incident.id) == col(Notification.incident_id))
        .where(*_is_unread(user_id))
        .order_by(col(Notification.created_at).desc(), col(Notification.id).desc())
    )
    found = session.exec(newest.limit(1)).first()
    if found is None:  # it was read between the two
        return Unread()
    reason, number, title = found
    words = _TOLD.get(Reason(reason), "You were told of")
    return Unread(count, f"{words} {shown_number(number)}: {title}", f"/incidents/{shown_number(number)}", reason in CALLS)


_TOLD = {
    Reason.OPENED: "You are called to",
    Reason.REOPENED: "You are called again to",
    Reason.UNACKNOWLEDGED: "Nobody has acknowledged",
    Reason.ASSIGNMENT: "You were given",
    Reason.REASSIGNED: "No longer yours is",
    Reason.MENTION: "You were mentioned in",
    Reason.STATE_CHANGE: "Something changed in",
    Reason.QUIET_INCIDENT: "It is quiet in",
}


async def read_unread(whose: tuple[UUID, UUID]) -> Unread:
    """What is unread of this organisation's person."""
    tenant_id, user_id = whose

    def read() -> Unread:
        with database.read(tenant_id) as session:
            return _unread(session, user_id)

    return await database.run(read)


unread: live_updates.Feed[tuple[UUID, UUID], Unread] = live_updates.Feed(
    read_unread, lambda whose: (live_updates.inbox_topic(whose[1]),), 0.3, wait_seconds=0.1
)
"""What is unread, by organisation and person: one read for all pages that a person has open, after what the pages themselves show."""


def nav(actor: Actor) -> NavView:
    """What the frame of a page shows to this actor. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        tenant = session.exec(select(Tenant)).one()
        user = session.exec(select(User).where(User.id == actor.id)).first()
        # the actor was looked up when the page was loaded, and may have another name by now
        name = session.exec(select(ActorRow.name).where(ActorRow.id == actor.id)).one()
        waits, news = _waiting(session), _unread(session, actor.id)
        return NavView(
            organisation=tenant.name,
            me=person_view(actor.id, name, user.handle if user else ""),
            role=actor.role.value,
            is_admin=actor.role is Role.ADMIN,
            may_act=may(actor.role, Role.RESPONDER),
            may_manage=may(actor.role, Role.MANAGER),
            unresolved=waits.unresolved,
            attention=waits.attention,
            assigned_open=actor.id in waits.assignees,
            mails_late=actor.role is Role.ADMIN and mail_waiting.are_late(session, clock.now()),
            unread=news.count,
            newest_unread=news.words,
            newest_place=news.place,
            newest_is_call=news.is_call,
            theme=user.theme.value if user and may(actor.role, Role.RESPONDER) else "",
            shortcuts=user.shortcuts if user else True,
            zone=(user.timezone if user else None) or _zone_of_browser(session, actor) or tenant.timezone,
            now=rfc3339(clock.now()),
        )


def zone(actor: Actor) -> str:
    """The time zone in which this actor reads: their own, their browser's, or the organisation's. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        chosen = session.exec(select(User.timezone).where(User.id == actor.id)).first()
        return chosen or _zone_of_browser(session, actor) or session.exec(select(Tenant.timezone)).one()


def _zone_of_browser(session: Session, actor: Actor) -> str | None:
    """What the browser said at sign-in, for somebody who has chosen no zone."""
    if actor.session_id is None:
        return None
    return session.exec(select(LoginSession.timezone).where(LoginSession.id == actor.session_id)).first()


def reads_newest_first(actor: Actor) -> bool:
    """Whether this person wants timelines with the newest line first. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return bool(session.exec(select(User.timeline_newest_first).where(User.id == actor.id)).first())
