"""The version of the database's schema: what it is, what this program needs, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from services import clock, database, whole_files
from services.database import Storage
from services.errors import RefusedError, StorageBusyError
from services.storage import why_unusable
from services.whole_files import Progress

_SCRIPTS = Path(__file__).resolve().parent.parent / "alembic"
HEAD = "0014"
"""The revision that this program needs; a test compares it with the scripts."""
UPGRADE_LOCK = 0x746F6373
"""The advisory lock of PostgreSQL that one upgrade holds at a time."""


class SchemaError(RefusedError):
    """The database cannot be used by this version of Tocsin."""

    status = 503
    title = "Schema"


class UnusableDatabaseError(StorageBusyError):
    """The database that the settings name cannot be used. Names hosts and files: for whoever runs Tocsin alone."""


def current(place: Storage | None = None) -> str | None:
    """The revision of the database; None when it is empty. Raises: StorageBusyError when it is away."""
    place = place or database.storage()
    try:
        with place.read_engine.connect() as connection:
            return _current(connection)
    except DBAPIError as error:
        raise StorageBusyError from error


def _current(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require_known(revision: str | None, what: str) -> None:
    """Raises: SchemaError when `what` was written by a newer version of this program."""
    known = {path.name.split("_", 1)[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py")}
    if revision is not None and revision not in known:
        raise SchemaError(
            f"{what} has schema {revision}, which this version of Tocsin does not know (it knows {HEAD}): it was used by a newer one. "
            "Install that version, or restore a copy from before the upgrade."
        )


def migrate(progress: Progress = whole_files.silent) -> Path | None:
    """Bring the database to the schema of this program; the copy of a SQLite file that was made before, where one was.

    Costs one query when nothing is to do. Raises: SchemaError when the database is newer than this program, NoRoomError,
    UnusableDatabaseError with what is wrong with the database.
    """
    try:
        found = current()
    except StorageBusyError as busy:
        raise UnusableDatabaseError(why_unusable(database.storage().url, busy.__cause__)) from busy
    if found == HEAD:
        return None
    require_known(found, "This database")
    copy = _copy(found, progress) if found is not None and database.storage().is_sqlite else None
    progress("upgrading", 0.0)
    upgrade(database.storage())
    progress("upgrading", 1.0)
    return copy


def _copy(revision: str, progress: Progress) -> Path:
    source = file_of(database.storage())
    target = source.with_name(f"{source.name}.{revision}-{clock.now():%Y%m%dT%H%M%SZ}.bak")
    whole_files.copy(source, target, progress)
    return target


def file_of(place: Storage) -> Path:
    """The file of a SQLite database."""
    name = make_url(place.url).database
    assert place.is_sqlite and name, "only a SQLite database is a file"
    return Path(name)


def _configuration(connection: Connection) -> Any:
    from alembic.config import Config  # takes 0.7 s to import, and is needed only when something is to do

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    configuration.attributes["connection"] = connection
    return configuration


def upgrade(place: Storage, revision: str = "head") -> None:
    """Run the revisions up to this one, as one transaction; a second process waits and finds it done. Raises: SchemaError."""
    with place.engine.connect() as connection:
        try:
            if place.is_sqlite:
                # a table that is rebuilt would take its children with it; the switch has no effect within a transaction
                connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
                connection.connection.driver_connection.execute("PRAGMA busy_timeout = 60000")  # type: ignore[union-attr]
            else:
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            if not connection.in_transaction():
                connection.begin()  # else each revision is committed before what it left behind is looked at
            run_revisions(connection, revision)
            connection.commit()
        finally:
            if place.is_sqlite:
                connection.invalidate()


def run_revisions(connection: Connection, revision: str = "head") -> None:
    """Run the revisions up to this one in the transaction of the caller. Raises: SchemaError."""
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
    command.upgrade(_configuration(connection), revision)
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        if broken:
            raise SchemaError(f"After the upgrade {len(broken)} rows would point at rows that are not there; nothing was changed.")


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
