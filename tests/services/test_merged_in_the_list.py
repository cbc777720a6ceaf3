"""Merged incidents in the list: shown and counted as a part of the one that they follow, and found where somebody looks for them."""

from __future__ import annotations

import pytest

from models.vocabulary import IncidentState
from services import database, incident_list, incident_page, incidents, merging, splitting, viewers
from services.incident_list import Listing
from services.views import IncidentRow
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 with INC-2 and INC-3 merged into it, all given to Rob; INC-4 by itself."""
    rob = story.organisation.responder
    for turn in range(1, 5):
        story.fire(f"alert-{turn}", title=f"Trouble {turn}")
        story.pass_time(seconds=1)
    for number in ("INC-1", "INC-2", "INC-3"):
        incidents.assign(rob, number, rob.id)
    for number in ("INC-2", "INC-3"):
        merging.merge(rob, number, "INC-1")
    return story


def listing(story: Story, query: str = "") -> Listing:
    actor = story.organisation.responder
    return incident_list.read_list(incident_list.key_of(actor, incident_list.wanted_by(actor, query, "UTC")))


def numbers(story: Story, query: str = "") -> set[str]:
    return {entry.number for group in listing(story, query).groups for entry in group.entries}


def test_the_views_of_what_waits_show_the_one_that_the_others_follow(night: Story) -> None:
    rob = night.organisation.responder
    assert numbers(night) == numbers(night, "view=attention") == {"INC-1", "INC-4"}
    assert numbers(night, "view=mine") == {"INC-1"}
    assert numbers(night, "view=all") == {"INC-1", "INC-2", "INC-3", "INC-4"}
    assert numbers(night, "state=open") == {"INC-1", "INC-2", "INC-3", "INC-4"}
    assert numbers(night, "q=INC-3") == {"INC-3"}
    assert numbers(night, "q=trouble+2") == {"INC-2"}
    rows = {row.number: row for row in _rows(night, "view=all")}
    assert (rows["INC-1"].merged_text, rows["INC-1"].parent, "acknowledge" in rows["INC-1"].moves) == ("+2 merged", "", True)
    assert (rows["INC-2"].merged_text, rows["INC-2"].parent, rows["INC-2"].moves) == ("", "INC-1", [])
    incidents.resolve(rob, "INC-1", "Over")
    assert numbers(night, "view=resolved") == {"INC-1"}
    assert numbers(night, "state=resolved") == {"INC-1", "INC-2", "INC-3"}


def _rows(story: Story, query: str) -> list[IncidentRow]:
    shown = incident_list.Shown(incident_list.viewer_of(story.organisation.responder))
    shown.take(listing(story, query))
    return shown.rows


def test_each_is_counted_once(night: Story) -> None:
    rob = night.organisation.responder
    counts = listing(night).counts
    assert (counts.unresolved, counts.attention, sum(counts.by_severity.values()), counts.mine, counts.mine_open) == (
        2, 2, 2, {rob.id: 1}, {rob.id: 1},
    )  # fmt: skip
    incidents.acknowledge(rob, "INC-1")
    assert (listing(night).counts.tta_count, listing(night).counts.attention) == (1, 1)
    with database.read(rob.tenant_id) as session:
        waits = viewers._waiting(session)
    assert (waits.unresolved, waits.attention) == (2, 1)
    incidents.resolve(rob, "INC-1", "Over")
    assert listing(night).counts.resolved_lately == 1
    splitting.split_child(rob, "INC-1", "INC-2")
    assert (listing(night).counts.resolved_lately, night.incident("INC-2").state) == (2, IncidentState.RESOLVED)


def test_the_last_activity_says_what_became_of_it(night: Story) -> None:
    rob = night.organisation.responder
    splitting.split_child(rob, "INC-1", "INC-3")
    alert = night.incident("INC-1").alert_id
    assert alert is not None
    last = {row.number: (row.last_actor, row.last_activity) for row in _rows(night, "view=all")}
    assert last["INC-1"] == ("Rob", "split INC-3 out")
    assert last["INC-2"] == ("Rob", "merged it")
    assert last["INC-3"] == ("Rob", "split it out of INC-1")
    made = splitting.split_alerts(rob, "INC-1", [alert]).incident.number
    last = {row.number: (row.last_actor, row.last_activity) for row in _rows(night, "view=all")}
    assert last["INC-1"] == ("Rob", f"split alerts out into {made}")
    merging.merge(rob, "INC-4", "INC-1")
    assert next(row for row in _rows(night, "") if row.number == "INC-1").last_activity == "merged INC-4 into it"


def test_the_next_and_the_previous_incident_are_none_that_moves_with_another_one(night: Story) -> None:
    viewer = night.organisation.viewer
    assert incident_page.neighbour(viewer, "INC-4", newer=False) == "INC-1"
    assert incident_page.neighbour(viewer, "INC-1", newer=True) == "INC-4"


def test_every_line_of_it_is_told_in_words(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    incidents.acknowledge(mina, "INC-1")
    incidents.resolve(mina, "INC-1", "Over")
    incidents.reopen(mina, "INC-1", "Not over")
    splitting.split_child(rob, "INC-1", "INC-2")
    merging.merge(rob, "INC-2", "INC-1")
    splitting.take_back(rob, "INC-2")
    alert = night.incident("INC-1").alert_id
    assert alert is not None
    splitting.split_alerts(rob, "INC-1", [alert])

    def said(number: str) -> list[str]:
        opened = incident_page.open_page(rob, number, incident_page.seen_by(rob, "UTC"))
        rows = [line.row for line in opened.window.lines if line.row.type in ("merge", "split", "state_change", "resolution", "reopened")]
        return [" ".join(part for part in (row.actor, row.text, row.strong, row.link.name, row.after, row.rest) if part) for row in rows]

    assert said("INC-1")[:2] == [
        "Rob Lindqvist merged INC-2 Trouble 2 into this incident · 1 alert joined",
        "Rob Lindqvist merged INC-3 Trouble 3 into this incident · 1 alert joined",
    ]
    assert said("INC-1")[-4:] == [
        "Rob Lindqvist split INC-2 Trouble 2 out of this incident",
        "Rob Lindqvist merged INC-2 Trouble 2 into this incident · 1 alert joined",
        "Rob Lindqvist split INC-2 Trouble 2 out of this incident · the merge was taken back",
        "Rob Lindqvist split 1 alert out into INC-5 Trouble 1 · Trouble 1",
    ]
    assert said("INC-2") == [
        "Rob Lindqvist merged this into INC-1 Trouble 1",
        "Mina Okafor acknowledged after 3s · with INC-1",
        "Mina Okafor resolved after 3s with INC-1",
        "Mina Okafor reopened 03:07, 2nd occurrence Not over · with INC-1",
        "Rob Lindqvist split this out of INC-1 Trouble 1",
        "Rob Lindqvist merged this into INC-1 Trouble 1",
        "Rob Lindqvist split this out of INC-1 Trouble 1 · the merge was taken back",
    ]
    assert said("INC-5") == ["Rob Lindqvist split 1 alert out of INC-1 Trouble 1 into this incident · Trouble 1"]
