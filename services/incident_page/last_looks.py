"""Up to which line each person has seen an incident's timeline, and what came since: where its page opens, and the divider there.

What somebody has seen is kept in memory for a few seconds and stored together with what others have seen meanwhile.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.timeline import LastLook, TimelineEvent
from models.vocabulary import Role
from services import database
from services.access import Actor, require
from services.errors import StorageBusyError
from services.incident_page.window import TYPES, Show
from services.wording import counted

STORE_SECONDS = 5.0
"""How long what somebody has seen waits to be stored, while they go on looking."""

_log = structlog.get_logger(__name__)
_look: Any = LastLook.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Between:
    """The lines that came between two looks: after the one with the number `after`, up to that with `until`. Own ones do not count."""

    after: int
    until: int


@dataclass(frozen=True, slots=True)
class Since:
    """What came since somebody last looked: how many lines, and the number of the first of them in the order of the page."""

    first: int
    count: int

    @property
    def words(self) -> str:
        """What the divider says."""
        return f"{counted(self.count, 'event')} since you last looked"


Whose = tuple[UUID, UUID, UUID]
"""The organisation, the incident and the person."""


class _Unstored:
    """What people have seen and no row tells yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seqs: dict[Whose, int] = {}
        self._due_at = 0.0

    def put(self, whose: Whose, seq: int) -> None:
        with self._lock:
            if not self._seqs:
                self._due_at = time.monotonic() + STORE_SECONDS
            self._seqs[whose] = max(seq, self._seqs.get(whose, 0))

    def seq(self, whose: Whose) -> int | None:
        with self._lock:
            return self._seqs.get(whose)

    def all(self) -> dict[Whose, int]:
        with self._lock:
            return dict(self._seqs)

    def drop(self, stored: dict[Whose, int]) -> None:
        """These are stored; of whom more was seen meanwhile stays."""
        with self._lock:
            for whose, seq in stored.items():
                if self._seqs.get(whose) == seq:
                    del self._seqs[whose]

    def put_off(self, seconds: float) -> None:
        with self._lock:
            self._due_at = time.monotonic() + seconds

    def are_due(self) -> bool:
        with self._lock:
            return bool(self._seqs) and time.monotonic() >= self._due_at


_unstored = _Unstored()


def saw(actor: Actor, incident_id: UUID, seq: int) -> None:
    """The actor has seen the timeline of this incident up to this line."""
    require(actor, Role.VIEWER)
    _unstored.put((actor.tenant_id, incident_id, actor.id), seq)


def hurry() -> None:
    """Store what waits at the next look: somebody has left their page."""
    _unstored.put_off(0.0)


def are_due() -> bool:
    """Whether something waits that is to be stored now."""
    return _unstored.are_due()


def store() -> None:
    """Store what waits, one transaction an organisation; what cannot be stored now goes on waiting."""
    waiting = _unstored.all()
    for tenant_id in {tenant for tenant, _, _ in waiting}:
        mine = {whose: seq for whose, seq in waiting.items() if whose[0] == tenant_id}
        try:
            _store(tenant_id, mine)
        except StorageBusyError:
            _unstored.put_off(STORE_SECONDS)
            continue
        except IntegrityError:  # the incident is gone: the database was put back to what it was before
            _log.warning("what people have seen of incidents that are gone is forgotten", tenant_id=str(tenant_id))
        _unstored.drop(mine)


def _store(tenant_id: UUID, seen: dict[Whose, int]) -> None:
    with database.write(tenant_id) as tx:
        insert: Any = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(_look)
        rows = [
            {"tenant_id": tenant_id, "incident_id": incident_id, "user_id": user_id, "seq": seq, "at": tx.now}
            for (_, incident_id, user_id), seq in sorted(seen.items())
        ]
        new = insert.excluded
        tx.execute(
            insert.values(rows).on_conflict_do_update(
                index_elements=["incident_id", "user_id"],
                set_={"seq": new.seq, "at": new.at},
                where=_look.c.seq < new.seq,
            )
        )


def since_last_look(session: Session, actor: Actor, incident_id: UUID, last_seq: int) -> Between | None:
    """What came since the actor last looked, up to `last_seq`; None when they have never looked."""
    query = select(LastLook.seq).where(LastLook.incident_id == incident_id, LastLook.user_id == actor.id)
    known = [session.exec(query).first(), _unstored.seq((actor.tenant_id, incident_id, actor.id))]
    seqs = [seq for seq in known if seq is not None]
    return Between(max(seqs), last_seq) if seqs else None


def unseen(session: Session, actor: Actor, incident_id: UUID, between: Between | None, show: Show, by: UUID | None) -> Since | None:
    """What of that is new to the actor, of these kinds and by this one; None when nothing is."""
    if between is None or between.after >= between.until:
        return None
    seq = col(TimelineEvent.seq)
    query = select(seq, func.count().over()).where(
        TimelineEvent.incident_id == incident_id,
        seq > between.after,
        seq <= between.until,
        TimelineEvent.actor_id != actor.id,
    )
    if TYPES[show]:
        query = query.where(col(TimelineEvent.type).in_([event_type.value for event_type in TYPES[show]]))
    if by is not None:
        query = query.where(TimelineEvent.actor_id == by)
    found = session.exec(query.order_by(col(TimelineEvent.occurred_at), seq).limit(1)).first()
    return Since(*found) if found is not None else None


def look_again(actor: Actor, incident_id: UUID, last_seq: int, show: Show, by: UUID | None) -> tuple[Between | None, Since | None]:
    """What came since the actor last looked, and what of it is new to them, of these kinds and by this one."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        between = since_last_look(session, actor, incident_id, last_seq)
        return between, unseen(session, actor, incident_id, between, show, by)
