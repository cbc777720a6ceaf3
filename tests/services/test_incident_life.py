"""The verbs of an incident's life, as people use them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.vocabulary import ActorKind, IncidentState, Role, Severity
from services import comments, database, incidents
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


def test_from_open_to_resolved(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    story.pass_time(seconds=129)
    taken = incidents.acknowledge(rob, "INC-1").incident
    assert (taken.state, taken.acknowledged_by, taken.tta_seconds) == (IncidentState.ACKNOWLEDGED, rob.id, 129)
    assert taken.assigned_to == rob.id
    story.pass_time(minutes=5)
    incidents.investigate(rob, "INC-1")
    story.pass_time(minutes=5)
    done = incidents.resolve(rob, "INC-1", "  Hotfix deployed\r\n").incident
    assert (done.state, done.resolved_by, done.resolution_notes, done.mttr) == (IncidentState.RESOLVED, rob.id, "Hotfix deployed", 729)
    assert story.told() == ["alert_fired", "state_change", "assignment", "state_change", "resolution"]


def test_the_first_acknowledgement_stands(story: Story) -> None:
    story.fire()
    first = incidents.acknowledge(story.organisation.responder, "INC-1").incident
    story.pass_time(seconds=4)
    second = incidents.acknowledge(story.organisation.manager, "INC-1")
    assert (second.changed, second.incident) == (False, first)
    incidents.investigate(story.organisation.manager, "INC-1")
    assert incidents.acknowledge(story.organisation.admin, "INC-1").incident.acknowledged_by == story.organisation.responder.id


def test_forty_simultaneous_acknowledges_leave_one_line(story: Story) -> None:
    people = [person(story.organisation.system, f"Person{i} Number", Role.RESPONDER) for i in range(40)]
    story.fire()
    gate = threading.Barrier(8)

    def acknowledge(mine: list[Actor]) -> list[bool]:
        gate.wait()
        return [incidents.acknowledge(actor, "INC-1").changed for actor in mine]

    with ThreadPoolExecutor(8) as pool:
        changed = [flag for flags in pool.map(acknowledge, [people[i::8] for i in range(8)]) for flag in flags]
    assert changed.count(True) == 1
    assert story.told().count("state_change") == 1
    assert story.incident().acknowledged_by in {actor.id for actor in people}


def test_two_resolve_at_once_and_one_is_told_who_was_first(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.manager, "INC-1", "Mina fixed it")
    with pytest.raises(ConflictError) as refusal:
        incidents.resolve(story.organisation.responder, "INC-1", "Rob fixed it")
    assert refusal.value.allowed == ["reopen"]
    assert story.incident().resolution_notes == "Mina fixed it"


def test_a_late_acknowledge_cannot_unresolve(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "done")
    with pytest.raises(ConflictError, match="reopen"):
        incidents.acknowledge(story.organisation.manager, "INC-1")
    assert story.incident().state is IncidentState.RESOLVED


def test_what_is_skipped_happens_at_the_same_moment_by_the_same_person(story: Story) -> None:
    story.fire("a")
    story.fire("b")
    rob = story.organisation.responder
    story.pass_time(minutes=3)
    looked = incidents.investigate(rob, "INC-1").incident
    assert (looked.acknowledged_by, looked.acknowledged_at, looked.tta_seconds) == (rob.id, story.clock.now, 180)
    assert story.timeline("INC-1")[1].data["skipped"] == ["acknowledged"]
    done = incidents.resolve(rob, "INC-2", "It healed").incident
    assert (done.acknowledged_by, done.acknowledged_at, done.first_acknowledged_at) == (rob.id, story.clock.now, story.clock.now)
    assert story.told("INC-2").count("resolution") == 1


@pytest.mark.parametrize("notes", ["", "   \n", "\x00", "\ud800", "x" * 20_001])
def test_resolving_needs_notes_that_can_be_kept(story: Story, notes: str) -> None:
    story.fire()
    with pytest.raises(InvalidInputError) as refusal:
        incidents.resolve(story.organisation.responder, "INC-1", notes)
    assert refusal.value.field == "notes"
    assert story.incident().state is IncidentState.OPEN


def test_reopening_empties_what_described_the_occurrence_and_keeps_the_first(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    story.pass_time(minutes=1)
    incidents.acknowledge(rob, "INC-1")
    story.pass_time(minutes=9)
    first = incidents.resolve(rob, "INC-1", "Rolled back").incident
    story.pass_time(hours=5)
    again = incidents.reopen(story.organisation.manager, "INC-1", "It is back").incident
    assert (again.state, again.occurrence) == (IncidentState.OPEN, 2)
    assert [again.acknowledged_at, again.acknowledged_by, again.resolved_at, again.resolved_by, again.resolution_notes, again.mttr] == [
        None
    ] * 6
    assert (again.first_acknowledged_at, again.first_resolved_at, again.tta_seconds) == (first.acknowledged_at, first.resolved_at, 60)
    story.pass_time(hours=1)
    incidents.acknowledge(story.organisation.manager, "INC-1")
    last = incidents.resolve(story.organisation.manager, "INC-1", "For good").incident
    assert last.mttr == 600 + 6 * 3600
    assert last.tta_seconds == 60


def test_reopening_needs_a_reason(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "done")
    with pytest.raises(InvalidInputError, match="Reason"):
        incidents.reopen(story.organisation.responder, "INC-1", " ")


def test_reopened_beside_a_live_sibling_it_takes_no_alerts(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "done")
    story.pass_time(hours=1)
    assert story.fire() == ["INC-2"]
    incidents.reopen(story.organisation.responder, "INC-1", "It was the same")
    assert story.timeline("INC-1")[-1].data["sibling"] == "INC-2"
    story.stop()
    assert story.fire() == ["INC-2"]
    incidents.resolve(story.organisation.responder, "INC-1", "yes, the same")


def test_reopened_alone_it_takes_alerts_again(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "done")
    story.pass_time(hours=1)
    incidents.reopen(story.organisation.responder, "INC-1", "It is back")
    assert story.fire("pool") == ["INC-1"]


def test_giving_back_empties_the_acknowledgement(story: Story) -> None:
    story.fire()
    story.pass_time(minutes=2)
    incidents.investigate(story.organisation.responder, "INC-1")
    back = incidents.unacknowledge(story.organisation.responder, "INC-1").incident
    assert (back.state, back.acknowledged_at, back.acknowledged_by) == (IncidentState.OPEN, None, None)
    assert (back.first_acknowledged_at, back.tta_seconds) == (story.clock.now, 120)


@pytest.mark.parametrize("verb", [incidents.unacknowledge, incidents.investigate])
def test_a_move_to_where_it_is_already_is_refused_and_writes_nothing(story: Story, verb: Callable[[Actor, str], object]) -> None:
    """All but acknowledging, which many do at once: there the second is told who was first."""
    story.fire()
    rob = story.organisation.responder
    if verb is incidents.investigate:
        incidents.investigate(rob, "INC-1")
    before = story.incident()
    with pytest.raises(ConflictError, match=f"INC-1 is {before.state.value} already. It allows: ") as refusal:
        verb(rob, "INC-1")
    assert refusal.value.allowed == [move.value for move in before.allowed]
    assert story.incident() == before


def test_severity_title_and_description_leave_a_line_each(story: Story) -> None:
    story.fire()
    rob = story.organisation.responder
    assert incidents.change_severity(rob, "INC-1", "low").incident.severity is Severity.LOW
    assert incidents.change_severity(rob, "INC-1", "low").changed is False
    edited = incidents.edit(rob, "INC-1", title=" Pool  of\ncheckout-db exhausted ", description="200 of 200 in use").incident
    assert (edited.title, edited.description) == ("Pool of checkout-db exhausted", "200 of 200 in use")
    assert story.told()[1:] == ["severity_change", "edit", "edit"]
    with pytest.raises(InvalidInputError) as refusal:
        incidents.change_severity(rob, "INC-1", "urgent")
    assert refusal.value.field == "severity" and "critical" in refusal.value.message


def test_a_comment_sent_twice_with_one_key_is_stored_once(story: Story) -> None:
    story.fire()
    rob = story.organisation.responder
    first = comments.add(rob, "INC-1", "Pool is exhausted", key="k-1")
    assert comments.add(rob, "INC-1", "Pool is exhausted", key="k-1") == first
    assert story.told() == ["alert_fired", "comment"]


def test_a_version_that_was_not_the_last_is_refused(story: Story) -> None:
    story.fire()
    seen = story.incident().version
    incidents.acknowledge(story.organisation.responder, "INC-1", version=seen)
    with pytest.raises(ConflictError, match="version"):
        incidents.investigate(story.organisation.responder, "INC-1", version=seen)


def test_viewers_read_and_nothing_else(story: Story) -> None:
    story.fire()
    vera = story.organisation.viewer
    assert incidents.get(vera, "INC-1").number == "INC-1"
    for act in (
        lambda: incidents.acknowledge(vera, "INC-1"),
        lambda: incidents.unacknowledge(vera, "INC-1"),
        lambda: incidents.investigate(vera, "INC-1"),
        lambda: incidents.resolve(vera, "INC-1", "x"),
        lambda: incidents.reopen(vera, "INC-1", "x"),
        lambda: incidents.change_severity(vera, "INC-1", "low"),
        lambda: incidents.edit(vera, "INC-1", title="x"),
        lambda: comments.add(vera, "INC-1", "x"),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert story.told() == ["alert_fired"]


def test_another_organisations_incident_does_not_exist(story: Story) -> None:
    story.fire()
    sten = story.organisation.stranger
    for act in (
        lambda: incidents.get(sten, "INC-1"),
        lambda: incidents.acknowledge(sten, "INC-1"),
        lambda: incidents.resolve(sten, "INC-1", "x"),
        lambda: comments.add(sten, "INC-1", "x"),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert story.told() == ["alert_fired"]


@pytest.mark.parametrize("number", ["INC-2", "INC-0", "42x", "", "INC-99999999999", "'; DROP TABLE incident", "INC-１"])
def test_a_number_that_is_not_there_is_not_found(story: Story, number: str) -> None:
    story.fire()
    with pytest.raises(NotFoundError):
        incidents.get(story.organisation.viewer, number)


def test_a_program_that_acknowledges_is_not_made_the_assignee(story: Story) -> None:
    story.fire()
    robot = Actor(story.organisation.system.id, story.organisation.tenant_id, ActorKind.SERVICE_ACCOUNT, Role.RESPONDER, "Deploy bot")
    taken = incidents.acknowledge(robot, "INC-1").incident
    assert (taken.acknowledged_by, taken.assigned_to) == (robot.id, None)


def test_each_change_is_in_the_audit_log_with_what_was_before(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    incidents.acknowledge(rob, "INC-1")
    incidents.acknowledge(rob, "INC-1")
    incidents.edit(rob, "INC-1", title="Pool of checkout-db exhausted")
    comments.add(rob, "INC-1", "Draining it")
    with database.read(rob.tenant_id) as session:
        query = select(AuditEntry).where(AuditEntry.subject_kind == "incident").order_by(col(AuditEntry.id))
        taken, edited, commented = session.exec(query).all()
    assert [entry.action for entry in (taken, edited, commented)] == ["incident.acknowledged", "incident.edited", "incident.commented"]
    assert {entry.actor_id for entry in (taken, edited, commented)} == {rob.id}
    assert (taken.address, taken.before["state"], taken.after["state"]) == (rob.address, "open", "acknowledged")
    assert (edited.before, edited.after) == ({"title": "Connection pool exhausted"}, {"title": "Pool of checkout-db exhausted"})
