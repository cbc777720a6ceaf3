"""Following: who wants to be told of the moves of an incident, or of all incidents of a service."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from models.integrations import Service
from models.notifications import Follower
from models.vocabulary import Role
from services import audit, catalog, database, incidents, people
from services.access import Actor, require
from services.database import Tx
from services.errors import NotAllowedError, NotFoundError
from services.live_updates import incident_topic, person_topic


def follow_incident(actor: Actor, number: str, follows: bool) -> bool:
    """Be told of each move of this incident from now on, or not any more; whether that changed anything.

    Raises: NotAllowedError for a program, NotFoundError.
    """
    require(actor, Role.VIEWER)
    with database.write(actor.tenant_id) as tx:
        incident = incidents.find(tx.session, number)
        changed = _set(tx, actor, "incident", incident.id, follows)
        if changed:
            tx.wake(incident_topic(incident.id))
    return changed


def follow_service(actor: Actor, service_id: UUID, follows: bool) -> bool:
    """Be told of new incidents of this service and of each move of its incidents from now on, or not any more.

    Raises: NotAllowedError for a program, NotFoundError.
    """
    require(actor, Role.VIEWER)
    with database.write(actor.tenant_id) as tx:
        if tx.session.get(Service, service_id) is None:
            raise NotFoundError("There is no such service.")
        changed = _set(tx, actor, "service", service_id, follows)
        if changed:
            catalog.wake_incidents(tx, service_id)
    return changed


def _set(tx: Tx, actor: Actor, kind: str, subject_id: UUID, follows: bool) -> bool:
    if not actor.is_person:
        raise NotAllowedError("Only people follow something: a program has no inbox.")
    people.hold(tx, actor.id)  # of two clicks at once the second one sees what the first one did
    if (tx.session.get(Follower, (subject_id, actor.id)) is not None) == follows:
        return False
    if follows:
        tx.insert(Follower, subject_id=subject_id, user_id=actor.id, since=tx.now)
    else:
        tx.session.exec(delete(Follower).where(col(Follower.subject_id) == subject_id, col(Follower.user_id) == actor.id))
    audit.record(tx, actor, f"{kind}.{'followed' if follows else 'unfollowed'}", kind, subject_id)
    tx.wake(person_topic(actor.id))
    return True


def followed_services(actor: Actor) -> set[UUID]:
    """The services that the actor follows."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        query = select(Service.id).join(Follower, col(Follower.subject_id) == col(Service.id)).where(Follower.user_id == actor.id)
        return set(session.exec(query))
