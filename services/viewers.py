"""Who looks at a page, and what stands around every page: name, role, theme, time zone, and how much waits."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from models.access import LoginSession
from models.incidents import Incident
from models.people import User
from models.tenants import Tenant
from models.vocabulary import UNRESOLVED, IncidentState, Role, Theme
from services import clock, database
from services.access import Actor, may, require
from services.views import NavView, person_view


def nav(actor: Actor) -> NavView:
    """What the frame of a page shows to this actor. Raises: NotAllowedError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        tenant = session.exec(select(Tenant)).one()
        user = session.exec(select(User).where(User.id == actor.id)).first()
        counts = _unresolved(session)
        return NavView(
            organisation=tenant.name,
            me=person_view(actor.id, actor.name, user.handle if user else ""),
            role=actor.role.value,
            is_admin=actor.role is Role.ADMIN,
            may_act=may(actor.role, Role.RESPONDER),
            unresolved=sum(counts.values()),
            attention=counts.get(IncidentState.OPEN, 0),
            assigned_open=_has_open(session, actor),
            theme=(user.theme if user else Theme.SYSTEM).value,
            shortcuts=user.shortcuts if user else True,
            zone=(user.timezone if user else None) or _zone_of_browser(session, actor) or tenant.timezone,
            now=f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        )


def _unresolved(session: Session) -> dict[str, int]:
    query = select(Incident.state, func.count()).where(col(Incident.state).in_(UNRESOLVED)).group_by(col(Incident.state))
    return dict(session.exec(query).all())


def _has_open(session: Session, actor: Actor) -> bool:
    mine = select(Incident.id).where(Incident.assigned_to == actor.id, Incident.state == IncidentState.OPEN)
    return session.exec(mine.limit(1)).first() is not None


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
