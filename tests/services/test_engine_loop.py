"""The engine's loop: when it looks for work, how much it does at once, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.tasks import _for_ever
from app.tasks import engine as loops
from app.tasks.engine import EngineLoop
from models.jobs import Job
from models.vocabulary import JobStatus
from services import clock, database, engine, jobs, people
from services.database import Storage
from services.errors import StorageBusyError
from services.jobs import Run

KIND = "note"


@pytest.fixture
def tenant_id(storage: Storage) -> UUID:
    return people.create_organisation("Northwind").tenant_id


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a reason the loop looks once a minute, so that a test that ends in time shows that there was a reason."""
    monkeypatch.setattr(engine, "_LONGEST_PAUSE_SECONDS", 60.0)


def working(handler: Callable[[Run], object], lanes: int = loops.LANES) -> EngineLoop:
    """A loop in which this handler runs the jobs of the tests."""

    def work(this: Run) -> None:
        handler(this)

    return EngineLoop(lanes, {KIND: work, "retention": lambda _: None})


@asynccontextmanager
async def running(loop: EngineLoop) -> AsyncIterator[EngineLoop]:
    task = asyncio.create_task(loop.run())
    await until(lambda: engine.cycle_age_seconds() is not None and loop._wake is not None)
    await asyncio.sleep(0.1)
    try:
        yield loop
    finally:
        await loop.stop()
        async with asyncio.timeout(10):
            await task


async def until(what: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def add(tenant_id: UUID, count: int = 1, **late: float) -> None:
    with database.write(tenant_id) as tx:
        for _ in range(count):
            jobs.add(tx, KIND, {}, clock.now() + timedelta(**late))


def statuses(tenant_id: UUID) -> list[JobStatus]:
    with database.read(tenant_id) as session:
        return [row.status for row in session.exec(select(Job).where(col(Job.kind) == KIND))]


def test_work_that_is_added_runs_without_waiting_for_the_next_look(tenant_id: UUID) -> None:
    ran: list[UUID] = []

    async def story() -> None:
        async with running(working(lambda this: ran.append(this.job.id))):
            await asyncio.to_thread(add, tenant_id)
            await until(lambda: len(ran) == 1)
            await until(lambda: statuses(tenant_id) == [JobStatus.DONE])

    asyncio.run(story())


def test_work_runs_when_its_time_has_come(tenant_id: UUID) -> None:
    ran: list[UUID] = []
    add(tenant_id, seconds=1.5)

    async def story() -> None:
        async with running(working(lambda this: ran.append(this.job.id))):
            assert ran == []
            await until(lambda: len(ran) == 1)

    asyncio.run(story())


def test_a_slow_job_does_not_hold_up_the_others(tenant_id: UUID) -> None:
    release = threading.Event()
    ran: list[UUID] = []

    def work(this: Run) -> None:
        if not ran:
            ran.append(this.job.id)
            release.wait(30)
        else:
            ran.append(this.job.id)

    add(tenant_id, 20)

    async def story() -> None:
        async with running(working(work, lanes=2)):
            await until(lambda: len(ran) == 20)
            release.set()
            await until(lambda: statuses(tenant_id) == [JobStatus.DONE] * 20)

    asyncio.run(story())


def test_no_more_jobs_run_at_once_than_there_are_lanes(tenant_id: UUID) -> None:
    guard, at_once, together = threading.Lock(), [0, 0], threading.Barrier(3)

    def work(_: Run) -> None:
        with guard:
            at_once[0] += 1
            at_once[1] = max(at_once)
        together.wait(20)
        with guard:
            at_once[0] -= 1

    add(tenant_id, 9)

    async def story() -> None:
        async with running(working(work, lanes=3)):
            await until(lambda: statuses(tenant_id) == [JobStatus.DONE] * 9)

    asyncio.run(story())
    assert at_once == [0, 3]


def test_a_job_that_runs_when_the_process_ends_is_finished(tenant_id: UUID) -> None:
    begun = threading.Event()

    def work(_: Run) -> None:
        begun.set()
        threading.Event().wait(0.3)

    add(tenant_id)

    async def story() -> None:
        async with running(working(work)):
            await until(begun.is_set)

    asyncio.run(story())
    assert statuses(tenant_id) == [JobStatus.DONE]


def test_a_job_that_does_not_end_with_its_process_is_given_back(tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_STOP_SECONDS", 0.2)
    begun, release = threading.Event(), threading.Event()

    def hang(_: Run) -> None:
        begun.set()
        release.wait(30)

    add(tenant_id)

    async def story() -> None:
        async with running(working(hang)):
            await until(begun.is_set)

    asyncio.run(story())
    assert statuses(tenant_id) == [JobStatus.PENDING]
    release.set()
    for thread in threading.enumerate():
        if thread.name == f"job {KIND}":
            thread.join(10)
    assert statuses(tenant_id) == [JobStatus.PENDING], "what it did after that was not recorded"


def test_the_loop_goes_on_after_the_database_was_away(tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[UUID] = []
    add(tenant_id)
    real, tries = engine.claim, []

    def flaky(worker: str, limit: int, at_most: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise StorageBusyError
        if len(tries) == 2:
            raise ValueError("a bug")
        return real(worker, limit, at_most)

    monkeypatch.setattr(engine, "claim", flaky)

    async def story() -> None:
        loop = working(lambda this: ran.append(this.job.id))
        task = asyncio.create_task(_for_ever("engine", loop.run))
        await until(lambda: len(ran) == 1)
        await loop.stop()
        await task

    asyncio.run(story())


def test_jobs_that_wait_for_a_mail_server_leave_lanes_free(tenant_id: UUID) -> None:
    release, guard, mails, ran = threading.Event(), threading.Lock(), [0, 0], []

    def hang(_: Run) -> None:
        with guard:
            mails[0] += 1
            mails[1] = max(mails)
        release.wait(30)
        with guard:
            mails[0] -= 1

    with database.write(tenant_id) as tx:
        for _ in range(12):
            jobs.add(tx, "mail", {}, clock.now() - timedelta(seconds=5))

    async def story() -> None:
        loop = EngineLoop(loops.LANES, {KIND: lambda this: ran.append(this.job.id), "mail": hang, "retention": lambda _: None})
        async with running(loop):
            await until(lambda: mails[0] == 2)
            await asyncio.to_thread(add, tenant_id, 3)
            await until(lambda: len(ran) == 3)
            assert mails == [2, 2]
            release.set()
            await until(lambda: mails == [0, 2])

    asyncio.run(story())
