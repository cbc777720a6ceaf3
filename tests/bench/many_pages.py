"""Many open pages without as many browsers: what one real page says when it connects, said again by plain sockets."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable, Iterator
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


class Listeners:
    """Sockets that answer the server's pings from the moment they are added, read by one thread.

    `take` is given the place of a socket, in the order in which they were added, what it hears beside pings, and when.
    """

    def __init__(self, take: Callable[[int, bytes, float], None]) -> None:
        self._take = take
        self._sockets: list[websocket.WebSocket] = []
        self._selector = selectors.DefaultSelector()
        self._heard_at = time.perf_counter()
        self._ended = threading.Event()
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def add(self, socket: websocket.WebSocket) -> None:
        """Listen to one more."""
        self._sockets.append(socket)
        self._selector.register(socket.sock, selectors.EVENT_READ, (len(self._sockets) - 1, bytearray()))

    def say(self, place: int, message: str) -> None:
        """Send something by this socket."""
        with self._sending:
            self._sockets[place].send(message)

    def wait_for_quiet(self, seconds: float) -> None:
        """Wait until nothing was heard for so long."""
        while time.perf_counter() - self._heard_at < seconds:
            time.sleep(0.1)

    def end(self) -> None:
        """Close them all."""
        self._ended.set()
        self._reader.join()
        for socket in self._sockets:
            socket.close(timeout=1)

    def _read(self) -> None:
        while not self._ended.is_set():
            if not self._selector.get_map():
                time.sleep(0.01)
                continue
            for key, _ in self._selector.select(0.2):
                place, unread = key.data
                try:
                    came = self._sockets[place].sock.recv(1 << 18)
                    at = time.perf_counter()
                    if not came:
                        raise ConnectionError
                    unread += came
                    for message in _messages(unread):
                        if message == b"2":  # the server asks whether somebody is there
                            self.say(place, "3")
                            continue
                        self._heard_at = at
                        self._take(place, message, at)
                except (websocket.WebSocketException, OSError):  # what it would have heard is lost
                    self._selector.unregister(key.fileobj)


def _messages(unread: bytearray) -> Iterator[bytes]:
    """The whole messages at the start of what came by a WebSocket, which are taken out of it.

    The library takes longer to read a message than the server takes to send it, so that its time would be what is measured.
    """
    while len(unread) >= 2:
        length, begin = unread[1], 2
        if length >= 126:
            begin = 4 if length == 126 else 10
            length = int.from_bytes(unread[2:begin], "big")
        if len(unread) < max(begin, begin + length):
            return
        yield bytes(unread[begin : begin + length])
        del unread[: begin + length]
