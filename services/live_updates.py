"""Who is told that something changed: topics, the hub of this process, and reads that all viewers share.

A wake-up names topics and never carries data: whoever is woken reads again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Generic, TypeVar
from uuid import UUID, uuid4

import structlog

from services import measures
from services.errors import StorageBusyError

EVERYTHING = "everything"
JOBS = "jobs"
"""Some background work is due now."""
ORIGIN = uuid4().hex
"""Names this process in wake-ups that it sends to others, so that it can drop its own."""

_log = structlog.get_logger(__name__)


def incident_topic(incident_id: UUID) -> str:
    """Changes of one incident: its row, its alerts, its timeline."""
    return f"incident:{incident_id.hex}"


def presence_topic(incident_id: UUID) -> str:
    """Who looks at an incident, and who writes there."""
    return f"presence:{incident_id.hex}"


def incidents_topic(tenant_id: UUID) -> str:
    """Changes of anything that an incident list of this organisation shows."""
    return f"incidents:{tenant_id.hex}"


def integration_topic(integration_id: UUID) -> str:
    """Something came in by this integration, or it was changed."""
    return f"integration:{integration_id.hex}"


def integration_topic_of(hex_id: str) -> str:
    """The same by the id as view objects hold it: 32 hex digits."""
    return f"integration:{hex_id}"


def integrations_topic(tenant_id: UUID) -> str:
    """Changes of anything that the list of an organisation's integrations shows, but for what comes in by them."""
    return f"integrations:{tenant_id.hex}"


def api_keys_topic(tenant_id: UUID) -> str:
    """Changes of anything that the list of an organisation's API keys shows, their use too."""
    return f"api-keys:{tenant_id.hex}"


def channels_topic(tenant_id: UUID) -> str:
    """Changes of an organisation's channels, and what was sent to them."""
    return f"channels:{tenant_id.hex}"


def audit_topic(tenant_id: UUID) -> str:
    """Something new stands in an organisation's audit log."""
    return f"audit:{tenant_id.hex}"


def people_topic(tenant_id: UUID) -> str:
    """Changes of anything that the list of an organisation's people shows."""
    return f"people:{tenant_id.hex}"


def mail_topic(tenant_id: UUID) -> str:
    """What became of an organisation's mails."""
    return f"mail:{tenant_id.hex}"


def organisation_topic(tenant_id: UUID) -> str:
    """Changes of an organisation's settings."""
    return f"organisation:{tenant_id.hex}"


def teams_topic(tenant_id: UUID) -> str:
    """Changes of an organisation's teams, and of who is in them."""
    return f"teams:{tenant_id.hex}"


def services_topic(tenant_id: UUID) -> str:
    """Changes of an organisation's services."""
    return f"services:{tenant_id.hex}"


def person_topic(user_id: UUID) -> str:
    """Changes of a person's own row: name, role, theme, active."""
    return f"person:{user_id.hex}"


def inbox_topic(user_id: UUID) -> str:
    """What a person is told of, and what of it they have read."""
    return f"inbox:{user_id.hex}"


def session_topic(session_id: UUID) -> str:
    """The end of one sign-in session."""
    return f"session:{session_id.hex}"


class Subscription:
    """What one waiting task is told. Used on the loop that made it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.told_at: float | None = None
        """When the oldest change that `wait` returned was published, by `time.perf_counter`."""
        self._first_at: float | None = None
        self._changed: set[str] = set()
        self._event = asyncio.Event()

    def tell(self, topics: Iterable[str], published_at: float) -> None:
        self._changed.update(topics)
        self._first_at = published_at if self._first_at is None else min(self._first_at, published_at)
        self._event.set()

    async def wait(self, timeout_seconds: float) -> set[str]:
        """The topics that changed since the last call; empty when the time ran out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return set()
        self._event.clear()
        changed, self._changed = self._changed, set()
        self.told_at, self._first_at = self._first_at, None
        return changed


class Hub:
    """The subscriptions of this process. `publish` may be called from any thread, after the commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[str, set[Subscription]] = {}
        self._lazy: set[str] = set()

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """A subscription to these topics, and always to `everything`."""
        subscription = Subscription()
        names = {*topics, EVERYTHING}
        with self._lock:
            for name in names:
                self._subscribers.setdefault(name, set()).add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                for name in names:
                    members = self._subscribers.get(name, set())
                    members.discard(subscription)
                    if not members:
                        self._subscribers.pop(name, None)

    def publish(self, topics: Iterable[str]) -> None:
        """Wake the subscribers of these topics."""
        published_at = time.perf_counter()
        told: dict[Subscription, set[str]] = {}
        with self._lock:
            for topic in topics:
                for subscription in self._subscribers.get(topic, ()):
                    told.setdefault(subscription, set()).add(topic)
        for subscription, names in told.items():
            try:
                subscription.loop.call_soon_threadsafe(subscription.tell, names, published_at)
            except RuntimeError:  # its loop has ended with its process or test
                continue

    def publish_lazily(self, topics: Iterable[str]) -> None:
        """Wake the subscribers of these topics within a second, at most once a second however often it is called."""
        with self._lock:
            fresh = {topic for topic in topics if topic in self._subscribers} - self._lazy
            if not fresh:
                return
            first = not self._lazy
            self._lazy |= fresh
        if first:
            timer = threading.Timer(1.0, self._publish_lazy)
            timer.daemon = True
            timer.start()

    def _publish_lazy(self) -> None:
        with self._lock:
            topics, self._lazy = self._lazy, set()
        self.publish(topics)


hub = Hub()

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Follower(Generic[Value]):
    """One page that follows a shared read: holds the newest value that it has not taken yet."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._value: Value | None = None
        self._offered_since: float | None = None
        self._taken_since: float | None = None

    def offer(self, value: Value, changed_at: float | None = None) -> None:
        """Hand over a newer value. `changed_at` is when the change was published, by `time.perf_counter`."""
        self._value = value
        if self._offered_since is None:
            self._offered_since = changed_at
        self._event.set()

    async def next(self, timeout_seconds: float) -> Value | None:
        """The newest value since the last call; None when the time ran out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return None
        self._event.clear()
        value, self._value = self._value, None
        self._taken_since, self._offered_since = self._offered_since, None
        return value

    def delivered(self) -> None:
        """Say that the value of the last `next` was handed to the page's socket, so that the time since its commit is measured."""
        if self._taken_since is not None:
            measures.push_seconds.observe(time.perf_counter() - self._taken_since)
            self._taken_since = None


class Feed(Generic[Key, Value]):
    """One read per change and process, shared by all who follow the same key.

    `read` is awaited at most every `gap_seconds` for a key, and only while somebody follows it. `topics` names what makes it stale.
    With `wait_seconds` it is awaited that long after the change, so that what matters more is read and sent before it.
    A read that fails is tried again at the next change, and after a second.
    """

    def __init__(
        self,
        read: Callable[[Key], Awaitable[Value]],
        topics: Callable[[Key], Iterable[str]],
        gap_seconds: float,
        *,
        wait_seconds: float = 0.0,
    ) -> None:
        self._read = read
        self._topics = topics
        self._gap = gap_seconds
        self._wait = wait_seconds
        self._followers: dict[Key, set[Follower[Value]]] = {}
        self._pumps: dict[Key, tuple[asyncio.Task[None], asyncio.Event]] = {}

    @asynccontextmanager
    async def follow(self, key: Key) -> AsyncIterator[Follower[Value]]:
        """A follower that gets each new value of the key, from the first change after this call on."""
        follower: Follower[Value] = Follower()
        self._followers.setdefault(key, set()).add(follower)
        try:
            if key not in self._pumps:
                started = asyncio.Event()
                self._pumps[key] = (asyncio.create_task(self._pump(key, started)), started)
            await self._pumps[key][1].wait()
            yield follower
        finally:
            members = self._followers[key]
            members.discard(follower)
            if not members:
                del self._followers[key]
                self._pumps.pop(key)[0].cancel()

    async def _pump(self, key: Key, started: asyncio.Event) -> None:
        with hub.subscribe(*self._topics(key)) as subscription:
            started.set()
            changed_at: float | None = None
            failed = False
            while True:
                changed = await subscription.wait(1.0 if failed else 3600.0)
                if not changed and not failed:
                    continue
                if changed and not failed:
                    changed_at = subscription.told_at
                if self._wait:
                    await asyncio.sleep(self._wait)
                try:
                    value = await self._read(key)
                except Exception as error:  # the next change, or the next second, reads again
                    if not failed and not isinstance(error, StorageBusyError):
                        _log.exception("a shared read failed", key=str(key))
                    failed = True
                    continue
                failed = False
                for follower in tuple(self._followers.get(key, ())):
                    follower.offer(value, changed_at)
                await asyncio.sleep(self._gap)
