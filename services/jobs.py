"""Background work: written in the transaction that causes it, claimed by one worker at a time, run at least once.

A job says which thing to look at, never what to do with it: its handler reads the state again before it acts, because it may run twice
and because the world moves on while it waits.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, case, or_, text, update
from sqlalchemy.dialects import postgresql, sqlite

from models.columns import new_id
from models.jobs import UNFINISHED, Job
from models.vocabulary import JobStatus
from services import database, live_updates
from services.across_tenants import ClaimedJob
from services.database import Tx
from services.errors import StorageBusyError

LEASE = timedelta(seconds=60)
"""How long a worker holds a job without a sign of life, before another may take it."""
MAX_ATTEMPTS = 8
_SOON = timedelta(seconds=1)
_LONGEST_WAIT_SECONDS = 3600.0

TRIES_TO_RECORD = 10
"""How often the end of a job is tried to be written: for so many seconds at least the database may be away."""
TRIES_TO_NOTE = 5
"""The same for what a job did outside: with what it may take itself, a worker still holds the job then."""
_PAUSE_SECONDS = 1.0

T = TypeVar("T")

_job = Job.__table__  # type: ignore[attr-defined]


class LostError(Exception):
    """Another worker has taken the job over: whatever this one still does must leave no trace."""


class TryAgainError(Exception):
    """The work could not be done now, through no fault of ours; the sentence says why."""


class StoppedError(Exception):
    """The process ends: the job goes back to those that wait."""


def add(
    tx: Tx,
    kind: str,
    payload: Mapping[str, Any],
    due_at: datetime,
    dedup_key: str | None = None,
    *,
    move: bool = False,
    is_first: bool = False,
) -> None:
    """Queue a piece of work. `is_first` says that no job with its dedup key can be there, which makes it cheaper.

    Where a job with this dedup key waits already it is kept as it is, or takes the new time and payload when `move`. Where one runs at
    this moment it runs again at `due_at`, because it may have looked before the change that this transaction makes.
    """
    row = {
        "id": new_id(),
        "kind": kind,
        "payload": dict(payload),
        "dedup_key": dedup_key,
        "status": JobStatus.PENDING,
        "due_at": due_at,
        "again_at": None,
        "attempts": 0,
        "locked_by": None,
        "locked_until": None,
        "last_error": None,
        "created_at": tx.now,
        "finished_at": None,
    }
    if dedup_key is None or is_first:
        tx.insert(Job, **row)
    else:
        _add_once(tx, {**row, "tenant_id": tx.tenant_id}, move)
    if due_at <= tx.now + _SOON:
        tx.wake(live_updates.JOBS)


def _add_once(tx: Tx, row: Mapping[str, Any], move: bool) -> None:
    insert: Any = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(_job)
    new = insert.excluded
    runs, waits = _job.c.status == JobStatus.RUNNING, _job.c.status == JobStatus.PENDING
    taken: ColumnElement[bool] = or_(waits, runs) if move else and_(runs, _job.c.again_at.is_(None))
    tx.execute(
        insert.values(row).on_conflict_do_update(
            index_elements=["tenant_id", "dedup_key"],
            index_where=text(UNFINISHED),
            set_={
                "payload": case((taken, new.payload), else_=_job.c.payload),
                "due_at": case((and_(taken, waits), new.due_at), else_=_job.c.due_at),
                "again_at": case((and_(taken, runs), new.due_at), else_=_job.c.again_at),
            },
        )
    )


def cancel(tx: Tx, *, kind: str | None = None, dedup_key: str | None = None, prefix: str | None = None) -> int:
    """Take back the work of this organisation of a kind, with a dedup key, or with keys that begin with `prefix`; how many jobs.

    A job that runs at this moment is not stopped, and does not run again.
    """
    assert kind or dedup_key or prefix, "say which jobs"
    chosen = [_job.c.tenant_id == tx.tenant_id, text(UNFINISHED)]
    if kind:
        chosen.append(_job.c.kind == kind)
    if dedup_key:
        chosen.append(_job.c.dedup_key == dedup_key)
    if prefix:
        chosen.append(and_(_job.c.dedup_key >= prefix, _job.c.dedup_key < prefix[:-1] + chr(ord(prefix[-1]) + 1)))
    tx.execute(update(_job).where(*chosen, _job.c.status == JobStatus.RUNNING).values(again_at=None))
    waiting = update(_job).where(*chosen, _job.c.status == JobStatus.PENDING)
    return tx.execute(waiting.values(status=JobStatus.CANCELLED, finished_at=tx.now)).rowcount


def cancel_all(tx: Tx, dedup_keys: Collection[str]) -> None:
    """Take back the jobs with these dedup keys. One that runs at this moment is not stopped, and does not run again."""
    if not dedup_keys:
        return
    chosen = [_job.c.tenant_id == tx.tenant_id, text(UNFINISHED), _job.c.dedup_key.in_(sorted(dedup_keys))]
    tx.execute(update(_job).where(*chosen, _job.c.status == JobStatus.RUNNING).values(again_at=None))
    waiting = update(_job).where(*chosen, _job.c.status == JobStatus.PENDING)
    tx.execute(waiting.values(status=JobStatus.CANCELLED, finished_at=tx.now))


def _held(job: ClaimedJob) -> tuple[ColumnElement[bool], ...]:
    """The fence: a worker that lost the job changes nothing, since each claim has a name of its own."""
    return (
        _job.c.tenant_id == job.tenant_id,
        _job.c.id == job.id,
        _job.c.status == JobStatus.RUNNING,
        _job.c.locked_by == job.claim,
    )


def renew(tx: Tx, job: ClaimedJob, lease: timedelta = LEASE) -> bool:
    """Hold the job for another lease from now; False when it was lost."""
    return tx.execute(update(_job).where(*_held(job)).values(locked_until=tx.now + lease)).rowcount == 1


def _again(**values: Any) -> dict[str, Any]:
    """The values that send a job back to those that wait."""
    return {"status": JobStatus.PENDING, "again_at": None, "locked_by": None, "locked_until": None, **values}


def finish(tx: Tx, job: ClaimedJob) -> bool:
    """The job is done, or waits anew where it was added while it ran; False when it was lost."""
    repeated = update(_job).where(*_held(job), _job.c.again_at.is_not(None))
    if tx.execute(repeated.values(_again(due_at=_job.c.again_at, attempts=0, last_error=None))).rowcount == 1:
        tx.wake(live_updates.JOBS)
        return True
    done = update(_job).where(*_held(job))
    return tx.execute(done.values(status=JobStatus.DONE, finished_at=tx.now, locked_until=None)).rowcount == 1


def release(tx: Tx, job: ClaimedJob) -> bool:
    """Give the job back untried, as if it had not been claimed; False when it was lost."""
    tx.wake(live_updates.JOBS)
    return tx.execute(update(_job).where(*_held(job)).values(_again(attempts=_job.c.attempts - 1))).rowcount == 1


def wait_seconds(attempts: int) -> float:
    """How long a job waits after this many failures: 2, 6, 18, 54 … seconds, at most an hour, a quarter more or less by chance."""
    return min(_LONGEST_WAIT_SECONDS, 2.0 * 3.0 ** (attempts - 1)) * random.uniform(0.75, 1.25)  # noqa: S311


def fail(tx: Tx, job: ClaimedJob, reason: str, *, max_attempts: int = MAX_ATTEMPTS) -> JobStatus | None:
    """The run failed: the job waits for its next try, or is dead after the last one. None when it was lost.

    A job that was added while its last try ran is not dead: it runs at the time that was asked for.
    """
    reason = reason[:1000]
    if job.attempts < max_attempts:
        due_at = tx.now + timedelta(seconds=wait_seconds(job.attempts))
        waits = update(_job).where(*_held(job)).values(_again(due_at=due_at, last_error=reason))
        return JobStatus.PENDING if tx.execute(waits).rowcount == 1 else None
    repeated = update(_job).where(*_held(job), _job.c.again_at.is_not(None))
    if tx.execute(repeated.values(_again(due_at=_job.c.again_at, attempts=0, last_error=reason))).rowcount == 1:
        return JobStatus.PENDING
    dead = update(_job).where(*_held(job)).values(status=JobStatus.DEAD, last_error=reason, finished_at=tx.now, locked_until=None)
    return JobStatus.DEAD if tx.execute(dead).rowcount == 1 else None


@dataclass(frozen=True)
class Run:
    """One run of a job, as its handler gets it."""

    job: ClaimedJob
    lease: timedelta = LEASE
    stopping: threading.Event = field(default_factory=threading.Event)

    def go_on(self) -> None:
        """Called between the steps of work that takes long: pushes the lease on.

        Raises: StoppedError when the process ends, LostError when another worker has the job; the handler lets both pass.
        """
        if self.stopping.is_set():
            raise StoppedError
        with database.write(self.job.tenant_id) as tx:
            if not renew(tx, self.job, self.lease):
                raise LostError

    def note(self, write: Callable[[Tx], T], *, tries: int = TRIES_TO_NOTE) -> T:
        """Write down what cannot be undone, such as that a mail went out, also when the database is busy: what is not noted is done twice.

        Raises: StorageBusyError when it stays busy, or the process ends.
        """
        for _ in range(tries - 1):
            try:
                with database.write(self.job.tenant_id) as tx:
                    return write(tx)
            except StorageBusyError:
                if self.stopping.wait(_PAUSE_SECONDS):
                    break
        with database.write(self.job.tenant_id) as tx:
            return write(tx)
