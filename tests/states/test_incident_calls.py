"""Snoozing and the timeout of an acknowledgement, by the handlers of an incident's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.states.incident_detail_calls import IncidentCalls
from models.columns import new_id
from models.notifications import Notification, OutgoingMessage
from models.vocabulary import DeliveryStatus
from services import catalog, clock, database, followers, incidents
from services.access import Actor
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab

HOUR = timedelta(hours=1)


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open."""
    story.fire()
    return story


def opened(actor: Actor) -> Any:
    state = open_tab(IncidentCalls, begin_session(actor).token, "http://localhost/incidents/INC-1")
    call(state, "load")
    return state


def typed(until: Any) -> dict[str, Any]:
    return {"number": "INC-1", "until": until}


@pytest.mark.usefixtures("open_sockets")
def test_who_was_called_and_when_it_calls_next_is_beside_the_timeline(night: Story) -> None:
    organisation = night.organisation
    state = opened(organisation.viewer)
    head = state.head
    assert [(one.name, one.mail) for one in head.calls] == [("Alice Moreau", "in the inbox")]
    assert head.nobody_on_call and head.next_call > head.calls[0].at
    assert follow(state, lambda: incidents.snooze(organisation.responder, "INC-1", clock.now() + HOUR), lambda: state.head.next_call == "")
    assert follow(state, lambda: incidents.snooze(organisation.responder, "INC-1", None), lambda: state.head.next_call != "")
    assert follow(state, lambda: incidents.acknowledge(organisation.responder, "INC-1"), lambda: state.head.next_call == "")
    assert len(state.head.calls) == 1 and not state.head.nobody_on_call
    incidents.resolve(organisation.responder, "INC-1", "Restarted")
    assert opened(organisation.viewer).head.calls == []
    night.pass_time(minutes=1)
    incidents.reopen(organisation.admin, "INC-1", "Not over")
    assert [(one.name, one.mail) for one in opened(organisation.viewer).head.calls] == [("Rob Lindqvist", "in the inbox")]


@pytest.mark.parametrize(
    ("status", "words"),
    [("pending", "mail waits"), ("sent", "mail sent"), ("failed", "mail failed"), ("cancelled", "mail not needed any more")],
)
def test_what_became_of_the_mail_of_a_call_is_told(night: Story, status: str, words: str) -> None:
    with database.write(night.organisation.tenant_id) as tx:
        told = tx.session.exec(select(Notification)).one()
        ids = {"id": new_id(), "notification_id": told.id, "incident_id": told.incident_id}
        tx.insert(OutgoingMessage, **ids, channel="email", kind="opened", status=DeliveryStatus(status), attempts=0, created_at=tx.now)
    assert [one.mail for one in opened(night.organisation.viewer).head.calls] == [words]


@pytest.mark.usefixtures("open_sockets")
def test_a_viewer_follows_it_and_everybody_sees_that(night: Story) -> None:
    vera = night.organisation.viewer
    state, others = opened(vera), opened(night.organisation.responder)
    assert follow(others, lambda: call(state, "follow_it", number="INC-1", follows=True), lambda: others.head.follower_count == 1)
    assert [one.person.name for one in others.head.followers] == [vera.name]
    assert (others.follows, opened(vera).follows) == (False, True)
    assert state.notice.text == "You are told of each move of INC-1."
    assert follow(others, lambda: call(state, "follow_it", number="INC-1", follows=False), lambda: others.head.followers == [])
    call(state, "follow_it", number="INC-99", follows=True)
    assert state.notice.text == "There is no INC-99."


@pytest.mark.usefixtures("open_sockets")
def test_who_follows_its_service_is_there_at_once(night: Story) -> None:
    ours = night.organisation
    service = catalog.create(ours.manager, "Checkout").id
    incidents.edit(ours.responder, "INC-1", service_id=service)
    mine = opened(ours.viewer)
    assert follow(mine, lambda: followers.follow_service(ours.viewer, service, True), lambda: mine.follows_service)
    assert ([(one.person.name, one.of_service) for one in mine.head.followers], mine.follows) == ([(ours.viewer.name, True)], False)
    assert follow(mine, lambda: followers.follow_service(ours.viewer, service, False), lambda: not mine.follows_service)
    assert mine.head.followers == []


@pytest.mark.usefixtures("open_sockets")
def test_a_snooze_is_on_every_open_page_and_can_be_taken_back(night: Story) -> None:
    organisation = night.organisation
    state, others = opened(organisation.responder), opened(organisation.viewer)
    call(state, "ask_until")
    assert state.dialog == "snooze"
    assert [one.value for one in state.snoozes] == ["30 min", "1 h", "4 h", "Tomorrow 09:00", "Monday 09:00"]
    assert follow(others, lambda: call(state, "snooze", number="INC-1", until="1 h"), lambda: others.head.snoozed != "")
    assert others.head.snoozed == state.snoozes[1].label
    assert (state.dialog, state.notice.may_undo) == ("", True)
    assert state.notice.text == f"INC-1 is snoozed until {others.head.snoozed}."
    assert follow(others, lambda: call(state, "undo"), lambda: others.head.snoozed == "")
    assert state.notice.text == "INC-1 is not snoozed any more."


def test_undo_restores_the_snooze_before_and_leaves_what_somebody_else_made_of_it(night: Story) -> None:
    organisation = night.organisation
    first = clock.now() + timedelta(days=1)
    incidents.snooze(organisation.manager, "INC-1", first)
    state = opened(organisation.responder)
    call(state, "snooze", number="INC-1", until="")
    assert (state.notice.text, night.incident().snoozed_until) == ("INC-1 is not snoozed any more.", None)
    call(state, "undo")
    assert night.incident().snoozed_until == first

    call(state, "snooze", number="INC-1", until="1 h")
    later = clock.now() + timedelta(days=2)
    incidents.snooze(organisation.manager, "INC-1", later)
    call(state, "undo")
    assert (state.notice.tone, night.incident().snoozed_until) == ("bad", later)
    assert state.notice.text == "The snooze of INC-1 was changed meanwhile. Look again, then repeat."


def test_what_is_no_time_leaves_the_dialog_open_with_a_sentence(night: Story) -> None:
    state = opened(night.organisation.responder)
    call(state, "ask_until")
    for until in ("", "  ", "soon", "2020-01-01 09:00", "91 days", None, 7):
        call(state, "snooze_as_typed", form=typed(until))
        assert state.dialog == "snooze" and state.refusal
    assert night.incident().snoozed_until is None
    call(state, "snooze_as_typed", form=typed("in 45 min"))
    assert state.dialog == ""
    assert night.incident().snoozed_until == (clock.now() + timedelta(minutes=45)).replace(microsecond=0)


def test_what_is_over_is_not_snoozed(night: Story) -> None:
    rob = night.organisation.responder
    state = opened(rob)
    incidents.resolve(rob, "INC-1", "Restarted")
    call(state, "snooze", number="INC-1", until="1 h")
    assert state.notice.text == "INC-1 is resolved, so it cannot be snoozed. It allows: reopen."
    assert state.notice.tone == "bad"


def test_the_timeout_is_chosen_and_what_is_none_is_refused(night: Story) -> None:
    state = opened(night.organisation.responder)
    for seconds, own in (("3600", 3600), ("0", 0), ("", None)):
        call(state, "set_timeout", form={"number": "INC-1", "seconds": seconds})
        assert (state.notice.text, night.incident().acknowledgement_timeout_seconds) == ("Changed.", own)
    call(state, "open_dialog", name="timeout")
    for wrong in ({"seconds": "soon"}, {"seconds": "5"}, {"seconds": "9" * 30}, {}):
        call(state, "set_timeout", form={"number": "INC-1", **wrong})
        assert state.dialog == "timeout" and state.refusal


def test_a_viewer_snoozes_nothing(night: Story) -> None:
    state = opened(night.organisation.viewer)
    for name, given in (("snooze", typed("1 h")), ("snooze_as_typed", {"form": typed("1 h")}), ("set_timeout", {"form": {"seconds": "0"}})):
        call(state, name, **given)
        assert state.notice.text == "Viewers only read. A responder may do this."
    assert night.incident().snoozed_until is None
