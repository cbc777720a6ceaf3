"""Typed statements compiled once and run on the driver's own cursor, for the paths where an alert's cost counts.

SQLAlchemy builds and types them; compiling, binding and result handling per call are what is left out. Result values come as the
driver gives them: ids as text on SQLite and as UUID on PostgreSQL, times as text on SQLite. `as_uuid` and `as_time` make them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Dialect,
    String,
    Table,
    UnaryExpression,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
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
            raise as_sqlalchemy(error, self.sql, self._dialect) from error
        return cursor

    def run_many(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each row, in one call of the driver. Raises: DBAPIError, as SQLAlchemy does."""
        try:
            if len(rows) == 1:
                cursor.execute(self.sql, self.bind(rows[0]))
            else:
                cursor.executemany(self.sql, [self.bind(row) for row in rows])
        except self._driver_error as error:
            raise as_sqlalchemy(error, self.sql, self._dialect) from error


def as_sqlalchemy(error: Exception, sql: str, dialect: Dialect) -> BaseException:
    """The driver's error as SQLAlchemy raises it; it names no values, among which are e-mail addresses and hashes."""
    return DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


class Written(Protocol):
    """A statement that writes many rows at once."""

    def run(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> int:
        """Write them; how many rows of the table were met. Raises: DBAPIError, as SQLAlchemy does."""


class _OneByOne:
    """Each row bound to the statement, in one call of the driver (SQLite)."""

    def __init__(self, statement: Prepared) -> None:
        self._statement = statement

    def run(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> int:
        self._statement.run_many(cursor, rows)
        return int(cursor.rowcount)


class _AsDocument:
    """All rows as one JSON document that the database takes apart (PostgreSQL): a value costs a tenth of what binding it does."""

    def __init__(self, statement: Prepared, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._take = _taker(self._names)

    def run(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> int:
        names, take = self._names, self._take
        document = orjson.dumps([dict(zip(names, take(row), strict=True)) for row in rows]).decode()
        return int(self._statement.run(cursor, {"rows": document}).rowcount)


def _rows(columns: Mapping[str, TypeEngine[Any]]) -> Any:
    """The rows of the document bound as `rows`, as a table with these columns."""
    document = cast(bindparam("rows", type_=String), JSON)
    return func.json_to_recordset(document).table_valued(*(column(name, kind) for name, kind in columns.items())).render_derived("r", True)


def inserting(table: Table, columns: Sequence[str], dialect: Dialect) -> Written:
    """What inserts rows that have just these columns."""
    if dialect.name != "postgresql":
        return _OneByOne(Prepared(insert(table).values(dict.fromkeys(columns)), dialect, columns))
    rows = _rows({name: table.c[name].type for name in columns})
    statement = insert(table).from_select(list(columns), select(*(rows.c[name] for name in columns)), include_defaults=False)
    return _AsDocument(Prepared(statement, dialect), columns)


def updating(table: Table, columns: Sequence[str], where: Mapping[str, str], dialect: Dialect) -> Written:
    """What sets these columns in the rows that are found by others; `where` names them by what they are called in the rows given."""
    kinds = {name: table.c[found_by].type for name, found_by in where.items()} | {name: table.c[name].type for name in columns}
    if dialect.name != "postgresql":
        met = [table.c[found_by] == bindparam(name, type_=kinds[name]) for name, found_by in where.items()]
        values = {name: bindparam(name, type_=kinds[name]) for name in columns}
        return _OneByOne(Prepared(update(table).where(*met).values(values), dialect))
    rows = _rows(kinds)
    met = [table.c[found_by] == rows.c[name] for name, found_by in where.items()]
    statement = update(table).where(*met).values({name: rows.c[name] for name in columns})
    return _AsDocument(Prepared(statement, dialect), tuple(kinds))


def one_of(of: ColumnElement[Any], name: str, dialect: Dialect) -> ColumnElement[bool]:
    """`of IN (the list bound as name)` in a form that is compiled once for lists of every length; see `listed`."""
    if dialect.name == "postgresql":
        item = Uuid() if isinstance(of.type, Uuid) else String()
        return of == any_(bindparam(name, type_=ARRAY(item)))
    values = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return of.in_(select(values.c.value))


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
