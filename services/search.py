"""What can be found by words: written with what it describes, read newest first."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, bindparam, column, func, literal_column, select, table, update
from sqlalchemy.sql.elements import ColumnElement

from models.search import SearchDocument
from services.database import Tx

_WORD = re.compile(r"[\w]+", re.UNICODE)
_MAX_WORDS = 12
_fts = table("search_document_fts", column("rowid"))


def add(tx: Tx, kind: str, ref_id: UUID, incident_id: UUID, title: str, body: str, created_at: datetime) -> None:
    """Make a text findable: `kind` is "incident", "comment" or "resolution", `ref_id` the row that it belongs to."""
    tx.insert(SearchDocument, kind=kind, ref_id=ref_id, incident_id=incident_id, title=title, body=body, created_at=created_at)


def change(tx: Tx, kind: str, ref_id: UUID, title: str, body: str) -> None:
    """Replace a findable text."""
    document = SearchDocument.__table__  # type: ignore[attr-defined]
    tx.execute(
        update(document)
        .where(document.c.tenant_id == tx.tenant_id, document.c.kind == kind, document.c.ref_id == ref_id)
        .values(title=title, body=body)
    )


def words(query: str) -> list[str]:
    """The words of a person's query, at most twelve; nothing that a person types is an operator."""
    return _WORD.findall(query)[:_MAX_WORDS]


def incidents_with(query: str, tenant_id: UUID, dialect_name: str) -> Select[tuple[UUID]] | None:
    """The ids of incidents with a text that holds all words of the query, the last one as a beginning; None without a word."""
    found = words(query)
    if not found:
        return None
    document = SearchDocument.__table__  # type: ignore[attr-defined]
    return select(document.c.incident_id).where(document.c.tenant_id == tenant_id, _matches(document, found, dialect_name))


def _matches(document: Any, found: list[str], dialect_name: str) -> ColumnElement[bool]:
    if dialect_name == "sqlite":
        expression = " ".join(f'"{word}"' for word in found) + "*"
        hits = select(_fts.c.rowid).where(literal_column("search_document_fts").op("MATCH")(bindparam("words", expression, String)))
        found_here: ColumnElement[bool] = document.c.id.in_(hits)
        return found_here
    expression = " & ".join(f"'{word}'" for word in found) + ":*"
    return literal_column("search_document.words").op("@@")(func.to_tsquery("simple", expression))
