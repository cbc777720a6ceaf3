"""What can be found by words: written with what it describes, read newest first."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, String, bindparam, column, delete, exists, func, literal_column, select, table, update
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


def remove(tx: Tx, kind: str, ref_id: UUID) -> None:
    """Let a text be found no more."""
    document = SearchDocument.__table__  # type: ignore[attr-defined]
    tx.execute(delete(document).where(document.c.tenant_id == tx.tenant_id, document.c.kind == kind, document.c.ref_id == ref_id))


def words(query: str) -> list[str]:
    """The words of a person's query, at most twelve; nothing that a person types is an operator."""
    return _WORD.findall(query)[:_MAX_WORDS]


def incidents_with(query: str, tenant_id: UUID, dialect_name: str, *, whole_words: bool = False) -> Select[tuple[UUID]] | None:
    """The ids of incidents with a text that holds all words of the query, an id for each such text; None without a word.

    The last word is taken as a beginning, unless `whole_words`.
    """
    found = words(query)
    if not found:
        return None
    document = SearchDocument.__table__  # type: ignore[attr-defined]
    hits = select(document.c.incident_id).where(document.c.tenant_id == tenant_id, _matches(found, dialect_name, whole_words))
    # the index of SQLite hands its rows out one by one, so that whoever wants a few waits for a few
    return hits.join_from(_fts, document, document.c.id == _fts.c.rowid) if dialect_name == "sqlite" else hits


def incident_has(
    incident_id: ColumnElement[UUID], query: str, tenant_id: UUID, dialect_name: str, *, whole_words: bool = False
) -> ColumnElement[bool]:
    """Whether an incident has such a text, looked up for each incident anew: for words that very many texts hold."""
    document = SearchDocument.__table__  # type: ignore[attr-defined]
    own = exists().where(document.c.incident_id == incident_id, document.c.tenant_id == tenant_id)
    matches = _matches(words(query), dialect_name, whole_words)
    return own.where(exists().where(_fts.c.rowid == document.c.id, matches)) if dialect_name == "sqlite" else own.where(matches)


def text_count(query: str, dialect_name: str, *, up_to: int) -> Select[int]:
    """How many texts hold the words as they are, counted no further than `up_to` and in all organisations: to choose a plan by."""
    found = words(query)
    rows = select(_fts.c.rowid) if dialect_name == "sqlite" else select(SearchDocument.__table__.c.id)  # type: ignore[attr-defined]
    return select(func.count()).select_from(rows.where(_matches(found, dialect_name, True)).limit(up_to).subquery())


def _matches(found: list[str], dialect_name: str, whole_words: bool) -> ColumnElement[bool]:
    if dialect_name == "sqlite":
        expression = " ".join(f'"{word}"' for word in found) + ("" if whole_words else "*")
        return literal_column("search_document_fts").op("MATCH")(bindparam("words", expression, String))
    expression = " & ".join(f"'{word}'" for word in found) + ("" if whole_words else ":*")
    # the configuration stands in the statement: as a parameter the query would be made anew for each row, and nothing known of it
    return literal_column("search_document.words").op("@@")(func.to_tsquery(literal_column("'simple'"), expression))
