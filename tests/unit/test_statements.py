"""What a prepared statement hands to the driver is what SQLAlchemy would have, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Dialect, bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlmodel import UTCDateTime

from models import tables
from services.statements import Prepared

DIALECTS: list[Dialect] = [sqlite.dialect(), psycopg.dialect()]
UTC_TIME = datetime(2026, 11, 24, 3, 7, 12, 345, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "Uuid": [UUID("01938e5f-1c1f-7000-8000-0123456789ab")],
    "UTCDateTime": [UTC_TIME, UTC_TIME.replace(microsecond=0), UTC_TIME.astimezone(timezone(timedelta(hours=5, minutes=30)))],
    "Boolean": [True, False],
    "Integer": [0, 7],
    "AutoString": ["", "Grüße"],
    "String": ["Grüße"],
    "JSON": [{}, {"a": ["ü", 1, None]}],
}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.__tablename__)
def test_values_reach_the_driver_as_sqlalchemy_sends_them(table: Any, dialect: Dialect) -> None:
    for column in table.__table__.columns:
        statement = Prepared(select(bindparam("value", type_=column.type)), dialect)
        usual = column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)
        words = list(getattr(column.type, "enum_class", None) or [])
        for value in [*(words or VALUES[type(column.type).__name__]), *([None] if column.nullable else [])]:
            bound = statement.bind({"value": value})
            sent = bound["value"] if isinstance(bound, dict) else bound[0]
            expected = usual(value)
            assert getattr(sent, "obj", sent) == getattr(expected, "obj", expected), column.name
            assert type(sent) is type(expected) or (dialect.name == "sqlite" and isinstance(value, bool)), column.name


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_time_without_a_zone_is_refused(dialect: Dialect) -> None:
    statement = Prepared(select(bindparam("at", type_=UTCDateTime())), dialect)
    with pytest.raises(ValueError, match=r"timezone|aware|zone"):
        statement.bind({"at": UTC_TIME.replace(tzinfo=None)})
