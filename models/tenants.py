"""Organisations. Every other row carries the id of one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.columns import id_field, json_type


class Tenant(SQLModel, table=True):
    """An organisation and its settings. `next_number` is the number that its next incident gets.

    `default_on_call_id` is the person to whom a new incident goes. `reminder_seconds` says by severity after how many seconds without
    an acknowledgement people are told again, and `acknowledgement_timeout_seconds` after how many without activity an acknowledged
    incident is open again (None: never). `causes` are the words that the resolve dialog offers. `settings_version` grows with each
    change of the settings.
    """

    __tablename__ = "tenant"

    id: UUID = id_field()
    slug: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=120)
    created_at: datetime
    next_number: int = 1
    timezone: str = Field(default="UTC", max_length=64)
    reopen_window_seconds: int = 1800
    # no foreign key: people point at their organisation, and a circle of constraints could not be written in one pass
    default_on_call_id: UUID | None = None
    # what these are at first, the database says
    reminder_seconds: dict[str, int] = Field(sa_column=Column(json_type(), nullable=False))
    acknowledgement_timeout_seconds: int | None = None
    quiet_days: int
    post_mortem_severities: list[str] = Field(sa_column=Column(json_type(), nullable=False))
    causes: list[str] = Field(sa_column=Column(json_type(), nullable=False))
    settings_version: int
