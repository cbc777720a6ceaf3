"""A site without Reflex: a page made by the test, the real assets, and a socket that speaks, falls silent and drops on command."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

ASSETS = Path(__file__).parents[3] / "assets"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".ico": "image/x-icon", ".woff2": "font/woff2"}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tocsin</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg"><script src="/tocsin.js"></script></head><body>{body}</body></html>"""
# as the pages' own socket does: again and again, a moment after it was lost
CONNECT = """function connect() {
  const made = new WebSocket(`ws://${location.host}/_event/?EIO=4&transport=websocket`);
  made.onclose = () => setTimeout(connect, 200);
}
connect();"""
CONNECTED = '<script src="/connect.js"></script>'


def _frame(text: str) -> bytes:
    payload = text.encode()
    assert len(payload) < 126
    return bytes([0x81, len(payload)]) + payload


class Site:
    """`body` is what the page holds. `accepting` is whether a socket may open, `answering` whether an opened one hears from the app."""

    def __init__(self) -> None:
        self.body = ""
        self.accepting = True
        self.answering = True
        self._open: list[socket.socket] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            quiet: ClassVar[bool] = True

            def log_message(self, *words: object) -> None:
                """Nothing: the test says what it expects."""

            def do_GET(self) -> None:
                if self.path.startswith("/_event"):
                    site._upgrade(self)
                    return
                asset = ASSETS / self.path.lstrip("/")
                if self.path == "/connect.js":
                    self._send(CONNECT.encode(), "text/javascript")
                elif asset.is_file():
                    self._send(asset.read_bytes(), TYPES[asset.suffix])
                else:
                    self._send(PAGE.format(body=site.body).encode(), "text/html; charset=utf-8")

            def _send(self, content: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _upgrade(self, request: BaseHTTPRequestHandler) -> None:
        if not self.accepting:
            request.send_error(503)
            return
        key = request.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        request.send_response(101)
        request.send_header("Upgrade", "websocket")
        request.send_header("Connection", "Upgrade")
        request.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        request.end_headers()
        request.wfile.flush()
        connection = request.connection
        self._open.append(connection)
        connection.sendall(_frame('0{"sid":"a","pingInterval":4000,"pingTimeout":8000}') + _frame('40{"sid":"b"}'))
        if self.answering:
            self.answer()
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass
        request.close_connection = True

    def answer(self) -> None:
        """What the app sends after a connect and after each event."""
        self.say('42["event",{}]')

    def say(self, text: str) -> None:
        """Send a message to each open socket."""
        for connection in list(self._open):
            try:
                connection.sendall(_frame(text))
            except OSError:
                self._open.remove(connection)

    def drop(self) -> None:
        """Close each socket, without a farewell."""
        while self._open:
            connection = self._open.pop()
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def stop(self) -> None:
        self.drop()
        self._server.shutdown()
        self._server.server_close()
