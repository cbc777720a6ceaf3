"""Who changed what, from where."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type


class AuditEntry(TenantRow, table=True):
    """One change by somebody. `before` and `after` hold the changed values, never a secret."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_at", "tenant_id", "at", "id"),)

    id: UUID = id_field()
    actor_id: UUID = Field(foreign_key="actor.id")
    action: str = Field(max_length=60)
    subject_kind: str = Field(max_length=40)
    subject_id: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(json_type(), nullable=True))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(json_type(), nullable=True))
    address: str = Field(default="", max_length=64)
    at: datetime
