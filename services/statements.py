"""Typed statements compiled once and run on the driver's own cursor, for the paths where an alert's cost counts.

SQLAlchemy builds and types them; compiling, binding and result handling per call are what is left out. Result values come as the
driver gives them: ids as text on SQLite and as UUID on PostgreSQL, times as text on SQLite. `as_uuid` and `as_time` make them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Dialect, String, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import ClauseElement
from sqlmodel import UTCDateTime


def _sqlite_time(value: datetime | None) -> str | None:
    """A time as SQLAlchemy stores it on SQLite, fixed-width UTC text, in a fifth of the time."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


class Prepared:
    """One statement, compiled for one dialect."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) if columns else None)
        processors = compiled._bind_processors
        self.sql: str = compiled.string
        self._named = compiled.positiontup is None
        names = list(compiled.binds) if self._named else list(compiled.positiontup)
        types = {name: bind.type for name, bind in compiled.binds.items()}
        is_sqlite = dialect.name == "sqlite"
        self._binds = [
            (name, _sqlite_time if is_sqlite and isinstance(types[name], UTCDateTime) else processors.get(name)) for name in names
        ]
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._driver_error: type[Exception] = dialect.dbapi.Error if dialect.dbapi else DBAPIError
        self._dialect = dialect

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters for these values, each through the processor of its type."""
        if self._fixed:
            values = {**self._fixed, **values}
        if self._named:
            return {name: values[name] if process is None else process(values[name]) for name, process in self._binds}
        return [values[name] if process is None else process(values[name]) for name, process in self._binds]

    def run(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        """Run it once; the cursor with its rows. Raises: DBAPIError, as SQLAlchemy does."""
        try:
            cursor.execute(self.sql, self.bind(values))
        except self._driver_error as error:
            raise self._as_sqlalchemy(error) from error
        return cursor

    def run_many(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each row, in one call of the driver. Raises: DBAPIError, as SQLAlchemy does."""
        try:
            if len(rows) == 1:
                cursor.execute(self.sql, self.bind(rows[0]))
            else:
                cursor.executemany(self.sql, [self.bind(row) for row in rows])
        except self._driver_error as error:
            raise self._as_sqlalchemy(error) from error

    def _as_sqlalchemy(self, error: Exception) -> BaseException:
        return DBAPIError.instance(self.sql, None, error, self._driver_error, hide_parameters=True, dialect=self._dialect)


def one_of(column: ColumnElement[Any], name: str, dialect: Dialect) -> ColumnElement[bool]:
    """`column IN (the list bound as name)` in a form that is compiled once for lists of every length; see `listed`."""
    if dialect.name == "postgresql":
        item = Uuid() if isinstance(column.type, Uuid) else String()
        return column == any_(bindparam(name, type_=ARRAY(item)))
    values = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(values: Sequence[Any], dialect: Dialect) -> Any:
    """The parameter that goes with `one_of`."""
    if dialect.name == "postgresql":
        return list(values)
    return orjson.dumps([value.hex if isinstance(value, UUID) else value for value in values]).decode()


def as_uuid(value: Any) -> UUID | None:
    """An id as the driver gave it."""
    return value if value is None or isinstance(value, UUID) else UUID(value)


def as_time(value: Any) -> datetime | None:
    """A time as the driver gave it, as aware UTC."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def as_json(value: Any) -> Any:
    """A JSON value as the driver gave it."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
