"""What the server loads: who answers a request, before Reflex sees it, and the garbage collector tamed."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import structlog

from app import headers, logs
from app.api import application, intake
from app.headers import ASGIApp, Receive, Scope, Send
from services import database, settings

INTAKE = intake.PREFIX
QUIET_SECONDS = 5.0
"""A process without a request or a message of a page for this long has time to collect garbage."""


class Traffic:
    """When something last came in or went out, so that what can wait finds a quiet moment."""

    def __init__(self) -> None:
        self.last_at = 0.0
        self.count = 0

    def seen(self) -> None:
        self.count += 1
        self.last_at = asyncio.get_running_loop().time()

    def listening(self, receive: Receive) -> Receive:
        """A `receive` that takes note of what comes in."""

        async def receiving() -> headers.Message:
            message = await receive()
            if len(message.get("text") or "") > len("3"):  # that alone answers a ping, which every open page does all the time
                self.seen()
            return message

        return receiving


class Dispatcher:
    """The outermost application: intake by the shortest way, everything else with security headers.

    The routes that stand beside the pages do not go through Reflex, which would let scripts of any origin read their answers.
    """

    def __init__(self, pages: ASGIApp, take_in: ASGIApp, routes: ASGIApp, static_dir: Path) -> None:
        """`static_dir` holds the bundle's files: what its pages need to run is allowed, and nothing else."""
        self._pages = pages
        self._take_in = take_in
        self._routes = routes
        html_files = sorted(static_dir.rglob("*.html"))
        policy = headers.content_security_policy(headers.inline_script_hashes(html_files))
        self._security = headers.security_headers(policy, over_tls=settings.current().base_url.startswith("https:"))
        self._folders = {f"/{path.parent.relative_to(static_dir).as_posix()}" for path in html_files if path.name == "index.html"}
        self._trusted = settings.current().trusted_proxies
        self.traffic = Traffic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        self.traffic.seen()
        headers.believe_proxies(scope, self._trusted)
        if scope["type"] == "websocket":
            await self._pages(scope, self.traffic.listening(receive), send)
            return
        request_id = os.urandom(8).hex()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["path"].startswith(INTAKE):
            await self._take_in(scope, receive, send)
            return
        more = [*self._security, (b"x-request-id", request_id.encode())]
        send = headers.with_headers(send, scope["path"], more)
        if scope["path"].startswith(application.PREFIXES):
            await self._routes(scope, receive, send)
        else:
            await self._to_pages(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The life of the process: what the pages start and end, and the last thing of all, the database."""
        collector = asyncio.create_task(collect_when_quiet(self.traffic), name="collect garbage")

        async def sending(message: headers.Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                collector.cancel()
                await asyncio.to_thread(database.use, None)  # leaves SQLite's one whole file
            await send(message)  # after this the server may end the process

        await self._pages(scope, receive, sending)

    async def _to_pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            await _lead_to(b"/incidents", send)
            return
        if scope["path"] in self._folders:  # else the file server redirects to the name with a slash, by a scheme that it guesses
            scope["path"] += "/"
        await self._pages(scope, receive, send)


async def _lead_to(path: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": 307, "headers": [(b"location", path), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def collect_when_quiet(traffic: Traffic, *, every_seconds: float = 60.0, at_latest_seconds: float = 900.0) -> None:
    """Collect all generations when nothing happens: with the thresholds of `tame_garbage_collector` the oldest hardly ever is.

    A process that is never quiet collects all the same, every `at_latest_seconds`.
    """
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(every_seconds)
        latest_at = loop.time() + at_latest_seconds
        while loop.time() - traffic.last_at < QUIET_SECONDS and loop.time() < latest_at:  # noqa: ASYNC110
            await asyncio.sleep(QUIET_SECONDS)
        gc.collect()


def tame_garbage_collector() -> None:
    """Leave what was imported out of every later collection, and collect seldom: pauses were most of the tail of what pages wait for."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1_000)
    gc.enable()


def create() -> ASGIApp:
    """The application of one web process."""
    logs.set_up()
    from app import app as composition  # Reflex reads its environment when it is imported, which `serve` has set by now

    static_dir = Path(os.environ["REFLEX_WEB_WORKDIR"]) / "build" / "client"
    dispatcher = Dispatcher(composition.create(), intake.respond, application.create(), static_dir)
    tame_garbage_collector()
    return dispatcher
