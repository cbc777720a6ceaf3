"""Who acts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from models.people import ActorRow
from models.vocabulary import ActorKind, Role
from services.database import Tx
from services.errors import NotAllowedError

_actor = ActorRow.__table__  # type: ignore[attr-defined]

_RANK = {role: rank for rank, role in enumerate(Role)}
_NEEDED = {
    Role.VIEWER: "Only members of this organisation may do this.",
    Role.RESPONDER: "Viewers only read. A responder may do this.",
    Role.MANAGER: "Only managers and admins may do this.",
    Role.ADMIN: "Only admins may do this.",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person, a service account, an integration or the organisation's own system.

    `address` is where the request came from, for the audit log; `session_id` the sign-in session of a person in a browser.
    """

    id: UUID
    tenant_id: UUID
    kind: ActorKind
    role: Role
    name: str
    address: str = ""
    session_id: UUID | None = None

    @property
    def is_person(self) -> bool:
        return self.kind is ActorKind.PERSON

    @property
    def is_hands_on(self) -> bool:
        """Whether what it does counts as somebody working on an incident: people and service accounts do, rules do not."""
        return self.kind in (ActorKind.PERSON, ActorKind.SERVICE_ACCOUNT)


def may(role: Role, needed: Role) -> bool:
    """Whether `role` holds what `needed` holds."""
    return _RANK[role] >= _RANK[needed]


def require(actor: Actor, needed: Role) -> None:
    """The first statement of every service call. Raises: NotAllowedError."""
    if not may(actor.role, needed):
        raise NotAllowedError(_NEEDED[needed])


def system_actor_id(tx: Tx) -> UUID:
    """The actor that stands for the organisation's own rules."""
    query = select(_actor.c.id).where(_actor.c.tenant_id == tx.tenant_id, _actor.c.kind == ActorKind.SYSTEM)
    return tx.connection.execute(query).scalar_one()  # type: ignore[no-any-return]
