"""Keeps who is here right: whoever left is forgotten, the other processes are told, and what people have seen is stored."""

from __future__ import annotations

import asyncio

from services import database, incident_page, presence
from services.errors import StorageBusyError


async def keep_presence() -> None:
    """Forget whose time is over and tell the other processes, for ever."""
    while True:
        await asyncio.sleep(presence.LOOK_SECONDS)
        payloads = presence.here.look_around()
        if not payloads or database.storage().is_sqlite:
            continue
        try:
            await database.run(database.notify, payloads)
        except StorageBusyError:  # the next beat says it again
            continue


async def keep_last_looks() -> None:
    """Store what people have seen, for ever: together, and a few seconds later."""
    while True:
        await asyncio.sleep(presence.LOOK_SECONDS)
        if incident_page.last_looks.are_due():
            await database.run(incident_page.last_looks.store)
