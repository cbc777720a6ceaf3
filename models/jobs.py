"""Work that is due at a time, written in the transaction that causes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type, words
from models.vocabulary import JobStatus

_WAITING = "status IN ('pending', 'running')"


class Job(TenantRow, table=True):
    """One piece of background work. A worker holds it until `locked_until`; `attempts` fences off a worker that lost it.

    `dedup_key` is unique among the jobs that still wait or run, so that the same work is never queued twice.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "due_at", "id", sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
        Index("uq_job_dedup", "tenant_id", "dedup_key", unique=True, sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
        Index("ix_job_finished", "tenant_id", "finished_at"),
    )

    id: UUID = id_field()
    kind: str = Field(max_length=40)
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    dedup_key: str | None = Field(default=None, max_length=200)
    status: JobStatus = Field(sa_column=Column(words(JobStatus, "job_status"), nullable=False))
    due_at: datetime
    attempts: int = 0
    locked_by: str | None = Field(default=None, max_length=80)
    locked_until: datetime | None = None
    last_error: str | None = Field(default=None, max_length=1000)
    created_at: datetime
    finished_at: datetime | None = None
