"""Merging and splitting from an incident's page: what whoever does it is told, and what the page holds then."""

from __future__ import annotations

import pytest

from app.states.incident_detail_acts import IncidentActs
from services import incidents, merging
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab


@pytest.fixture
def page(story: Story, open_sockets: None) -> IncidentActs:
    """INC-2, before Rob; INC-1 is open, too."""
    story.fire("pool")
    story.pass_time(minutes=1)
    story.fire("pages", title="Payment page slow")
    page = open_tab(IncidentActs, begin_session(story.organisation.responder).token, "http://localhost/incidents/INC-2")
    call(page, "load")
    return page


def test_a_merge_is_told_and_taken_back(page: IncidentActs, story: Story) -> None:
    call(page, "ask_to_merge")
    assert (page.dialog, [one.number for one in page.offers]) == ("merge", ["INC-1"])
    call(page, "look_for_others", words="nothing like it")
    assert page.offers == []
    call(page, "merge", number="INC-2", into="INC-1")
    assert (page.dialog, page.notice.text) == ("", "INC-2 is part of INC-1 now. Nobody has acknowledged INC-1 yet.")
    assert page.notice.may_undo
    call(page, "undo")
    assert page.notice.text == "INC-2 is by itself again, as it was before."
    call(page, "undo")
    assert story.told("INC-2") == ["alert_fired", "merge", "split"]


def test_a_refusal_stays_in_the_dialog_that_it_is_about(page: IncidentActs, story: Story) -> None:
    incidents.resolve(story.organisation.manager, "INC-1", "Over")
    call(page, "ask_to_merge")
    call(page, "merge", number="INC-2", into="INC-1")
    assert (page.dialog, page.refusal) == ("merge", "INC-1 is resolved, and only what is not over is merged. Reopen it first.")
    call(page, "set_dialog_open", is_open=False)
    call(page, "merge", number="INC-2", into="INC-1")
    assert (page.dialog, page.refusal, page.notice.tone) == ("", "", "bad")


def test_alerts_are_ticked_and_split_out(page: IncidentActs, story: Story) -> None:
    merging.merge(story.organisation.manager, "INC-1", "INC-2")
    call(page, "load")
    assert ([one.number for one in page.head.merged], page.head.parent_number) == (["INC-1"], "")
    call(page, "ask_to_split")
    assert (page.dialog, [part.title for part in page.parts]) == ("split", ["Payment page slow", "Connection pool exhausted"])
    call(page, "split_alerts", form={"number": "INC-2"})
    assert page.refusal == "Tick the alerts that leave it."
    call(page, "split_alerts", form={"number": "INC-2", "alert-x": "on"})
    assert page.refusal == "An alert is named by its id."
    call(page, "split_alerts", form={"number": "INC-2", f"alert-{page.parts[1].id}": "on"})
    assert (page.dialog, page.notice.text) == ("", "INC-3 has it now.")
    call(page, "split_child", number="INC-2", child="INC-1")
    assert page.notice.text == "INC-1 goes its own way again. It is open."


def test_a_page_follows_what_becomes_of_the_other_one(page: IncidentActs, story: Story) -> None:
    rob = story.organisation.responder
    assert follow(page, lambda: merging.merge(rob, "INC-2", "INC-1"), lambda: page.head.parent_number == "INC-1")
    assert follow(page, lambda: incidents.acknowledge(rob, "INC-1"), lambda: page.head.state == "acknowledged")
    assert (page.head.primary, page.head.moves, page.head.may_act) == ("", [], True)
    assert follow(page, lambda: incidents.edit(rob, "INC-1", title="Pool"), lambda: page.head.parent_title == "Pool")


def test_what_opens_meanwhile_and_is_related_stands_beside_it(page: IncidentActs, story: Story) -> None:
    def is_beside() -> bool:
        return [one.number for one in page.related] == ["INC-3", "INC-1"]

    assert follow(page, lambda: story.fire("slow", title="Payment is slow"), is_beside, watch="watch_related")
    assert (page.related[0].reason, page.related[0].is_older) == ("says “Payment”, “slow”, opened at the same moment", False)
