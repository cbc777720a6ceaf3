"""The way in for alerts: a queue, one thread that writes whatever waits in one transaction, and an answer after the commit."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.vocabulary import IntegrationKind
from services import clock, database, deliveries, formats, measures, sources
from services.deliveries import Delivery
from services.errors import NotAllowedError, NotFoundError, RefusedError, StorageBusyError
from services.formats import Received, Refusal
from services.secrets import hash_token
from services.sources import Source

BATCH_REQUESTS = 64
BATCH_BYTES = 4 * 1024 * 1024
"""Once the bodies of a batch have so many bytes it takes no more: a body may cost ten times its size when it is read."""
WAITING_BYTES = 32 * 1024 * 1024
"""So many bytes may wait; whoever comes then is told to come again."""
WAIT_SECONDS = 1.5
"""A request that waited longer than this is answered 503 without being stored; the sender sends it again."""
ANSWER_SECONDS = 1.8
"""One that is not answered by then is answered 503 although it may still be stored; the sender's repeat is harmless."""

_log = structlog.get_logger()


class NotStoredError(StorageBusyError):
    """It could not be stored for a reason that is ours: it may be sent again, and the log says what happened."""

    title = "Not stored"

    def __init__(self) -> None:
        super().__init__("This could not be stored, and it is our fault. Send it again later.", retry_after_seconds=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: how many alerts were stored, their incidents' numbers, and what was refused, with the reason."""

    accepted: int
    incidents: tuple[str, ...]
    refused: tuple[Refusal, ...]


class _Request:
    """One request in the queue. Its body is None once nobody waits for the answer any more."""

    __slots__ = ("arrived", "body", "future", "key_hash", "loop", "outcome")

    def __init__(self, key_hash: str, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self.key_hash = key_hash
        self.body: bytes | None = body
        self.loop = loop
        self.future: asyncio.Future[Answer] = loop.create_future()
        self.arrived = time.monotonic()
        self.outcome: Answer | BaseException | None = None


class Intake:
    """The intake of one process."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._waiting_bytes = 0

    async def take(self, key: str, body: bytes) -> Answer:
        """Store what `body` says, sent with an integration's key, and answer after the commit.

        Raises: NotFoundError for an unknown key, NotAllowedError for a disabled integration, InvalidInputError and other refusals
        for a body that cannot be understood, StorageBusyError when it was not stored in time or too much waits already.
        """
        if self._waiting_bytes + len(body) > WAITING_BYTES:
            raise StorageBusyError
        loop = asyncio.get_running_loop()
        request = _Request(hash_token(key), body, loop)
        self._start()
        self._waiting_bytes += len(body)
        measures.intake_queue_depth.inc()
        self._queue.put(request)
        timer = loop.call_later(ANSWER_SECONDS, _settle, [request])
        try:
            return await request.future
        finally:
            timer.cancel()
            self._waiting_bytes -= len(body)
            request.body = None

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Write what waits, then end the thread."""
        with self._guard:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout_seconds)

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._next()
            measures.intake_queue_depth.dec(len(batch))
            refusals: dict[Source, str] = {}
            try:
                _serve(batch, refusals)
            except BaseException:  # the thread must outlive any bug: senders are told, and send again
                _log.exception("intake failed")
                for request in batch:
                    request.outcome = request.outcome or NotStoredError()
            _answer([request for request in batch if not _was_refused(request.outcome)])
            _note(refusals)
            _answer([request for request in batch if _was_refused(request.outcome)])

    def _next(self) -> tuple[list[_Request], bool]:
        """What waits now, at least one request unless it is time to end; and whether it is."""
        batch: list[_Request] = []
        size = 0
        request = self._queue.get()
        while request is not None:
            batch.append(request)
            size += len(request.body or b"")
            if len(batch) >= BATCH_REQUESTS or size >= BATCH_BYTES:
                return batch, False
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True


def _answer(batch: Sequence[_Request]) -> None:
    """Hand the outcomes to the loops that wait, in one call for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Request]] = {}
    for request in batch:
        by_loop.setdefault(request.loop, []).append(request)
    for loop, requests in by_loop.items():
        with suppress(RuntimeError):  # its loop has ended
            loop.call_soon_threadsafe(_settle, requests)


def _settle(requests: Sequence[_Request]) -> None:
    for request in requests:
        if request.future.done():  # the sender went away
            continue
        if isinstance(request.outcome, Answer):
            request.future.set_result(request.outcome)
        else:
            request.future.set_exception(request.outcome or StorageBusyError())


def _serve(batch: Sequence[_Request], refusals: dict[Source, str]) -> None:
    """Write what the batch says and set its outcomes; `refusals` gets a sentence for each source that was refused something."""
    late = time.monotonic() - WAIT_SECONDS
    waiting = [request for request in batch if request.arrived >= late]
    if not waiting:
        return
    try:
        known = sources.by_key({request.key_hash for request in waiting}, clock.now())
    except StorageBusyError as busy:
        _refuse(waiting, busy)
        return
    by_tenant: dict[UUID, list[tuple[_Request, Delivery]]] = {}
    for request in waiting:
        source = known.get(request.key_hash)
        delivery = _read(request, source)
        if delivery is not None:
            by_tenant.setdefault(delivery.source.tenant_id, []).append((request, delivery))
        if source is not None:
            sentence = _refusal_of(source, request, delivery)
            if sentence:
                refusals[source] = sentence
    for work in by_tenant.values():
        _store(work)


def _refusal_of(source: Source, request: _Request, delivery: Delivery | None) -> str:
    """Why something of this request was refused; empty when nothing was, or the source is meant to be refused."""
    outcome = request.outcome
    refused = delivery.refused if delivery is not None else outcome.refused if isinstance(outcome, Answer) else ()
    if refused:
        return refused[0].reason
    return outcome.message if isinstance(outcome, RefusedError) and source.enabled else ""


def _was_refused(outcome: Answer | BaseException | None) -> bool:
    """Whether something of the request was refused, which the integration's page is to show by the time that the sender knows."""
    return bool(outcome.refused) if isinstance(outcome, Answer) else isinstance(outcome, RefusedError)


_noted_at: dict[UUID, float] = {}


def _note(refusals: Mapping[Source, str]) -> None:
    """Show on the integrations' pages what was refused last: at most once a second, so that a broken sender costs little."""
    now = time.monotonic()
    for source, sentence in refusals.items():
        if now - _noted_at.get(source.id, -2.0) >= 1.0:
            _noted_at[source.id] = now
            _log.info("alerts were refused", integration_id=str(source.id), reason=sentence)
            with suppress(StorageBusyError):
                sources.note_refusal(source, sentence)


def _read(request: _Request, source: Source | None) -> Delivery | None:
    """The alerts of a request; None when its outcome is known without writing."""
    try:
        if source is None:
            raise NotFoundError("No integration has this key. Look at its address under Integrations.")
        if not source.enabled:
            raise NotAllowedError(f"The integration {source.name} is disabled. An admin can enable it under Integrations.")
        if request.body is None:
            return None
        received = formats.read(IntegrationKind(source.kind), formats.decode(request.body))
    except RefusedError as refusal:
        request.outcome = refusal
        return None
    if not received.alerts:
        request.outcome = Answer(0, (), received.refused)
        return None
    return Delivery(source, received)


def _refuse(requests: Sequence[_Request], error: BaseException) -> None:
    for request in requests:
        request.outcome = error


def _store(work: Sequence[tuple[_Request, Delivery]]) -> None:
    """Write a batch of one organisation; when it fails, each request by itself, so that one cannot sink the others."""
    try:
        _write(work)
    except StorageBusyError as busy:
        _refuse([request for request, _ in work], busy)
    except Exception as error:
        if not isinstance(error, IntegrityError):
            _log.warning("a batch of intake failed; its requests are tried singly", requests=len(work), error=repr(error))
        for one in work:
            _store_alone(one)


def _store_alone(one: tuple[_Request, Delivery]) -> None:
    request, delivery = one
    for is_last in (False, True):
        try:
            _write([(request, Delivery(delivery.source, delivery.received))])
        except RefusedError as refusal:
            request.outcome = refusal
        except DBAPIError as error:
            if not is_last:
                continue  # another process made the same row at the same moment: now it is there to be read
            _log.exception("an alert could not be stored", integration_id=str(delivery.source.id))
            request.outcome = StorageBusyError()
            del error
        except Exception:
            _log.exception("an alert could not be stored", integration_id=str(delivery.source.id))
            request.outcome = NotStoredError()
        return


def _write(work: Sequence[tuple[_Request, Delivery]]) -> None:
    with database.write(work[0][1].source.tenant_id) as tx:
        deliveries.apply(tx, [delivery for _, delivery in work])
    measures.commit_batch_size.observe(len(work))
    for request, delivery in work:
        received: Received = delivery.received
        request.outcome = Answer(len(received.alerts), tuple(delivery.incidents), received.refused)


intake = Intake()
