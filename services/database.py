"""Engines, sessions and the only commit. One transaction is one `write`; wake-ups go out after it.

SQLite has one writer connection a process behind a fair lock, PostgreSQL a pool. Readers never block writers on either.
"""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTimeError
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, SQLModel

from models import tables
from models.columns import TenantRow
from models.tenants import Tenant
from services import clock, live_updates, settings
from services.errors import StorageBusyError
from services.statements import Prepared, Written, as_sqlalchemy, inserting

DEADLINE_SECONDS = 1.5
"""How long a writer waits for its turn before it is told that the storage is busy."""
NOTIFY_CHANNEL = "tocsin"
_NOTIFY_BYTES = 7_000
_NOTIFY = text("SELECT pg_notify(:channel, value) FROM json_array_elements_text(CAST(:payloads AS JSON))")
_ALONE_SECONDS = 1.0

P = ParamSpec("P")
R = TypeVar("R")


class NoTenantError(RuntimeError):
    """A statement was run without an organisation, or on a row of another one. Always a bug in the caller."""


class _FairLock:
    """A lock that serves its waiters in the order in which they came, each for at most a deadline."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, timeout_seconds: float) -> bool:
        with self._guard:
            if not self._held and not self._waiting:
                self._held = True
                return True
            if timeout_seconds <= 0:
                return False
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout_seconds):
            return True
        with self._guard:
            if turn.is_set():  # the turn came between the end of the wait and now
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Storage:
    """One database, as this process holds it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine: Engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        # all statements of a reader see one state of the database: on SQLite from the first on, on PostgreSQL when it is asked to
        alike = {"sqlite_begin": "BEGIN"} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self.read_engine = self.engine.execution_options(**alike)
        self.lock = _FairLock()
        self._writer: Connection | None = None
        self._writer_is_patient = True
        self._kept = threading.local()
        self._seen_version: int | None = None

    @property
    def dialect(self) -> Dialect:
        return self.engine.dialect

    @contextmanager
    def turn(self, timeout_seconds: float = DEADLINE_SECONDS) -> Iterator[Connection]:
        """The connection of a writer: on SQLite the one there is, for the time of its turn."""
        if not self.is_sqlite:
            with self.engine.connect() as connection:
                yield connection
            return
        began = time.monotonic()
        if not self.lock.acquire(timeout_seconds):
            raise StorageBusyError
        try:
            yield self._writer_connection(timeout_seconds - (time.monotonic() - began))
        finally:
            self.lock.release()

    def _writer_connection(self, remaining_seconds: float = DEADLINE_SECONDS) -> Connection:
        """The writer's connection. It waits for other processes no longer than what is left of the caller's deadline."""
        if self._writer is None or self._writer.closed or self._writer.invalidated:
            self._writer = self.engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE")
            self._writer_is_patient = True
            if self._seen_version is not None:
                self._seen_version = -1  # a new connection counts from anew: what others wrote meanwhile is not known
        patient = remaining_seconds > DEADLINE_SECONDS - 0.1
        if not patient or not self._writer_is_patient:
            milliseconds = max(1, int(1000 * (DEADLINE_SECONDS if patient else remaining_seconds)))
            self._writer.connection.driver_connection.execute(f"PRAGMA busy_timeout = {milliseconds}")  # type: ignore[union-attr]
            self._writer_is_patient = patient
        return self._writer

    def changed_elsewhere(self, timeout_seconds: float = 0) -> bool | None:
        """Whether another process has committed to this SQLite file since the last call. Own commits do not count.

        None when the writer's turn did not come within the timeout, so that it could not be seen.
        """
        if not self.is_sqlite:
            return False
        if not self.lock.acquire(timeout_seconds):
            return None
        try:
            driver = self._writer_connection().connection.driver_connection
            version: int = driver.execute("PRAGMA data_version").fetchone()[0]  # type: ignore[union-attr]
            changed = self._seen_version is not None and version != self._seen_version
            self._seen_version = version
        finally:
            self.lock.release()
        return changed

    def look(self, statement: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """The rows of one query outside of any transaction, on a connection that is at hand.

        Raises: StorageBusyError when the database is away.
        """
        away = (DBAPIError, NoConnectionInTimeError, self.dialect.loaded_dbapi.Error)  # a connection of the driver fails by its own errors
        # SQLite's writer still holds the pages that it wrote; any other connection reads them anew after each commit
        if self.is_sqlite and self.lock.acquire(0):
            try:
                return list(statement.run(self._writer_connection().connection.cursor(), values).fetchall())
            except away as error:
                raise StorageBusyError from error
            finally:
                self.lock.release()
        for is_last in (False, True):
            raw = getattr(self._kept, "connection", None)
            try:
                if raw is None:
                    raw = self._kept.connection = self.engine.raw_connection()
                    if not self.is_sqlite:
                        raw.driver_connection.autocommit = True  # type: ignore[union-attr]
                return list(statement.run(raw.cursor(), values).fetchall())
            except away as error:
                self._kept.connection = None
                if raw is not None:
                    raw.invalidate()
                if is_last:  # the first failure may be a connection that had gone stale
                    raise StorageBusyError from error
        raise AssertionError

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.engine.dispose()


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _sqlite_engine(url: str) -> Engine:
    file = Path(make_url(url).database or "")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        with suppress(OSError):  # whoever connects is told
            file.touch(mode=0o600)  # SQLite would make it for everybody to read
    # errors name no values: among them are e-mail addresses and hashes, and errors are logged
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False},
        pool_size=12,
        max_overflow=8,
        pool_timeout=2,
        hide_parameters=True,
        json_serializer=_as_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's "begin" below starts transactions, not the driver
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 1500", "foreign_keys = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE")
        try:
            connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
        except sqlite3.Error as error:
            raise as_sqlalchemy(error, statement, engine.dialect) from error

    return engine


def _postgresql_engine(url: str) -> Engine:
    address = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    options = "-c lock_timeout=1500 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    engine = create_engine(
        address,
        pool_size=10,
        max_overflow=10,
        pool_timeout=2,
        hide_parameters=True,
        json_serializer=_as_json,
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": 2, "application_name": "tocsin", "client_encoding": "utf8", "options": options},
    )

    @event.listens_for(engine, "checkin")
    def leave(_connection: Any, record: Any) -> None:
        record.info["left_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def take(connection: Any, record: Any, _proxy: Any) -> None:
        """Look whether a connection still lives that was left alone for a while, so that a restart of the database is not noticed."""
        if time.monotonic() - record.info.get("left_at", time.monotonic()) > _ALONE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    return engine


_storage: Storage | None = None
_storage_guard = threading.Lock()


def storage() -> Storage:
    """The database of this process, opened at the first call by the settings."""
    global _storage
    if _storage is None:
        with _storage_guard:
            if _storage is None:
                _storage = Storage(settings.current().database_url)
    return _storage


def use(url: str | None) -> None:
    """Close the database and take this one (None: by the settings, at the next call)."""
    global _storage
    with _storage_guard:
        if _storage is not None:
            _storage.close()
        _storage = Storage(url) if url else None


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
            self.connection.execute(_NOTIFY, {"channel": NOTIFY_CHANNEL, "payloads": orjson.dumps(payloads).decode()})

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


def _as_busy(error: DBAPIError) -> StorageBusyError | None:
    """The refusal for a database that is away or busy; None for any other error."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        said = str(error.orig).lower()
        if "no such table" in said or "no such column" in said or "syntax" in said:
            return None
        return StorageBusyError()
    return None


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
    try:
        with storage().turn(timeout_seconds) as connection, _begin(connection, tenant_id, everywhere) as tx:
            yield tx
    except DBAPIError as error:
        busy = _as_busy(error)
        if busy is None:
            raise
        raise busy from error
    except NoConnectionInTimeError as error:
        raise StorageBusyError from error


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
            yield session
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
