"""A change that one process commits wakes the pages of the others, and a command can tell whether somebody serves the database."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from app.tasks import wake_ups
from services import database, live_updates, other_processes, people
from services.database import Storage
from services.live_updates import EVERYTHING, Hub, Subscription
from services.other_processes import FileWatch, LostConnectionError

ROOT = Path(__file__).parent.parent.parent
WRITE = """
import sys
from uuid import UUID
from services import database
database.use(sys.argv[1])
with database.write(UUID(sys.argv[2])) as tx:
    tx.session.connection().exec_driver_sql("UPDATE tenant SET name = 'Changed'")
    tx.wake("incident:1", "incidents:1")
    tx.wake_lazily("integration:1")
"""


def write_in_another_process(storage: Storage, tenant_id: UUID) -> None:
    subprocess.run([sys.executable, "-c", WRITE, storage.url, str(tenant_id)], check=True, cwd=ROOT)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    own = Hub()
    monkeypatch.setattr(live_updates, "hub", own)
    return own


@pytest.fixture
def tenant_id(storage: Storage) -> UUID:
    return people.create_organisation("Northwind").tenant_id


@pytest.fixture
def postgresql(new_database: Callable[[str], str]) -> Iterator[Storage]:
    database.use(new_database("postgresql"))
    yield database.storage()
    database.use(None)


@pytest.fixture
def sqlite(new_database: Callable[[str], str]) -> Iterator[Storage]:
    database.use(new_database("sqlite"))
    yield database.storage()
    database.use(None)


async def told(subscription: Subscription, *, seconds: float = 20, until: set[str]) -> set[str]:
    """What is told, until all of `until` were or the time is over."""
    heard: set[str] = set()
    end = asyncio.get_running_loop().time() + seconds
    while not until <= heard and asyncio.get_running_loop().time() < end:
        heard |= await subscription.wait(end - asyncio.get_running_loop().time())
    return heard


@asynccontextmanager
async def running(loop: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(loop())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_commit_of_another_process_wakes_this_one(storage: Storage, tenant_id: UUID, hub: Hub) -> None:
    """On PostgreSQL by its topics; on SQLite, where nobody says what changed, everything is read again."""
    wanted = {EVERYTHING} if storage.is_sqlite else {"incident:1", "incidents:1", "integration:1"}

    async def story() -> None:
        with hub.subscribe("incident:1", "incidents:1", "integration:1") as subscription:
            async with running(wake_ups.hear_others):
                if not storage.is_sqlite:
                    assert await told(subscription, until={EVERYTHING}) == {EVERYTHING}, "listening from now on"
                await asyncio.sleep(0.2)
                await asyncio.to_thread(write_in_another_process, storage, tenant_id)
                assert await told(subscription, until=wanted) == wanted

    asyncio.run(story())


def test_an_own_commit_wakes_this_process_once(storage: Storage, tenant_id: UUID, hub: Hub) -> None:
    async def story() -> None:
        with hub.subscribe("incident:1") as subscription:
            async with running(wake_ups.hear_others):
                await told(subscription, until={EVERYTHING}, seconds=0.5 if storage.is_sqlite else 20)
                with database.write(tenant_id) as tx:
                    tx.session.connection().exec_driver_sql("UPDATE tenant SET name = 'Own'")
                    tx.wake("incident:1")
                assert await subscription.wait(5) == {"incident:1"}
                assert await subscription.wait(0.5) == set()

    asyncio.run(story())


def test_a_rolled_back_change_wakes_nobody(postgresql: Storage, hub: Hub) -> None:
    tenant_id = people.create_organisation("Northwind").tenant_id

    async def story() -> None:
        with hub.subscribe("incident:1") as subscription:
            async with running(wake_ups.hear_others):
                await told(subscription, until={EVERYTHING})
                broken = WRITE + "    raise SystemExit(3)\n"
                command = [sys.executable, "-c", broken, postgresql.url, str(tenant_id)]
                done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False)
                assert done.returncode == 3
                assert await subscription.wait(0.5) == set()

    asyncio.run(story())


def test_after_a_lost_connection_everything_is_read_again(postgresql: Storage, hub: Hub) -> None:
    tenant_id = people.create_organisation("Northwind").tenant_id

    async def story() -> None:
        with hub.subscribe("incident:1") as subscription:
            async with running(wake_ups.hear_others):
                await told(subscription, until={EVERYTHING})
                await asyncio.to_thread(cut_connections)
                assert await told(subscription, until={EVERYTHING}) == {EVERYTHING}
                await asyncio.to_thread(write_in_another_process, postgresql, tenant_id)
                assert await told(subscription, until={"incident:1"}) == {"incident:1"}

    def cut_connections() -> None:
        with psycopg.connect(postgresql.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tocsin wake-ups' AND datname = current_database()"
            )

    asyncio.run(story())


def test_a_server_that_cannot_be_reached_is_said_in_a_sentence() -> None:
    database.use("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        with pytest.raises(LostConnectionError, match=r"127\.0\.0\.1"):
            asyncio.run(other_processes.hear())
    finally:
        database.use(None)


@pytest.mark.parametrize("payload", ["", "{", "[]", '["x"]', '["x", "now", 3]', '{"a": 1}'])
def test_a_wake_up_that_cannot_be_read_makes_everything_read_again(hub: Hub, payload: str) -> None:
    async def story() -> None:
        with hub.subscribe("incident:1") as subscription:
            other_processes.take(payload)
            assert await subscription.wait(1) == {EVERYTHING}

    asyncio.run(story())


def test_a_wake_up_of_this_process_is_dropped(hub: Hub) -> None:
    async def story() -> None:
        with hub.subscribe("incident:1") as subscription:
            other_processes.take(orjson.dumps([live_updates.ORIGIN, "now", ["incident:1"]]).decode())
            assert await subscription.wait(0.1) == set()
            other_processes.take(orjson.dumps(["another", "now", ["incident:1"]]).decode())
            assert await subscription.wait(1) == {"incident:1"}

    asyncio.run(story())


def test_a_busy_writer_does_not_hide_what_others_wrote(sqlite: Storage, hub: Hub) -> None:
    """The look takes its turn among the writers when it never finds the writer free."""
    tenant_id = people.create_organisation("Northwind").tenant_id

    async def story() -> None:
        with hub.subscribe() as subscription:
            watch = FileWatch()
            await watch.look()
            write_in_another_process(sqlite, tenant_id)
            assert sqlite.lock.acquire(0)
            looks = 0
            try:
                while looks < 10:
                    await watch.look()
                    looks += 1
                assert await subscription.wait(0) == set()
                asyncio.get_running_loop().call_later(0.1, sqlite.lock.release)
            except BaseException:
                sqlite.lock.release()
                raise
            await watch.look()
            assert await subscription.wait(1) == {EVERYTHING}

    asyncio.run(story())


def test_who_serves_the_database_can_be_told(storage: Storage, hub: Hub) -> None:
    assert not other_processes.is_served()

    async def story() -> None:
        with hub.subscribe() as subscription, other_processes.serving():
            async with running(wake_ups.hear_others):
                if not storage.is_sqlite:
                    await told(subscription, until={EVERYTHING})
                assert await asyncio.to_thread(other_processes.is_served)

    asyncio.run(story())
    until = time.monotonic() + 5  # PostgreSQL notices by and by that a connection was closed
    while other_processes.is_served() and time.monotonic() < until:
        time.sleep(0.01)
    assert not other_processes.is_served()
