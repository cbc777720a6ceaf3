"""The hub of one process: who is told, how often, and what a page that follows a shared read gets."""

from __future__ import annotations

import asyncio
import threading
import time
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services import live_updates
from services.live_updates import EVERYTHING, Feed, Hub, hub


def _pushes() -> float:
    return REGISTRY.get_sample_value("tocsin_push_seconds_count") or 0.0


def test_a_subscriber_is_told_its_topics_and_everything_from_any_thread() -> None:
    async def story() -> None:
        hub = Hub()
        with hub.subscribe("incident:1") as subscription:
            thread = threading.Thread(target=hub.publish, args=(["incident:1", "incident:2"],))
            thread.start()
            assert await subscription.wait(1) == {"incident:1"}
            thread.join()
            hub.publish([EVERYTHING])
            assert await subscription.wait(1) == {EVERYTHING}
            hub.publish(["incident:2"])
            assert await subscription.wait(0.05) == set()

    asyncio.run(story())


def test_what_is_published_lazily_arrives_once_within_a_second() -> None:
    async def story() -> None:
        hub = Hub()
        with hub.subscribe("incident:1") as subscription:
            for _ in range(50):
                hub.publish_lazily(["incident:1", "nobody:follows"])
            assert await subscription.wait(0.2) == set()
            assert await subscription.wait(2) == {"incident:1"}
            assert await subscription.wait(0.2) == set()

    asyncio.run(story())


def test_followers_of_one_key_share_each_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        reads: list[str] = []

        async def read(key: str) -> int:
            reads.append(key)
            return len(reads)

        feed = Feed(read, lambda key: [key], gap_seconds=0)
        async with feed.follow("a") as first, feed.follow("a") as second:
            live_updates.hub.publish(["a"])
            assert [await first.next(1), await second.next(1)] == [1, 1]
            live_updates.hub.publish(["b"])
            assert await first.next(0.05) is None
        live_updates.hub.publish(["a"])
        await asyncio.sleep(0.02)
        assert reads == ["a"], "nobody follows, so nothing is read"

    asyncio.run(story())


def test_a_follower_that_comes_while_another_is_still_starting_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        state = {"value": 0}

        async def read(_key: str) -> int:
            return state["value"]

        feed = Feed(read, lambda key: [key], gap_seconds=0)

        async def page() -> int | None:
            async with feed.follow("a") as follower:
                seen = state["value"]
                if seen == 1:
                    return seen
                state["value"] = 1
                live_updates.hub.publish(["a"])
                return await follower.next(1)

        assert list(await asyncio.gather(page(), page())) == [1, 1]

    asyncio.run(story())


def test_a_page_that_leaves_before_its_feed_has_started_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        async def read(_key: str) -> int:
            return 1

        feed = Feed(read, lambda key: [key], gap_seconds=0)

        async def page() -> None:
            async with feed.follow("a"):
                await asyncio.sleep(60)

        task = asyncio.create_task(page())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(story())


def test_a_read_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        tries: list[int] = []

        async def read(_key: str) -> int:
            tries.append(1)
            if len(tries) == 1:
                raise OSError("the database is away")
            return 7

        feed = Feed(read, lambda key: [key], gap_seconds=0)
        async with feed.follow("a") as follower:
            live_updates.hub.publish(["a"])
            assert await follower.next(5) == 7

    asyncio.run(story())


def test_the_time_from_the_change_to_the_socket_is_measured_once_a_push(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        async def read(_key: str) -> int:
            return 1

        feed = Feed(read, lambda key: [key], gap_seconds=0)
        topic = uuid4().hex
        async with feed.follow(topic) as follower:
            before = _pushes()
            follower.delivered()
            assert _pushes() == before, "nothing was taken yet"
            live_updates.hub.publish([topic])
            await follower.next(1)
            follower.delivered()
            follower.delivered()
            assert _pushes() == before + 1

    asyncio.run(story())


async def _told_of(feed: Feed[str, int], key: str) -> float:
    async with feed.follow(key) as follower:
        began = time.perf_counter()
        hub.publish([f"topic:{key}"])
        assert await follower.next(5) == 1
        return time.perf_counter() - began


def test_a_feed_that_can_wait_lets_others_go_first() -> None:
    async def read(key: str) -> int:
        return 1

    at_once: Feed[str, int] = Feed(read, lambda key: [f"topic:{key}"], 0.0)
    later: Feed[str, int] = Feed(read, lambda key: [f"topic:{key}"], 0.0, wait_seconds=0.2)
    assert asyncio.run(_told_of(later, "a")) >= 0.2
    assert asyncio.run(_told_of(at_once, "b")) < 5
