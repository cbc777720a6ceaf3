"""The version of the database's schema: what it is, what this program needs, and the way from one to the other."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from services import clock, database
from services.errors import RefusedError, StorageBusyError

_SCRIPTS = Path(__file__).resolve().parent.parent / "alembic"
HEAD = "0001"
"""The revision that this program needs; a test compares it with the scripts."""


class SchemaError(RefusedError):
    """The database cannot be used by this version of Tocsin."""

    status = 503
    title = "Schema"


def current() -> str | None:
    """The revision of the database; None when it is empty. Raises: StorageBusyError when it is away."""
    try:
        with database.storage().read_engine.connect() as connection:
            return _current(connection)
    except DBAPIError as error:
        raise StorageBusyError from error


def _current(connection: Connection) -> str | None:
    if not database.storage().dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _known() -> set[str]:
    return {path.name.split("_", 1)[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py")}


def migrate() -> Path | None:
    """Bring the database to the schema of this program; the copy of a SQLite file that was made before, where one was.

    Costs one query when nothing is to do. Raises: SchemaError when the database is newer than this program.
    """
    found = current()
    if found == HEAD:
        return None
    if found is not None and found not in _known():
        raise SchemaError(
            f"This database has schema {found}, which this version of Tocsin does not know: it was used by a newer one. "
            "Install that version, or restore a copy from before the upgrade."
        )
    copy = _copy(found) if found is not None else None
    _upgrade()
    return copy


def _copy(revision: str) -> Path | None:
    name = make_url(database.storage().url).database
    if not database.storage().is_sqlite or not name or name == ":memory:":
        return None
    source = Path(name)
    target = source.with_name(f"{source.name}.{revision}-{clock.now():%Y%m%dT%H%M%SZ}.bak")
    if shutil.disk_usage(source.parent).free < source.stat().st_size * 1.1:
        raise SchemaError(f"There is no room to copy {source.name} before the upgrade: free {source.stat().st_size // 2**20 + 1} MiB.")
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return target


def _configuration(connection: Connection) -> Any:
    from alembic.config import Config  # takes 0.7 s to import, and is needed only when something is to do

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    configuration.attributes["connection"] = connection
    return configuration


def _upgrade() -> None:
    from alembic import command

    place = database.storage()
    with place.engine.connect() as connection:
        if place.is_sqlite:
            # a table that is rebuilt would take its children with it
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        try:
            command.upgrade(_configuration(connection), "head")
            if place.is_sqlite:
                broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
                if broken:
                    raise SchemaError(f"After the upgrade {len(broken)} rows point at rows that are not there; nothing was changed.")
            connection.commit()
        finally:
            connection.invalidate() if place.is_sqlite else None


def is_compared(_thing: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Whether migrations look at this object: not at what full-text search brings of its own."""
    if kind == "table":
        return not (name or "").startswith("search_document_fts")
    return not (reflected and name in ("words", "ix_search_document_words"))


def differences() -> list[Any]:
    """What the tables of the database lack beside the models; empty when they are alike. For tests and `doctor`."""
    from alembic import autogenerate
    from alembic.migration import MigrationContext

    from models import tables

    with database.storage().read_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_compared})
        return list(autogenerate.compare_metadata(context, tables.METADATA))
