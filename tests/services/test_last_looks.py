"""Up to where each person has seen an incident's timeline, and what is new to them when they come back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from models.timeline import LastLook
from services import comments, database, incident_page, incidents
from services.access import Actor
from services.errors import StorageBusyError
from services.incident_page import Between, Opened, Show, last_looks
from services.incident_page.last_looks import Since
from services.incident_page.window import STEP
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open, and nobody has looked at it yet."""
    story.fire()
    return story


def opened(actor: Actor, *, at_new: bool = True, seq: int | None = None, show: Show = Show.EVERYTHING) -> Opened:
    return incident_page.open_page(actor, "INC-1", incident_page.seen_by(actor, "UTC"), show, seq=seq, at_new=at_new)


def look(actor: Actor) -> None:
    """They see all that there is."""
    found = opened(actor)
    last_looks.saw(actor, found.key.incident_id, found.told.last_seq)


def stored(actor: Actor) -> list[int]:
    with database.read(actor.tenant_id) as session:
        return list(session.exec(select(LastLook.seq).where(LastLook.user_id == actor.id)))


def say(actor: Actor, *words: str) -> None:
    for one in words:
        comments.add(actor, "INC-1", one)


def test_who_looks_for_the_first_time_is_told_nothing(night: Story) -> None:
    say(night.organisation.manager, "Looking")
    assert (opened(night.organisation.responder).since, opened(night.organisation.responder).between) == (None, None)


def test_who_comes_back_is_told_what_others_did_since(night: Story) -> None:
    rob, mina, vera = night.organisation.responder, night.organisation.manager, night.organisation.viewer
    look(rob)
    look(vera)
    say(rob, "My own")
    assert opened(rob).since is None
    say(mina, "One")
    say(rob, "My own again")
    say(mina, "Two")
    found = opened(rob)
    assert found.since == Since(first=3, count=2)
    assert found.since.words == "2 events since you last looked"
    assert opened(vera).since == Since(first=2, count=4)
    assert Since(1, 1).words == "1 event since you last looked"
    look(rob)
    assert opened(rob).since is None


def test_what_was_seen_is_stored_once_for_all_and_never_goes_back(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    incident_id = opened(rob).key.incident_id
    look(rob)
    look(mina)
    assert stored(rob) == stored(mina) == []
    last_looks.store()
    assert stored(rob) == stored(mina) == [1]
    for seq in (7, 3):
        last_looks.saw(rob, incident_id, seq)
        last_looks.store()
    assert (stored(rob), stored(mina)) == ([7], [1])
    last_looks.saw(rob, incident_id, 2)  # another tab of theirs has seen less
    last_looks.store()
    assert stored(rob) == [7]


def test_what_was_seen_is_known_before_it_is_stored_and_survives_a_database_that_is_away(
    night: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    rob = night.organisation.responder
    look(rob)
    say(night.organisation.manager, "One")
    assert opened(rob).since == Since(first=2, count=1)

    def away(*_given: object) -> None:
        raise StorageBusyError

    with monkeypatch.context() as patch:
        patch.setattr(last_looks, "_store", away)
        last_looks.store()
        assert not last_looks.are_due(), "it is tried again later"
    assert opened(rob).since == Since(first=2, count=1)
    last_looks.hurry()
    assert last_looks.are_due()
    last_looks.store()
    assert (stored(rob), last_looks.are_due()) == ([1], False)


def test_people_who_see_something_while_it_is_stored_lose_nothing(night: Story) -> None:
    rob = night.organisation.responder
    incident_id = opened(rob).key.incident_id

    def see() -> None:
        for seq in range(1, 200):
            last_looks.saw(rob, incident_id, seq)

    seeing = threading.Thread(target=see)
    seeing.start()
    while seeing.is_alive():
        last_looks.store()
    seeing.join()
    last_looks.store()
    assert stored(rob) == [199]


def test_the_page_opens_around_the_first_new_line_where_the_end_does_not_hold_it(night: Story) -> None:
    rob = night.organisation.responder
    look(rob)
    say(night.organisation.manager, *(f"line {place}" for place in range(STEP + 20)))
    found = opened(rob)
    assert found.since == Since(first=2, count=STEP + 20)
    assert found.window.has_later and 2 in {line.seq for line in found.window.lines}
    end = opened(rob, at_new=False)
    assert not end.window.has_later and end.since == found.since, "the newest come first there"
    addressed = opened(rob, seq=STEP + 10)
    assert STEP + 10 in {line.seq for line in addressed.window.lines}
    assert addressed.since == found.since


def test_the_first_new_line_is_the_first_in_the_order_of_the_page(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    night.pass_time(hours=1)
    say(mina, "Seen already")
    look(rob)
    night.pass_time(hours=1)
    say(mina, "Now")
    comments.add(mina, "INC-1", "It began before", occurred_at=night.clock.now - timedelta(minutes=90))
    assert opened(rob).since == Since(first=4, count=2)


def test_filters_count_what_they_show(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    look(rob)
    incidents.acknowledge(mina, "INC-1")
    say(mina, "Looking")
    assert opened(rob, show=Show.COMMENTS).since == Since(first=4, count=1)
    assert opened(rob, show=Show.ALERTS).since is None


def test_what_came_between_two_looks_stays_the_same_while_more_comes(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    look(rob)
    say(mina, "One")
    between = opened(rob).between
    assert between == Between(after=1, until=2)
    look(rob)
    say(mina, "Two")
    again = incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, "UTC"), between=between)
    assert again.since == Since(first=2, count=1)


def test_nobody_of_another_organisation_is_told_of_it(night: Story) -> None:
    stranger = night.organisation.stranger
    incident_id = opened(night.organisation.responder).key.incident_id
    assert last_looks.look_again(stranger, incident_id, 10, Show.EVERYTHING, None) == (None, None)
    last_looks.saw(night.organisation.responder, incident_id, 1)
    last_looks.store()
    assert last_looks.look_again(stranger, incident_id, 10, Show.EVERYTHING, None) == (None, None)
    assert stored(stranger) == []
