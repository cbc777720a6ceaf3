"""The engine's loop in one process: looks for due work, and runs a few jobs side by side."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

import structlog

from services import database, engine, live_updates
from services.errors import StorageBusyError
from services.jobs import Run

LANES = 6
"""How many jobs one process runs at once."""
_STOP_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class EngineLoop:
    """One worker. `run` goes on until `stop`."""

    def __init__(self, lanes: int = LANES, handlers: Mapping[str, engine.Handler] = engine.HANDLERS) -> None:
        self._worker = engine.worker_name()
        self._lanes = lanes
        self._handlers = handlers
        self._stopping = threading.Event()
        self._running: dict[UUID, Run] = {}
        self._is_looking = False
        self._wake: live_updates.Subscription | None = None

    async def run(self) -> None:
        """Look for due work when its time has come, when somebody added some, and every second. Raises: StorageBusyError."""
        await database.run(engine.prepare)
        with live_updates.hub.subscribe(live_updates.JOBS) as self._wake:
            while not self._stopping.is_set():
                await self._wake.wait(await self._cycle())

    async def _cycle(self) -> float:
        """Claim for the lanes that are free and start what was claimed; how many seconds to wait before the next look."""
        self._is_looking = True
        try:
            running = Counter(this.job.kind for this in self._running.values())
            room = {kind: most - running[kind] for kind, most in engine.AT_MOST.items()}
            claimed, seconds = await database.run(engine.claim, self._worker, self._lanes - len(self._running), room)
            for job in claimed:
                self._start(Run(job, stopping=self._stopping))
        finally:
            self._is_looking = False
        return seconds

    def _start(self, this: Run) -> None:
        loop = asyncio.get_running_loop()
        self._running[this.job.id] = this

        def body() -> None:
            try:
                engine.execute(this, self._handlers)
            finally:
                with suppress(RuntimeError):  # the process ended before the job did
                    loop.call_soon_threadsafe(self._ended, this)

        # a thread that does not keep the process alive: the job of one that hangs is given back and runs elsewhere
        threading.Thread(target=body, name=f"job {this.job.kind}", daemon=True).start()

    def _ended(self, this: Run) -> None:
        if self._running.get(this.job.id) is this:
            del self._running[this.job.id]
        if self._wake is not None:
            self._wake.tell({live_updates.JOBS}, time.perf_counter())

    async def stop(self) -> None:
        """Claim nothing more, let running jobs end, and give back those that do not within some seconds."""
        self._stopping.set()
        if self._wake is not None:
            self._wake.tell({live_updates.JOBS}, time.perf_counter())
        until = time.monotonic() + _STOP_SECONDS
        while (self._running or self._is_looking) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for this in tuple(self._running.values()):
            with suppress(StorageBusyError):
                await database.run(engine.give_back, this)
            _log.warning("a job did not end in time and was given back", kind=this.job.kind, job_id=str(this.job.id))
