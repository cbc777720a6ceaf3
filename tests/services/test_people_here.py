"""Who looks at an incident, as its pages show it, on the pages of one process and of several."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.tasks import presence as tasks
from app.tasks import wake_ups
from models.vocabulary import Role
from services import database, declaring, followers, incident_page, incidents, live_updates, membership, people, presence
from services.access import Actor
from services.incident_page import IncidentKey
from services.incident_page.here import NAMED, read_here, writing_words
from services.live_updates import Hub
from services.presence import Presence
from services.views import HereView
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Presence:
    """Who is on the pages of this process, at first nobody."""
    monkeypatch.setattr(live_updates, "hub", Hub())
    own = Presence()
    monkeypatch.setattr(presence, "here", own)
    return own


@pytest.fixture
def pages() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def night(story: Story) -> Story:
    story.fire()
    return story


def key_of(story: Story) -> IncidentKey:
    seen = incident_page.seen_by(story.organisation.viewer, "UTC")
    return incident_page.open_page(story.organisation.viewer, "INC-1", seen).key


def come(pages: ExitStack, here: Presence, key: IncidentKey, *who: Actor, writes: bool = False) -> None:
    for actor in who:
        seat = pages.enter_context(here.seat(key.incident_id, actor.id, lambda: True))
        seat.see(True)
        seat.write(writes)


def read(key: IncidentKey) -> HereView:
    return asyncio.run(read_here(key))


def test_those_who_look_are_named_in_the_order_of_their_names(night: Story, here: Presence, pages: ExitStack) -> None:
    key, who = key_of(night), night.organisation
    assert read(key) == HereView()
    come(pages, here, key, who.viewer, who.admin)
    come(pages, here, key, who.manager, writes=True)
    found = read(key)
    assert [one.name for one in found.people] == ["Alice Moreau", "Mina Okafor", "Vera Novak"]
    assert (found.count, found.more, found.writing) == (3, 0, [who.manager.id.hex])
    assert found.ids == [one.id for one in found.people]


def test_nobody_of_another_organisation_is_there(night: Story, here: Presence, pages: ExitStack) -> None:
    key = key_of(night)
    come(pages, here, key, night.organisation.stranger)
    assert read(key) == HereView()
    come(pages, here, key, night.organisation.viewer)
    assert [one.name for one in read(key).people] == ["Vera Novak"]


def test_who_was_deactivated_is_not_there(night: Story, here: Presence, pages: ExitStack) -> None:
    key = key_of(night)
    come(pages, here, key, night.organisation.viewer, night.organisation.manager)
    membership.change(night.organisation.admin, night.organisation.viewer.id, active=False)
    assert [one.name for one in read(key).people] == ["Mina Okafor"]


def test_of_a_crowd_those_are_named_who_write_have_it_or_follow_it(night: Story, here: Presence, pages: ExitStack) -> None:
    key, who = key_of(night), night.organisation
    for place in range(20):
        come(pages, here, key, person(who.system, f"A{place:02} Looker", Role.VIEWER))
    come(pages, here, key, who.responder, who.viewer)
    come(pages, here, key, who.manager, writes=True)
    incidents.acknowledge(who.responder, "INC-1")
    followers.follow_incident(who.viewer, "INC-1", True)
    found = read(key)
    assert (found.count, len(found.people), found.more) == (23, NAMED, 23 - NAMED)
    assert {"Rob Lindqvist", "Vera Novak", "Mina Okafor"} < {one.name for one in found.people}


def test_who_writes_is_said_in_a_sentence_that_leaves_out_its_reader(night: Story, here: Presence, pages: ExitStack) -> None:
    key, who = key_of(night), night.organisation
    come(pages, here, key, who.manager, writes=True)
    assert writing_words(read(key), who.manager.id) == ""
    assert writing_words(read(key), who.viewer.id) == "Mina Okafor is writing…"
    come(pages, here, key, who.responder, writes=True)
    assert writing_words(read(key), who.viewer.id) == "Mina Okafor and Rob Lindqvist are writing…"
    assert writing_words(read(key), who.manager.id) == "Rob Lindqvist is writing…"
    come(pages, here, key, who.admin, writes=True)
    assert writing_words(read(key), who.viewer.id) == "3 people are writing…"


def test_however_many_come_and_go_a_page_is_told_once_a_second(night: Story, here: Presence, pages: ExitStack) -> None:
    key, who = key_of(night), night.organisation

    async def story() -> int:
        async with incident_page.people_here.follow(key) as follower:
            loop, told = asyncio.get_running_loop(), 0
            end = loop.time() + 1.5
            while loop.time() < end:
                with here.seat(key.incident_id, who.viewer.id, lambda: True) as seat:
                    seat.see(True)
                    told += await follower.next(0.01) is not None
        return told

    assert 1 <= asyncio.run(story()) <= 2


# ── another process, over PostgreSQL ──

ANOTHER = """
import asyncio, sys
from uuid import UUID
from app.tasks.presence import keep_presence
from services import database, presence
database.use(sys.argv[1])
async def look():
    keeping = asyncio.create_task(keep_presence())
    with presence.here.seat(UUID(sys.argv[2]), UUID(sys.argv[3]), lambda: True) as seat:
        seat.see(True)
        seat.write(True)
        await asyncio.sleep(120)
asyncio.run(look())
"""


def test_who_looks_by_another_process_is_there_until_that_is_killed(new_database: Callable[[str], str], here: Presence) -> None:
    database.use(new_database("postgresql"))
    system = people.create_organisation("Northwind")
    mina = person(system, "Mina Okafor", Role.MANAGER)
    key = IncidentKey(system.tenant_id, 1, declaring.declare(mina, "Slow", "low").incident.id)
    passed = [0.0]
    here.now = lambda: time.monotonic() + passed[0]

    async def until(is_so: Callable[[HereView], bool], *, seconds_each: float = 0.0) -> bool:
        async with incident_page.people_here.follow(key) as follower:
            found: HereView | None = await read_here(key)
            for _ in range(30):
                if found is not None and is_so(found):
                    return True
                passed[0] += seconds_each
                found = await follower.next(1)
        return False

    async def story() -> None:
        loops = [asyncio.create_task(loop()) for loop in (wake_ups.hear_others, tasks.keep_presence)]
        command = [sys.executable, "-c", ANOTHER, database.storage().url, key.incident_id.hex, mina.id.hex]
        other = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        try:
            assert await until(lambda found: [one.name for one in found.people] == ["Mina Okafor"])
        finally:
            other.kill()
            await other.wait()
        assert await until(lambda found: found.count == 0, seconds_each=presence.SILENT_SECONDS)
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    try:
        asyncio.run(story())
    finally:
        database.use(None)
