"""The floor of what serves: the same HTTP server with an application that answers and does nothing else."""

from __future__ import annotations

import sys
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request with an empty page."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html>"})


def main() -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    Server("tests.bench.empty_server:app", port=int(sys.argv[1]), interface=Interfaces.ASGI).serve()


if __name__ == "__main__":
    main()
