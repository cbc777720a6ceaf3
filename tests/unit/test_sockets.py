"""Sockets: which pages may open one, and whose state is kept."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import socketio
from engineio.async_socket import AsyncSocket
from engineio.packet import PONG, Packet
from reflex.event import Event
from reflex.istate.data import HeaderData
from reflex.state import StateUpdate
from reflex.utils.format import json_dumps

from app import sockets
from models.vocabulary import Role
from services import presence
from services.views import EventRow, FactView, IncidentHead, LabelView

HERE = {"HTTP_HOST": "tocsin.lan:8000"}
BASE = "https://tocsin.example.org"


@pytest.mark.parametrize(
    "origin",
    ["http://tocsin.lan:8000", "https://tocsin.lan:8000", "http://TOCSIN.lan:8000", BASE, None],
)
def test_a_page_from_here_may_connect_under_any_name(origin: str | None) -> None:
    assert sockets.is_own_origin(origin, HERE, BASE)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://tocsin.lan",
        "http://tocsin.lan:8001",
        "http://tocsin.lan:8000.evil.example",
        "http://tocsin.lan:8000@evil.example",
        "https://evil.example/?https://tocsin.example.org",
        "https://tocsin.example.org.evil.example",
        "file://tocsin.lan:8000",
        "null",
        "",
    ],
)
def test_a_page_from_elsewhere_may_not(origin: str) -> None:
    assert not sockets.is_own_origin(origin, HERE, BASE)


def test_a_request_without_a_host_lets_nobody_in() -> None:
    assert not sockets.is_own_origin("http://", {}, BASE)


@dataclasses.dataclass(frozen=True)
class Token:
    ident: str


class Manager:
    """The bookkeeping of Reflex's memory manager."""

    def __init__(self, **deadlines: float) -> None:
        self._token_expires_at = {name: (at, Token(name)) for name, at in deadlines.items()}

    def _track_token(self, token: Token) -> None:
        self._token_expires_at[token.ident] = (999.0, token)

    def deadlines(self) -> dict[str, float]:
        return {name: at for name, (at, _) in self._token_expires_at.items()}


def test_the_state_of_an_open_tab_is_kept_and_that_of_a_left_one_is_not() -> None:
    manager = Manager(open=5.0, left=6.0)
    sockets.keep_states(manager, SimpleNamespace(sid_to_token={"sid-1": "open", "sid-2": "elsewhere"}))
    assert manager.deadlines() == {"open": 999.0, "left": 6.0}


def test_the_memory_manager_of_this_reflex_has_the_books_that_are_kept_here() -> None:
    from reflex.istate.manager.memory import StateManagerMemory

    manager = StateManagerMemory(token_expiration=540)
    assert manager._token_expires_at == {}
    assert callable(manager._track_token)


def test_a_tab_that_left_is_forgotten_within_ten_minutes() -> None:
    from rxconfig import config

    assert config.redis_token_expiration + sockets._KEEP_SECONDS <= 600


def test_a_tab_is_open_by_the_socket_that_it_has_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_namespace", SimpleNamespace(sid_to_token={"new": "tab"}))
    assert sockets.is_tab_open("tab", "new")
    assert not sockets.is_tab_open("tab", "old")
    assert not sockets.is_tab_open("other", "new")
    assert sockets.count_open_tabs() == 1


def test_what_is_said_to_a_page_is_what_reflex_would_say() -> None:
    update = StateUpdate(
        delta={
            "app.state": {
                "head": IncidentHead(title="Kassa „Süd“ 🚨", facts=[FactView("Opened", "03:07")]),
                "rows": [EventRow(id="1", labels=[LabelView("a", "b")])],
                "role": Role.ADMIN,
                "at": datetime(2026, 11, 24, 3, 7, tzinfo=UTC),
                "numbers": {1: 0.5, 2: None},
                "kinds": {"one"},
            }
        },
        events=[Event(name="state.load", payload={"number": "INC-1"})],
    )
    said = ["event", update]
    assert json.loads(sockets.as_json(said)) == json.loads(json_dumps(said))
    assert sockets.as_json(["event", {"text": "half \ud83d"}]) == json_dumps(["event", {"text": "half \ud83d"}], separators=(",", ":"))


def test_the_page_is_not_told_what_proves_who_asks() -> None:
    """Its scripts must not read the session's cookie, which the browser keeps from them."""
    headers = HeaderData.from_router_data(
        {"headers": {"host": "tocsin.lan", "cookie": "tocsin_session=ts_1", "authorization": "Bearer tk_1"}}
    )
    told = sockets.as_json(["event", StateUpdate(delta={"state": {"rx_router_headers": headers}})])
    assert "tocsin.lan" in told
    assert "ts_1" not in told
    assert "tk_1" not in told


def test_a_page_that_does_not_answer_is_not_heard_long_before_its_socket_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]
    monkeypatch.setattr(time, "time", lambda: time.monotonic() + passed[0])

    async def story() -> None:
        server = socketio.AsyncServer(async_mode="asgi", ping_interval=3600)
        socket = server.eio.sockets["tab"] = AsyncSocket(server.eio, "tab")
        sid = await server.manager.connect("tab", "/_event")
        monkeypatch.setattr(sockets, "_namespace", SimpleNamespace(app=SimpleNamespace(sio=server), namespace="/_event"))
        await socket.receive(Packet(PONG))
        await asyncio.sleep(0)
        passed[0] += 100
        assert sockets.is_heard(sid), "it was asked nothing since it answered"
        socket.last_ping = time.time()  # as the server asks
        assert sockets.is_heard(sid)
        passed[0] += sockets.ANSWER_SECONDS
        assert not sockets.is_heard(sid)
        await socket.receive(Packet(PONG))
        await asyncio.sleep(0)
        assert sockets.is_heard(sid)
        socket.closed = True
        assert not sockets.is_heard(sid)
        assert not sockets.is_heard("another")

    asyncio.run(story())
    assert sockets.PING_SECONDS + sockets.ANSWER_SECONDS + presence.LOOK_SECONDS + 1 < 10
    assert sockets.ANSWER_SECONDS < sockets.PONG_SECONDS
