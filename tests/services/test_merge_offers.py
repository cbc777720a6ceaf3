"""What an incident may be merged with: which others are offered, in which order, and why."""

from __future__ import annotations

import pytest
from sqlmodel import select

from models.integrations import Integration
from services import catalog, database, declaring, incidents, merge_offers, merging
from services.errors import NotFoundError
from tests.fixtures.stories import Story


def related(story: Story, number: str) -> list[tuple[str, str]]:
    return [(one.number, one.reason) for one in merge_offers.related_to(story.organisation.viewer, number)]


def offered(story: Story, number: str, words: str = "") -> list[str]:
    return [one.number for one in merge_offers.offers(story.organisation.responder, number, words)]


def test_each_is_offered_with_the_reason_and_the_most_alike_first(story: Story) -> None:
    service = catalog.create(story.organisation.manager, "Checkout").id
    story.fire("a", title="Certificate of mail expires", labels={"cluster": "us-1"})
    story.pass_time(hours=1)
    story.fire("b", title="Disk full", labels={"cluster": "eu-1", "severity": "critical"})
    story.pass_time(hours=1)
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(select(Integration)).one().service_id = service
    story.fire("c", title="Checkout pool exhausted", labels={"cluster": "eu-2"})
    story.pass_time(hours=1)
    story.fire("d", title="Payment page slow")
    story.pass_time(minutes=2)
    story.fire("e", title="Pool of checkout is full", labels={"cluster": "eu-1"})
    assert related(story, "INC-5") == [
        ("INC-3", "same service, says “pool”, “Checkout”"),
        ("INC-4", "same service, opened 2m 00s apart"),
        ("INC-2", "same cluster=eu-1, says “full”"),
    ]
    older = {one.number: one.is_older for one in merge_offers.related_to(story.organisation.viewer, "INC-4")}
    assert older == {"INC-3": True, "INC-5": False}


def test_a_label_that_nearly_all_have_is_no_reason(story: Story) -> None:
    for turn in range(6):
        story.fire(f"a{turn}", title=f"Trouble{turn}", labels={"env": "prod", "rack": str(turn // 2)})
        story.pass_time(hours=1)
    assert related(story, "INC-1") == [("INC-2", "same rack=0")]


def test_what_is_over_and_what_is_part_of_another_one_is_not_offered(story: Story) -> None:
    rob = story.organisation.responder
    for turn in range(4):
        story.fire(f"a{turn}", title=f"Pool {turn} exhausted")
    incidents.resolve(rob, "INC-2", "Over")
    merging.merge(rob, "INC-3", "INC-4")
    assert [number for number, _ in related(story, "INC-1")] == ["INC-4"]
    assert offered(story, "INC-1") == ["INC-4"]
    assert offered(story, "INC-1", "pool") == ["INC-4"]
    assert offered(story, "INC-1", "INC-3") == []


def test_without_words_the_related_come_first_and_then_the_newest(story: Story) -> None:
    rob = story.organisation.responder
    declaring.declare(rob, "Checkout is slow", "high")
    story.pass_time(hours=1)
    for turn in range(14):
        declaring.declare(rob, f"Something{turn}", "high")
        story.pass_time(hours=1)
    declaring.declare(rob, "Checkout is away", "high")
    assert offered(story, "INC-16") == ["INC-1", *(f"INC-{number}" for number in range(15, 4, -1))]


@pytest.mark.parametrize(("words", "found"), [("pool", ["INC-1"]), ("INC-2", ["INC-2"]), ("2", ["INC-2"]), ("inc-9", []), ("!", [])])
def test_it_is_found_by_its_number_and_by_words_of_its_texts(story: Story, words: str, found: list[str]) -> None:
    rob = story.organisation.responder
    declaring.declare(rob, "Checkout is away", "high", description="The pool of the database is empty")
    declaring.declare(rob, "Mail is away", "high")
    declaring.declare(rob, "Where all is merged", "high")
    views = merge_offers.offers(rob, "INC-3", f" {words} ")
    assert [(one.number, one.found_by) for one in views] == [(number, words) for number in found]


def test_viewers_see_what_is_related_and_strangers_nothing(story: Story) -> None:
    ours = story.organisation
    story.fire("a")
    story.fire("b")
    assert [number for number, _ in related(story, "INC-1")] == ["INC-2"]
    for look in (merge_offers.related_to, merge_offers.offers):
        with pytest.raises(NotFoundError):
            look(ours.stranger, "INC-1")
