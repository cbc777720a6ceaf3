"""The service of an incident and its checklist, by the handlers of its page, and the cause that both dialogs of resolving ask for."""

from __future__ import annotations

from typing import Any

import pytest

from app.states.incident_detail_service import IncidentService
from app.states.incidents_acts import IncidentsActs
from services import catalog, checklists, declaring, incidents
from services.access import Actor
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab

LIST = ["Look at the pool", "Call the bank"]


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open and names Checkout, which has a checklist; Search and a service of Southwind have none."""
    organisation = story.organisation
    checkout = catalog.create(organisation.manager, "Checkout", runbook_url="https://wiki.example/checkout", checklist=LIST)
    catalog.create(organisation.manager, "Search")
    catalog.create(organisation.stranger, "Theirs")
    declaring.declare(organisation.responder, "Checkout is slow", "high", service_id=checkout.id)
    return story


def opened(actor: Actor) -> Any:
    state = open_tab(IncidentService, begin_session(actor).token, "http://localhost/incidents/INC-1")
    call(state, "load")
    return state


@pytest.mark.usefixtures("open_sockets")
def test_a_tick_is_on_every_open_page_with_who_did_it(night: Story) -> None:
    organisation = night.organisation
    state = opened(organisation.viewer)
    assert [(one.text, one.is_ticked) for one in state.head.checklist] == [("Look at the pool", False), ("Call the bank", False)]
    assert (state.head.service, state.head.runbook) == ("Checkout", "https://wiki.example/checkout")
    first = checklists.get(organisation.viewer, "INC-1").checklist[0].id
    assert follow(state, lambda: checklists.tick(organisation.responder, "INC-1", first, True), lambda: state.head.ticked_count == 1)
    assert state.head.checklist[0].told.startswith("Rob Lindqvist, ")
    assert [row.text + " " + row.strong for row in state.tail] == ["ticked Look at the pool"]


def test_a_responder_ticks_and_a_viewer_does_not(night: Story) -> None:
    organisation = night.organisation
    state, item = opened(organisation.responder), checklists.get(organisation.viewer, "INC-1").checklist[1].id
    for _ in range(2):
        call(state, "tick", number="INC-1", item_id=item.hex, ticked=True)
    call(opened(organisation.viewer), "tick", number="INC-1", item_id=item.hex, ticked=False)
    assert [one.ticked_by_name for one in checklists.get(organisation.viewer, "INC-1").checklist] == ["", "Rob Lindqvist"]
    call(state, "tick", number="INC-1", item_id="nothing", ticked=True)
    assert state.notice.text == "There is no such item."


def test_a_responder_says_what_is_broken(night: Story) -> None:
    organisation = night.organisation
    state = opened(organisation.responder)
    call(state, "ask_which_service")
    assert (state.dialog, [one.label for one in state.services]) == ("service", ["No service", "Checkout", "Search"])
    search = state.services[2].value
    call(state, "set_service", form={"number": "INC-1", "service": search})
    assert (state.dialog, state.notice.text) == ("", "INC-1 names Search now.")
    call(state, "ask_which_service")
    call(state, "set_service", form={"number": "INC-1", "service": ""})
    assert state.notice.text == "INC-1 names no service now."
    call(state, "ask_which_service")
    theirs = catalog.services(organisation.stranger)[0].id.hex
    call(state, "set_service", form={"number": "INC-1", "service": theirs})
    assert state.dialog == "service"
    assert state.refusal.startswith("service_id must be the id of a service of this organisation")
    assert incidents.get(organisation.viewer, "INC-1").service_id is None


def test_both_dialogs_that_resolve_ask_for_a_cause_and_show_what_is_not_ticked(night: Story) -> None:
    organisation = night.organisation
    state = opened(organisation.responder)
    assert state.head.causes[-1] == "False alarm"
    form = {"number": "INC-1", "notes": "It is back", "draft_key": ""}
    call(state, "open_dialog", name="resolve")
    call(state, "resolve", form=form | {"cause": "Gremlins"})
    assert state.dialog == "resolve"
    assert state.refusal.startswith("cause must be one of the organisation's")
    call(state, "resolve", form=form | {"cause": "False alarm"})
    assert (state.dialog, incidents.get(organisation.viewer, "INC-1").cause) == ("", "False alarm")
    incidents.reopen(organisation.responder, "INC-1", "Not over")
    rows = open_tab(IncidentsActs, begin_session(organisation.responder).token)
    call(rows, "load")
    call(rows, "move", number="INC-1", verb="resolve")
    assert (len(rows.resolving_checklist), rows.ticked_count, rows.causes[-1]) == (2, 0, "False alarm")
    call(rows, "resolve", form=form | {"cause": "Dependency"})
    assert incidents.get(organisation.viewer, "INC-1").cause == "Dependency"
