"""One database, as a process holds it: its engine, its readers, and whose turn it is to write.

SQLite has one writer connection a process behind a fair lock, PostgreSQL a pool. Readers never block writers on either.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as NoConnectionInTimeError

from services import settings
from services.errors import StorageBusyError
from services.settings import WrongSettingError
from services.statements import Prepared, as_sqlalchemy

DEADLINE_SECONDS = 1.5
"""How long a writer waits for its turn before it is told that the storage is busy."""
_ALONE_SECONDS = 1.0

_log = structlog.get_logger(__name__)


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


class Refusals:
    """What became of this process's writes lately: reading alone does not show that a disk is full."""

    _FRESH_SECONDS = 60.0
    _LOG_SECONDS = 10.0

    def __init__(self) -> None:
        self._last: tuple[float, str] | None = None
        self._count = 0
        self._logged_at = -self._LOG_SECONDS

    def written(self) -> None:
        """A write was stored."""
        self._last, self._count = None, 0

    def refused(self, busy: StorageBusyError, cause: BaseException) -> None:
        """A write was refused; the log says so at most once in ten seconds."""
        now = time.monotonic()
        self._last, self._count = (now, busy.message), self._count + 1
        if now - self._logged_at >= self._LOG_SECONDS:
            self._logged_at = now
            _log.warning("writes are refused", cause=str(cause).partition("\n")[0], since_the_last_that_was_stored=self._count)

    @property
    def standing(self) -> str | None:
        """Why the last write was refused, when that was in the last minute; None when it was stored."""
        if self._last is None or time.monotonic() - self._last[0] > self._FRESH_SECONDS:
            return None
        return f"The last write was refused: {self._last[1]}"


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
        self.refusals = Refusals()
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
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettingError(f"{settings.names_database(url)}: the folder {file.parent} cannot be made: {error.strerror}.") from error
    with suppress(OSError):  # whoever connects is told
        if not file.exists():
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
    try:
        where = make_url(address)
    except (ArgumentError, ValueError):
        # what was said may hold the password
        raise WrongSettingError(
            "TOCSIN_DATABASE_URL: cannot be read as an address; right would be postgresql://user:password@host:5432/name."
        ) from None
    engine = create_engine(
        where,
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


def why_unusable(url: str, error: BaseException | None) -> str:
    """The sentence for whoever runs Tocsin when this database cannot be used: the setting that names it, and what was said, without
    any password."""
    if isinstance(error, NoConnectionInTimeError) or error is None:
        said = "no connection came free in time"
    else:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        said = lines[0].rstrip(". ") if lines else type(error).__name__
    where = make_url(url)
    secret = [where.password, *(value for name, value in where.query.items() if "password" in name)]
    for password in secret:
        if password:
            said = said.replace(str(password), settings.MASK)
    place = f"the file {where.database}" if url.startswith("sqlite") else "the database"
    return f"{settings.names_database(url)}: {place} cannot be used: {said}."


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
