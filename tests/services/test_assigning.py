"""Whose an incident is: giving it, taking it, leaving it, and who can't have it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlmodel import col, select, update

from models.audit import AuditEntry
from models.columns import new_id
from models.people import User
from models.vocabulary import IncidentState, Role
from services import api_keys, database, incident_page, incidents, integrations, people
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from services.live_updates import hub, incident_topic, incidents_topic
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open and nobody's."""
    story.fire()
    return story


def deactivate(whose: Actor) -> None:
    with database.write(whose.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == whose.id).values(active=False))


def moves(story: Story) -> list[tuple[UUID, str | None, str | None, str | None]]:
    """The assignments on the timeline: by whom, from, to, why."""
    return [
        (event.actor_id, event.data["from"], event.data["to"], event.data["reason"])
        for event in story.timeline("INC-1")
        if event.type == "assignment"
    ]


def test_it_goes_from_hand_to_hand_with_a_line_each(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    given = incidents.assign(rob, "INC-1", mina.id, reason=" She knows the pool ")
    assert (given.changed, given.incident.assigned_to, given.incident.state) == (True, mina.id, IncidentState.OPEN)
    assert incidents.assign(rob, "INC-1", rob.id).incident.assigned_to == rob.id
    left = incidents.assign(rob, "INC-1", None).incident
    assert (left.assigned_to, left.version) == (None, 4)
    assert moves(night) == [
        (rob.id, None, str(mina.id), "She knows the pool"),
        (rob.id, str(mina.id), str(rob.id), None),
        (rob.id, str(rob.id), None, None),
    ]


@pytest.mark.parametrize("move", [incidents.acknowledge, incidents.investigate])
def test_it_can_be_given_on_while_it_is_worked_on_and_the_state_stays(night: Story, move: object) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    taken = move(rob, "INC-1").incident  # type: ignore[operator]
    given = incidents.assign(rob, "INC-1", mina.id).incident
    assert (given.assigned_to, given.state, given.acknowledged_by) == (mina.id, taken.state, rob.id)


def test_to_whom_it_belongs_already_nothing_changes(night: Story) -> None:
    mina = night.organisation.manager
    assert incidents.assign(mina, "INC-1", None).changed is False
    before = incidents.assign(mina, "INC-1", mina.id).incident
    again = incidents.assign(night.organisation.responder, "INC-1", mina.id, instead_of=None)
    assert (again.changed, again.incident) == (False, before)
    assert len(moves(night)) == 1


def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told(night: Story) -> None:
    both = [night.organisation.responder, night.organisation.manager]
    gate = threading.Barrier(2)

    def take(actor: Actor) -> bool:
        gate.wait()
        try:
            return incidents.assign(actor, "INC-1", actor.id, instead_of=None).changed
        except ConflictError:
            return False

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(take, both))
    assert sorted(done) == [False, True]
    winner = both[done.index(True)]
    assert night.incident().assigned_to == winner.id
    assert moves(night) == [(winner.id, None, str(winner.id), None)]


def test_forty_who_give_it_at_once_leave_an_unbroken_chain(night: Story) -> None:
    """Each line begins where the one before it ended: no assignment is lost under another one."""
    crew = [person(night.organisation.system, f"Person{i} Number", Role.RESPONDER) for i in range(40)]
    gate = threading.Barrier(8)

    def take(mine: list[Actor]) -> None:
        gate.wait()
        for actor in mine:
            incidents.assign(actor, "INC-1", actor.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, [crew[i::8] for i in range(8)]))
    told = moves(night)
    assert len(told) == 40
    assert [before for _, before, _, _ in told] == [None, *(to for _, _, to, _ in told[:-1])]
    assert str(night.incident().assigned_to) == told[-1][2]


def test_who_cannot_have_it_is_refused_with_what_would_be_right(night: Story) -> None:
    ours = night.organisation
    robot = api_keys.actor_for_key(api_keys.create(ours.admin, "Deploy bot", Role.RESPONDER).token)
    assert robot is not None
    sender = integrations.create(ours.admin, "generic", "Uptime")
    gone = person(ours.system, "Gone Already", Role.MANAGER)
    deactivate(gone)
    before = (night.incident(), night.told())
    wrong = {
        ours.viewer.id: "Vera Novak is a viewer",
        gone.id: "Gone Already is deactivated",
        robot.id: "Deploy bot is a service account",
        sender.id: "Uptime is an integration",
        ours.system.id: "Tocsin is the organisation's own system",
        ours.stranger.id: "there is nobody with this one",
        new_id(): "there is nobody with this one",
    }
    for user_id, why in wrong.items():
        with pytest.raises(InvalidInputError) as refusal:
            incidents.assign(ours.responder, "INC-1", user_id)
        assert refusal.value.field == "user_id"
        assert refusal.value.message.startswith("user_id must be the id of an active responder, manager or admin")
        assert why in refusal.value.message
    assert (night.incident(), night.told()) == before


def test_somebody_who_left_and_has_it_can_be_relieved(night: Story) -> None:
    ours = night.organisation
    gone = person(ours.system, "Gone Soon", Role.RESPONDER)
    incidents.assign(gone, "INC-1", gone.id)
    deactivate(gone)
    assert incidents.assign(ours.responder, "INC-1", ours.manager.id).incident.assigned_to == ours.manager.id


def test_what_is_resolved_is_given_to_nobody(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    incidents.resolve(rob, "INC-1", "Rolled back")
    for whom in (mina.id, None):
        with pytest.raises(ConflictError, match="INC-1 is resolved, so it cannot be assigned") as refusal:
            incidents.assign(mina, "INC-1", whom)
        assert refusal.value.allowed == ["reopen"]
    assert night.incident().assigned_to == rob.id
    incidents.reopen(rob, "INC-1", "It is back")
    assert incidents.assign(mina, "INC-1", mina.id).changed


def test_an_older_version_gives_it_to_nobody(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    seen = night.incident().version
    incidents.change_severity(mina, "INC-1", "low")
    with pytest.raises(StaleError):
        incidents.assign(rob, "INC-1", rob.id, version=seen)
    assert incidents.assign(rob, "INC-1", rob.id, version=seen + 1).changed


def test_viewers_and_strangers_give_it_to_nobody(night: Story) -> None:
    ours = night.organisation
    with pytest.raises(NotAllowedError):
        incidents.assign(ours.viewer, "INC-1", ours.manager.id)
    with pytest.raises(NotFoundError):
        incidents.assign(ours.stranger, "INC-1", ours.stranger.id)
    with pytest.raises(NotFoundError):
        incidents.assign(ours.stranger, "INC-1", ours.manager.id)
    assert moves(night) == []


def test_an_incident_that_was_given_to_somebody_is_not_resolved_by_itself(night: Story) -> None:
    incidents.assign(night.organisation.admin, "INC-1", night.organisation.responder.id)
    night.stop()
    assert night.incident().state is IncidentState.OPEN
    assert night.timeline("INC-1")[-1].data["asks"] is True


def test_it_is_in_the_audit_log_and_wakes_the_pages(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    topics = {incident_topic(night.incident().id), incidents_topic(rob.tenant_id)}

    async def told() -> tuple[set[str], set[str]]:
        with hub.subscribe(*topics) as subscription:
            await asyncio.to_thread(incidents.assign, rob, "INC-1", mina.id)
            first = await subscription.wait(5)
            await asyncio.to_thread(incidents.assign, rob, "INC-1", mina.id)
            return first, await subscription.wait(0.05)

    assert asyncio.run(told()) == (topics, set())
    with database.read(rob.tenant_id) as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "incident")).all()
    assert (entry.action, entry.actor_id, entry.address) == ("incident.assigned", rob.id, rob.address)
    assert (entry.before, entry.after) == ({"assigned_to": None}, {"assigned_to": str(mina.id)})


def test_those_who_can_have_it_are_offered_by_name(night: Story) -> None:
    ours = night.organisation
    deactivate(person(ours.system, "Gone Already", Role.MANAGER))
    offered = people.may_act(ours.responder)
    assert [(one.name, one.handle) for one in offered] == [("Alice Moreau", "alice"), ("Mina Okafor", "mina"), ("Rob Lindqvist", "rob")]
    with pytest.raises(NotAllowedError):
        people.may_act(ours.viewer)


# ── in the words of a page ──


def give(actor: Actor, to: Actor | None, before: Actor | None, *, again: bool = False) -> tuple[str, bool]:
    verdict = incident_page.give(actor, "INC-1", to.id.hex if to else "", before.id.hex if before else "", "UTC", again=again)
    return verdict.sentence, verdict.done


def test_each_is_told_what_came_of_it(night: Story) -> None:
    rob, mina, alice = night.organisation.responder, night.organisation.manager, night.organisation.admin
    assert give(rob, rob, None) == ("INC-1 is yours now.", True)
    assert give(rob, rob, rob) == ("INC-1 is yours already.", False)
    assert give(mina, rob, None) == ("Rob Lindqvist has INC-1 already.", False)
    night.pass_time(minutes=2)
    assert give(mina, alice, rob) == ("Assigned. Alice Moreau has INC-1 now.", True)
    assert give(rob, rob, None) == ("Not assigned: Mina Okafor gave it to Alice Moreau at 03:09.", False)
    assert give(mina, mina, rob) == ("Not assigned: you gave it to Alice Moreau at 03:09.", False)
    assert give(mina, rob, alice, again=True) == ("Rob Lindqvist has INC-1 again.", True)
    assert give(rob, None, rob) == ("Nobody has INC-1 now.", True)
    assert give(mina, mina, rob) == ("Not assigned: Rob Lindqvist left it to nobody at 03:09.", False)
    assert give(mina, None, rob) == ("Nobody has INC-1 already.", False)
    assert give(rob, rob, None, again=True) == ("INC-1 is yours again.", True)
    assert give(mina, None, alice) == ("Not assigned: Rob Lindqvist took it at 03:09.", False)
    incidents.resolve(rob, "INC-1", "Rolled back")
    assert give(mina, mina, rob) == ("Not assigned: Rob Lindqvist resolved it at 03:09.", False)


def test_the_timeline_says_who_gave_it_to_whom(night: Story) -> None:
    rob, mina, alice = night.organisation.responder, night.organisation.manager, night.organisation.admin
    for by, to, why in (
        (rob, rob, None),
        (mina, mina, None),
        (rob, alice, "lunch"),
        (alice, rob, None),
        (mina, None, None),
        (rob, rob, None),
    ):
        incidents.assign(by, "INC-1", to.id if to else None, reason=why)
    incidents.assign(rob, "INC-1", None)
    opened = incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, "UTC"))
    told = [f"{line.row.actor} {line.row.text} {line.row.strong} {line.row.rest}".split() for line in opened.window.lines[1:]]
    assert [" ".join(words) for words in told] == [
        "Rob Lindqvist is the assignee now",
        "Mina Okafor took it over from Rob Lindqvist",
        "Rob Lindqvist gave it to Alice Moreau · before: Mina Okafor · lunch",
        "Alice Moreau gave it to Rob Lindqvist",
        "Mina Okafor unassigned Rob Lindqvist",
        "Rob Lindqvist is the assignee now",
        "Rob Lindqvist left it to nobody",
    ]


@pytest.mark.parametrize("wrong", ["x", "INC-1", "\x00", "0" * 40])
def test_an_id_that_is_none_is_named(night: Story, wrong: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        incident_page.give(night.organisation.responder, "INC-1", wrong, "", "UTC")
    assert refusal.value.field == "user_id"
