"""Whatever happened last, the list says it: one kind of line without words would take the list from everybody."""

from __future__ import annotations

from models.vocabulary import EventType, Severity
from services import catalog, checklists, declaring, engine, incident_list, organisation
from services.incident_list.rows import _WORDS
from tests.fixtures.stories import Story


def happened(story: Story) -> tuple[str, str]:
    """What the list says of INC-1: by whom, and what."""
    (entry,) = incident_list.lines(story.organisation.viewer, [story.incident().id])
    return entry.doer, entry.happened


def test_each_kind_has_its_words() -> None:
    assert set(_WORDS) == set(EventType)


def test_a_reminder_is_on_the_list(story: Story) -> None:
    organisation.change(story.organisation.admin, reminder_seconds=dict.fromkeys(Severity, 60))
    story.fire()
    story.pass_time(minutes=2)
    while engine.run_due("w"):
        pass
    assert story.told("INC-1")[-1] == "notification"
    assert happened(story) == ("", "People were told again")


def test_a_tick_is_on_the_list(story: Story) -> None:
    made = story.organisation
    service = catalog.create(made.manager, "Checkout", checklist=["Look at the pool"])
    number = declaring.declare(made.responder, "Checkout is slow", "high", service_id=service.id).incident.number
    item = checklists.get(made.viewer, number).checklist[0].id
    checklists.tick(made.responder, number, item, True)
    assert happened(story) == ("Rob", "ticked Look at the pool")
    checklists.tick(made.responder, number, item, False)
    assert happened(story) == ("Rob", "unticked Look at the pool")
