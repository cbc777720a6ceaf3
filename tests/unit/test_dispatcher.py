"""The dispatcher: who answers which request, and when garbage is collected."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from app import asgi
from app.asgi import Dispatcher, Traffic
from services import settings


async def pages(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": b"page"})


async def intake(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": b"taken in"})


async def routes(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"route"})


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    for name in ("incidents/index.html", "settings/profile/index.html", "404.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<script>1</script>")
    return tmp_path


@pytest.fixture(autouse=True)
def default_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TOCSIN_TRUSTED_PROXIES", raising=False)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()
    structlog.contextvars.clear_contextvars()


def ask(app: Any, path: str, method: str = "GET", **more: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "path": path, "method": method, "headers": [], "client": ("127.0.0.1", 1), "scheme": "http", **more}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_alerts_go_the_shortest_way(static_dir: Path) -> None:
    status, headers, body = ask(Dispatcher(pages, intake, routes, static_dir), "/intake/some-key", "POST")
    assert (status, body) == (202, b"taken in")
    assert headers == {}


@pytest.mark.parametrize(
    ("path", "by"),
    [
        *((path, b"page") for path in ("/incidents", "/ping", "/intak", "/intakes/x", "/apis", "/_event/")),
        *((path, b"route") for path in ("/api/v1/incidents", "/api/docs", "/auth/sign-in", "/-/metrics", "/healthz", "/readyz")),
    ],
)
def test_everything_else_goes_to_the_pages_or_the_routes_with_security_headers(static_dir: Path, path: str, by: bytes) -> None:
    status, headers, body = ask(Dispatcher(pages, intake, routes, static_dir), path)
    assert (status, body) == (200, by)
    assert b"sha256-" in headers[b"content-security-policy"]
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert len(headers[b"x-request-id"]) == 16


def test_a_pages_address_is_answered_without_a_detour(static_dir: Path) -> None:
    app = Dispatcher(pages, intake, routes, static_dir)
    assert ask(app, "/incidents")[1][b"x-path"] == b"/incidents/"
    assert ask(app, "/settings/profile")[1][b"x-path"] == b"/settings/profile/"
    assert ask(app, "/settings")[1][b"x-path"] == b"/settings"
    assert ask(app, "/incidents/INC-1")[1][b"x-path"] == b"/incidents/INC-1"


def test_the_front_door_leads_to_the_incidents(static_dir: Path) -> None:
    status, headers, _ = ask(Dispatcher(pages, intake, routes, static_dir), "/")
    assert (status, headers[b"location"]) == (307, b"/incidents")
    assert b"content-security-policy" in headers
    assert ask(Dispatcher(pages, intake, routes, static_dir), "/", "POST")[0] == 200


def test_requests_at_the_same_time_keep_their_own_ids(static_dir: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        before = structlog.contextvars.get_contextvars()["request_id"]
        await asyncio.sleep(0.01)
        seen.append((before, structlog.contextvars.get_contextvars()["request_id"]))

    async def both() -> None:
        app = Dispatcher(slow, intake, routes, static_dir)
        scope = {"type": "http", "path": "/x", "method": "GET", "headers": [], "client": None}
        await asyncio.gather(*[asyncio.create_task(app(dict(scope), None, None)) for _ in range(5)])  # type: ignore[arg-type]

    asyncio.run(both())
    assert all(before == after for before, after in seen)
    assert len({before for before, _ in seen}) == 5


def test_who_asked_by_a_trusted_proxy_is_known_to_all(static_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRUSTED_PROXIES", "127.0.0.1")
    settings.current.cache_clear()
    seen: list[Any] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))
        await pages(scope, receive, send)

    app = Dispatcher(note, note, note, static_dir)
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-proto", b"https")]
    ask(app, "/incidents", headers=headers)
    ask(app, "/intake/k", "POST", headers=headers)
    assert seen == [("198.51.100.1", "https")] * 2


class Waste:
    """Something that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


def waste_is_left() -> bool:
    return any(isinstance(each, Waste) for each in gc.get_objects())


def collect_beside(work: Any) -> None:
    async def run() -> None:
        traffic = Traffic()
        collector = asyncio.create_task(asgi.collect_when_quiet(traffic, every_seconds=0.01, at_latest_seconds=0.1))
        try:
            await work(traffic)
        finally:
            collector.cancel()

    gc.disable()
    try:
        asyncio.run(run())
    finally:
        gc.enable()


def test_garbage_is_collected_when_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(traffic: Traffic) -> None:
        Waste()
        traffic.seen()
        traffic.last_at -= asgi.QUIET_SECONDS
        await asyncio.sleep(0.05)
        assert not waste_is_left()

    collect_beside(work)


def test_garbage_waits_while_there_is_traffic_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "QUIET_SECONDS", 0.02)

    async def run() -> float:
        loop, traffic, collected = asyncio.get_running_loop(), Traffic(), asyncio.Event()
        traffic.last_at = loop.time() + 3600  # never quiet
        monkeypatch.setattr(asgi.gc, "collect", collected.set)
        began = loop.time()
        collector = asyncio.create_task(asgi.collect_when_quiet(traffic, every_seconds=0.01, at_latest_seconds=0.2))
        await asyncio.wait_for(collected.wait(), 30)
        collector.cancel()
        return loop.time() - began

    assert asyncio.run(run()) >= 0.2


def test_answers_to_pings_are_no_traffic() -> None:
    async def run() -> None:
        traffic = Traffic()
        messages = iter([{"type": "websocket.receive", "text": "3"}, {"type": "websocket.receive", "text": "42/_event,[]"}])

        async def receive() -> Any:
            return next(messages)

        listening = traffic.listening(receive)
        await listening()
        assert traffic.count == 0
        await listening()
        assert traffic.count == 1

    asyncio.run(run())
