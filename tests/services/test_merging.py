"""Merging incidents: a child follows its parent in all things, and what its alerts do is seen there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Severity
from services import comments, database, declaring, incidents, merging, splitting
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from services.records import IncidentRecord
from tests.fixtures.stories import Story

OPEN, ACKNOWLEDGED, INVESTIGATING, RESOLVED = IncidentState


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 of the alert pool, INC-2 of the alert pages, INC-3 of the alert disk; all open."""
    story.fire("pool")
    story.fire("pages", title="Payment page slow", severity="error")
    story.fire("disk", title="Disk full", severity="warning")
    story.pass_time(minutes=1)
    return story


def in_state(story: Story, number: str, state: IncidentState) -> None:
    mina = story.organisation.manager
    if state is ACKNOWLEDGED:
        incidents.acknowledge(mina, number)
    elif state is INVESTIGATING:
        incidents.investigate(mina, number)


def counts(story: Story, *numbers: str) -> list[tuple[int, int, int]]:
    """Alerts, firing ones, and merged incidents of each."""
    found = [story.incident(number) for number in numbers]
    return [(one.alert_count, one.firing_count, one.merged_count) for one in found]


def test_a_merged_incident_points_to_the_other_one_which_stays_as_it_is(night: Story) -> None:
    rob = night.organisation.responder
    incidents.acknowledge(rob, "INC-1")
    before = night.incident("INC-1")
    merged = merging.merge(rob, "INC-2", "INC-1")
    after = night.incident("INC-1")
    assert merged.changed
    assert merged.incident == night.incident("INC-2")
    assert (merged.incident.parent_id, merged.incident.allowed) == (after.id, ["split"])
    for name in ("title", "severity", "state", "assigned_to", "acknowledged_at", "acknowledged_by", "service_id", "occurrence"):
        assert getattr(after, name) == getattr(before, name), name
    assert counts(night, "INC-1", "INC-2") == [(2, 2, 1), (1, 1, 0)]
    assert [night.told(number)[-1] for number in ("INC-1", "INC-2")] == ["merge", "merge"]
    here, there = night.timeline("INC-1")[-1].data, night.timeline("INC-2")[-1].data
    assert (here["child"], here["parent"], here["title"], here["alert_count"]) == ("INC-2", None, "Payment page slow", 1)
    assert (there["child"], there["parent"], there["title"], there["to"]) == (None, "INC-1", "Connection pool exhausted", "acknowledged")


@pytest.mark.parametrize("of_parent", [OPEN, ACKNOWLEDGED, INVESTIGATING])
@pytest.mark.parametrize("of_child", [OPEN, ACKNOWLEDGED, INVESTIGATING])
def test_it_stands_where_the_other_one_does(night: Story, of_parent: IncidentState, of_child: IncidentState) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    in_state(night, "INC-1", of_parent)
    in_state(night, "INC-2", of_child)
    night.pass_time(minutes=4)
    merged = merging.merge(rob, "INC-2", "INC-1").incident
    assert merged.state is of_parent is night.incident("INC-1").state
    assert (merged.acknowledged_by, merged.acknowledged_at is None) == ((None, True) if of_parent is OPEN else (mina.id, False))
    if of_parent is not OPEN and of_child is OPEN:
        assert (merged.acknowledged_at, merged.tta_seconds) == (night.clock.now, 300)
    if of_child is not OPEN:
        assert merged.tta_seconds == 60
    assert night.told("INC-2")[-1] == "merge"


def test_each_move_of_the_other_one_is_its_move_too(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    merging.merge(rob, "INC-2", "INC-1")
    merging.merge(rob, "INC-3", "INC-1")
    moves: list[tuple[Callable[[], object], IncidentState, str]] = [
        (lambda: incidents.acknowledge(mina, "INC-1"), ACKNOWLEDGED, "state_change"),
        (lambda: incidents.unacknowledge(mina, "INC-1", reason="lunch"), OPEN, "state_change"),
        (lambda: incidents.investigate(mina, "INC-1"), INVESTIGATING, "state_change"),
        (lambda: incidents.resolve(mina, "INC-1", "Pool doubled"), RESOLVED, "resolution"),
        (lambda: incidents.reopen(mina, "INC-1", "Not over"), OPEN, "reopened"),
    ]
    for move, state, line in moves:
        night.pass_time(minutes=1)
        move()
        parent = night.incident("INC-1")
        for number in ("INC-2", "INC-3"):
            child, said = night.incident(number), night.timeline(number)[-1]
            assert (child.state, child.acknowledged_by, child.resolved_by) == (state, parent.acknowledged_by, parent.resolved_by)
            assert (child.acknowledged_at, child.resolved_at) == (parent.acknowledged_at, parent.resolved_at)
            assert (child.resolution_notes, child.occurrence, child.mttr) == (parent.resolution_notes, parent.occurrence, parent.mttr)
            assert (said.type, said.actor_id, said.data["parent"]) == (line, mina.id, "INC-1")
            assert child.assigned_to is None
    assert night.told("INC-2") == ["alert_fired", "merge", "state_change", "state_change", "state_change", "resolution", "reopened"]


def test_a_child_is_moved_by_nobody_alone(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    before = night.incident("INC-2"), night.told("INC-2")
    for act in (
        lambda: incidents.acknowledge(rob, "INC-2"),
        lambda: incidents.unacknowledge(rob, "INC-2"),
        lambda: incidents.investigate(rob, "INC-2"),
        lambda: incidents.resolve(rob, "INC-2", "Done"),
        lambda: incidents.reopen(rob, "INC-2", "Why"),
        lambda: incidents.assign(rob, "INC-2", rob.id),
        lambda: merging.merge(rob, "INC-2", "INC-3"),
    ):
        with pytest.raises(ConflictError, match=r"INC-2 was merged into INC-1 and moves with it: act on INC-1, or split") as refusal:
            act()
        assert refusal.value.allowed == ["split"]
    assert (night.incident("INC-2"), night.told("INC-2")) == before
    comments.add(rob, "INC-2", "Its own words")
    incidents.change_severity(rob, "INC-2", "low")
    incidents.edit(rob, "INC-2", title="Pages are slow")
    assert (night.incident("INC-2").severity, night.incident("INC-1").severity) == (Severity.LOW, Severity.CRITICAL)


def test_circles_and_what_is_over_are_refused(night: Story) -> None:
    rob = night.organisation.responder
    with pytest.raises(ConflictError, match="INC-1 cannot be merged into itself"):
        merging.merge(rob, "INC-1", "inc-1")
    merging.merge(rob, "INC-2", "INC-1")
    with pytest.raises(ConflictError, match="INC-2 was merged into INC-1, so INC-1 cannot be merged into it: that would be a circle"):
        merging.merge(rob, "INC-1", "INC-2")
    merging.merge(rob, "INC-1", "INC-3")
    with pytest.raises(ConflictError, match="circle"):
        merging.merge(rob, "INC-3", "INC-2")
    night.fire("late")
    incidents.resolve(rob, "INC-3", "Over")
    for child, into in (("INC-4", "INC-3"), ("INC-4", "INC-1")):
        with pytest.raises(ConflictError, match="INC-3 is resolved, and only what is not over is merged") as refusal:
            merging.merge(rob, child, into)
        assert (refusal.value.field, "resolve" in (refusal.value.allowed or ())) == ("into", True)
    incidents.resolve(rob, "INC-4", "Over")
    night.fire("later")
    with pytest.raises(ConflictError, match="INC-4 is resolved"):
        merging.merge(rob, "INC-4", "INC-5")


def test_twice_is_once(night: Story) -> None:
    rob = night.organisation.responder
    first = merging.merge(rob, "INC-2", "INC-1").incident
    again = merging.merge(rob, "INC-2", "1")
    assert (again.changed, again.incident) == (False, first)
    assert counts(night, "INC-1") == [(2, 2, 1)]


def test_all_that_was_merged_into_it_moves_along(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-3", "INC-2")
    merging.merge(rob, "INC-2", "INC-1")
    parent = night.incident("INC-1")
    assert {night.incident(number).parent_id for number in ("INC-2", "INC-3")} == {parent.id}
    assert counts(night, "INC-1", "INC-2", "INC-3") == [(3, 3, 2), (1, 1, 0), (1, 1, 0)]
    assert night.timeline("INC-3")[-1].data["along"] == "INC-2"
    incidents.acknowledge(rob, "INC-1")
    assert night.incident("INC-3").state is ACKNOWLEDGED
    night.fire("late")
    assert merging.merge(rob, "INC-4", "INC-3").incident.parent_id == parent.id  # what INC-3 is part of


def test_wrong_numbers_are_named(night: Story) -> None:
    rob = night.organisation.responder
    for into in ("INC-99", "nothing", "", "INC-0"):
        with pytest.raises(InvalidInputError, match="into must be the number of an incident") as refusal:
            merging.merge(rob, "INC-1", into)
        assert refusal.value.field == "into"
    with pytest.raises(NotFoundError):
        merging.merge(rob, "INC-99", "INC-1")
    seen = night.incident("INC-2").version
    incidents.change_severity(rob, "INC-2", "low")
    with pytest.raises(StaleError):
        merging.merge(rob, "INC-2", "INC-1", version=seen)


def test_viewers_and_strangers_merge_and_split_nothing(night: Story) -> None:
    ours = night.organisation
    merging.merge(ours.responder, "INC-3", "INC-1")
    alert = night.incident("INC-1").alert_id
    assert alert is not None
    acts: list[Callable[[Actor], object]] = [
        lambda actor: merging.merge(actor, "INC-2", "INC-1"),
        lambda actor: splitting.split_child(actor, "INC-1", "INC-3"),
        lambda actor: splitting.split_alerts(actor, "INC-1", [alert]),
        lambda actor: splitting.take_back(actor, "INC-3"),
    ]
    before = [night.incident(number) for number in ("INC-1", "INC-2", "INC-3")]
    for act in acts:
        with pytest.raises(NotAllowedError):
            act(ours.viewer)
        with pytest.raises(NotFoundError):
            act(ours.stranger)
    assert [night.incident(number) for number in ("INC-1", "INC-2", "INC-3")] == before


# ── what alerts do to it ──


def test_the_next_firing_of_a_merged_alert_is_seen_on_the_other_one(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    assert night.stop("pages") == ["INC-1"]
    assert night.fire("pages") == ["INC-1"]
    assert night.told("INC-1")[-3:] == ["merge", "alert_resolved", "alert_fired"]
    assert night.told("INC-2")[-1] == "merge"
    assert counts(night, "INC-1", "INC-2") == [(2, 2, 1), (1, 1, 0)]


def test_a_new_alert_of_a_merged_group_reaches_the_other_one(story: Story) -> None:
    rob = story.organisation.responder
    story.fire("declared-later")
    key = story.integration("alertmanager", name="Prometheus")

    def notify(*pods: str) -> tuple[str, ...]:
        alerts = [{"status": "firing", "labels": {"alertname": "Down", "severity": "critical", "pod": pod}} for pod in pods]
        return story.post({"version": "4", "status": "firing", "groupKey": "g", "groupLabels": {}, "alerts": alerts}, key=key).incidents

    assert notify("a") == ("INC-2",)
    merging.merge(rob, "INC-2", "INC-1")
    assert notify("a", "b", "c") == ("INC-1",)
    assert counts(story, "INC-1", "INC-2") == [(4, 4, 1), (3, 3, 0)]
    assert story.told("INC-1").count("alert_fired") == 3
    assert story.told("INC-2") == ["alert_fired", "merge"]


def test_an_alert_within_the_window_reopens_all_of_it_once(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    incidents.resolve(rob, "INC-1", "Pool doubled")
    night.pass_time(minutes=5)
    alert = {"title": "Payment page slow", "severity": "critical", "dedup_key": "pages"}
    assert night.post([alert, alert]).incidents == ("INC-1",)
    for number in ("INC-1", "INC-2"):
        incident = night.incident(number)
        assert (incident.state, incident.occurrence, incident.mttr, incident.resolved_at) == (OPEN, 2, None, None)
    assert night.told("INC-1")[-2:] == ["reopened", "alert_fired"]
    assert night.told("INC-2")[-1] == "reopened"
    assert night.timeline("INC-2")[-1].data["parent"] == "INC-1"
    assert night.fire("pool") == ["INC-1"]
    assert night.fire("pages") == ["INC-1"]


def test_after_the_window_a_new_incident_comes_that_follows_the_other_one(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    incidents.resolve(rob, "INC-1", "Pool doubled")
    night.pass_time(hours=1)
    assert night.fire("pages") == ["INC-4"]
    assert night.incident("INC-4").previous_id == night.incident("INC-1").id
    assert counts(night, "INC-1", "INC-2", "INC-4") == [(2, 1, 1), (1, 0, 0), (1, 1, 0)]
    incidents.reopen(rob, "INC-1", "Not over")
    assert night.fire("pages", starts_at=night.clock.now.isoformat()) == ["INC-4"]  # which has the group now


def test_what_was_declared_by_hand_takes_the_alerts_of_what_was_merged_into_it(night: Story) -> None:
    rob = night.organisation.responder
    declared = declaring.declare(rob, "Checkout is away", "critical").incident.number
    merging.merge(rob, "INC-1", declared)
    assert night.fire("pool", starts_at="2026-11-23T03:09:00Z") == [declared]
    night.pass_time(minutes=1)
    incidents.resolve(rob, declared, "Back")
    night.pass_time(minutes=1)
    assert night.fire("pool", starts_at=night.clock.now.isoformat()) == [declared]
    assert (night.incident(declared).state, night.incident("INC-1").state) == (OPEN, OPEN)


def test_without_a_reopen_window_the_groups_come_back_with_a_reopening(night: Story) -> None:
    rob = night.organisation.responder
    with database.write(night.organisation.tenant_id) as tx:
        tx.session.exec(select(Tenant)).one().reopen_window_seconds = 0
    merging.merge(rob, "INC-2", "INC-1")
    incidents.resolve(rob, "INC-1", "Over")
    incidents.reopen(rob, "INC-1", "Not over")
    assert night.fire("pages", starts_at=(night.clock.now + timedelta(minutes=1)).isoformat()) == ["INC-1"]


def test_when_all_alerts_of_both_have_ended_people_are_asked_once(night: Story) -> None:
    merging.merge(night.organisation.responder, "INC-2", "INC-1")
    night.stop("pages")
    assert night.timeline("INC-1")[-1].data["asks"] is False
    night.stop("pool")
    assert night.timeline("INC-1")[-1].data["asks"] is True
    assert night.incident("INC-1").state is OPEN


# ── splitting ──


def test_a_child_that_was_split_out_goes_its_own_way(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    merging.merge(rob, "INC-2", "INC-1")
    incidents.acknowledge(mina, "INC-1")
    out = splitting.split_child(rob, "INC-1", "INC-2").incident
    assert (out.parent_id, out.state, out.acknowledged_by) == (None, ACKNOWLEDGED, mina.id)
    assert out == night.incident("INC-2")
    assert counts(night, "INC-1", "INC-2") == [(1, 1, 0), (1, 1, 0)]
    assert [night.told(number)[-1] for number in ("INC-1", "INC-2")] == ["split", "split"]
    assert night.fire("pages", starts_at=night.clock.now.isoformat()) == ["INC-2"]
    incidents.resolve(rob, "INC-1", "Over")
    assert night.incident("INC-2").state is ACKNOWLEDGED


def test_a_child_may_be_split_out_by_its_own_number(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    assert splitting.split_child(rob, "INC-2", "INC-2").incident.parent_id is None
    for number, child in (("INC-1", "INC-2"), ("INC-2", "INC-2"), ("INC-1", "INC-99"), ("INC-1", "x")):
        with pytest.raises(InvalidInputError, match="child must be") as refusal:
            splitting.split_child(rob, number, child)
        assert refusal.value.field == "child"


def test_alerts_that_were_split_out_have_an_incident_of_their_own(night: Story) -> None:
    rob = night.organisation.responder
    key = night.integration("alertmanager", name="Prometheus")

    def notify(starts_at: str, *pods: str) -> tuple[str, ...]:
        alerts = [
            {"status": "firing", "labels": {"alertname": f"Down {pod}", "severity": "warning", "pod": pod}, "startsAt": starts_at}
            for pod in pods
        ]
        return night.post({"version": "4", "status": "firing", "groupKey": "g", "groupLabels": {}, "alerts": alerts}, key=key).incidents

    assert notify("2026-11-23T03:00:00Z", "a", "b", "c") == ("INC-4",)
    incidents.acknowledge(rob, "INC-4")
    fired = {event.data["title"]: event.data["alert_id"] for event in night.timeline("INC-4") if event.type == "alert_fired"}
    out = splitting.split_alerts(rob, "INC-4", [UUID(fired["Down b"]), UUID(fired["Down c"])]).incident
    assert (out.number, out.title, out.state, out.severity, out.assigned_to) == ("INC-5", "Down b", OPEN, Severity.MEDIUM, None)
    assert out.why == "Rob Lindqvist split 2 alerts out of INC-4."
    assert counts(night, "INC-4", "INC-5") == [(1, 1, 0), (2, 2, 0)]
    later = "2026-11-23T03:20:00Z"
    assert notify(later, "b") == ("INC-5",)
    assert notify(later, "a") == ("INC-4",)
    assert notify(later, "d") == ("INC-4",)
    assert (night.told("INC-4")[-3:], night.told("INC-5")) == (["split", "alert_fired", "alert_fired"], ["split", "alert_fired"])
    incidents.resolve(rob, "INC-5", "Over")
    night.pass_time(minutes=1)
    assert notify("2026-11-23T03:30:00Z", "c") == ("INC-5",)
    assert night.incident("INC-5").occurrence == 2


def test_alerts_of_a_child_are_split_out_of_both(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    alert = night.incident("INC-2").alert_id
    assert alert is not None
    out = splitting.split_alerts(rob, "INC-1", [alert]).incident
    assert counts(night, "INC-1", "INC-2", out.number) == [(1, 1, 1), (0, 0, 0), (1, 1, 0)]
    assert night.fire("pages", starts_at=night.clock.now.isoformat()) == [out.number]
    merging.merge(rob, out.number, "INC-1")
    assert night.fire("pages", starts_at=(night.clock.now + timedelta(seconds=1)).isoformat()) == ["INC-1"]
    splitting.split_child(rob, "INC-1", out.number)
    assert counts(night, "INC-1", "INC-2", out.number) == [(1, 1, 1), (0, 0, 0), (1, 1, 0)]


def test_strange_alerts_are_refused(night: Story) -> None:
    rob = night.organisation.responder
    mine, other = night.incident("INC-1").alert_id, night.incident("INC-2").alert_id
    assert mine is not None and other is not None
    for wrong in ([], [other], [mine, other], [rob.id], [mine] * 3 + [rob.id]):
        with pytest.raises(InvalidInputError) as refusal:
            splitting.split_alerts(rob, "INC-1", wrong)
        assert refusal.value.field == "alert_ids"
    incidents.resolve(rob, "INC-1", "Over")
    with pytest.raises(ConflictError, match="INC-1 is resolved, so nothing is split out of it"):
        splitting.split_alerts(rob, "INC-1", [mine])


# ── taking it back ──


def without_bookkeeping(one: IncidentRecord) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__ if name not in ("version", "updated_at")}


@pytest.mark.parametrize("of_child", [OPEN, ACKNOWLEDGED, INVESTIGATING])
@pytest.mark.parametrize("of_parent", [OPEN, ACKNOWLEDGED, INVESTIGATING])
def test_a_merge_that_is_taken_back_leaves_both_as_they_were(night: Story, of_parent: IncidentState, of_child: IncidentState) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-3", "INC-2")
    in_state(night, "INC-1", of_parent)
    in_state(night, "INC-2", of_child)
    night.pass_time(minutes=1)
    numbers = ("INC-1", "INC-2", "INC-3")
    before = [without_bookkeeping(night.incident(number)) for number in numbers]
    merging.merge(rob, "INC-2", "INC-1")
    night.pass_time(seconds=4)
    splitting.take_back(rob, "INC-2")
    assert [without_bookkeeping(night.incident(number)) for number in numbers] == before
    assert night.told("INC-2")[-2:] == ["merge", "split"]
    assert night.timeline("INC-2")[-1].data["undone"] is True
    assert night.fire("disk", starts_at=night.clock.now.isoformat()) == ["INC-2"]
    assert night.fire("pool", starts_at=night.clock.now.isoformat()) == ["INC-1"]
    with pytest.raises(ConflictError, match="INC-2 is part of no other incident any more"):
        splitting.take_back(rob, "INC-2")


def test_what_has_moved_since_is_split_out_as_it_is(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    incidents.acknowledge(night.organisation.manager, "INC-1")
    assert splitting.take_back(rob, "INC-2").incident.state is ACKNOWLEDGED


# ── at the same moment ──


def both_at_once(*acts: Callable[[], object]) -> list[object]:
    """What each came to, an error for one that was refused."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except ConflictError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_two_merges_in_a_circle_one_is_refused(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    for _ in range(5):
        came = both_at_once(lambda: merging.merge(rob, "INC-1", "INC-2"), lambda: merging.merge(mina, "INC-2", "INC-1"))
        assert [isinstance(one, ConflictError) for one in came].count(True) == 1
        child, parent = ("INC-1", "INC-2") if isinstance(came[1], ConflictError) else ("INC-2", "INC-1")
        assert night.incident(child).parent_id == night.incident(parent).id
        assert night.incident(parent).parent_id is None
        splitting.split_child(rob, parent, child)


def test_a_merge_while_the_other_one_is_resolved_leaves_no_child_behind(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    for turn in range(5):
        merged, _ = both_at_once(lambda: merging.merge(rob, "INC-2", "INC-1"), lambda: incidents.resolve(mina, "INC-1", "Over"))
        child, parent = night.incident("INC-2"), night.incident("INC-1")
        assert parent.state is RESOLVED
        if isinstance(merged, ConflictError):
            assert (child.parent_id, child.state) == (None, OPEN)
        else:
            assert (child.parent_id, child.state) == (parent.id, RESOLVED)
        incidents.reopen(mina, "INC-1", f"turn {turn}")
        if child.parent_id is not None:
            splitting.split_child(rob, "INC-1", "INC-2")


def test_alerts_that_fire_during_a_merge_open_nothing_new_and_are_counted_once(night: Story) -> None:
    rob = night.organisation.responder
    for turn in range(5):
        began = (night.clock.now + timedelta(minutes=turn)).isoformat()
        _, came = both_at_once(
            lambda: merging.merge(rob, "INC-2", "INC-1"),
            lambda began=began: [night.fire("pages", starts_at=began) for _ in range(3)],
        )
        assert isinstance(came, list)
        assert {number for answer in came for number in answer} <= {"INC-1", "INC-2"}
        assert night.fire("pages", starts_at=(night.clock.now + timedelta(minutes=turn, seconds=1)).isoformat()) == ["INC-1"]
        assert counts(night, "INC-1", "INC-2") == [(2, 2, 1), (1, 1, 0)]
        splitting.split_child(rob, "INC-1", "INC-2")
    with database.read(night.organisation.tenant_id) as session:
        assert len(session.exec(select(Incident.id)).all()) == 3


def test_it_is_in_the_audit_log(night: Story) -> None:
    rob = night.organisation.responder
    merging.merge(rob, "INC-2", "INC-1")
    splitting.split_child(rob, "INC-1", "INC-2")
    alert = night.incident("INC-1").alert_id
    assert alert is not None
    splitting.split_alerts(rob, "INC-1", [alert])
    with database.read(rob.tenant_id) as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "incident").order_by(AuditEntry.at, AuditEntry.id)).all()
    assert [(entry.action, entry.before, entry.after) for entry in entries] == [
        ("incident.merged", {"parent": None}, {"parent": "INC-1"}),
        ("incident.split", {"parent": "INC-1"}, {"parent": None}),
        ("incident.alerts_split", None, {"into": "INC-4", "alerts": ["Connection pool exhausted"]}),
    ]


def test_a_parent_is_reopened_beside_a_child_of_its_own_group(story: Story) -> None:
    """The child's time to take alerts is over, and the two stand in one transaction."""
    rob = story.organisation.responder
    story.fire()
    incidents.resolve(rob, "INC-1", "Restarted.")
    story.pass_time(hours=1)
    story.fire("pool", starts_at="2026-11-23T04:07:00Z")
    assert story.incident("INC-2").state is IncidentState.OPEN
    incidents.reopen(rob, "INC-1", "It is the same.")
    merging.merge(rob, "INC-2", "INC-1")
    incidents.resolve(rob, "INC-1", "Restarted again.")
    story.pass_time(hours=1)
    assert incidents.reopen(rob, "INC-1", "And again.").incident.state is IncidentState.OPEN
    assert story.incident("INC-2").state is IncidentState.OPEN


def test_of_a_parent_and_a_child_of_one_group_one_takes_its_alerts(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    incidents.resolve(rob, "INC-1", "Restarted.")
    story.pass_time(hours=1)
    story.fire("pool", starts_at="2026-11-23T04:07:00Z")
    incidents.reopen(rob, "INC-1", "It is the same.")
    merging.merge(rob, "INC-2", "INC-1")
    incidents.resolve(rob, "INC-1", "Restarted again.")
    story.pass_time(hours=1)
    story.fire("pool", starts_at="2026-11-23T05:07:00Z")
    incidents.resolve(rob, "INC-3", "Restarted.")
    story.pass_time(hours=1)
    incidents.reopen(rob, "INC-1", "It was this all along.")
    with database.read(rob.tenant_id) as session:
        takes = session.exec(select(Incident.number).where(Incident.accepts_alerts)).all()
    assert len(takes) <= 1
