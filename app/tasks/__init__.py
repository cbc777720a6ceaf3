"""What runs beside the pages for as long as the process serves: the engine, and the ear for what other processes do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from app.tasks.engine import EngineLoop
from app.tasks.figures import count_open_pages
from app.tasks.outages import Outage
from app.tasks.presence import keep_last_looks, keep_presence
from app.tasks.wake_ups import hear_others
from services import incident_page, other_processes
from services.errors import StorageBusyError
from services.intake import intake

Loop = Callable[[], Coroutine[Any, Any, None]]

_RESTART_SECONDS = 1.0

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def background() -> AsyncIterator[None]:
    """Run the loops for as long as the application lives; at its end finish what was accepted and claimed.

    A worker without pages runs `EngineLoop` and `hear_others` alone.
    """
    engine = EngineLoop()
    loops: list[tuple[str, Loop]] = [
        ("engine", engine.run),
        ("wake-ups", hear_others),
        ("open pages", count_open_pages),
        ("presence", keep_presence),
        ("last looks", keep_last_looks),
    ]
    async with AsyncExitStack() as stack:
        stack.enter_context(other_processes.serving())
        running = [asyncio.create_task(_for_ever(name, loop), name=name) for name, loop in loops]
        stack.push_async_callback(_cancel, running)
        stack.push_async_callback(_finish, engine)
        yield


async def _finish(engine: EngineLoop) -> None:
    """Bring to an end what was begun: all of it takes seconds at most."""
    await asyncio.gather(engine.stop(), asyncio.to_thread(intake.stop), asyncio.to_thread(incident_page.last_looks.store))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _for_ever(name: str, loop: Loop) -> None:
    """Run a loop, and again when it breaks: a bug or a database that is away must not end it for good."""
    outage = Outage()
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await loop()
            return
        except StorageBusyError:
            if outage.is_worth_a_word(began):
                _log.warning("a loop waits for the database", loop=name)
        except Exception:
            _log.exception("a loop broke and starts again", loop=name)
        await asyncio.sleep(_RESTART_SECONDS)
