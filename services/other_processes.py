"""What the other processes of this installation do: changes that they commit, and whether one of them serves the database.

PostgreSQL tells of changes by NOTIFY, which each transaction sends to the others. A SQLite file tells only that somebody has written.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
import structlog
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from services import database, live_updates, presence
from services.database import NOTIFY_CHANNEL, Storage
from services.errors import StorageBusyError

_SERVING_LOCK = 0x746F6374
_QUIET_SECONDS = 20.0
_ANSWER_SECONDS = 5.0
_LOOKS_MISSED = 10

_log = structlog.get_logger(__name__)


class LostConnectionError(Exception):
    """The connection that changes come by has ended. What happened since is not known: everything is read again."""


async def hear() -> None:
    """Wake this process's pages for what others commit (PostgreSQL), over a connection of its own, until that is lost.

    As long as it lasts, others see that this process serves the database. Raises: LostConnectionError.
    """
    try:
        connection = await _connect(database.storage())
        async with connection:
            await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
            await connection.execute("SELECT pg_advisory_lock_shared(%s)", [_SERVING_LOCK])
            _log.info("listening for what other processes change")
            live_updates.hub.publish([live_updates.EVERYTHING])  # what came before cannot be known
            while True:
                async for notify in connection.notifies(timeout=_QUIET_SECONDS):
                    take(notify.payload)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await connection.execute("SELECT 1")  # a connection may die without a word
    except (psycopg.Error, OSError) as error:  # a time that ran out is an OSError too
        raise LostConnectionError(str(error).strip() or type(error).__name__) from error


async def _connect(place: Storage) -> psycopg.AsyncConnection[Any]:
    arguments, options = place.dialect.create_connect_args(place.engine.url)
    more: dict[str, Any] = {
        **options,
        "autocommit": True,
        "connect_timeout": 5,
        "application_name": "tocsin wake-ups",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return await psycopg.AsyncConnection.connect(*arguments, **more)


def take(payload: str) -> None:
    """Wake whoever follows what another process changed: `[origin, "now" or "lazily", [topics]]`. Its own word is dropped.

    `[origin, "presence", rows]` says who is on its pages.
    """
    try:
        origin, pace, topics = orjson.loads(payload)
        if pace == presence.PACE:
            if origin != live_updates.ORIGIN:
                presence.here.hear(origin, topics)
            return
        names = [str(topic) for topic in topics]
    except (orjson.JSONDecodeError, TypeError, ValueError):
        _log.warning("a wake-up of another process cannot be read, so everything is read again", payload=payload[:200])
        live_updates.hub.publish([live_updates.EVERYTHING])
        return
    if origin == live_updates.ORIGIN:
        return
    if pace == "lazily":
        live_updates.hub.publish_lazily(names)
    else:
        live_updates.hub.publish(names)


class FileWatch:
    """Looks whether another process has written to the SQLite file, such as a command."""

    def __init__(self) -> None:
        self._missed = 0

    async def look(self) -> None:
        """Wake all pages of this process when somebody else has written since the last look. Takes some microseconds.

        The look needs the writer's turn. Under load it is not free at once, and is then waited for in another thread.
        """
        if self._missed < _LOOKS_MISSED:
            seen = database.storage().changed_elsewhere()
        else:
            seen = await database.run(database.storage().changed_elsewhere, 0.5)
        self._missed = self._missed + 1 if seen is None else 0
        if seen:
            live_updates.hub.publish([live_updates.EVERYTHING])


@contextmanager
def serving() -> Iterator[None]:
    """Let others see, for as long as the block lasts, that this process serves the database. On PostgreSQL `hear` does it."""
    place = database.storage()
    if not place.is_sqlite:
        yield
        return
    handle = os.open(_mark(place), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_served() -> bool:
    """Whether a process serves this database now. Raises: StorageBusyError when the database is away."""
    place = database.storage()
    if not place.is_sqlite:
        return _is_served_postgresql(place)
    if not _mark(place).exists():
        return False
    handle = os.open(_mark(place), os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _is_served_postgresql(place: Storage) -> bool:
    try:
        with place.engine.begin() as connection:
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _SERVING_LOCK}).scalar()
    except DBAPIError as error:
        raise StorageBusyError from error
    return not free


def _mark(place: Storage) -> Path:
    """An empty file beside the database that every server holds a lock on."""
    path = Path(str(make_url(place.url).database))
    return path.with_name(path.name + ".served")
