"""What a caller is told when the database is busy or away, and how long it waits for that."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import ExitStack, closing
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool
from sqlmodel import col, select

from models.tenants import Tenant
from services import database, people, schema
from services.database import Storage
from services.errors import StorageBusyError
from services.storage import _FairLock


def busy_timeout(connection: Any) -> int:
    """Milliseconds for which a connection waits for other processes."""
    return int(connection.connection.driver_connection.execute("PRAGMA busy_timeout").fetchone()[0])


def test_no_connection_in_time_is_a_refusal(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = storage.engine.pool
    assert isinstance(pool, QueuePool)
    monkeypatch.setattr(pool, "_timeout", 0.05)
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(storage.engine.connect())
        with pytest.raises(StorageBusyError):
            database.ping()


def test_a_database_that_is_away_is_a_refusal() -> None:
    database.use("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        with pytest.raises(StorageBusyError):
            database.ping()
        with pytest.raises(StorageBusyError), database.write_everywhere() as tx:
            tx.connection.exec_driver_sql("SELECT 1")
    finally:
        database.use(None)


def test_a_writer_that_waited_for_its_turn_waits_less_for_other_processes(storage: Storage) -> None:
    """One deadline holds for both, so that a sender is told in time."""
    if not storage.is_sqlite:
        return
    with storage.turn() as connection:
        assert busy_timeout(connection) == 1500
    assert storage.lock.acquire(0)
    threading.Timer(0.5, storage.lock.release).start()
    with storage.turn() as connection:
        assert 1 <= busy_timeout(connection) <= 1000
    with storage.turn() as connection:
        assert busy_timeout(connection) == 1500, "the next one has its whole time again"


def test_a_write_under_another_process_s_transaction_is_refused_and_works_afterwards(storage: Storage) -> None:
    if not storage.is_sqlite:
        return
    tenant_id = people.create_organisation("Northwind").tenant_id
    with closing(sqlite3.connect(schema.file_of(storage), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError), database.write(tenant_id, timeout_seconds=0.1) as tx:
            tx.connection.exec_driver_sql("UPDATE tenant SET name = 'No'")
        other.execute("ROLLBACK")
    with database.write(tenant_id) as tx:
        tx.connection.exec_driver_sql("UPDATE tenant SET name = 'Yes'")
    with database.read(tenant_id) as session:
        assert session.connection().exec_driver_sql("SELECT name FROM tenant").scalar() == "Yes"


def test_the_writers_of_a_process_take_turns_in_the_order_in_which_they_came() -> None:
    lock, order, ready = _FairLock(), list[int](), threading.Barrier(2)
    assert lock.acquire(0)

    def write(number: int) -> None:
        ready.wait()
        assert lock.acquire(20)
        order.append(number)
        lock.release()

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
        ready.wait()
        while len(lock._waiting) <= number:
            os.sched_yield()
    lock.release()
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_writer_whose_time_is_over_leaves_the_queue() -> None:
    lock = _FairLock()
    assert lock.acquire(0)
    assert not lock.acquire(0.01)
    assert not lock._waiting
    lock.release()
    assert lock.acquire(0)


def test_a_read_that_breaks_off_keeps_nobody_at_what_was(storage: Storage) -> None:
    """Its rows were not read to their end, and its exception is still known to somebody."""
    tenants = select(col(Tenant.id))
    for number in range(3):
        people.create_organisation(f"Northwind {number}")
    with pytest.raises(ZeroDivisionError) as kept, database.read_everywhere() as session:
        _ = {row.id: 1 / 0 for row in session.connection().execute(tenants)}
    people.create_organisation("Contoso")
    for _ in range(15):  # more often than there are connections
        with database.read_everywhere() as session:
            assert len(session.connection().execute(tenants).all()) == 4
    assert kept.value is not None
