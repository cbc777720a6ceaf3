"""A copy of everything that Tocsin stores, in one file, and back. For the command line: no actor is asked for.

The copy of a SQLite database is a SQLite file, that of a PostgreSQL database a zip of its tables.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services import clock, database, other_processes, postgresql_copy, schema, whole_files
from services.database import Storage
from services.errors import ConflictError, InvalidInputError, NotFoundError, StorageBusyError
from services.whole_files import DamagedError, Progress


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written and checked. `size` is in bytes."""

    path: Path
    size: int
    revision: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back; `before` is a copy of what the SQLite database held until then, where it held something."""

    path: Path
    revision: str
    before: Path | None


def backup(target: Path, *, overwrite: bool = False, progress: Progress = whole_files.silent) -> Backup:
    """Write everything that was committed before this call to the file `target`, while others go on working.

    The file appears under its name when it is whole and checked, and only its owner may read it.
    Raises: ConflictError when `target` is there already, NotFoundError when there is nothing to back up or no such folder,
    NoRoomError, DamagedError, StorageBusyError.
    """
    place = database.storage()
    _require_writable(target, place, overwrite)
    revision = schema.current()
    if revision is None:
        raise NotFoundError("There is nothing to back up: the database is empty.")
    try:
        if place.is_sqlite:
            whole_files.copy(schema.file_of(place), target, progress)
        else:
            postgresql_copy.export(place, target, progress)
        return Backup(target, target.stat().st_size, revision)
    except OSError as error:
        raise InvalidInputError(f"The backup cannot be written to {target}: {error.strerror}.", field="file") from error
    except sqlite3.OperationalError as error:
        raise StorageBusyError(f"The database could not be read: {error}.") from error


def _require_writable(target: Path, place: Storage, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise NotFoundError(f"There is no folder {target.parent} for the backup. Make it, or choose another.", field="file")
    if target.is_dir():
        raise InvalidInputError(f"{target} is a folder. Name the file that the backup goes to.", field="file")
    if not target.exists():
        return
    if place.is_sqlite and target.samefile(schema.file_of(place)):
        raise ConflictError(f"{target} is the database itself. Choose another file for the backup.", field="file")
    if target.stat().st_size and not overwrite:
        raise ConflictError(f"{target} is there already. Choose another name, or say --overwrite to replace it.", field="file")


def restore(source: Path, *, replace: bool = False, while_serving: bool = False, progress: Progress = whole_files.silent) -> Restored:
    """Put back what a backup holds, as one transaction: it is all there or nothing was changed.

    A database that holds an organisation is replaced only when `replace` says so, and under a running server only when
    `while_serving` does, too: whatever was stored since the backup is gone, and pages then show what the backup held.
    Raises: NotFoundError, ConflictError, DamagedError, SchemaError, NoRoomError, StorageBusyError.
    """
    if not source.is_file():
        raise NotFoundError(f"There is no file {source}.", field="file")
    place = database.storage()
    revision = _require_own_kind(source, place)
    schema.require_known(revision, "The backup")
    full = _holds_data(place)
    if full:
        _require_told(replace, while_serving)
    try:
        if not place.is_sqlite:
            postgresql_copy.restore(place, source, progress)
            return Restored(source, schema.HEAD, None)
        before = _keep_before(place, progress) if full else None
        _restore_file(place, source, revision, progress)
        return Restored(source, schema.HEAD, before)
    except OSError as error:
        raise InvalidInputError(f"The backup cannot be restored: {error.strerror}.", field="file") from error


def _require_own_kind(source: Path, place: Storage) -> str:
    """The schema's revision in the backup. Raises: DamagedError, ConflictError."""
    is_file, is_copy = whole_files.is_sqlite(source), postgresql_copy.is_copy(source)
    if not is_file and not is_copy:
        raise DamagedError(f"{source} is no backup of Tocsin, or it is damaged.")
    if is_file != place.is_sqlite:
        made, here = ("SQLite", "PostgreSQL") if is_file else ("PostgreSQL", "SQLite")
        raise ConflictError(
            f"{source} is the backup of a {made} database, and this one is {here}. Set TOCSIN_DATABASE_URL to one of its own kind.",
            field="file",
        )
    if is_copy:
        return postgresql_copy.manifest(source).revision
    with whole_files.opened(source) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise DamagedError(f"{source} is no backup of Tocsin, or it is damaged: {error}.") from error
    if row is None:
        raise DamagedError(f"{source} does not say which schema it has.")
    return str(row[0])


def _holds_data(place: Storage) -> bool:
    try:
        with place.read_engine.connect() as connection:
            if not place.dialect.has_table(connection, "tenant"):
                return False
            return bool(connection.execute(text("SELECT count(*) FROM tenant")).scalar_one())
    except DBAPIError as error:
        raise StorageBusyError("The database does not answer.") from error


def _require_told(replace: bool, while_serving: bool) -> None:
    if not replace:
        raise ConflictError(
            "The database holds data. A restore replaces all of it, and what came since the backup is gone: say --replace if you mean it."
        )
    if other_processes.is_served() and not while_serving:
        raise ConflictError("A server is using this database. Stop it first, or say --while-serving to replace what its pages show.")


def _keep_before(place: Storage, progress: Progress) -> Path:
    file = schema.file_of(place)
    before = file.with_name(f"{file.name}.before-restore-{clock.now():%Y%m%dT%H%M%SZ}.bak")
    whole_files.copy(file, before, progress)
    return before


def _restore_file(place: Storage, source: Path, revision: str, progress: Progress) -> None:
    with whole_files.opened(source) as connection:
        progress("checking", 0.0)
        whole_files.check(connection, str(source))
        progress("checking", 1.0)
    file = schema.file_of(place)
    with _at_head(source, file.parent, revision) as ready, whole_files.opened(ready) as old, closing(_target(file)) as new:
        whole_files.pour(old, new, progress, "restoring")
        progress("checking", 0.0)
        whole_files.check(new, "The restored database")
        progress("checking", 1.0)


def _target(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@contextmanager
def _at_head(source: Path, folder: Path, revision: str) -> Iterator[Path]:
    """The backup with this program's schema: itself, or an upgraded copy that is there for as long as the block lasts."""
    if revision == schema.HEAD:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as scratch:
        copy = Path(scratch) / "upgraded.db"
        whole_files.copy(source, copy)
        place = Storage(f"sqlite:///{copy}")
        try:
            schema.upgrade(place)
        finally:
            place.close()
        yield copy
