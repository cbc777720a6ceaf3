"""Figures that are looked at rather than counted."""

from __future__ import annotations

import asyncio

from app import sockets
from services import measures

_EVERY_SECONDS = 2.0


async def count_open_pages() -> None:
    """Say how many pages are open, for ever."""
    while True:
        measures.open_pages.set(sockets.count_open_tabs())
        await asyncio.sleep(_EVERY_SECONDS)
