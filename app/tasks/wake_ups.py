"""The ear for what other processes commit, so that this one's pages are woken for it."""

from __future__ import annotations

import asyncio
import random

import structlog

from app.tasks.outages import Outage
from services import database, other_processes
from services.other_processes import FileWatch, LostConnectionError

LOOK_SECONDS = 0.075
"""How often a SQLite file is looked at."""
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0

_log = structlog.get_logger(__name__)


async def hear_others() -> None:
    """Wake this process's pages for what other processes commit, for ever."""
    if database.storage().is_sqlite:
        await _watch_file()
    else:
        await _listen()


async def _watch_file() -> None:
    watch = FileWatch()
    while True:
        await watch.look()
        await asyncio.sleep(LOOK_SECONDS)


async def _listen() -> None:
    wait_seconds = _FIRST_WAIT_SECONDS
    loop, outage = asyncio.get_running_loop(), Outage()
    while True:
        began = loop.time()
        try:
            await other_processes.hear()
        except LostConnectionError as error:
            if loop.time() - began > _LONGEST_WAIT_SECONDS:
                wait_seconds = _FIRST_WAIT_SECONDS
            if outage.is_worth_a_word(began):
                _log.warning("the connection for wake-ups is lost, and tried again until it is there", reason=str(error))
        await asyncio.sleep(wait_seconds * random.uniform(0.5, 1.5))  # noqa: S311
        wait_seconds = min(_LONGEST_WAIT_SECONDS, wait_seconds * 2)
