"""What stands in the headers: the content security policy and its kin on the way out, who asks on the way in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Networks = Sequence[IPv4Network | IPv6Network]

_SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL | re.IGNORECASE)
_SOURCE = re.compile(rb"\ssrc\s*=", re.IGNORECASE)
_HASHED_NAME = re.compile(r"-[\w-]{8}\.(?:js|css|woff2|svg|png)$")


def inline_script_hashes(html_files: Iterable[Path]) -> list[str]:
    """The SHA-256 of each inline script of these pages, as a content security policy names it; sorted."""
    found = set()
    for path in html_files:
        for script in _SCRIPT.finditer(path.read_bytes()):
            if script["body"] and not _SOURCE.search(script["attributes"]):
                found.add(base64.b64encode(hashlib.sha256(script["body"]).digest()).decode())
    return sorted(f"'sha256-{digest}'" for digest in found)


def content_security_policy(script_hashes: Iterable[str]) -> str:
    """Scripts only from here or by their hash, no eval, nothing from outside, in nobody's frame.

    Radix and Emotion set styles at run time, so inline styles stay allowed.
    """
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(policy: str, *, over_tls: bool) -> list[tuple[bytes, bytes]]:
    """The headers that every answer carries, in the form of ASGI."""
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if over_tls:
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def cache_control(path: str) -> bytes:
    """How long a browser may keep what it got from this path without asking: for good where the name changes with the content."""
    if path.startswith("/assets/") and _HASHED_NAME.search(path):
        return b"public, max-age=31536000, immutable"
    return b"no-store" if path.startswith(("/api/", "/-/")) else b"no-cache"


def with_headers(send: Send, path: str, headers: list[tuple[bytes, bytes]]) -> Send:
    """A `send` that adds these headers to the answer, and how long it may be kept where it does not say so itself.

    A header of the same name that the answer brings itself stands.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            named = {name.lower() for name, _ in own}
            own += [(name, value) for name, value in headers if name not in named]
            if b"cache-control" not in named:
                own.append((b"cache-control", cache_control(path)))
            message["headers"] = own
        await send(message)

    return sending


def header(scope: Scope, name: bytes) -> str:
    """The value of a request's header, the first where there are several; empty when there is none. `name` in small letters."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def believe_proxies(scope: Scope, trusted: Networks) -> None:
    """Put the client's own address and scheme into the scope, where a trusted proxy tells them.

    Of X-Forwarded-For the last address that is no trusted proxy counts: what stands before it, the client may have made up.
    """
    client = scope.get("client")
    if not trusted or not client or not _is_in(client[0], trusted):
        return
    forwarded = ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for")
    for address in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_address(address):
            break
        scope["client"] = (address, 0)
        if not _is_in(address, trusted):
            break
    scheme = header(scope, b"x-forwarded-proto").strip().lower()
    if scheme in ("http", "https"):
        secure = scheme == "https"
        scope["scheme"] = ("wss" if secure else "ws") if scope["type"] == "websocket" else scheme


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
