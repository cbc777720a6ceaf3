"""Organisations. Every other row carries the id of one."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.columns import id_field


class Tenant(SQLModel, table=True):
    """An organisation and its settings. `next_number` is the number that its next incident gets."""

    __tablename__ = "tenant"

    id: UUID = id_field()
    slug: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=120)
    created_at: datetime
    next_number: int = 1
    timezone: str = Field(default="UTC", max_length=64)
    reopen_window_seconds: int = 1800
