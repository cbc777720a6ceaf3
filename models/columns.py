"""How values are stored: ids, times, closed vocabularies and JSON, alike on SQLite and PostgreSQL."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "ck": "%(constraint_name)s",
}


def new_id() -> UUID:
    """A UUIDv7: unique, and sorted by when it was made."""
    return uuid7()


def id_field() -> Any:
    """The primary key of a table whose rows are named by themselves."""
    return Field(default_factory=new_id, primary_key=True)


def actor_id_field() -> Any:
    """The primary key of a table whose rows are actors: the id is that of the actor row."""
    return Field(primary_key=True, foreign_key="actor.id")


def words(vocabulary: type[StrEnum], name: str) -> sa.Enum:
    """A closed vocabulary, stored as its text with a CHECK named `name`."""
    return sa.Enum(
        vocabulary,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
        name=name,
    )


def json_type() -> sa.types.TypeEngine[Any]:
    """JSON, as JSONB where the database has it. Reassign the value to change it: changes in place are not seen."""
    return sa.JSON().with_variant(JSONB(), "postgresql")


class TenantRow(SQLModel):
    """A row that belongs to one organisation; the session adds the filter to every statement on it."""

    tenant_id: UUID = Field(foreign_key="tenant.id")
