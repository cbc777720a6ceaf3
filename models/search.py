"""What can be found by words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.columns import TenantRow


class SearchDocument(TenantRow, table=True):
    """One findable text: an incident, a comment, a resolution. The words are indexed by the database's own full-text search.

    The key is an integer because SQLite's index names rows by it; this table must never be rebuilt by a migration.
    """

    __tablename__ = "search_document"
    __table_args__ = (
        Index("uq_search_document_ref", "kind", "ref_id", unique=True),
        Index("ix_search_document_incident", "incident_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    ref_id: UUID
    incident_id: UUID = Field(foreign_key="incident.id")
    title: str = ""
    body: str = ""
    created_at: datetime
