"""The one place that says what time it is, so that tests can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def _wall() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _wall


def now() -> datetime:
    """The present moment as an aware UTC time."""
    return _source()


def use(source: Callable[[], datetime] | None) -> None:
    """Take the time from `source` (aware UTC), or from the machine again when None."""
    global _source
    _source = source or _wall
