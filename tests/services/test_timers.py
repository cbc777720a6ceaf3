"""What an incident does by itself: a snooze ends, an acknowledgement lapses, a quiet one asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select, update

from models.notifications import Notification
from models.tenants import Tenant
from models.vocabulary import IncidentState
from services import clock, comments, database, engine, incidents, merging, organisation, splitting
from services.errors import ConflictError, InvalidInputError
from tests.fixtures.stories import Story

HOUR = timedelta(hours=1)


@pytest.fixture
def night(story: Story) -> Story:
    """Rob is on call, INC-1 is open and his."""
    change(story, default_on_call_id=story.organisation.responder.id)
    engine.prepare()
    story.fire()
    return story


def change(story: Story, **values: object) -> None:
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(**values))


def told(story: Story) -> list[tuple[str, str]]:
    people = {actor.id: actor.name.split()[0] for actor in story.organisation.by_role().values()}
    with database.read(story.organisation.tenant_id) as session:
        rows = session.exec(select(Notification).order_by(col(Notification.created_at), col(Notification.id))).all()
        return [(people[row.user_id], row.reason) for row in rows]


def pass_time(story: Story, length: timedelta, steps: int = 1) -> None:
    for _ in range(steps):
        story.clock.pass_time(seconds=length.total_seconds() / steps)
        while engine.run_due("w"):
            pass


def test_a_snooze_stops_the_calls_and_they_go_on_when_it_is_over(night: Story) -> None:
    rob = night.organisation.responder
    snoozed = incidents.snooze(rob, "INC-1", clock.now() + HOUR).incident
    assert (snoozed.snoozed_until, snoozed.next_call_at, snoozed.state) == (clock.now() + HOUR, None, IncidentState.OPEN)
    pass_time(night, timedelta(minutes=59), 10)
    assert told(night) == [("Rob", "opened")]
    pass_time(night, timedelta(minutes=1))
    assert told(night) == [("Rob", "opened"), ("Rob", "unacknowledged")]
    assert night.incident().snoozed_until is None
    lines = [(event.actor_id, event.data) for event in night.timeline() if event.type == "edit"]
    assert lines == [
        (rob.id, {"field": "snoozed_until", "from": "", "to": "2026-11-23T04:07:00Z"}),
        (night.organisation.system.id, {"field": "snoozed_until", "from": "2026-11-23T04:07:00Z", "to": ""}),
    ]


def test_a_new_firing_ends_a_snooze_and_a_repeat_does_not(night: Story) -> None:
    incidents.snooze(night.organisation.responder, "INC-1", clock.now() + 9 * HOUR)
    night.fire()
    assert night.incident().snoozed_until is not None
    pass_time(night, HOUR)
    night.fire("disk", title="Disk is full", group_key="x")
    assert night.incident().snoozed_until is not None, "another incident's alert"
    night.stop()
    night.fire()
    assert night.incident().snoozed_until is None
    pass_time(night, timedelta(seconds=1))
    assert ("Rob", "unacknowledged") in told(night)


def test_a_snooze_is_taken_back_and_moved(night: Story) -> None:
    rob = night.organisation.responder
    incidents.snooze(rob, "INC-1", clock.now() + HOUR)
    assert incidents.snooze(rob, "INC-1", clock.now() + HOUR).changed is False
    incidents.snooze(rob, "INC-1", clock.now() + 3 * HOUR)
    pass_time(night, 2 * HOUR, 4)
    assert told(night) == [("Rob", "opened")]
    incidents.snooze(rob, "INC-1", None)
    assert incidents.snooze(rob, "INC-1", None).changed is False
    pass_time(night, timedelta(seconds=1))
    assert told(night)[1:] == [("Rob", "unacknowledged")], "its time had passed"
    pass_time(night, 2 * HOUR)
    assert night.incident().snoozed_until is None


@pytest.mark.parametrize(
    "until",
    [
        datetime(2026, 11, 23, 4, 7),  # noqa: DTZ001
        datetime(2026, 11, 23, 3, 6, tzinfo=UTC),
        datetime(2027, 11, 23, tzinfo=UTC),
    ],
)
def test_a_snooze_lies_ahead_and_not_too_far(night: Story, until: datetime) -> None:
    with pytest.raises(InvalidInputError, match="until must be") as refused:
        incidents.snooze(night.organisation.responder, "INC-1", until)
    assert refused.value.field == "until"


def test_what_is_resolved_is_not_snoozed_and_resolving_ends_a_snooze(night: Story) -> None:
    rob = night.organisation.responder
    incidents.snooze(rob, "INC-1", clock.now() + HOUR)
    assert incidents.resolve(rob, "INC-1", "Restarted.").incident.snoozed_until is None
    with pytest.raises(ConflictError, match="cannot be snoozed"):
        incidents.snooze(rob, "INC-1", clock.now() + HOUR)
    pass_time(night, 2 * HOUR)
    assert told(night) == [("Rob", "opened")]


@pytest.mark.parametrize("move", ["acknowledge", "investigate"])
def test_an_acknowledgement_lapses_without_activity_and_activity_pushes_it(night: Story, move: str) -> None:
    rob = night.organisation.responder
    change(night, acknowledgement_timeout_seconds=1800)
    getattr(incidents, move)(rob, "INC-1")
    pass_time(night, timedelta(minutes=20))
    comments.add(rob, "INC-1", "Still looking.")
    pass_time(night, timedelta(minutes=20))
    assert night.incident().state is not IncidentState.OPEN
    pass_time(night, timedelta(minutes=9), 3)
    assert night.incident().state is not IncidentState.OPEN
    pass_time(night, timedelta(minutes=1))
    given_back = night.incident()
    assert (given_back.state, given_back.acknowledged_by, given_back.assigned_to) == (IncidentState.OPEN, None, rob.id)
    assert told(night)[1:] == [("Rob", "unacknowledged")]
    assert [event.data["reason"] for event in night.timeline() if event.type == "state_change"][-1] == "nobody did anything for 30m 00s"
    pass_time(night, timedelta(minutes=5))
    assert told(night)[2:] == [("Rob", "unacknowledged")], "the calls begin again"


def test_an_incident_has_its_own_timeout_or_none(night: Story) -> None:
    rob = night.organisation.responder
    change(night, acknowledgement_timeout_seconds=1800)
    incidents.acknowledge(rob, "INC-1")
    assert incidents.set_acknowledgement_timeout(rob, "INC-1", 0).incident.acknowledgement_timeout_seconds == 0
    pass_time(night, 9 * HOUR, 9)
    assert night.incident().state is IncidentState.ACKNOWLEDGED
    incidents.set_acknowledgement_timeout(rob, "INC-1", 600)
    pass_time(night, timedelta(minutes=9))
    assert night.incident().state is IncidentState.ACKNOWLEDGED, "to set it is activity"
    pass_time(night, timedelta(minutes=1))
    assert night.incident().state is IncidentState.OPEN
    with pytest.raises(InvalidInputError, match="60 to 604800"):
        incidents.set_acknowledgement_timeout(rob, "INC-1", 5)


def test_without_a_timeout_an_acknowledgement_stands(night: Story) -> None:
    incidents.acknowledge(night.organisation.responder, "INC-1")
    pass_time(night, timedelta(days=3), 3)
    assert night.incident().state is IncidentState.ACKNOWLEDGED


def test_after_seven_quiet_days_the_assignee_is_asked_and_again_after_seven_more(night: Story) -> None:
    incidents.acknowledge(night.organisation.responder, "INC-1")
    for _ in range(6):
        pass_time(night, timedelta(days=1))
        night.fire()
    assert told(night) == [("Rob", "opened")]
    pass_time(night, timedelta(days=1))
    asked = night.timeline()[-1]
    assert (asked.type, asked.actor_id, asked.data["automatic"]) == ("comment", night.organisation.system.id, True)
    assert asked.data["body"].startswith("Nobody has done anything here for 7 days. Rob Lindqvist, how is it going?")
    assert told(night)[1:] == [("Rob", "quiet_incident")]
    pass_time(night, timedelta(days=6))
    assert len(told(night)) == 2
    pass_time(night, timedelta(days=1))
    assert told(night)[2:] == [("Rob", "quiet_incident")]
    comments.add(night.organisation.responder, "INC-1", "Waiting for the vendor.")
    pass_time(night, timedelta(days=6), 6)
    assert len(told(night)) == 3


def test_after_a_jump_of_the_clock_it_is_asked_once(night: Story) -> None:
    incidents.acknowledge(night.organisation.responder, "INC-1")
    pass_time(night, timedelta(days=30))
    assert [event.type for event in night.timeline()].count("comment") == 1


@pytest.mark.parametrize("how", ["resolved", "snoozed"])
def test_what_is_resolved_or_snoozed_is_left_alone(night: Story, how: str) -> None:
    rob = night.organisation.responder
    if how == "resolved":
        incidents.resolve(rob, "INC-1", "Restarted.")
    else:
        incidents.snooze(rob, "INC-1", clock.now() + timedelta(days=20))
    pass_time(night, timedelta(days=10), 2)
    assert "comment" not in night.told()


def test_with_nobody_assigned_who_is_on_call_is_asked_and_else_the_admins(night: Story) -> None:
    rob = night.organisation.responder
    incidents.acknowledge(rob, "INC-1")
    incidents.assign(rob, "INC-1", None)
    pass_time(night, timedelta(days=7))
    assert told(night)[-1] == ("Rob", "quiet_incident")
    change(night, default_on_call_id=None)
    pass_time(night, timedelta(days=7))
    assert told(night)[-1] == ("Alice", "quiet_incident")
    organisation.change(night.organisation.admin, quiet_days=0)
    before = len(told(night))
    pass_time(night, timedelta(days=30), 3)
    assert len(told(night)) == before, "0 days is never"


def test_a_hundred_quiet_incidents_are_asked_in_one_run(night: Story) -> None:
    for place in range(120):
        night.fire(f"disk{place}", title=f"Disk {place} is full")
    change(night, reminder_seconds=dict.fromkeys(("critical", "high", "medium", "low"), 9000000))
    pass_time(night, timedelta(days=8))
    assert told(night).count(("Rob", "quiet_incident")) == 121


def test_a_timeout_that_is_switched_on_holds_for_what_somebody_has(night: Story) -> None:
    incidents.acknowledge(night.organisation.responder, "INC-1")
    organisation.change(night.organisation.admin, acknowledgement_timeout_seconds=1800)
    pass_time(night, timedelta(minutes=29), 2)
    assert night.incident().state is IncidentState.ACKNOWLEDGED
    pass_time(night, timedelta(minutes=1))
    assert night.incident().state is IncidentState.OPEN


def test_an_acknowledgement_does_not_lapse_while_it_is_snoozed(night: Story) -> None:
    rob = night.organisation.responder
    change(night, acknowledgement_timeout_seconds=1800)
    incidents.acknowledge(rob, "INC-1")
    incidents.snooze(rob, "INC-1", clock.now() + 3 * HOUR)
    pass_time(night, 3 * HOUR + timedelta(minutes=29), 6)
    assert night.incident().state is IncidentState.ACKNOWLEDGED
    pass_time(night, timedelta(minutes=2))
    assert night.incident().state is IncidentState.OPEN


def test_the_acknowledgement_of_what_was_split_out_lapses_too(night: Story) -> None:
    rob = night.organisation.responder
    change(night, acknowledgement_timeout_seconds=1800)
    night.fire("disk", title="Disk is full")
    merging.merge(rob, "INC-2", "INC-1")
    incidents.acknowledge(rob, "INC-1")
    splitting.split_child(rob, "INC-1", "INC-2")
    pass_time(night, timedelta(minutes=31), 2)
    assert night.incident("INC-2").state is IncidentState.OPEN


def test_given_to_somebody_while_it_is_acknowledged_a_fresh_cycle_begins_when_it_is_open_again(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    pass_time(night, timedelta(minutes=6), 6)
    incidents.acknowledge(rob, "INC-1")
    pass_time(night, timedelta(minutes=30))
    incidents.assign(rob, "INC-1", mina.id)
    before = len(told(night))
    incidents.unacknowledge(rob, "INC-1")
    pass_time(night, timedelta(minutes=4))
    assert len(told(night)) == before
    pass_time(night, timedelta(minutes=1))
    assert told(night)[before:] == [("Mina", "unacknowledged")]


def test_the_timeout_goes_on_when_a_snooze_is_ended_by_hand(night: Story) -> None:
    rob = night.organisation.responder
    change(night, acknowledgement_timeout_seconds=1800)
    incidents.acknowledge(rob, "INC-1")
    incidents.snooze(rob, "INC-1", clock.now() + 96 * HOUR)
    pass_time(night, HOUR, 3)
    incidents.snooze(rob, "INC-1", None)
    pass_time(night, timedelta(minutes=29), 2)
    assert night.incident().state is IncidentState.ACKNOWLEDGED
    pass_time(night, timedelta(minutes=2))
    assert night.incident().state is IncidentState.OPEN


def test_what_gets_worse_is_told_sooner_and_what_gets_better_no_later(night: Story) -> None:
    rob = night.organisation.responder
    change(night, reminder_seconds={"critical": 60, "high": 600, "medium": 6000, "low": 86400})
    incidents.change_severity(rob, "INC-1", "low")
    assert night.incident().next_call_at == night.clock.now + timedelta(minutes=5)
    pass_time(night, timedelta(minutes=5))
    assert night.incident().next_call_at == night.clock.now + timedelta(days=1)
    incidents.change_severity(rob, "INC-1", "high")
    assert night.incident().next_call_at == night.clock.now + timedelta(minutes=10)
    before = len(told(night))
    pass_time(night, timedelta(minutes=10))
    assert set(told(night)[before:]) == {("Rob", "unacknowledged"), ("Alice", "unacknowledged")}


def test_how_long_it_was_quiet_is_said_as_it_was(night: Story) -> None:
    change(night, reminder_seconds=dict.fromkeys(("critical", "high", "medium", "low"), 9_000_000))
    pass_time(night, timedelta(days=30))
    asked = [event.data["body"] for event in night.timeline("INC-1") if event.type == "comment"]
    assert len(asked) == 1 and asked[0].startswith("Nobody has done anything here for 30 days.")
