"""Who is at an incident: who comes, who leaves, whose time is over, and what processes tell each other of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import orjson
import pytest

from services import live_updates, presence
from services.live_updates import Hub, presence_topic
from services.presence import BEAT_SECONDS, HIDDEN_SECONDS, MOST_TOLD, SILENT_SECONDS, WRITING_SECONDS, Presence, Seat

ROB, MINA = uuid4(), uuid4()
INCIDENT, OTHER = uuid4(), uuid4()


class Time:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def here(time: Time) -> Presence:
    return Presence(time)


@pytest.fixture
def pages() -> Iterator[ExitStack]:
    """What is open; closes at the end."""
    with ExitStack() as stack:
        yield stack


def opened(pages: ExitStack, here: Presence, who: UUID, incident: UUID = INCIDENT) -> Seat:
    """A page in sight."""
    seat = pages.enter_context(here.seat(incident, who, lambda: True))
    seat.see(True)
    return seat


def rows(payloads: list[str]) -> dict[str, tuple[set[str], set[str], int]]:
    """What is told of each incident: who looks, who writes, and how many more."""
    said = [orjson.loads(payload) for payload in payloads]
    assert all(len(payload) < 7_600 for payload in payloads), "PostgreSQL takes less than 8,000 bytes"
    assert all(one[:2] == [live_updates.ORIGIN, presence.PACE] for one in said)
    return {incident: (set(looks), set(writes), more) for one in said for incident, looks, writes, more in one[2]}


def carry(payloads: list[str], to: Presence, origin: str = "other") -> None:
    """Another process hears it."""
    for payload in payloads:
        to.hear(origin, orjson.loads(payload)[2])


# ── on the pages of one process ──


def test_somebody_is_there_from_the_moment_their_page_is_in_sight_until_it_is_closed(here: Presence) -> None:
    with here.seat(INCIDENT, ROB, lambda: True) as seat:
        assert here.at(INCIDENT).people == {}, "a page that opens behind another one shows nobody"
        seat.see(True)
        assert here.at(INCIDENT).people == {ROB: False}
        assert here.at(OTHER).people == {}
    assert here.at(INCIDENT).people == {}


def test_a_page_out_of_sight_counts_for_a_short_while(here: Presence, time: Time, pages: ExitStack) -> None:
    seat = opened(pages, here, ROB)
    seat.see(False)
    time.now += HIDDEN_SECONDS - 1
    seat.see(False)  # said again, it changes nothing
    here.look_around()
    assert here.at(INCIDENT).people == {ROB: False}
    time.now += 1
    here.look_around()
    assert here.at(INCIDENT).people == {}
    seat.see(True)
    assert here.at(INCIDENT).people == {ROB: False}


def test_a_page_whose_line_is_dead_does_not_count(here: Presence) -> None:
    heard = [True]
    with here.seat(INCIDENT, ROB, lambda: heard[0]) as seat:
        seat.see(True)
        heard[0] = False
        here.look_around()
        assert here.at(INCIDENT).people == {}
        heard[0] = True
        here.look_around()
        assert here.at(INCIDENT).people == {ROB: False}


def test_writing_ends_when_it_is_said_and_when_it_was_not_said_again(here: Presence, time: Time, pages: ExitStack) -> None:
    seat = opened(pages, here, ROB)
    seat.write(True)
    assert here.at(INCIDENT).people == {ROB: True}
    seat.write(False)
    assert here.at(INCIDENT).people == {ROB: False}
    seat.write(True)
    time.now += WRITING_SECONDS - 1
    seat.write(True)
    time.now += WRITING_SECONDS - 1
    here.look_around()
    assert here.at(INCIDENT).people == {ROB: True}
    time.now += 1
    here.look_around()
    assert here.at(INCIDENT).people == {ROB: False}


def test_two_pages_are_one_person_who_is_there_until_both_are_closed(here: Presence, pages: ExitStack) -> None:
    first, second = opened(pages, here, ROB), ExitStack()
    opened(second, here, ROB).write(True)
    assert here.at(INCIDENT).people == {ROB: True}
    second.close()
    assert here.at(INCIDENT).people == {ROB: False}
    first.see(True)
    assert here.at(INCIDENT).people == {ROB: False}


def test_those_who_follow_are_woken_by_changes_alone(here: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "hub", Hub())

    async def story() -> None:
        with live_updates.hub.subscribe(presence_topic(INCIDENT)) as subscription, here.seat(INCIDENT, ROB, lambda: True) as seat:
            for is_writing in (False, True):
                seat.see(True)
                seat.write(is_writing)
                assert await subscription.wait(1) == {presence_topic(INCIDENT)}
                for _ in range(1_000):  # whoever floods it changes nothing
                    seat.see(True)
                    seat.write(is_writing)
                assert await subscription.wait(0.01) == set()

    asyncio.run(story())


def test_nothing_is_kept_of_pages_that_left(here: Presence) -> None:
    for _ in range(50):
        with here.seat(uuid4(), ROB, lambda: True) as seat:
            seat.see(True)
    here.look_around()
    assert (here._seats, here._own, here._others, here._untold) == ({}, {}, {}, set())


# ── between processes ──


def test_other_processes_are_told_at_once_and_again_and_again(here: Presence, time: Time, pages: ExitStack) -> None:
    opened(pages, here, ROB).write(True)
    assert rows(here.look_around()) == {INCIDENT.hex: (set(), {ROB.hex}, 0)}
    time.now += BEAT_SECONDS / 2
    assert here.look_around() == [], "nothing changed"
    time.now += BEAT_SECONDS / 2
    assert rows(here.look_around()) == {INCIDENT.hex: (set(), {ROB.hex}, 0)}
    pages.close()
    assert rows(here.look_around()) == {INCIDENT.hex: (set(), set(), 0)}
    time.now += BEAT_SECONDS
    assert here.look_around() == [], "a process with no pages is silent"


def test_what_another_process_says_is_added(here: Presence, time: Time, pages: ExitStack) -> None:
    there = Presence(time)
    opened(pages, here, ROB)
    opened(pages, there, ROB).write(True)
    mina = ExitStack()
    opened(mina, there, MINA)
    carry(there.look_around(), here)
    assert here.at(INCIDENT).people == {ROB: True, MINA: False}
    mina.close()
    carry(there.look_around(), here)
    assert here.at(INCIDENT).people == {ROB: True}


def test_a_process_that_died_is_forgotten(here: Presence, time: Time, pages: ExitStack) -> None:
    there, third = Presence(time), Presence(time)
    opened(pages, there, MINA)
    opened(pages, third, ROB)
    carry(there.look_around(), here, "there")
    carry(third.look_around(), here, "third")
    for _ in range(int(SILENT_SECONDS / BEAT_SECONDS) + 1):  # one goes on speaking
        time.now += BEAT_SECONDS
        carry(third.look_around(), here, "third")
        here.look_around()
    assert here.at(INCIDENT).people == {ROB: False}
    time.now += SILENT_SECONDS
    here.look_around()
    assert (here.at(INCIDENT).people, here._others) == ({}, {})


def test_gone_within_ten_seconds_whatever_happened() -> None:
    feed_gap = 1.0
    assert SILENT_SECONDS + presence.LOOK_SECONDS + feed_gap < 10
    assert WRITING_SECONDS + presence.LOOK_SECONDS + feed_gap < 10


def test_of_a_crowd_the_others_hear_some_names_and_the_number(here: Presence, time: Time, pages: ExitStack) -> None:
    there, crowd = Presence(time), [uuid4() for _ in range(MOST_TOLD + 150)]
    for who in crowd:
        opened(pages, there, who)
    opened(pages, there, ROB).write(True)
    for _ in range(30):
        opened(pages, there, MINA, uuid4())
    carry(there.look_around(), here)
    found = here.at(INCIDENT)
    assert (len(found.people), found.more, found.people[ROB]) == (MOST_TOLD, 151, True)
    assert len(here._others) == 31
