"""What is away is told of when it goes and once a minute, not at each try."""

from __future__ import annotations

import asyncio

_LASTED_SECONDS = 10.0
_AGAIN_SECONDS = 60.0


class Outage:
    """A stretch of time in which something fails again and again."""

    def __init__(self) -> None:
        self._told_at: float | None = None

    def is_worth_a_word(self, began: float) -> bool:
        """Whether to tell of a failure of what began at this time of the loop's clock: the first of an outage, then one a minute."""
        now = asyncio.get_running_loop().time()
        if now - began > _LASTED_SECONDS:  # it had worked
            self._told_at = None
        if self._told_at is not None and now - self._told_at < _AGAIN_SECONDS:
            return False
        self._told_at = now
        return True
