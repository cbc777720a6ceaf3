"""Whether this process is alive and ready, and its figures for Prometheus."""

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from app.api import problems
from services import across_tenants, database, engine, measures, settings
from services.errors import NotAllowedError, NotSignedInError, StorageBusyError

router = APIRouter(tags=["operating"])

ENGINE_LATE_SECONDS = 15.0
"""The engine looks for work every second; one that did not for this long is stuck."""
_DATABASE_SECONDS = 2.5
_FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip")


class IllError(Exception):
    """A part of this process is not well; the sentence says how."""


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """This process answers. It says nothing of its parts: restart it only when this does not answer."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"description": "A part is not well; the answer says which."}})
async def ready() -> JSONResponse:
    """Whether database, engine and page bundle are well: 200, or 503 with which is not and why."""
    parts: dict[str, Callable[[], Awaitable[str]]] = {"database": _database, "engine": _engine, "bundle": _bundle}
    said = await asyncio.gather(*(part() for part in parts.values()), return_exceptions=True)
    answer = {
        name: {"well": not isinstance(word, BaseException), "detail": str(word) or type(word).__name__}
        for name, word in zip(parts, said, strict=True)
    }
    well = all(part["well"] for part in answer.values())
    return JSONResponse({"status": "ready" if well else "not ready", "parts": answer}, 200 if well else 503)


async def _database() -> str:
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            seconds = await asyncio.to_thread(database.ping)
    except (StorageBusyError, TimeoutError) as error:
        raise IllError("The database does not answer.") from error
    trouble = database.refused_writes()
    if trouble is not None:
        raise IllError(trouble)
    return f"Answered in {seconds * 1000:.1f} ms."


async def _engine() -> str:
    age = engine.cycle_age_seconds()
    if age is None:
        raise IllError("The engine has not looked for work yet.")
    if age > ENGINE_LATE_SECONDS:
        raise IllError(f"The engine last looked for work {age:.0f} seconds ago.")
    return f"Looked for work {age:.1f} seconds ago."


async def _bundle() -> str:
    place = os.environ.get("REFLEX_WEB_WORKDIR", "")
    if not place or not (Path(place) / "build" / "client" / "index.html").is_file():
        raise IllError("The bundle of the pages is not there. Start Tocsin again: that builds it.")
    return "Present."


_PROBLEM = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


@router.get(
    "/-/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {}}},
        401: {"description": "Another machine asks without TOCSIN_METRICS_TOKEN, or with another one.", "content": _PROBLEM},
        403: {"description": "Another machine asks, and no TOCSIN_METRICS_TOKEN is set.", "content": _PROBLEM},
    },
)
async def metrics(request: Request) -> Response:
    """The figures of this process in Prometheus's text format; for this machine, or with TOCSIN_METRICS_TOKEN as bearer token."""
    _require_scraper(request)
    return Response(await asyncio.to_thread(_figures), media_type=CONTENT_TYPE_LATEST)


def _figures() -> bytes:
    counts: across_tenants.JobCounts | None = None
    mails: int | None = None
    seconds: float | None = None
    with suppress(StorageBusyError):
        seconds = database.ping()
        counts = across_tenants.job_counts()
        mails = across_tenants.waiting_mails()
    by_status = None if counts is None else {"pending": counts.pending, "running": counts.running, "dead": counts.dead}
    return measures.text(jobs=by_status, waiting_mails=mails, ping_seconds=seconds)


def _require_scraper(request: Request) -> None:
    """Raises: NotSignedInError, NotAllowedError."""
    token = settings.current().metrics_token
    if token is not None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode()):
            return
    if _is_this_machine(request):
        return
    if token is not None:
        raise NotSignedInError("From another machine the metrics need TOCSIN_METRICS_TOKEN as bearer token.")
    raise NotAllowedError("The metrics are for this machine. Set TOCSIN_METRICS_TOKEN to read them from another one.")


def _is_this_machine(request: Request) -> bool:
    """Whether the request was made on this machine; one that a proxy passed on counts only where the proxy is trusted to say so.

    A client that a trusted proxy names has no port.
    """
    if request.client is None:
        return False
    host, port = request.client
    if port != 0 and any(name in request.headers for name in _FORWARDING):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
