"""Reading a request's body, at most so much of it: by its declared length, while it comes, and after it is unpacked."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from services.errors import RefusedError, TooLargeError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

LIMIT = 1024 * 1024
"""Bytes that a body may have, also after it was unpacked."""
SLOW_SECONDS = 30.0
"""How long a body may take to come."""
_DRAIN_BYTES = 8 * LIMIT
_DRAIN_SECONDS = 1.0
_ANY_WRAPPER = zlib.MAX_WBITS | 32
_BARE = -zlib.MAX_WBITS


class GoneError(Exception):
    """The client went away before its body was whole: nobody waits for an answer."""


class SlowBodyError(RefusedError):
    """The body did not come in time."""

    status = 408
    title = "Too slow"


class UnknownEncodingError(RefusedError):
    """The body is packed in a way that is not understood."""

    status = 415
    title = "Unknown encoding"


class BadLengthError(RefusedError):
    """The declared length is no number."""

    status = 400
    title = "Bad request"


async def read(scope: Scope, receive: Receive) -> bytes:
    """The whole body, unpacked where `Content-Encoding` says gzip or deflate.

    Raises: TooLargeError beyond `LIMIT`, UnknownEncodingError, RefusedError when it cannot be unpacked, SlowBodyError, GoneError.
    """
    length = encoding = b""
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value
        elif name == b"content-encoding":
            encoding += b"," + value
    declared = _declared(length) if length else -1
    if declared > LIMIT:
        await _drain(receive)
        raise _too_large()
    unpack = _unpacker(encoding) if encoding else None
    message = await receive()
    body: bytes = message.get("body", b"")
    # nearly always all of it comes at once; a server may not know that yet, and asking it again costs a good part of the request
    if message["type"] == "http.request" and (len(body) == declared or not message.get("more_body", False)):
        if len(body) > LIMIT:
            raise _too_large()
        return unpack(body, True) if unpack else body
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            return await _gather(message, receive, unpack)
    except TimeoutError:
        raise SlowBodyError(f"The body did not come within {SLOW_SECONDS:.0f} seconds.", field="body") from None


async def _gather(message: MutableMapping[str, Any], receive: Receive, unpack: Callable[[bytes, bool], bytes] | None) -> bytes:
    parts: list[bytes] = []
    size = packed = 0
    async for part, is_last in _parts(message, receive):
        try:
            packed += len(part)
            kept = unpack(part, is_last) if unpack else part
            size += len(kept)
            if size > LIMIT or packed > LIMIT:
                raise _too_large()
        except RefusedError:
            if not is_last:
                await _drain(receive)
            raise
        parts.append(kept)
    return b"".join(parts)


async def _parts(message: MutableMapping[str, Any], receive: Receive) -> AsyncIterator[tuple[bytes, bool]]:
    while True:
        if message["type"] == "http.disconnect":
            raise GoneError
        is_last = not message.get("more_body", False)
        yield message.get("body", b""), is_last
        if is_last:
            return
        message = await receive()


async def _drain(receive: Receive) -> None:
    """Read on for a moment without keeping anything: a client that is cut off while it sends would not see the answer."""
    left = _DRAIN_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _declared(length: bytes) -> int:
    if not length.isdigit():
        raise BadLengthError("Content-Length must be a number of bytes.", field="Content-Length")
    return int(length[:19])


def _too_large() -> TooLargeError:
    return TooLargeError("The body may have 1 MiB, also after it is unpacked. Send fewer at once.", field="body")


def _unpacker(encoding: bytes) -> Callable[[bytes, bool], bytes] | None:
    names = {name.strip().lower() for name in encoding.split(b",")} - {b"", b"identity"}
    if not names:
        return None
    if len(names) > 1 or not names <= {b"gzip", b"x-gzip", b"deflate"}:
        said = ", ".join(sorted(name.decode("latin-1") for name in names))[:60]
        raise UnknownEncodingError(f"Content-Encoding may be gzip, deflate or identity, not {said!r}.", field="Content-Encoding")
    return _Unpacker().take


class _Unpacker:
    """Unpacks a body part by part and never makes more than is allowed."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_WRAPPER)
        self._is_begun = False
        self._size = 0

    def take(self, part: bytes, is_last: bool) -> bytes:
        try:
            kept = self._unpack(part)
        except zlib.error:
            raise RefusedError("The body is not what its Content-Encoding says: it cannot be unpacked.", field="body") from None
        self._size += len(kept)
        if self._size > LIMIT:
            raise _too_large()
        if self._stream.unused_data:
            raise RefusedError("More follows the packed body. Pack all of it as one.", field="body")
        if is_last and not self._stream.eof:
            raise RefusedError("The packed body ends too early; was it cut off on the way?", field="body")
        return kept

    def _unpack(self, part: bytes) -> bytes:
        room = LIMIT + 1 - self._size
        try:
            kept = self._stream.decompress(part, room)
        except zlib.error:
            if self._is_begun:
                raise
            self._stream = zlib.decompressobj(_BARE)  # some call it deflate and leave the wrapper out
            kept = self._stream.decompress(part, room)
        self._is_begun = self._is_begun or bool(part)
        return kept
