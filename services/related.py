"""Unresolved incidents that may be the same trouble: of the same service, or with words in common; and why each is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlmodel import Session

from models.incidents import Incident
from models.vocabulary import UNRESOLVED, Role
from services import database, incident_list
from services.access import Actor, require
from services.incident_list import Filters
from services.statements import Prepared, as_uuid, aside, listed, one_of
from services.views import RelatedView
from services.wording import rfc3339

_incident: Any = Incident.__table__.c  # type: ignore[attr-defined]
LOOKED_AT = 500
"""How many unresolved incidents are compared by their words, the newest of them."""
SAME_SERVICE = 3
"""How much it tells that two incidents are of one service."""
_MOST = 5
_LONGEST = 300
_NAMED_WORDS = 3

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 4
_SHORTEST_BEGINNING = 3
_SILENT_WORDS = """
a about above after all an and any are as at be been before below but by can for from had has have in into is it its more no not of off on
or our out over since so some than that the their then there they this to too under up very was we were when with
"""
_VAGUE_WORDS = """
alert broken critical degraded down error failed failing failure high incident issue latency low outage problem rate service slow timeout
unavailable warning
"""
_SILENT = frozenset(_SILENT_WORDS.split())
"""Words that say nothing about what is broken."""


@dataclass(frozen=True, slots=True)
class _Alike:
    """What an incident has in common with what is looked for; `words` as they were written there."""

    is_same_service: bool
    words: tuple[str, ...]
    score: int


def unresolved_like(actor: Actor, title: str, service_id: UUID | None = None, *, but: UUID | None = None) -> list[RelatedView]:
    """At most five unresolved incidents that are of this service or say what this title says, the most alike first, then the newest.

    The title may still be typed: its last word counts as a beginning. `but` is an incident to leave out, such as the one at hand.
    Words are compared with the titles of the newest `LOOKED_AT` unresolved incidents. Raises: NotAllowedError.
    """
    require(actor, Role.VIEWER)
    title = title[:_LONGEST]
    wanted = _stems(title)
    if not wanted and service_id is None:
        return []
    beginning = _beginning(title)
    with database.read(actor.tenant_id) as session:
        ids = incident_list.find_ids(session, Filters(UNRESOLVED, whole=True), limit=LOOKED_AT) if wanted else []
        if service_id is not None:
            ids += incident_list.find_ids(session, Filters(UNRESOLVED, service=service_id, whole=True), limit=_MOST + 1)
        found = [(one, _compared(wanted, beginning, said, bool(is_same))) for one, said, is_same in _titles(session, ids, service_id, but)]
    alike = {as_uuid(one): common for one, common in sorted(found, key=_most_alike)[:_MOST] if common is not None}
    entries = incident_list.lines(actor, [one for one in alike if one is not None])
    return [_view(entry, alike[entry.id]) for entry in entries]


def _most_alike(found: tuple[Any, _Alike | None]) -> int:
    return -found[1].score if found[1] is not None else 0


def _beginning(title: str) -> str:
    """The word that is being typed, where it says enough."""
    words = _WORD.findall(title)
    last = _folded(words[-1]) if words and title.endswith(words[-1]) else ""
    return last if len(last) >= _SHORTEST_BEGINNING else ""


def _compared(wanted: dict[str, str], beginning: str, title: str, is_same_service: bool) -> _Alike | None:
    words, score = _shared(wanted, beginning, title)
    if not is_same_service and not score:
        return None
    return _Alike(is_same_service, words, score + (SAME_SERVICE if is_same_service else 0))


def shared_words(title: str, other: str) -> tuple[tuple[str, ...], int]:
    """The words that both titles say, as the other one writes them, and how much that tells; 0 where it is only what half of all say."""
    return _shared(_stems(title), "", other)


def _shared(wanted: dict[str, str], beginning: str, title: str) -> tuple[tuple[str, ...], int]:
    has = _stems(title)
    shared = [stem for stem in wanted if stem in has]
    if beginning:
        shared += [stem for stem in has if stem.startswith(beginning) and stem not in shared]
    telling = sum(1 for stem in shared if stem not in _VAGUE and not stem.isdigit())
    return tuple(has[stem] for stem in shared), len(shared) + telling if telling or len(shared) > 1 else 0


@lru_cache(maxsize=4 * LOOKED_AT)
def _stems(text: str) -> dict[str, str]:
    """The words of a text that say something, each as it is written, by what it has in common with its other forms."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        folded = _folded(word)
        if len(folded) > 1 and folded not in _SILENT:
            found.setdefault(_stem(folded), word)
    return found


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    return "".join(sign for sign in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(sign))


def _stem(word: str) -> str:
    """A word without its ending: "timeouts" and "timeout", "failing" and "failed" are one."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


_VAGUE = frozenset(map(_stem, _VAGUE_WORDS.split()))
"""What half of all incidents say: one such word in common means nothing, two do."""


def _titles(session: Session, ids: list[UUID], service_id: UUID | None, but: UUID | None) -> list[tuple[Any, str, Any]]:
    """Of each of these incidents the id and the title, and whether it is of the service; the newest first, as the driver gives them.

    Those that were merged into another are left out. There are many, so that nothing is made of a value that may not be needed.
    """
    dialect = database.storage().dialect
    cursor = session.connection().connection.cursor()
    values = {"tenant": session.info["tenant_id"], "ids": listed([one for one in ids if one != but], dialect), "service": service_id}
    try:
        return list(_by_ids(dialect.name).run(cursor, values).fetchall())
    finally:
        cursor.close()


@lru_cache(maxsize=4)
def _by_ids(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only: a test may use both databases in one process
    dialect = database.storage().dialect
    own = aside(_incident.tenant_id, dialect) == bindparam("tenant", type_=Uuid())
    is_same = _incident.service_id == bindparam("service", type_=Uuid())
    is_own = aside(_incident.parent_id, dialect).is_(None)
    query = select(_incident.id, _incident.title, is_same).where(own, is_own, one_of(_incident.id, "ids", dialect))
    return Prepared(query.order_by(_incident.created_at.desc(), _incident.id.desc()), dialect)


def _view(entry: incident_list.Entry, alike: _Alike) -> RelatedView:
    return RelatedView(
        number=entry.number,
        title=entry.title,
        state=entry.state.value,
        opened_at=rfc3339(entry.created_at),
        reason=_reason(alike),
    )


def _reason(one: _Alike) -> str:
    return ", ".join(part for part in ("same service" if one.is_same_service else "", said(one.words)) if part)


def said(words: Sequence[str]) -> str:
    """The words that two titles share, as a reason; empty where there are none."""
    return "says " + ", ".join(f"“{word}”" for word in words[:_NAMED_WORDS]) if words else ""
