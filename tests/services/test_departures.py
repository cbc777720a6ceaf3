"""A person leaves: what they had goes on, they are out at once, and nothing is ever left with them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from models.columns import new_id
from models.incidents import Incident
from models.jobs import Job
from models.notifications import Notification
from models.people import User
from models.tenants import Tenant
from models.vocabulary import IncidentState, Role
from services import api_keys, database, departures, engine, incidents, live_updates, membership, one_time_links, people, sessions, sign_in
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, NotSignedInError
from services.membership import Changed
from tests.fixtures.organisations import audited, linked_email, person
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session
from tests.services.test_membership import at_once


@pytest.fixture
def night(story: Story) -> Story:
    """Rob, who reports to Mina, has INC-1 to INC-5 in every state, and nobody has INC-6."""
    ours = story.organisation
    membership.change(ours.system, ours.responder.id, manager_id=ours.manager.id)
    for number in range(1, 7):
        story.fire(f"alert {number}")
        if number < 6:
            incidents.assign(ours.responder, f"INC-{number}", ours.responder.id)
    incidents.acknowledge(ours.responder, "INC-2")
    incidents.investigate(ours.responder, "INC-3")
    with database.write(ours.tenant_id) as tx:
        until = tx.now + timedelta(hours=1)
        tx.session.exec(update(Incident).where(col(Incident.number) == 4).values(snoozed_until=until))
    incidents.resolve(ours.responder, "INC-5", "Rolled back")
    return story


def leave(story: Story, who: Actor, by: Actor | None = None) -> Changed:
    return membership.change(by or story.organisation.admin, who.id, active=False)


def holders(story: Story) -> list[UUID | None]:
    return [story.incident(f"INC-{number}").assigned_to for number in range(1, 7)]


def put_on_call(story: Story, who: Actor) -> None:
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=who.id))


def reasons(story: Story, number: str = "INC-1") -> list[str]:
    return [event.data["reason"] for event in story.timeline(number) if event.type == "assignment"]


# ── who gets what ──


def test_what_is_unresolved_goes_to_the_manager_and_stays_in_its_state(night: Story) -> None:
    ours = night.organisation
    rob, mina = ours.responder, ours.manager
    before = [night.incident(f"INC-{number}") for number in range(1, 7)]
    changed = leave(night, rob)
    assert holders(night) == [mina.id, mina.id, mina.id, mina.id, rob.id, None]
    after = [night.incident(f"INC-{number}") for number in range(1, 7)]
    assert [one.state for one in after] == [one.state for one in before]
    assert after[1].acknowledged_by == rob.id
    assert [moved.number for moved in changed.incidents] == ["INC-4", "INC-3", "INC-2", "INC-1"]
    assert changed.heir is not None and changed.heir.person is not None and changed.heir.person.id == mina.id
    assert changed.heir.why == "Rob Lindqvist left; Mina Okafor is their manager"
    line = night.timeline("INC-1")[-1]
    assert (line.type, line.actor_id, line.actor_name) == ("assignment", ours.system.id, "Tocsin")
    assert line.data == {"from": str(rob.id), "to": str(mina.id), "reason": changed.heir.why}
    assert not changed.person.active


def test_without_a_manager_it_goes_to_who_is_on_call(night: Story) -> None:
    ours = night.organisation
    put_on_call(night, ours.manager)
    membership.change(ours.admin, ours.responder.id, manager_id=None)
    leave(night, ours.responder)
    assert holders(night)[0] == ours.manager.id
    assert reasons(night)[-1] == "Rob Lindqvist left; Mina Okafor is on call by default"


def test_a_manager_who_left_or_only_reads_is_passed_over(night: Story) -> None:
    ours = night.organisation
    nora = person(ours.system, "Nora", Role.RESPONDER)
    put_on_call(night, nora)
    membership.change(ours.admin, ours.manager.id, active=False)
    leave(night, ours.responder)
    assert holders(night)[0] == nora.id
    assert reasons(night)[-1] == ("Rob Lindqvist left; Mina Okafor is their manager, but is deactivated; Nora is on call by default")
    membership.change(ours.admin, nora.id, manager_id=ours.viewer.id)
    leave(night, nora)
    assert reasons(night)[-1] == "Nora left; Vera Novak is their manager, but only reads; Alice Moreau is the only admin"


def test_the_admin_with_the_fewest_incidents_gets_it_then_the_oldest(night: Story) -> None:
    ours = night.organisation
    password = "correct horse battery"
    nora = person(ours.system, "Nora", Role.ADMIN, password=password)
    olga = person(ours.system, "Olga", Role.ADMIN)  # without a password: a provider vouches for her
    person(ours.system, "Ulf", Role.ADMIN, password=password)  # was given a password and never came
    begin_session(nora)
    begin_session(olga)
    incidents.assign(ours.admin, "INC-6", nora.id)
    membership.change(ours.admin, ours.responder.id, manager_id=None)
    leave(night, ours.responder)
    assert set(holders(night)[:4]) == {olga.id}
    assert reasons(night)[-1] == "Rob Lindqvist left; Olga is the admin with the fewest unresolved incidents"
    leave(night, olga)
    assert set(holders(night)) - {ours.responder.id} == {nora.id}
    assert reasons(night)[-1] == "Olga left; Nora is the only admin who has signed in"


def test_without_an_admin_it_goes_to_whoever_may_act_and_at_last_to_nobody(night: Story) -> None:
    ours = night.organisation
    membership.change(ours.system, ours.responder.id, manager_id=None)
    with database.write(ours.tenant_id) as tx:  # an organisation that is run by keys alone
        tx.session.exec(update(User).where(col(User.id) == ours.admin.id).values(role=Role.VIEWER))
    leave(night, ours.responder, ours.system)
    assert reasons(night)[-1] == "Rob Lindqvist left; Mina Okafor is the only manager"
    changed = leave(night, ours.manager, ours.system)
    assert holders(night)[0] is None
    assert changed.heir is not None and changed.heir.person is None
    assert reasons(night)[-1] == "Mina Okafor left; there is nobody else who may act"


def test_whoever_becomes_a_viewer_has_no_incidents_either(night: Story) -> None:
    ours = night.organisation
    changed = membership.change(ours.admin, ours.responder.id, role=Role.VIEWER)
    assert [moved.number for moved in changed.incidents] == ["INC-4", "INC-3", "INC-2", "INC-1"]
    assert reasons(night)[-1] == "Rob Lindqvist became a viewer; Mina Okafor is their manager"
    assert membership.change(ours.admin, ours.responder.id, active=False).incidents == ()


def test_a_new_manager_named_in_the_same_breath_gets_it(night: Story) -> None:
    ours = night.organisation
    membership.change(ours.admin, ours.responder.id, active=False, manager_id=ours.admin.id)
    assert holders(night)[0] == ours.admin.id


# ── who may, and what is refused ──


def test_only_admins_let_people_go_and_see_what_would_move(night: Story) -> None:
    ours = night.organisation
    for actor in (ours.manager, ours.responder, ours.viewer):
        with pytest.raises(NotAllowedError):
            leave(night, ours.responder, actor)
        with pytest.raises(NotAllowedError):
            departures.preview(actor, ours.responder.id)
    for stranger, whom in ((ours.stranger, ours.responder.id), (ours.admin, new_id())):
        with pytest.raises(NotFoundError):
            membership.change(stranger, whom, active=False)
        with pytest.raises(NotFoundError):
            departures.preview(stranger, whom)


def test_the_last_admin_stays(night: Story) -> None:
    alice = night.organisation.admin
    for attempt in (lambda: leave(night, alice), lambda: departures.preview(alice, alice.id)):
        with pytest.raises(ConflictError, match="Alice Moreau is the only admin") as refused:
            attempt()
        assert refused.value.field == "active"
    person(night.organisation.system, "Nora", Role.ADMIN)
    assert not leave(night, alice).person.active


def test_the_preview_is_what_then_happens(night: Story) -> None:
    ours = night.organisation
    put_on_call(night, ours.responder)
    membership.change(ours.admin, ours.viewer.id, manager_id=ours.responder.id)
    before = departures.preview(ours.admin, ours.responder.id)
    assert (before.is_on_call, before.reports, before.person.name) == (True, 1, "Rob Lindqvist")
    changed = leave(night, ours.responder)
    assert (changed.heir and changed.heir.why, list(changed.incidents)) == (before.heir.why, before.incidents)
    with pytest.raises(ConflictError, match="Rob Lindqvist is deactivated already"):
        departures.preview(ours.admin, ours.responder.id)


# ── they are out at once ──


def test_sessions_keys_and_links_end_and_stay_ended(night: Story) -> None:
    ours = night.organisation
    nora = person(ours.system, "Nora", Role.ADMIN, password="correct horse battery")
    session = begin_session(nora)
    key, robot = api_keys.create(nora, "hers", Role.ADMIN, as_myself=True), api_keys.create(nora, "robot", Role.VIEWER)
    link = one_time_links.make_password_link(ours.admin, nora.id).token
    changed = leave(night, nora)
    assert (changed.sessions_ended, changed.keys_ended, changed.links_ended) == (1, 1, 1)
    for _ in range(2):
        assert sessions.actor_for_token(session.token) is None
        assert api_keys.actor_for_key(key.token) is None
        assert api_keys.actor_for_key(robot.token) is not None
        assert linked_email(link) is None
        membership.change(ours.admin, nora.id, active=True)
    assert asyncio.run(sign_in.sign_in("nora@northwind.example", "correct horse battery", address="192.0.2.1")).token


def test_their_open_pages_are_told_after_the_commit(night: Story) -> None:
    rob = night.organisation.responder
    session_id = begin_session(rob).actor.session_id
    assert session_id is not None

    async def told() -> set[str]:
        topics = live_updates.session_topic(session_id), live_updates.person_topic(rob.id)
        with live_updates.hub.subscribe(*topics, live_updates.people_topic(rob.tenant_id)) as subscription:
            await asyncio.to_thread(leave, night, rob)
            return {topic.partition(":")[0] for topic in await subscription.wait(2)}

    assert asyncio.run(told()) == {"session", "person", "people"}


def test_whoever_left_cannot_sign_in_and_gets_nothing(night: Story) -> None:
    ours = night.organisation
    nora = person(ours.system, "Nora", Role.RESPONDER, password="correct horse battery")
    leave(night, nora)
    with pytest.raises(NotAllowedError, match="You were deactivated here"):
        asyncio.run(sign_in.sign_in("nora@northwind.example", "correct horse battery", address="192.0.2.1"))
    with pytest.raises(InvalidInputError, match=r"E-mail or password is wrong\."):
        asyncio.run(sign_in.sign_in("nora@northwind.example", "not the password", address="192.0.2.1"))
    with pytest.raises(ConflictError, match="Nora is deactivated"):
        one_time_links.make_password_link(ours.admin, nora.id)
    with pytest.raises(InvalidInputError, match="Nora is deactivated"):
        incidents.assign(ours.admin, "INC-6", nora.id)
    with pytest.raises(InvalidInputError, match="Nora is deactivated"):
        membership.change(ours.admin, ours.viewer.id, manager_id=nora.id)
    with pytest.raises(NotSignedInError):  # a request that was under way
        incidents.acknowledge(nora, "INC-6")


def test_the_list_marks_whose_manager_left(night: Story) -> None:
    ours = night.organisation
    leave(night, ours.manager)
    row = next(row for row in membership.person_rows(ours.admin) if row.person.handle == "rob")
    assert (row.manager, row.manager_left) == ("Mina Okafor", True)
    offered = [choice.label for choice in membership.manager_choices(ours.admin, ours.responder.id)]
    assert offered == ["Nobody", "Alice Moreau", "Vera Novak", "Mina Okafor (deactivated)"]


# ── what is noted ──


def test_the_audit_log_holds_the_report_and_each_change(night: Story) -> None:
    ours = night.organisation
    begin_session(ours.responder)
    leave(night, ours.responder)
    entries = {entry.subject_id: entry for entry in audited(ours.admin)}
    entry = entries[ours.responder.id]
    assert (entry.action, entry.actor_id, entry.before) == ("person.deactivated", ours.admin.id, {"active": True})
    assert entry.after == {
        "active": False,
        "sessions_ended": 1,
        "incidents_moved": ["INC-4", "INC-3", "INC-2", "INC-1"],
        "moved_to": str(ours.manager.id),
        "because": "Rob Lindqvist left; Mina Okafor is their manager",
    }
    moved = entries[night.incident("INC-1").id]
    assert (moved.action, moved.actor_id) == ("incident.assigned", ours.admin.id)
    assert moved.after == {"assigned_to": str(ours.manager.id)}
    membership.change(ours.admin, ours.responder.id, active=True)
    assert audited(ours.admin)[-1].action == "person.activated"
    assert holders(night)[0] == ours.manager.id


# ── at the same moment ──


def left_with(story: Story, who: Actor) -> list[int]:
    with database.read(story.organisation.tenant_id) as session:
        wanted = select(Incident.number).where(col(Incident.assigned_to) == who.id, col(Incident.state) != IncidentState.RESOLVED)
        return list(session.exec(wanted))


@pytest.mark.parametrize("others", ["assign", "acknowledge", "resolve"])
def test_nothing_is_left_with_somebody_who_leaves_while_others_act(night: Story, others: str) -> None:
    ours = night.organisation
    rob, alice = ours.responder, ours.admin
    fired = [night.fire(f"more {number}")[0] for number in range(6)]
    acts: dict[str, Callable[[str], object]] = {
        "assign": lambda number: incidents.assign(alice, number, rob.id),
        "acknowledge": lambda number: incidents.acknowledge(rob, number),
        "resolve": lambda number: incidents.resolve(rob, number, "Rolled back"),
    }
    calls = [lambda number=number: acts[others](number) for number in fired]
    ended = at_once(*calls[:3], lambda: leave(night, rob), *calls[3:])
    assert isinstance(ended[3], Changed)
    assert left_with(night, rob) == []


def test_two_who_leave_to_each_other_at_once_leave_nothing(night: Story) -> None:
    ours = night.organisation
    rob, mina = ours.responder, ours.manager
    put_on_call(night, rob)
    incidents.assign(mina, "INC-6", mina.id)
    ended = at_once(lambda: leave(night, rob), lambda: leave(night, mina))
    assert all(isinstance(each, Changed) for each in ended)
    assert left_with(night, rob) == left_with(night, mina) == []
    assert holders(night)[0] == ours.admin.id


def test_of_two_admins_who_let_each_other_go_at_once_one_stays(night: Story) -> None:
    ours = night.organisation
    nora = person(ours.system, "Nora", Role.ADMIN)
    ended = at_once(lambda: leave(night, nora, ours.admin), lambda: leave(night, ours.admin, nora))
    assert sum(isinstance(each, Changed) for each in ended) == 1
    assert sum(isinstance(each, NotSignedInError) for each in ended) == 1
    assert sum(one.active and one.role is Role.ADMIN for one in people.people(ours.system)) == 1


def test_what_went_to_them_past_every_lock_is_found_by_the_job(night: Story) -> None:
    """A new incident goes to who is on call without a lock on them: it may be written just after they left."""
    ours = night.organisation
    leave(night, ours.responder)
    with database.write(ours.tenant_id) as tx:
        tx.session.exec(update(Incident).where(col(Incident.number) == 6).values(assigned_to=ours.responder.id))
    night.pass_time(seconds=11)
    engine.run_due("worker")
    assert holders(night)[5] == ours.manager.id
    assert reasons(night, "INC-6") == ["Rob Lindqvist left; Mina Okafor is their manager"]
    with database.read(ours.tenant_id) as session:
        assert session.exec(select(Job.status).where(Job.kind == departures.KIND)).one() == "done"


def test_the_job_leaves_alone_whoever_is_back(night: Story) -> None:
    ours = night.organisation
    leave(night, ours.responder)
    membership.change(ours.admin, ours.responder.id, active=True)
    incidents.assign(ours.responder, "INC-6", ours.responder.id)
    night.pass_time(seconds=11)
    engine.run_due("worker")
    assert holders(night)[5] == ours.responder.id


# ── many ──


def test_hundreds_move_at_once(story: Story) -> None:
    ours = story.organisation
    rob = ours.responder
    for part in range(10):
        story.post([{"title": "Disk is full", "severity": "high", "dedup_key": f"disk {part}.{n}"} for n in range(50)])
    with database.write(ours.tenant_id) as tx:
        tx.session.exec(update(Incident).values(assigned_to=rob.id))
    changed = leave(story, rob)
    assert len(changed.incidents) == 500
    assert left_with(story, rob) == []
    assert len(left_with(story, ours.admin)) == 500
    for number in ("INC-1", "INC-500"):
        assert reasons(story, number) == ["Rob Lindqvist left; Alice Moreau is the only admin"]
    assert sum(entry.action == "incident.assigned" for entry in audited(ours.admin)) == 500


# ── what comes back ──


def test_what_is_reopened_after_they_left_is_not_theirs(night: Story) -> None:
    ours = night.organisation
    leave(night, ours.responder)
    incidents.reopen(ours.manager, "INC-5", "It is back")
    assert holders(night)[4] is None
    line = next(event for event in reversed(night.timeline("INC-5")) if event.type == "assignment")
    assert line.data == {"from": str(ours.responder.id), "to": None, "reason": "whose it was may not act any more"}
    assert [one["reason"] for one in told(ours.admin)].count("reopened") == 1


def test_what_fires_again_after_they_left_goes_to_who_is_on_call(night: Story) -> None:
    ours = night.organisation
    put_on_call(night, ours.manager)
    leave(night, ours.responder)
    night.stop("alert 5")
    night.fire("alert 5")
    assert holders(night)[4] == ours.manager.id
    assert reasons(night, "INC-5")[-1] == "whose it was may not act any more; default on-call"


def test_the_heir_is_told_once_of_each(night: Story) -> None:
    ours = night.organisation
    leave(night, ours.responder)
    assert [one["reason"] for one in told(ours.manager)].count("assignment") == 4
    assert [one["reason"] for one in told(ours.responder)].count("reassigned") == 0


def told(who: Actor) -> list[dict[str, object]]:
    """What somebody was told."""
    with database.read(who.tenant_id) as session:
        found = session.exec(select(Notification).where(col(Notification.user_id) == who.id))
        return [{"reason": row.reason, "cause": row.cause} for row in found]


def test_whoever_was_on_call_is_not_any_more(night: Story) -> None:
    ours = night.organisation
    put_on_call(night, ours.responder)
    leave(night, ours.responder)
    with database.read(ours.tenant_id) as session:
        assert session.exec(select(Tenant.default_on_call_id)).one() is None
    assert holders(night)[0] == ours.manager.id
