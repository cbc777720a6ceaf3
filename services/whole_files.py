"""Files that are whole: written beside and renamed at the end, and copies of SQLite files of one moment, checked."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from services.errors import RefusedError

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of that is done: 0 to 1."""

_PAGES_AT_ONCE = 2_000
_HEADER = b"SQLite format 3\x00"


class NoRoomError(RefusedError):
    """The disk has not enough room."""

    status = 507
    title = "No room"


class DamagedError(RefusedError):
    """A file is not what it should be, or not whole."""

    status = 422
    title = "Damaged file"


def silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""


def is_sqlite(path: Path) -> bool:
    """Whether the file begins as a SQLite database does."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


@contextmanager
def opened(path: Path, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is there already, in autocommit mode."""
    address = f"file:{quote(str(path))}?mode={'rw' if writable else 'ro'}"
    with closing(sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)) as connection:
        yield connection


def check(connection: sqlite3.Connection, name: str) -> None:
    """Raises: DamagedError when pages, indexes or references between rows are wrong."""
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"{name} is damaged: {error}.") from error
    if found != ["ok"]:
        raise DamagedError(f"{name} is damaged: {'; '.join(found)}.")
    broken = len(connection.execute("PRAGMA foreign_key_check").fetchmany(1000))
    if broken:
        raise DamagedError(f"{name} is damaged: {'1000 or more' if broken == 1000 else broken} rows point at rows that are not there.")


def pour(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress, what: str) -> None:
    """Replace all that `target` holds by what `source` holds, as one transaction of the target.

    What was committed to the source before the call is in it, and nothing that was committed later.
    """
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on the source is seen as it was at this moment
    try:
        source.backup(target, pages=_PAGES_AT_ONCE, progress=lambda _, left, total: progress(what, 1 - left / max(1, total)), sleep=0.05)
    finally:
        source.execute("ROLLBACK")


@contextmanager
def being_written(target: Path, size: int) -> Iterator[Path]:
    """A file beside `target` to write into. It gets the name of `target` when the block ends, and is removed when the block raises.

    Only its owner may read it. `size` is what it takes at most, in bytes. Raises: NoRoomError, OSError.
    """
    free = shutil.disk_usage(target.parent).free
    if free < size * 1.05:
        raise NoRoomError(f"There is no room for {target}: it takes up to {shown_size(size)}, and {shown_size(free)} are free.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield part
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    finally:
        for leftover in (part, part.with_name(part.name + "-journal"), part.with_name(part.name + "-wal")):
            leftover.unlink(missing_ok=True)


def copy(source: Path, target: Path, progress: Progress = silent) -> None:
    """Write a checked copy of the SQLite file `source`, which others may be using, to `target`, which is replaced if it is there.

    Raises: NoRoomError, DamagedError, OSError.
    """
    with being_written(target, size_of(source)) as part, opened(source) as old, opened(part, writable=True) as new:
        pour(old, new, progress, "copying")
        new.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
        progress("checking", 0.0)
        check(new, "The copy")
        progress("checking", 1.0)


def size_of(path: Path) -> int:
    """Bytes that a SQLite file takes, with what it has not yet taken in from its log."""
    wal = path.with_name(path.name + "-wal")
    return path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)


def shown_size(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
