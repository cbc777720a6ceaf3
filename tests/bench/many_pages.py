"""Many open pages without as many browsers: what one real page says when it connects, said again by plain sockets."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import websocket

from tests.fixtures.browsers import chromium


@dataclass(frozen=True)
class Recorded:
    """What a page said when it connected, and the cookies that it had."""

    address: str
    frame: str
    cookies: str


def record(address: str, path: str, cookies: dict[str, str]) -> Recorded:
    """Open the page once in Chromium and take down its first word to the server. `address` has no slash at the end."""
    said: list[str] = []
    with chromium() as browser:
        context = browser.new_context(base_url=address)
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        page = context.new_page()
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: said.append(str(frame))))
        page.goto(path)
        page.wait_for_selector("html[data-connection=live]")
        context.close()
    frame = next(each for each in said if each.startswith("40"))
    return Recorded(address, frame, "; ".join(f"{name}={value}" for name, value in cookies.items()))


@dataclass
class Tabs:
    """Open sockets that answer the server's pings. `updates` counts what they are sent, `lost` those that the server closed."""

    sockets: list[websocket.WebSocket] = field(default_factory=list)
    updates: int = 0
    lost: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def add(self, socket: websocket.WebSocket) -> None:
        """Look after one more."""
        self.sockets.append(socket)
        self._selector.register(socket.sock, selectors.EVENT_READ, socket)

    def serve(self) -> None:
        """Read until `ended`; runs in a thread of its own, beside the one that opens."""
        while not self.ended.is_set():
            for key, _ in self._selector.select(0.2):
                try:
                    message = key.data.recv()
                    if message == "2":
                        key.data.send("3")
                except (websocket.WebSocketException, OSError):
                    self._selector.unregister(key.fileobj)
                    self.lost += 1
                    continue
                if message.startswith("42"):
                    self.updates += 1


def connect(recorded: Recorded) -> websocket.WebSocket:
    """The socket of one more tab, which has said its first word."""
    place = recorded.address.replace("http", "ws", 1)
    url = f"{place}/_event/?token={uuid4()}&EIO=4&transport=websocket"
    socket = websocket.create_connection(
        url,
        origin=recorded.address,
        cookie=recorded.cookies or None,
        timeout=30,
        skip_utf8_validation=True,  # it is slow in this library, and would be most of what is measured
    )
    socket.recv()  # the server's own first word
    socket.send(recorded.frame)
    return socket


@contextmanager
def opened(recorded: Recorded, count: int) -> Iterator[Tabs]:
    """`count` pages that have loaded, until the block ends."""
    tabs = Tabs()
    reader = threading.Thread(target=tabs.serve, daemon=True)
    reader.start()
    for _ in range(count):
        tabs.add(connect(recorded))
    until = time.monotonic() + 60
    while tabs.updates < count and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield tabs
    finally:
        tabs.ended.set()
        reader.join()
        for socket in tabs.sockets:
            socket.close(timeout=1)
