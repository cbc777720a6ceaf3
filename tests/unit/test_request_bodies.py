"""A body is read up to its limit and no further, however it is declared, cut or packed."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from app.api import bodies
from services.errors import RefusedError, TooLargeError

KIB = 1024


def read(parts: Sequence[bytes], *headers: tuple[bytes, bytes], gone: bool = False) -> bytes:
    """What `bodies.read` makes of a request whose body comes in these parts; `gone` when the client leaves after them."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if gone:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return asyncio.run(bodies.read({"headers": list(headers)}, receive))


def declared(length: object) -> tuple[bytes, bytes]:
    return b"content-length", str(length).encode()


GZIP = (b"content-encoding", b"gzip")
DEFLATE = (b"content-encoding", b"deflate")
PLAIN = b'{"title": "Disk full"}' * 100


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_body_may_come_in_parts(size: int) -> None:
    parts = [PLAIN[at : at + size] for at in range(0, len(PLAIN), size)]
    assert read(parts) == PLAIN


@pytest.mark.parametrize("size", [3, 64, 10_000])
@pytest.mark.parametrize(("header", "pack"), [(GZIP, gzip.compress), (DEFLATE, zlib.compress), (DEFLATE, bare_deflate)])
def test_a_packed_body_is_unpacked(header: tuple[bytes, bytes], pack: Any, size: int) -> None:
    packed = pack(PLAIN)
    assert read([packed[at : at + size] for at in range(0, len(packed), size)], header) == PLAIN


def test_identity_is_no_packing() -> None:
    assert read([PLAIN], (b"content-encoding", b"identity")) == PLAIN


def test_a_body_of_just_the_limit_is_taken() -> None:
    whole = b"x" * bodies.LIMIT
    assert len(read([whole], declared(len(whole)))) == bodies.LIMIT
    assert len(read([whole[:100], whole[100:]])) == bodies.LIMIT
    assert len(read([gzip.compress(whole)], GZIP)) == bodies.LIMIT


@pytest.mark.parametrize(
    ("parts", "headers"),
    [
        ([b"x"], [declared(bodies.LIMIT + 1)]),
        ([b"x"], [declared("9" * 5000)]),
        ([b"x" * (bodies.LIMIT + 1)], []),
        ([b"x" * 64 * KIB] * 17, []),
        ([gzip.compress(b"x" * (bodies.LIMIT + 1))], [GZIP]),
        ([b"x" * 64 * KIB] * 17, [GZIP]),
    ],
    ids=["declared", "declared absurdly", "in one part", "in many parts", "unpacked", "packed nonsense in many parts"],
)
def test_more_than_the_limit_is_refused(parts: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(RefusedError) as refused:
        read(parts, *headers)
    assert refused.value.status in (400, 413)
    assert refused.value.field == "body"


def test_a_bomb_is_refused_without_growing() -> None:
    bomb = gzip.compress(b"\0" * 300 * KIB * KIB, 9)
    assert len(bomb) < bodies.LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            read([bomb[at : at + 16 * KIB] for at in range(0, len(bomb), 16 * KIB)], GZIP)
        assert tracemalloc.get_traced_memory()[1] < 8 * KIB * KIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "packed",
    [b"", b"no gzip at all", gzip.compress(PLAIN)[:-9], gzip.compress(PLAIN) + b"more", gzip.compress(PLAIN) * 2],
    ids=["empty", "plain", "cut off", "followed", "twice"],
)
def test_a_body_that_cannot_be_unpacked_is_refused(packed: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read([packed], GZIP)
    assert refused.value.status == 400
    assert refused.value.field == "body"


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip, br", b"gzip, deflate"])
def test_an_unknown_packing_is_named(encoding: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read([PLAIN], (b"content-encoding", encoding))
    assert (refused.value.status, refused.value.field) == (415, "Content-Encoding")


def test_a_length_that_is_no_number_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        read([b"x"], declared("-1"))
    assert (refused.value.status, refused.value.field) == (400, "Content-Length")


@pytest.mark.parametrize("parts", [[], [b"{"], [b"x" * 64 * KIB] * 20], ids=["at once", "in the middle", "while it is too large"])
def test_a_client_that_goes_away_is_let_go(parts: list[bytes]) -> None:
    with pytest.raises(bodies.GoneError):
        read(parts, gone=True)


def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOW_SECONDS", 0.02)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.005)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(RefusedError) as refused:
        asyncio.run(bodies.read({"headers": []}, receive))
    assert refused.value.status == 408
