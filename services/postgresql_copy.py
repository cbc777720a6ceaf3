"""All rows of a PostgreSQL database in one file, and back: a zip of one member a table, each as COPY writes it, and a manifest.

No program of PostgreSQL is needed, and the file fits any version of it.
"""

from __future__ import annotations

import graphlib
import random
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models import tables
from services import clock, live_updates, schema, whole_files
from services.database import NOTIFY_CHANNEL, Storage
from services.errors import RefusedError, StorageBusyError
from services.whole_files import DamagedError, Progress

FORMAT = "tocsin-postgresql-1"
_MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_VERSIONS = "alembic_version"
_LOCK_SECONDS = 30.0
"""How long a restore waits for those who use the tables; a running server's transactions take milliseconds."""
_LOCK_TRY = "400ms"
"""How long it waits at a time, less than PostgreSQL takes to see a deadlock: then it lets go of all, so that others can finish."""
_FIRST_LOCKED = ("alert", "incident", "tenant")
"""What transactions of intake touch first: whoever waits there holds nothing that the restore needs."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table in the file: its columns in the order of the member's lines, and how many rows there are."""

    name: str
    columns: tuple[str, ...]
    rows: int

    @property
    def member(self) -> str:
        return f"tables/{self.name}.copy"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file holds: tables in an order in which each comes after those that it refers to."""

    revision: str
    tables: tuple[TableCopy, ...]


def is_copy(path: Path) -> bool:
    """Whether the file is of this kind, by its beginning."""
    return zipfile.is_zipfile(path)


def export(place: Storage, target: Path, progress: Progress) -> None:
    """Write all rows as they are at one moment to `target`. Others go on reading and writing meanwhile.

    Raises: NoRoomError, DamagedError, OSError, StorageBusyError.
    """
    with _snapshot(place) as connection:
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        copies = _found_tables(connection)
        with whole_files.being_written(target, size) as part:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
                _write_tables(_driver(connection), file, copies, progress)
                revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
                file.writestr(_MANIFEST, _manifest(revision, copies))
            progress("checking", 0.0)
            _check(part)
            progress("checking", 1.0)


@contextmanager
def _snapshot(place: Storage) -> Iterator[Connection]:
    """A connection that sees the database as it is now, for as long as the block lasts."""
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with place.engine.connect().execution_options(**options) as connection:
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield connection
    except (DBAPIError, psycopg.OperationalError) as error:
        raise StorageBusyError("The database went away. Try again.") from error


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found


def _found_tables(connection: Connection) -> tuple[TableCopy, ...]:
    """The tables that are there, whatever version made them; generated columns are left out."""
    columns: dict[str, list[str]] = {}
    for name, column in connection.execute(
        text(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
            "ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
            "WHERE c.table_schema = current_schema() AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position"
        )
    ):
        columns.setdefault(name, []).append(column)
    ours = {table.name for table in tables.METADATA.sorted_tables} & set(columns)
    after = {name: set[str]() for name in ours}
    for child, parent in connection.execute(
        text("SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'")
    ):
        child, parent = child.strip('"'), parent.strip('"')  # noqa: PLW2901
        if child != parent and child in after:
            after[child].add(parent)
    order = [name for name in graphlib.TopologicalSorter(after).static_order() if name in ours]
    driver = _driver(connection)
    return tuple(TableCopy(name, tuple(columns[name]), _count(driver, name)) for name in order)


def _count(driver: psycopg.Connection[Any], name: str) -> int:
    row = driver.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
    return int(row[0]) if row else 0


def _write_tables(driver: psycopg.Connection[Any], file: zipfile.ZipFile, copies: Sequence[TableCopy], progress: Progress) -> None:
    total, done = max(1, sum(copy.rows for copy in copies)), 0
    for copy in copies:
        statement = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(copy.name), _columns(copy))
        with file.open(copy.member, "w", force_zip64=True) as member, driver.cursor().copy(statement) as rows:
            seen = 0
            for block in rows:
                member.write(block)
                seen += bytes(block).count(b"\n")
                progress("copying", min(1.0, (done + seen) / total))
        done += copy.rows


def _columns(copy: TableCopy) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, copy.columns))


def _manifest(revision: str, copies: Sequence[TableCopy]) -> bytes:
    listed = [{"name": copy.name, "columns": copy.columns, "rows": copy.rows} for copy in copies]
    return orjson.dumps({"format": FORMAT, "revision": revision, "made_at": clock.now(), "tables": listed}, option=orjson.OPT_INDENT_2)


def _check(path: Path) -> None:
    """Raises: DamagedError when a member is not what was written."""
    with zipfile.ZipFile(path) as file:
        broken = file.testzip()
    if broken is not None:
        raise DamagedError(f"{path.name} is damaged: {broken} is not what was written.")


def manifest(path: Path) -> Manifest:
    """What the file holds. Raises: DamagedError when it is not one of Tocsin's."""
    try:
        with zipfile.ZipFile(path) as file:
            said = orjson.loads(file.read(_MANIFEST))
        if said["format"] != FORMAT:
            raise DamagedError(f"{path.name} has the format {said['format']!r}, which this version of Tocsin does not know.")
        copies = tuple(TableCopy(each["name"], tuple(each["columns"]), each["rows"]) for each in said["tables"])
        return Manifest(said["revision"], copies)
    except (zipfile.BadZipFile, KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise DamagedError(f"{path.name} is no backup of Tocsin, or it is damaged.") from error


def restore(place: Storage, source: Path, progress: Progress) -> None:
    """Replace all that the database holds by what the file holds, in one transaction, and bring it to this version's schema.

    Raises: DamagedError, SchemaError, StorageBusyError; nothing was changed then.
    """
    said = manifest(source)
    schema.require_known(said.revision, "The backup")
    try:
        with place.engine.connect() as connection:
            names = _lock_tables(connection)
            connection.execute(text("SELECT set_config('idle_in_transaction_session_timeout', '0', true)"))
            if names:
                _driver(connection).execute(sql.SQL("DROP TABLE {} CASCADE").format(names))
            schema.run_revisions(connection, said.revision)
            with zipfile.ZipFile(source) as file:
                _read_tables(_driver(connection), file, said.tables, progress)
            _set_sequences(connection)
            schema.run_revisions(connection)
            payload = orjson.dumps([live_updates.ORIGIN, "now", [live_updates.EVERYTHING]]).decode()
            connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": NOTIFY_CHANNEL, "payload": payload})
            connection.commit()
            connection.execute(text("ANALYZE"))
            connection.commit()
    except zipfile.BadZipFile as error:
        raise DamagedError(f"{source.name} is damaged: {error}. Nothing was changed.") from error
    except (DBAPIError, psycopg.Error) as error:
        raise _refusal(error, source) from error


def _refusal(error: DBAPIError | psycopg.Error, source: Path) -> RefusedError:
    """What a restore that the database refused is told as."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.OperationalError):
        return StorageBusyError("The database is away, or somebody uses its tables. Nothing was changed; try again.")
    said = (cause.diag.message_primary if isinstance(cause, psycopg.Error) else None) or str(cause)
    return DamagedError(f"{source.name} does not fit this database: {said}. Nothing was changed.")


def _lock_tables(connection: Connection) -> sql.Composed | None:
    """Take all tables that are there for oneself, and give their names; None when there are none.

    Raises: DBAPIError or psycopg.Error when others use them for too long.
    """
    there = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).scalars().all()
    ours = {table.name for table in tables.METADATA.sorted_tables} | {_VERSIONS}
    found = sorted((name for name in there if name in ours), key=lambda name: (name not in _FIRST_LOCKED, name))
    if not found:
        return None
    names = sql.SQL(", ").join(map(sql.Identifier, found))
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": _LOCK_TRY})
        try:
            _driver(connection).execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            connection.rollback()
            if time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.05, 0.2))  # noqa: S311
        else:
            return names


def _read_tables(driver: psycopg.Connection[Any], file: zipfile.ZipFile, copies: Sequence[TableCopy], progress: Progress) -> None:
    total, done = max(1, sum(copy.rows for copy in copies)), 0
    for copy in copies:
        # frozen rows are seen by those too who began to look while the tables were locked, and would find them empty
        statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FREEZE)").format(sql.Identifier(copy.name), _columns(copy))
        cursor = driver.cursor()
        with file.open(copy.member) as member, cursor.copy(statement) as rows:
            seen = 0
            while block := member.read(_BLOCK):
                rows.write(block)
                seen += block.count(b"\n")
                progress("restoring", min(1.0, (done + seen) / total))
        if cursor.rowcount != copy.rows:
            raise DamagedError(f"The backup says that {copy.name} has {copy.rows} rows, and holds {cursor.rowcount}. Nothing was changed.")
        done += copy.rows


def _set_sequences(connection: Connection) -> None:
    """Let numbers that the database gives go on after the highest that was restored."""
    driver = _driver(connection)
    for name, column in connection.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%'"
        )
    ).all():
        driver.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), coalesce((SELECT max({}) FROM {}), 0) + 1, false)").format(
                sql.Literal(name), sql.Literal(column), sql.Identifier(column), sql.Identifier(name)
            )
        )
