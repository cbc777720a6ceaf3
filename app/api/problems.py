"""Refusals as programs get them: problem+json (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import structlog

from services.errors import ConflictError, InvalidFieldsError, NotSignedInError, RefusedError, SlowDownError, StorageBusyError

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/docs"
FAILED = "Failed"
"""The title of what is a bug, and no refusal."""


class MethodRefusedError(RefusedError):
    """The address is there, and takes other methods; `allow` lists them."""

    status = 405
    title = "Method not allowed"

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class Problem(NamedTuple):
    """An answer that refuses: its status, its body, and the headers that it needs beside the type and the length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def of(refusal: RefusedError, **members: Any) -> Problem:
    """The answer to a request that was refused; `members` are added to its body."""
    more: dict[str, Any] = {"field": refusal.field} if refusal.field else {}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(refusal, ConflictError) and refusal.allowed is not None:
        more["allowed"] = refusal.allowed
    elif isinstance(refusal, InvalidFieldsError):
        more["errors"] = [{"field": field, "detail": detail} for field, detail in refusal.fields.items()]
    elif isinstance(refusal, StorageBusyError | SlowDownError):
        headers = ((b"retry-after", str(refusal.retry_after_seconds).encode()),)
    elif isinstance(refusal, NotSignedInError):
        headers = ((b"www-authenticate", b'Bearer realm="Tocsin"'),)
    elif isinstance(refusal, MethodRefusedError):
        headers = ((b"allow", refusal.allow.encode()),)
    return plain(refusal.status, refusal.title, refusal.message, {**more, **members}, headers)


def failure() -> Problem:
    """The answer when something of ours failed. The log line has the same request id."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    detail = "This did not work, and it is our fault. Nothing was changed, or all of it." + (
        f" Reference {request_id}." if request_id else ""
    )
    return plain(500, FAILED, detail, {"request_id": request_id})


def plain(
    status: int, title: str, detail: str, members: Mapping[str, Any] | None = None, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Problem:
    """A problem that no refusal stands for. `detail` is a sentence for whoever reads it."""
    body = {"type": type_of(title), "title": title, "status": status, "detail": detail, **(members or {})}
    return Problem(status, orjson.dumps(body), headers)


@lru_cache(maxsize=64)
def type_of(title: str) -> str:
    """The address that names a kind of problem, and where it is explained."""
    return f"{DOCS}#{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}"
