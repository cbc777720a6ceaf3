"""Work that is due at a time, written in the transaction that causes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, String, text
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type, words
from models.vocabulary import JobStatus

UNFINISHED = "status IN ('pending', 'running')"
"""The predicate of the indexes of work that is not over; SQLite uses them only where a query says the same words."""
DEAD = "status = 'dead'"
# prefixes of keys are looked up as a range, which is one only where text is compared byte by byte
_key_type = String(200).with_variant(String(200, collation="C"), "postgresql")


class Job(TenantRow, table=True):
    """One piece of background work. A worker holds it until `locked_until`; `attempts` fences off a worker that lost it.

    `dedup_key` is unique among the jobs that still wait or run, so that the same work is never queued twice and never runs twice at
    once. Work that is added while its job runs is remembered in `again_at`: the job runs again at that time.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "due_at", "id", sqlite_where=text(UNFINISHED), postgresql_where=text(UNFINISHED)),
        Index("uq_job_dedup", "tenant_id", "dedup_key", unique=True, sqlite_where=text(UNFINISHED), postgresql_where=text(UNFINISHED)),
        Index("ix_job_finished", "tenant_id", "finished_at"),
        Index("ix_job_dead", "finished_at", sqlite_where=text(DEAD), postgresql_where=text(DEAD)),
    )

    id: UUID = id_field()
    kind: str = Field(max_length=40)
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    dedup_key: str | None = Field(default=None, sa_column=Column(_key_type, nullable=True))
    status: JobStatus = Field(sa_column=Column(words(JobStatus, "job_status"), nullable=False))
    due_at: datetime
    again_at: datetime | None = None
    attempts: int = 0
    locked_by: str | None = Field(default=None, max_length=80)
    locked_until: datetime | None = None
    last_error: str | None = Field(default=None, max_length=1000)
    created_at: datetime
    finished_at: datetime | None = None
