"""Typed statements compiled once and run on the driver's own cursor, for the paths where an alert's cost counts.

SQLAlchemy builds and types them; compiling, binding and result handling per call are what is left out. Result values come as the
driver gives them: ids as text on SQLite and as UUID on PostgreSQL, times as text on SQLite. `as_uuid` and `as_time` make them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import JSON, Boolean, Dialect, String, UnaryExpression, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import TypeEngine
from sqlmodel.sql.sqltypes import UTCDateTime

_Process = Callable[[Any], Any]


def _process(kind: TypeEngine[Any], usual: _Process | None, dialect: Dialect) -> _Process | None:
    """What turns a value of this type, None left out, into the driver's: SQLAlchemy's own way, with a shorter one for common values."""
    is_sqlite = dialect.name == "sqlite"
    if isinstance(kind, Uuid):
        return attrgetter("hex") if is_sqlite else None
    if isinstance(kind, Boolean):
        return int if is_sqlite else None
    if usual is not None and isinstance(kind, UTCDateTime):
        return _time_process(usual, is_sqlite)
    words = getattr(kind, "enum_class", None)
    if usual is not None and words is not None:
        return lambda value: value._value_ if type(value) is words else usual(value)
    return usual


def _time_process(usual: _Process, is_sqlite: bool) -> _Process:
    if is_sqlite:
        return lambda value: _time_text(value) if value.tzinfo is UTC else usual(value)
    return lambda value: value if value.tzinfo is UTC else usual(value)


_last_time: tuple[datetime, str] = (datetime.min.replace(tzinfo=UTC), "")


def _time_text(value: datetime) -> str:
    """A time in UTC as SQLAlchemy writes it for SQLite, in a tenth of the time. Nearly all times of a transaction are the same object."""
    global _last_time
    last, text = _last_time
    if value is not last:
        text = value.isoformat(" ", "microseconds")[:26]
        _last_time = (value, text)
    return text


def _taker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """What takes the values with these names out of a mapping. Raises: KeyError when one is missing."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


class Prepared:
    """One statement, compiled for one dialect."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) if columns else None)
        self.sql: str = compiled.string
        is_named = compiled.positiontup is None
        names: list[str] = list(compiled.binds) if is_named else list(compiled.positiontup)
        self._names = names if is_named else None
        self._take: Callable[[Mapping[str, Any]], tuple[Any, ...]] = _taker(names)
        kinds = {name: compiled.binds[name].type for name in names}
        found = [_process(kinds[name], compiled._bind_processors.get(name), dialect) for name in names]
        self._processes = [
            (place, process, isinstance(kinds[name], JSON))
            for place, (name, process) in enumerate(zip(names, found, strict=True))
            if process is not None
        ]
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._driver_error: type[Exception] = dialect.dbapi.Error if dialect.dbapi else DBAPIError
        self._dialect = dialect

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters for these values, each through the processor of its type."""
        try:
            bound = list(self._take(values))
        except KeyError:
            bound = list(self._take({**self._fixed, **values}))
        for place, process, takes_none in self._processes:
            value = bound[place]
            if value is not None or takes_none:
                bound[place] = process(value)
        return dict(zip(self._names, bound, strict=True)) if self._names is not None else bound

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


def aside(column: ColumnElement[Any], dialect: Dialect) -> ColumnElement[Any]:
    """`column`, for a comparison that checks what another condition has found and must lead to no index.

    SQLite knows no figures of a table, and takes an index that begins with this column for better than a list of keys.
    """
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type) if dialect.name == "sqlite" else column


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
