"""Who has a page open: every use of what is inside Reflex, so that a change there is a change here alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
import reflex as rx
from reflex.state import StateUpdate
from reflex.utils.format import json_dumps
from reflex.utils.serializers import serialize

from services import views

PING_SECONDS = 4
"""How often the server says something to each open page: a page that hears nothing for three seconds longer shows that it is not live."""
PONG_SECONDS = 8
"""How long a page may take to answer that before its socket counts as lost, on both sides."""
ANSWER_SECONDS = 4.0
"""How long a page may take to answer until nobody counts as looking at it; its socket is kept for longer."""
_KEEP_SECONDS = 60.0
# dataclasses are left to Reflex: of a request's headers it tells the page all but those that prove who asks
_JSON = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

_WRITTEN = 512
_lately_written: dict[int, tuple[Any, orjson.Fragment]] = {}

S = TypeVar("S")

_namespace: Any = None


def connect(app: rx.App, base_url: str) -> None:
    """Take over the sockets of this app: pages may connect from the host that they were loaded from and from `base_url`."""
    global _namespace
    if app.event_namespace is None or app.sio is None:
        raise RuntimeError("the app has no sockets: it was made without state")
    _namespace = app.event_namespace
    app.sio.eio.ping_interval, app.sio.eio.ping_timeout = PING_SECONDS, PONG_SECONDS
    app.sio.packet_class.json = SimpleNamespace(dumps=as_json, loads=app.sio.packet_class.json.loads)
    app.sio.eio.cors_allowed_origins = lambda origin, environ: is_own_origin(origin, environ, base_url)

    async def keep_open_tabs() -> None:
        while True:
            await asyncio.sleep(_KEEP_SECONDS)
            keep_states(app.state_manager, app.event_namespace)

    app.register_lifespan_task(keep_open_tabs)


def as_json(said: Any, **_options: Any) -> str:
    """What is said to a page, as Reflex would write it, in a tenth of the time: with many viewers most of a change's cost is here."""
    try:
        whole = [serialize(part) if isinstance(part, StateUpdate) else part for part in said] if isinstance(said, list) else said
        return orjson.dumps(whole, default=_written, option=_JSON).decode()
    except TypeError:  # half of a surrogate pair, or what only Reflex knows how to write
        return str(json_dumps(said, separators=(",", ":")))


def _written(value: Any) -> Any:
    """What only Reflex knows how to write; a view object is written once for all pages that are told of it at that moment."""
    if type(value).__module__ != views.__name__:
        return serialize(value)
    known = _lately_written.get(id(value))
    if known is not None and known[0] is value:  # else the id is that of an object that is gone
        return known[1]
    text = orjson.Fragment(orjson.dumps(serialize(value), default=serialize, option=_JSON))
    _lately_written[id(value)] = (value, text)
    if len(_lately_written) > _WRITTEN:
        del _lately_written[next(iter(_lately_written))]
    return text


def keep_states(manager: Any, namespace: Any) -> None:
    """Put off the day on which the states of open tabs are forgotten: theirs would go with those of the tabs that left.

    A page that somebody only reads sends nothing, and must not lose what it holds.
    """
    open_tabs = set(namespace.sid_to_token.values())
    for _deadline, token in tuple(manager._token_expires_at.values()):
        if token.ident in open_tabs:
            manager._track_token(token)


def is_own_origin(origin: str | None, environ: Mapping[str, Any], base_url: str) -> bool:
    """Whether a socket may be opened by a page of this origin.

    The request's own Host counts, under whatever name, since a page elsewhere cannot choose it. A program that is no browser says no
    origin and carries no cookie that a page elsewhere could ride on.
    """
    if origin is None or origin == base_url:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == str(environ.get("HTTP_HOST", "")).lower() != ""


def unwrapped(state: S) -> S:
    """The state itself inside `async with self` of a background handler, where each use of the handler's own `self` takes a way around."""
    inner: S = getattr(state, "__wrapped__", state)
    return inner


def tab(state: rx.State) -> tuple[str, str]:
    """The tab that a state belongs to and the socket by which it is open now."""
    session = state.router.session
    return session.client_token, session.session_id


def where(state: Any) -> tuple[str, str]:
    """The socket by which a tab is open, and the address that it shows."""
    return state.router.session.session_id, str(state.router.url)


def is_tab_open(token: str, sid: str) -> bool:
    """Whether this tab is still open by this socket. False after it left, was reloaded or came back by another socket."""
    return bool(_namespace is not None and _namespace.sid_to_token.get(sid) == token)


def is_heard(sid: str) -> bool:
    """Whether the page at this socket has answered the last word of the server, or still has time to. A dead line shows here first."""
    server = _namespace.app.sio if _namespace is not None else None
    eio_sid = server.manager.eio_sid_from_sid(sid, _namespace.namespace) if server is not None else None
    socket = server.eio.sockets.get(eio_sid) if server is not None else None
    if socket is None or socket.closed:
        return False
    asked_at: float | None = socket.last_ping  # None from the answer to the next question
    return asked_at is None or time.time() - asked_at < ANSWER_SECONDS


def blank(state: Any) -> None:
    """Empty all that a tab knows, so that the next one who has it sees nothing of it. The tab itself stays loaded."""
    for substate in state._get_root_state().substates.values():
        substate.reset()


def count_open_tabs() -> int:
    """How many tabs are connected to this process."""
    return len(_namespace.sid_to_token) if _namespace is not None else 0
