"""Background work: queued with the change that causes it, held by one worker at a time, tried again, and given up in the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event
from sqlmodel import col, select

from models.jobs import Job
from models.vocabulary import JobStatus
from services import across_tenants, database, engine, jobs
from services.across_tenants import ClaimedJob
from services.jobs import Run
from services.measures import JobResult
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation

KIND = "remind"


def queue(organisation: Organisation, clock: MovableClock, key: str | None = None, *, move: bool = False, **late: float) -> None:
    with database.write(organisation.tenant_id) as tx:
        jobs.add(tx, KIND, {"said": clock.now.isoformat()}, clock.now + timedelta(**late), key, move=move)


def rows(organisation: Organisation) -> list[Job]:
    with database.read(organisation.tenant_id) as session:
        return list(session.exec(select(Job).where(col(Job.kind) == KIND).order_by(col(Job.created_at), col(Job.id))))


def only(organisation: Organisation) -> Job:
    (row,) = rows(organisation)
    return row


def claim(worker: str = "w1", limit: int = 10) -> list[ClaimedJob]:
    return [job for job in across_tenants.claim_jobs(worker, limit, jobs.LEASE) if job.kind == KIND]


class Handler:
    """A handler that notes its runs and fails as often as it is told."""

    def __init__(self, failures: int = 0, then: Callable[[Run], None] | None = None) -> None:
        self.failures = failures
        self.then = then
        self.runs: list[ClaimedJob] = []

    def __call__(self, this: Run) -> None:
        self.runs.append(this.job)
        if self.then is not None:
            self.then(this)
        if len(self.runs) <= self.failures:
            raise ValueError("the mail server said no")


def run_due(handler: Handler) -> int:
    """One cycle; how many of the test's jobs ran."""
    before = len(handler.runs)
    engine.run_due("w1", {KIND: handler, "retention": lambda _: None})
    return len(handler.runs) - before


def test_a_job_is_not_claimed_before_it_is_due(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, minutes=5)
    assert claim() == []
    clock.pass_time(minutes=5)
    (job,) = claim()
    assert (job.kind, job.tenant_id, job.attempts) == (KIND, organisation.tenant_id, 1)
    assert only(organisation).status is JobStatus.RUNNING


def test_a_job_of_a_rolled_back_transaction_was_never_queued(organisation: Organisation, clock: MovableClock) -> None:
    def change_mind() -> None:
        with database.write(organisation.tenant_id) as tx:
            jobs.add(tx, KIND, {}, clock.now, "one")
            jobs.add(tx, KIND, {}, clock.now)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_mind()
    assert rows(organisation) == []


def test_the_longest_due_is_claimed_first_and_no_more_than_asked_for(organisation: Organisation, clock: MovableClock) -> None:
    for minutes in (3, 1, 2):
        queue(organisation, clock, minutes=minutes)
    clock.pass_time(minutes=10)
    due: list[datetime] = [job.due_at for job in claim(limit=2)]
    assert due == sorted(due)
    assert len(due) == 2
    assert len(claim()) == 1


def test_a_waiting_job_with_the_same_key_is_kept(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "k", minutes=5)
    first = only(organisation)
    clock.pass_time(minutes=1)
    queue(organisation, clock, "k", minutes=30)
    assert (only(organisation).due_at, only(organisation).payload) == (first.due_at, first.payload)


def test_a_waiting_job_with_the_same_key_is_moved_when_asked(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "k", minutes=5)
    clock.pass_time(minutes=1)
    queue(organisation, clock, "k", move=True, minutes=30)
    assert only(organisation).due_at == clock.now + timedelta(minutes=30)
    assert only(organisation).payload == {"said": clock.now.isoformat()}


def test_organisations_do_not_share_keys(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "k")
    with database.write(organisation.stranger.tenant_id) as tx:
        jobs.add(tx, KIND, {}, clock.now, "k")
    assert {job.tenant_id for job in claim()} == {organisation.tenant_id, organisation.stranger.tenant_id}


@pytest.mark.parametrize("move", [False, True])
def test_work_that_is_added_while_its_job_runs_runs_again(organisation: Organisation, clock: MovableClock, move: bool) -> None:
    """The run under way may have looked before the change was made."""
    queue(organisation, clock, "k")
    handler = Handler(then=lambda _: queue(organisation, clock, "k", move=move) if len(handler.runs) == 1 else None)
    assert run_due(handler) == 1
    assert only(organisation).status is JobStatus.PENDING
    assert run_due(handler) == 1
    assert only(organisation).status is JobStatus.DONE
    assert len(handler.runs) == 2


def test_a_job_may_plan_its_next_run(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "daily")
    handler = Handler(then=lambda _: queue(organisation, clock, "daily", days=1))
    for day in range(3):
        assert run_due(handler) == 1, day
        assert run_due(handler) == 0
        clock.pass_time(days=1)
    assert len(rows(organisation)) == 1


def test_a_done_job_makes_room_for_the_next_with_its_key(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "k")
    run_due(Handler())
    queue(organisation, clock, "k")
    assert [row.status for row in rows(organisation)] == [JobStatus.DONE, JobStatus.PENDING]


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({"dedup_key": "inc:1:a"}, ["inc:1:b", "inc:10:a"]),
        ({"prefix": "inc:1:"}, ["inc:10:a"]),
        ({"prefix": "inc:"}, []),
        ({"kind": KIND}, []),
        ({"kind": "other", "prefix": "inc:"}, ["inc:1:a", "inc:1:b", "inc:10:a"]),
    ],
)
def test_cancelled_work_is_not_claimed(organisation: Organisation, clock: MovableClock, how: dict[str, Any], left: list[str]) -> None:
    for key in ("inc:1:a", "inc:1:b", "inc:10:a"):
        queue(organisation, clock, key)
    with database.write(organisation.stranger.tenant_id) as tx:
        assert jobs.cancel(tx, **how) == 0, "the stranger's transaction reaches no job of this organisation"
    with database.write(organisation.tenant_id) as tx:
        assert jobs.cancel(tx, **how) == 3 - len(left)
    claim()
    assert [row.dedup_key for row in rows(organisation) if row.status is JobStatus.RUNNING] == left


def test_a_cancel_takes_back_the_next_run_of_a_running_job(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock, "k")

    def change_mind(_: Run) -> None:
        queue(organisation, clock, "k")
        with database.write(organisation.tenant_id) as tx:
            jobs.cancel(tx, dedup_key="k")

    run_due(Handler(then=change_mind))
    assert only(organisation).status is JobStatus.DONE


def test_a_failed_job_waits_longer_each_time_and_is_dead_in_the_end(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    handler = Handler(failures=99)
    waits = []
    for _ in range(jobs.MAX_ATTEMPTS - 1):
        assert run_due(handler) == 1
        row = only(organisation)
        assert row.status is JobStatus.PENDING
        assert row.last_error == "ValueError: the mail server said no"
        waits.append((row.due_at - clock.now).total_seconds())
        assert run_due(handler) == 0, "not before its time"
        clock.now = row.due_at
    assert all(later > earlier for earlier, later in itertools.pairwise(waits))
    assert 1.4 < waits[0] < 2.6
    run_due(handler)
    assert only(organisation).status is JobStatus.DEAD
    assert only(organisation).finished_at == clock.now
    clock.pass_time(days=1)
    assert run_due(handler) == 0
    assert len(handler.runs) == jobs.MAX_ATTEMPTS


def test_a_wait_is_never_longer_than_an_hour_and_a_quarter() -> None:
    assert all(jobs.wait_seconds(attempts) <= 3600 * 1.25 for attempts in range(1, 100))


def test_a_job_that_fails_once_is_done_by_its_second_try(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    handler = Handler(failures=1)
    run_due(handler)
    clock.pass_time(seconds=3)
    run_due(handler)
    assert only(organisation).status is JobStatus.DONE
    assert [job.attempts for job in handler.runs] == [1, 2]


def test_a_job_that_kills_its_workers_is_given_up(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    for _ in range(jobs.MAX_ATTEMPTS):
        assert len(claim()) == 1  # and nobody ever says what came of it
        clock.pass_time(minutes=2)
    handler = Handler()
    run_due(handler)
    assert handler.runs == []
    assert only(organisation).status is JobStatus.DEAD
    assert "died 8 times" in (only(organisation).last_error or "")


def test_a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    assert engine.run_due("old version", {}) == 1
    clock.pass_time(seconds=3)
    handler = Handler()
    run_due(handler)
    assert only(organisation).status is JobStatus.DONE


def test_a_dead_worker_s_job_is_taken_over_after_its_lease_and_not_before(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    claim("dead")
    clock.pass_time(seconds=59)
    assert claim("heir") == []
    assert across_tenants.next_job_due_at() == clock.now + timedelta(seconds=1)
    clock.pass_time(seconds=2)
    (taken,) = claim("heir")
    assert taken.attempts == 2


@pytest.mark.parametrize("say", [jobs.finish, jobs.release, lambda tx, job: jobs.fail(tx, job, "no"), jobs.renew])
def test_a_worker_that_lost_its_job_changes_nothing(organisation: Organisation, clock: MovableClock, say: Callable[..., object]) -> None:
    """Also when it is the same worker that took the job again: each claim has a name of its own."""
    queue(organisation, clock)
    (lost,) = claim("same")
    clock.pass_time(minutes=2)
    (held,) = claim("same")
    before = only(organisation).model_dump()
    with database.write(organisation.tenant_id) as tx:
        assert not say(tx, lost)
    assert only(organisation).model_dump() == before
    with database.write(organisation.tenant_id) as tx:
        assert say(tx, held)


def test_long_work_keeps_its_job_by_signs_of_life(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    thieves: list[ClaimedJob] = []

    def long(this: Run) -> None:
        for _ in range(5):
            clock.pass_time(seconds=50)
            this.go_on()
            thieves.extend(claim("thief"))

    run_due(Handler(then=long))
    assert thieves == []
    assert only(organisation).status is JobStatus.DONE


def test_long_work_that_lost_its_job_ends(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    steps: list[int] = []

    def long(this: Run) -> None:
        clock.pass_time(minutes=2)
        claim("thief")
        this.go_on()
        steps.append(1)

    (job,) = claim()
    assert engine.execute(Run(job), {KIND: Handler(then=long)}) is JobResult.LOST
    assert steps == []
    assert only(organisation).locked_by.startswith("thief")  # type: ignore[union-attr]


def test_a_process_that_ends_gives_its_jobs_back_untried(organisation: Organisation, clock: MovableClock) -> None:
    queue(organisation, clock)
    (job,) = claim()
    run = Run(job)

    def end(this: Run) -> None:
        this.stopping.set()
        this.go_on()

    handler = Handler(then=end)
    assert engine.execute(run, {KIND: handler}) is JobResult.RELEASED
    row = only(organisation)
    assert (row.status, row.attempts, row.locked_by) == (JobStatus.PENDING, 0, None)
    assert len(claim("other")) == 1


def test_what_came_of_each_run_is_counted(organisation: Organisation, clock: MovableClock) -> None:
    def count(result: str) -> float:
        return REGISTRY.get_sample_value("tocsin_job_runs_total", {"kind": KIND, "result": result}) or 0.0

    before = count("done"), count("retried")
    queue(organisation, clock)
    handler = Handler(failures=1)
    run_due(handler)
    clock.pass_time(seconds=3)
    run_due(handler)
    assert (count("done"), count("retried")) == (before[0] + 1, before[1] + 1)


def test_counts_say_how_much_work_there_is(organisation: Organisation, clock: MovableClock) -> None:
    for tenant_id in (organisation.tenant_id, organisation.stranger.tenant_id):
        with database.write(tenant_id) as tx:
            jobs.cancel(tx, kind="retention")
    first = clock.now
    queue(organisation, clock)
    queue(organisation, clock, minutes=5)
    counts = across_tenants.job_counts()
    assert (counts.pending, counts.running, counts.dead, counts.longest_due_at) == (2, 0, 0, first)
    claim()
    counts = across_tenants.job_counts()
    assert (counts.pending, counts.running, counts.dead) == (1, 1, 0)


@pytest.mark.usefixtures("no_database_again")
def test_looking_for_work_uses_the_index_of_unfinished_jobs(organisation: Organisation, storage: database.Storage) -> None:
    """A million finished jobs must cost nothing."""
    seen: list[tuple[str, Any]] = []

    @event.listens_for(storage.engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "job" in statement and not statement.startswith("EXPLAIN"):
            seen.append((statement, parameters))

    across_tenants.next_job_due_at()
    across_tenants.claim_jobs("w", 10, jobs.LEASE)
    across_tenants.job_counts()
    event.remove(storage.engine, "before_cursor_execute", note)
    assert len(seen) >= 5
    with database.storage().engine.connect() as connection:
        if storage.is_sqlite:
            explain = "EXPLAIN QUERY PLAN "
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN "
        for statement, parameters in seen:
            lines = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))
            assert "ix_job_due" in lines or "ix_job_dead" in lines or "uq_job_dedup" in lines, statement + "\n" + lines
