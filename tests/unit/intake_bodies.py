"""The recorded bodies in `tests/data/intake`, by name."""

from __future__ import annotations

from pathlib import Path

from models.vocabulary import IntegrationKind
from services.formats import Received, decode, read

FOLDER = Path(__file__).parent.parent / "data" / "intake"


def body(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def received(name: str) -> Received:
    """The recorded body, read by the adapter that its name begins with."""
    return read(IntegrationKind(name.partition("-")[0]), decode(body(name)))
