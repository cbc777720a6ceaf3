"""The floor of what is live: the same HTTP server with nothing but a socket to each page, by which it passes on what it is sent."""

from __future__ import annotations

import sys
from typing import Any

PAGE = b"""<!doctype html><html lang="en"><title>bare</title><ol id="log"></ol><script>
const socket = new WebSocket(`ws://${location.host}/live`);
socket.onmessage = ({ data }) => {
  const line = document.createElement("li");
  line.textContent = data;
  document.getElementById("log").append(line);
};
</script>"""

_sockets: set[Any] = set()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A page, its socket, and `POST /say`, which is answered when the body was handed to each socket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        _sockets.add(send)
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            _sockets.discard(send)
    elif scope["type"] == "http":
        words = b""
        if scope["method"] == "POST":
            words = (await receive()).get("body", b"")
            for tell in list(_sockets):
                await tell({"type": "websocket.send", "text": words.decode()})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": words or PAGE})


def main() -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    Server("tests.bench.bare_push:app", port=int(sys.argv[1]), interface=Interfaces.ASGI).serve()


if __name__ == "__main__":
    main()
