"""Who is told of a new incident, when again, and what stops it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlmodel import col, select, update

from models.jobs import Job
from models.notifications import Notification
from models.tenants import Tenant
from models.vocabulary import IncidentState, JobStatus, Role
from services import database, declaring, engine, incidents
from services.access import Actor
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


def on_call(story: Story, who: Actor | None) -> None:
    """Make somebody the organisation's default on-call person."""
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=who.id if who else None))


def told(story: Story) -> list[tuple[str, str]]:
    """Who was told for which reason, in order."""
    people = {actor.id: actor.name.split()[0] for actor in story.organisation.by_role().values()}
    with database.read(story.organisation.tenant_id) as session:
        rows = session.exec(select(Notification).order_by(col(Notification.created_at), col(Notification.id))).all()
        return [(people[row.user_id], row.reason) for row in rows]


def calls_waiting(story: Story) -> list[UUID]:
    with database.read(story.organisation.tenant_id) as session:
        query = select(Job.payload).where(Job.kind == "call", col(Job.status) == JobStatus.PENDING)
        return [UUID(hex=payload["incident_id"]) for payload in session.exec(query)]


def minutes_pass(story: Story, minutes: int) -> None:
    for _ in range(minutes):
        story.pass_time(minutes=1)
        while engine.run_due("w"):
            pass


def test_who_is_on_call_gets_it_and_is_told(story: Story) -> None:
    rob = story.organisation.responder
    on_call(story, rob)
    story.fire()
    assert story.incident().assigned_to == rob.id
    assert told(story) == [("Rob", "opened")]
    given = story.timeline()[-1]
    assert (given.type, given.data) == ("assignment", {"from": None, "to": str(rob.id), "reason": "default on-call"})
    assert given.actor_id == story.organisation.system.id
    story.fire()
    story.fire("disk", title="Disk is full")
    assert told(story) == [("Rob", "opened"), ("Rob", "opened")], "a repeat tells nobody"


@pytest.mark.parametrize("why_not", ["nobody is set", "viewer"])
def test_with_nobody_on_call_the_admins_are_told_and_it_stays_unassigned(story: Story, why_not: str) -> None:
    on_call(story, story.organisation.viewer if why_not == "viewer" else None)
    story.fire()
    assert story.incident().assigned_to is None
    assert told(story) == [("Alice", "opened")]
    assert story.told() == ["alert_fired"]


def test_not_acknowledged_they_are_told_again_and_then_the_admins_too(story: Story) -> None:
    on_call(story, story.organisation.responder)
    story.fire()
    minutes_pass(story, 4)
    assert told(story) == [("Rob", "opened")]
    minutes_pass(story, 1)
    assert told(story) == [("Rob", "opened"), ("Rob", "unacknowledged")]
    minutes_pass(story, 5)
    assert sorted(told(story)[2:]) == [("Alice", "unacknowledged"), ("Rob", "unacknowledged")]
    assert story.timeline()[-1].data["why"] == "nobody has acknowledged it for 10m 00s"
    minutes_pass(story, 5)
    assert len(told(story)) == 6


@pytest.mark.parametrize("move", ["acknowledge", "investigate", "resolve", "stops"])
def test_whoever_takes_it_ends_the_calls_in_the_same_transaction(story: Story, move: str) -> None:
    rob = story.organisation.responder
    on_call(story, rob)
    story.fire()
    assert len(calls_waiting(story)) == 1
    if move == "resolve":
        incidents.resolve(rob, "INC-1", "It was the pool.")
    elif move == "stops":
        story.stop()
    else:
        getattr(incidents, move)(rob, "INC-1")
    assert calls_waiting(story) == []
    minutes_pass(story, 12)
    assert told(story) == [("Rob", "opened")]


def test_given_back_the_calls_go_on_where_they_were(story: Story) -> None:
    rob = story.organisation.responder
    on_call(story, rob)
    story.fire()
    minutes_pass(story, 6)
    assert told(story) == [("Rob", "opened"), ("Rob", "unacknowledged")]
    incidents.acknowledge(rob, "INC-1")
    incidents.unacknowledge(rob, "INC-1")
    minutes_pass(story, 3)
    assert len(told(story)) == 2, "the next step is due ten minutes after the opening, as before"
    minutes_pass(story, 1)
    assert sorted(told(story)[2:]) == [("Alice", "unacknowledged"), ("Rob", "unacknowledged")]
    incidents.acknowledge(rob, "INC-1")
    minutes_pass(story, 20)
    assert len(told(story)) == 4
    incidents.unacknowledge(rob, "INC-1")
    assert len(told(story)) == 4
    while engine.run_due("w"):
        pass
    assert len(told(story)) == 6, "its time has passed, so it is done at once"


def test_a_reopened_incident_calls_anew_and_not_who_reopened_it(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    on_call(story, rob)
    story.fire()
    incidents.resolve(mina, "INC-1", "Restarted.")
    incidents.reopen(rob, "INC-1", "It is back.")
    assert told(story) == [("Rob", "opened")]
    incidents.resolve(rob, "INC-1", "Restarted.")
    incidents.reopen(mina, "INC-1", "It is back again.")
    assert told(story) == [("Rob", "opened"), ("Rob", "reopened")]
    minutes_pass(story, 5)
    assert told(story)[2:] == [("Rob", "unacknowledged")]


def test_the_new_and_the_previous_assignee_are_told_and_who_did_it_is_not(story: Story) -> None:
    alice, mina, rob = story.organisation.admin, story.organisation.manager, story.organisation.responder
    on_call(story, alice)
    story.fire()
    incidents.assign(rob, "INC-1", mina.id)
    assert sorted(told(story)[1:]) == [("Alice", "reassigned"), ("Mina", "assignment")]
    incidents.assign(rob, "INC-1", rob.id)
    assert told(story)[3:] == [("Mina", "reassigned")]
    incidents.assign(rob, "INC-1", None)
    assert len(told(story)) == 4


def test_assigning_starts_a_fresh_cycle(story: Story) -> None:
    on_call(story, story.organisation.responder)
    story.fire()
    minutes_pass(story, 4)
    incidents.assign(story.organisation.responder, "INC-1", story.organisation.manager.id)
    minutes_pass(story, 4)
    assert ("Mina", "unacknowledged") not in told(story)
    minutes_pass(story, 1)
    assert told(story)[-1] == ("Mina", "unacknowledged")


def test_who_declares_is_not_told_and_whom_they_name_is_told_once(story: Story) -> None:
    alice, rob = story.organisation.admin, story.organisation.responder
    on_call(story, rob)
    declaring.declare(rob, "Checkout is slow", "high")
    assert (story.incident("INC-1").assigned_to, told(story)) == (rob.id, [])
    declaring.declare(alice, "Search is slow", "high", assigned_to=rob.id)
    assert told(story) == [("Rob", "assignment")]
    declaring.declare(alice, "Login is slow", "high")
    assert told(story)[1:] == [("Rob", "opened")]


def test_each_severity_has_its_own_patience(story: Story) -> None:
    on_call(story, story.organisation.responder)
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(reminder_seconds={"critical": 60, "high": 120, "medium": 600, "low": 600}))
    story.fire()
    story.fire("disk", title="Disk is full", severity="warning")
    minutes_pass(story, 1)
    assert told(story).count(("Rob", "unacknowledged")) == 1


def test_who_left_is_told_nothing(story: Story) -> None:
    gone = person(story.organisation.system, "Gus Gone", Role.ADMIN)
    with database.write(story.organisation.tenant_id) as tx:
        from models.people import User

        tx.session.exec(update(User).where(col(User.id) == gone.id).values(active=False))
    on_call(story, gone)
    story.fire()
    assert (story.incident().assigned_to, told(story)) == (None, [("Alice", "opened")])


def test_a_call_that_runs_twice_tells_once(story: Story) -> None:
    """The second of two workers reads what the first one wrote."""
    on_call(story, story.organisation.responder)
    story.fire()
    story.pass_time(minutes=5)
    claimed, _ = engine.claim("w")
    for _ in range(2):
        for job in claimed:
            if job.kind == "call":
                engine.HANDLERS[job.kind](engine.Run(job))
    assert told(story) == [("Rob", "opened"), ("Rob", "unacknowledged")]
    assert story.incident().state is IncidentState.OPEN
