"""The engine: it maps a job's kind to its handler, and runs what is due."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from uuid import uuid4

import structlog

from models.vocabulary import JobStatus
from services import (
    across_tenants,
    calls,
    channel_outbox,
    clock,
    database,
    departures,
    jobs,
    mail,
    measures,
    organisation,
    quiet,
    retention,
    telling,
    timers,
)
from services.across_tenants import ClaimedJob
from services.channels import sending
from services.database import Tx
from services.errors import StorageBusyError
from services.jobs import LostError, Run, StoppedError, TryAgainError
from services.measures import JobResult

Handler = Callable[[Run], None]

HANDLERS: Mapping[str, Handler] = {
    retention.KIND: retention.run,
    calls.KIND: timers.remind,
    calls.LAPSE: timers.lapse,
    timers.SNOOZE: timers.wake,
    organisation.TIMEOUT_CHANGED: timers.plan_lapses,
    quiet.KIND: quiet.run,
    telling.MAIL_KIND: mail.run,
    departures.KIND: departures.run,
    channel_outbox.KIND: sending.run,
}
"""What runs for each kind of job. A handler reads the state again before it acts, and calls `Run.go_on` between long steps."""
TRIES: Mapping[str, int] = {telling.MAIL_KIND: mail.MAX_ATTEMPTS}
"""How often a job of a kind is tried before it is dead, where that is not `jobs.MAX_ATTEMPTS`."""
AT_MOST: Mapping[str, int] = {telling.MAIL_KIND: 2, channel_outbox.KIND: 2}
"""How many jobs that wait for other machines one process runs at once: a mail server that says nothing holds up no reminder."""
CLAIM_AT_ONCE = 10
_LONGEST_PAUSE_SECONDS = 1.0

_log = structlog.get_logger(__name__)
_last_cycle: float | None = None


def worker_name() -> str:
    """A name for one worker, which no other has: host, process, chance."""
    return f"{socket.gethostname()[:20]}:{os.getpid()}:{uuid4().hex[:6]}"


def prepare() -> None:
    """What must hold before the engine runs: each organisation has its recurring jobs."""
    retention.schedule_everywhere()
    quiet.schedule_everywhere()


def cycle_age_seconds() -> float | None:
    """Seconds since this process last looked for due work and could; None before the first time."""
    return None if _last_cycle is None else time.monotonic() - _last_cycle


def claim(worker: str, limit: int = CLAIM_AT_ONCE, at_most: Mapping[str, int] | None = None) -> tuple[list[ClaimedJob], float]:
    """Take up to `limit` due jobs, and say in how many seconds to look again. That nothing is due costs one read.

    Of the kinds in `at_most` no more are taken than it says.

    Raises: StorageBusyError.
    """
    due_at = across_tenants.next_job_due_at()
    wait_seconds = _LONGEST_PAUSE_SECONDS if due_at is None else (due_at - clock.now()).total_seconds()
    claimed = across_tenants.claim_jobs(worker, limit, jobs.LEASE, at_most) if limit > 0 and wait_seconds <= 0 else []
    _note_cycle()
    if limit <= 0 or (wait_seconds <= 0 and not claimed):  # full up, or another worker was first
        return claimed, _LONGEST_PAUSE_SECONDS
    return claimed, min(_LONGEST_PAUSE_SECONDS, max(0.0, wait_seconds))


def _note_cycle() -> None:
    global _last_cycle
    _last_cycle = time.monotonic()
    measures.engine_last_cycle.set(time.time())


def run_due(worker: str, handlers: Mapping[str, Handler] = HANDLERS, limit: int = CLAIM_AT_ONCE) -> int:
    """One cycle in this thread: claim what is due, run it one after the other; how many jobs that were."""
    claimed, _ = claim(worker, limit)
    for job in claimed:
        execute(Run(job), handlers)
    return len(claimed)


def execute(this: Run, handlers: Mapping[str, Handler] = HANDLERS) -> JobResult:
    """Run one claimed job and record what came of it. Never raises for what a handler does."""
    job = this.job
    log = _log.bind(job_id=str(job.id), kind=job.kind, tenant_id=str(job.tenant_id), attempt=job.attempts)
    try:
        if this.stopping.is_set():
            raise StoppedError
        if job.attempts > _tries(job.kind):  # only a worker that died in it leaves it so
            raise _DeadlyJobError(f"its worker died {job.attempts - 1} times while it ran this")
        handler = handlers.get(job.kind)
        if handler is None:
            raise _UnknownKindError(f"this version of Tocsin knows no job of kind {job.kind!r}")
        handler(this)
        result = _record(this, lambda tx: JobResult.DONE if jobs.finish(tx, job) else JobResult.LOST)
    except StoppedError:
        result = _record(this, lambda tx: JobResult.RELEASED if jobs.release(tx, job) else JobResult.LOST)
    except LostError:
        result = JobResult.LOST
    except Exception as error:  # whatever a handler does wrong must not end the engine
        reason = f"{type(error).__name__}: {error}"
        result = _record(this, lambda tx: _failed(tx, job, reason))
        is_expected = isinstance(error, StorageBusyError | TryAgainError) and result is not JobResult.DEAD
        tell = log.warning if is_expected else log.exception
        tell("job failed", result=result.value, reason=reason)
    measures.job_runs.labels(job.kind, result.value).inc()
    if result is JobResult.LOST:
        log.warning("the outcome of a job was not recorded: another worker has it, or the database is away")
    return result


class _DeadlyJobError(Exception):
    """A job that ends the process that runs it."""


class _UnknownKindError(Exception):
    """A job of a newer version, which a worker of that version will take."""


def _tries(kind: str) -> int:
    return TRIES.get(kind, jobs.MAX_ATTEMPTS)


def _failed(tx: Tx, job: ClaimedJob, reason: str) -> JobResult:
    status = jobs.fail(tx, job, reason, max_attempts=_tries(job.kind))
    if status is None:
        return JobResult.LOST
    return JobResult.DEAD if status is JobStatus.DEAD else JobResult.RETRIED


def _record(this: Run, write: Callable[[Tx], JobResult]) -> JobResult:
    """Record the outcome, also when the database is away for some seconds: what is not recorded runs once more."""
    try:
        return this.note(write, tries=jobs.TRIES_TO_RECORD)
    except StorageBusyError:
        return JobResult.LOST


def give_back(this: Run) -> None:
    """Let another worker have a job whose run here does not end, though this process does. Raises: StorageBusyError."""
    with database.write(this.job.tenant_id) as tx:
        jobs.release(tx, this.job)
