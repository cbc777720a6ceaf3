"""Handles, as in @alice and @operations: people and teams share one set of them, so that each means one person or one team."""

from __future__ import annotations

import itertools
from uuid import UUID

from sqlmodel import col, select

from models.people import Team, User
from models.tenants import Tenant
from services.database import Tx
from services.errors import ConflictError


def claim(tx: Tx, handle: str, own: UUID | None = None) -> None:
    """See that this handle is nobody's but that of `own`; until the transaction ends no other one gives it to anybody.

    Raises: ConflictError that says whose it is.
    """
    _take_turn(tx)
    if tx.session.exec(select(User.id).where(col(User.handle) == handle, col(User.id) != own)).first() is not None:
        raise ConflictError(f"Somebody has the handle {handle} already. Choose another.", field="handle")
    team = tx.session.exec(select(Team.name).where(col(Team.handle) == handle, col(Team.id) != own)).first()
    if team is not None:
        raise ConflictError(f"The team {team} has the handle {handle} already. Choose another.", field="handle")


def free(tx: Tx, *wanted: str) -> str:
    """The first of these that nobody has, else the first of all with a number. They have 36 characters at most."""
    _take_turn(tx)
    taken = {*tx.session.exec(select(User.handle)), *tx.session.exec(select(Team.handle))}
    numbered = (f"{wanted[0]}{number}" for number in itertools.count(2))
    return next(handle for handle in itertools.chain(wanted, numbered) if handle not in taken)


def _take_turn(tx: Tx) -> None:
    """Wait for whoever gives away a handle of this organisation now: they stand in two tables, which no index spans."""
    tx.session.exec(select(Tenant.id).with_for_update(key_share=True))
