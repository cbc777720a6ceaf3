"""Sessions, transactions and the only commit. One transaction is one `write`; wake-ups go out after it."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Connection, CursorResult, Executable, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTimeError
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, SQLModel

from models import tables
from models.columns import TenantRow
from models.tenants import Tenant
from services import clock, live_updates
from services.errors import StorageBusyError
from services.statements import Written, as_sqlalchemy, inserting
from services.storage import DEADLINE_SECONDS, Storage, storage, use

__all__ = [
    "NOTIFY_CHANNEL",
    "NoTenantError",
    "Storage",
    "TenantSession",
    "Tx",
    "notify",
    "ping",
    "read",
    "read_everywhere",
    "refused_writes",
    "run",
    "storage",
    "use",
    "write",
    "write_everywhere",
]

NOTIFY_CHANNEL = "tocsin"
_NOTIFY_BYTES = 7_000
_NOTIFY = text("SELECT pg_notify(:channel, value) FROM json_array_elements_text(CAST(:payloads AS JSON))")

P = ParamSpec("P")
R = TypeVar("R")


class NoTenantError(RuntimeError):
    """A statement was run without an organisation, or on a row of another one. Always a bug in the caller."""


class TenantSession(Session):
    """A session that sees one organisation: every statement on a table gets the filter, and none runs without a tenant."""


@lru_cache(maxsize=512)
def _criteria(tenant_id: UUID) -> tuple[Any, ...]:
    return tuple(with_loader_criteria(table, _owner(table) == tenant_id, include_aliases=True) for table in tables.ALL)


def _owner(table: type[SQLModel]) -> Any:
    """The column that says whose row it is."""
    return Tenant.id if table is Tenant else table.tenant_id  # type: ignore[attr-defined]


@event.listens_for(TenantSession, "do_orm_execute")
def _only_own_rows(state: ORMExecuteState) -> None:
    if state.session.info.get("everywhere"):
        return
    tenant_id = state.session.info.get("tenant_id")
    if tenant_id is None:
        raise NoTenantError("a statement without an organisation")
    if not state.is_orm_statement:
        raise NoTenantError("a statement on bare tables is not filtered: it goes through Tx.execute and names its organisation itself")
    if state.is_insert:
        raise NoTenantError("rows are inserted by Tx.insert or by adding objects, so that their organisation is checked")
    state.statement = state.statement.options(*_criteria(tenant_id))


@event.listens_for(TenantSession, "before_flush")
def _only_own_changes(session: Session, _context: Any, _instances: Any) -> None:
    if session.info.get("everywhere"):
        return
    tenant_id = session.info.get("tenant_id")
    for row in (*session.new, *session.dirty, *session.deleted):
        owner = row.id if isinstance(row, Tenant) else getattr(row, "tenant_id", None)
        if tenant_id is None or owner != tenant_id:
            raise NoTenantError(f"a change of a {type(row).__name__} of another organisation")


class Tx:
    """One transaction. Functions that take it first write in it and never commit."""

    def __init__(self, connection: Connection, tenant_id: UUID | None, *, everywhere: bool) -> None:
        self.connection = connection
        """For Core statements, which name the tenant themselves."""
        self.dialect = connection.dialect
        self._everywhere = everywhere
        self._session: TenantSession | None = None
        self.now: datetime = clock.now()
        self._tenant_id = tenant_id
        self._rows: dict[tuple[type[SQLModel], tuple[str, ...]], list[Mapping[str, Any]]] = {}
        self._topics: set[str] = set()
        self._lazy_topics: set[str] = set()

    @property
    def tenant_id(self) -> UUID:
        """The organisation of this transaction."""
        if self._tenant_id is None:
            raise NoTenantError("this transaction belongs to no organisation")
        return self._tenant_id

    @property
    def session(self) -> TenantSession:
        """A session with the tenant's filter, in this transaction. Made at the first use: intake does without."""
        if self._session is None:
            self._session = TenantSession(self.connection, expire_on_commit=False, join_transaction_mode="rollback_only")
            self._session.info.update(tenant_id=self._tenant_id, everywhere=self._everywhere)
        return self._session

    @property
    def cursor(self) -> Any:
        """A cursor of the driver, for prepared statements."""
        return self.connection.connection.cursor()

    def execute(self, statement: Executable) -> CursorResult[Any]:
        """Run a Core statement as it is: it must name the tenant itself. Collected inserts are written first."""
        self.flush()
        return self.connection.execute(statement)

    def insert(self, table: type[SQLModel], **values: Any) -> None:
        """Collect a row; rows of one table are written together. Give every column that has no default in the database."""
        if issubclass(table, TenantRow):
            values["tenant_id"] = self.tenant_id
        self._rows.setdefault((table, tuple(values)), []).append(values)

    def flush(self) -> None:
        """Write what was collected, in the order in which the tables refer to each other."""
        if self._session is not None:
            self._session.flush()
        if not self._rows:
            return
        rows, self._rows = self._rows, {}
        cursor = self.cursor
        with self._at_once():
            for table, columns in sorted(rows, key=lambda key: _TABLE_ORDER[key[0]]):
                _insert_for(table, columns, self.dialect.name).run(cursor, rows[table, columns])

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Send statements whose results nobody looks at without waiting for each (PostgreSQL)."""
        if self.dialect.name != "postgresql":
            yield
            return
        driver: Any = self.connection.connection.driver_connection
        try:
            with driver.pipeline():
                yield
        except self.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(error, "INSERT …", self.dialect) from error

    def wake(self, *topics: str) -> None:
        """Wake the pages that follow these topics, after the commit."""
        self._topics.update(topics)

    def wake_lazily(self, *topics: str) -> None:
        """The same for what may be a second late, such as a repeat of an alert."""
        self._lazy_topics.update(topics)

    def _notify(self) -> None:
        """Tell the other processes, as part of the transaction (PostgreSQL)."""
        if self.dialect.name != "postgresql":
            return
        payloads: list[str] = []
        for kind, topics in (("now", self._topics), ("lazily", self._lazy_topics - self._topics)):
            names = sorted(topics)
            while names:
                part: list[str] = []
                size = 0
                while names and size < _NOTIFY_BYTES:
                    size += len(names[-1]) + 3
                    part.append(names.pop())
                payloads.append(orjson.dumps([live_updates.ORIGIN, kind, part]).decode())
        if payloads:
            _send(self.connection, payloads)

    def _publish(self) -> None:
        if self._topics:
            live_updates.hub.publish(self._topics)
        if self._lazy_topics - self._topics:
            live_updates.hub.publish_lazily(self._lazy_topics - self._topics)


_TABLE_ORDER: dict[type[SQLModel], int] = {table: place for place, table in enumerate(tables.ALL)}


@lru_cache(maxsize=256)
def _insert_for(table: type[SQLModel], columns: tuple[str, ...], dialect_name: str) -> Written:
    del dialect_name  # part of the key only: a test may use both databases in one process
    return inserting(table.__table__, columns, storage().dialect)  # type: ignore[attr-defined]


def _send(connection: Connection, payloads: list[str]) -> None:
    connection.execute(_NOTIFY, {"channel": NOTIFY_CHANNEL, "payloads": orjson.dumps(payloads).decode()})


def notify(payloads: list[str]) -> None:
    """Say something to the other processes that no row tells (PostgreSQL). Raises: StorageBusyError."""
    try:
        with storage().engine.begin() as connection:
            _send(connection, payloads)
    except (DBAPIError, NoConnectionInTimeError) as error:
        raise StorageBusyError from error


def _as_busy(error: DBAPIError) -> StorageBusyError | None:
    """The refusal for a database that is away or busy; None for any other error."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        said = str(error.orig).lower()
        if "no such table" in said or "no such column" in said or "syntax" in said:
            return None
        if any(words in said for words in ("disk is full", "no space left", "disk i/o error")):
            return StorageBusyError("The database cannot write: its disk may be full. Send this again later.", retry_after_seconds=30)
        return StorageBusyError()
    return None


def refused_writes() -> str | None:
    """Why this process's last write was refused, when that was in the last minute; None when it was stored."""
    return storage().refusals.standing


@contextmanager
def _begin(connection: Connection, tenant_id: UUID | None, everywhere: bool) -> Iterator[Tx]:
    tx = Tx(connection, tenant_id, everywhere=everywhere)
    try:
        with connection.begin():
            yield tx
            tx.flush()
            tx._notify()
    finally:
        if tx._session is not None:
            tx._session.close()
    tx._publish()


@contextmanager
def _write(tenant_id: UUID | None, everywhere: bool, timeout_seconds: float) -> Iterator[Tx]:
    place = storage()
    try:
        with place.turn(timeout_seconds) as connection, _begin(connection, tenant_id, everywhere) as tx:
            yield tx
    except DBAPIError as error:
        busy = _as_busy(error)
        if busy is None:
            raise
        place.refusals.refused(busy, error.orig or error)
        raise busy from error
    except NoConnectionInTimeError as error:
        busy = StorageBusyError()
        place.refusals.refused(busy, error)
        raise busy from error
    except StorageBusyError as busy:
        place.refusals.refused(busy, busy)
        raise
    place.refusals.written()


@contextmanager
def write(tenant_id: UUID, *, timeout_seconds: float = DEADLINE_SECONDS) -> Iterator[Tx]:
    """A transaction of one organisation: committed when the block ends, rolled back when it raises.

    Raises: StorageBusyError when the turn does not come within the timeout or the database is away.
    """
    with _write(tenant_id, False, timeout_seconds) as tx:
        yield tx


@contextmanager
def write_everywhere() -> Iterator[Tx]:
    """A transaction that belongs to no organisation. Only for `services/across_tenants.py`, migrations and set-up."""
    with _write(None, True, DEADLINE_SECONDS) as tx:
        yield tx


@contextmanager
def _read(tenant_id: UUID | None, everywhere: bool) -> Iterator[Session]:
    try:
        with TenantSession(storage().read_engine, expire_on_commit=False) as session:
            session.info.update(tenant_id=tenant_id, everywhere=everywhere)
            try:
                yield session
            except BaseException:
                # rows that were not read to their end keep SQLite's view of the database open on the connection, also after a
                # rollback: whoever had it next would see what was
                if storage().is_sqlite:
                    session.invalidate()
                raise
    except DBAPIError as error:
        busy = _as_busy(error)
        if busy is None:
            raise
        raise busy from error
    except NoConnectionInTimeError as error:
        raise StorageBusyError from error


@contextmanager
def read(tenant_id: UUID) -> Iterator[Session]:
    """A session of one organisation that sees one state of the database and changes nothing."""
    with _read(tenant_id, False) as session:
        yield session


@contextmanager
def read_everywhere() -> Iterator[Session]:
    """A session without a tenant filter. Only for `services/across_tenants.py`."""
    with _read(None, True) as session:
        yield session


_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a service function from the event loop, in one of a few threads."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor, lambda: context.run(function, *args, **kwargs))


def ping() -> float:
    """Seconds that the database takes to answer. Raises: StorageBusyError."""
    began = time.perf_counter()
    with _read(None, True) as session:
        session.connection().execute(text("SELECT 1"))
    return time.perf_counter() - began
