"""Teams: people who are named together, with a handle that no person has."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from models.audit import AuditEntry
from models.columns import new_id
from models.people import User
from services import audit_log, database, live_updates, people, teams
from services.access import Actor
from services.errors import ConflictError, InvalidFieldsError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from tests.fixtures.organisations import Organisation


def deactivate(who: Actor) -> None:
    with database.write(who.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == who.id).values(active=False))


def test_managers_make_teams_and_everybody_sees_them(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", description="Takes money", members=[organisation.responder.id])
    teams.create(organisation.admin, "billing and more")
    assert [(team.name, team.handle) for team in teams.teams(organisation.viewer)] == [
        ("billing and more", "billing-and-more"),
        ("Payments", "payments"),
    ]
    assert teams.get(organisation.viewer, made.id) == made
    assert (made.members, made.version) == ([organisation.responder.id], 1)


def test_others_make_and_change_none(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments")
    for actor in (organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            teams.create(actor, "Mine")
        with pytest.raises(NotAllowedError):
            teams.change(actor, made.id, name="Mine")


def test_what_is_left_out_stays(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", description="Takes money", members=[organisation.responder.id])
    changed = teams.change(organisation.manager, made.id, members=[organisation.viewer.id, organisation.viewer.id])
    assert (changed.name, changed.handle, changed.description) == ("Payments", "payments", "Takes money")
    assert (changed.members, changed.version) == ([organisation.viewer.id], 2)
    assert teams.change(organisation.manager, made.id, members=[organisation.viewer.id], name="Payments") == changed
    assert teams.change(organisation.manager, made.id, description="").description == ""


def test_a_handle_is_that_of_a_person_or_of_a_team_and_never_of_both(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", handle="@Pay")
    assert made.handle == "pay"
    with pytest.raises(ConflictError, match="Somebody has the handle rob already") as refused:
        teams.create(organisation.manager, "Robots", handle="rob")
    assert refused.value.field == "handle"
    with pytest.raises(ConflictError, match="Somebody has the handle rob already"):
        teams.change(organisation.manager, made.id, handle="rob")
    with pytest.raises(ConflictError, match="The team Payments has the handle pay already") as refused:
        people.change_profile(organisation.responder, handle="pay")
    assert refused.value.field == "handle"
    with pytest.raises(ConflictError, match="The team Payments has the handle pay already"):
        people.create_person(organisation.admin, email="pay@northwind.example", name="Pay Day", handle="pay", role=organisation.viewer.role)
    with pytest.raises(ConflictError, match="The team Payments has the handle pay already"):
        teams.create(organisation.manager, "Pay again", handle="pay")
    assert people.own_profile(organisation.responder).handle == "rob"


def test_a_handle_that_is_made_goes_round_those_that_are_taken(organisation: Organisation) -> None:
    assert teams.create(organisation.manager, "Rob").handle == "rob2"
    assert teams.create(organisation.manager, "Ørsted Łódź").handle == "orsted-lodz"
    assert teams.create(organisation.manager, "東京").handle == "team"
    made = people.create_person(organisation.admin, email="t@northwind.example", name="Team", role=organisation.viewer.role)
    assert made.handle == "team2"


def test_two_take_one_handle_at_the_same_moment(organisation: Organisation) -> None:
    """They write to different tables, so that no index can tell."""

    async def race() -> list[object]:
        calls = [
            database.run(teams.create, organisation.manager, "Night shift", handle="night"),
            database.run(people.change_profile, organisation.responder, handle="night"),
        ]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    found = asyncio.run(race())
    assert sum(isinstance(one, ConflictError) for one in found) == 1, found


def test_a_name_is_unique_in_its_organisation_only(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments")
    other = teams.create(organisation.manager, "Billing")
    for call in (
        lambda: teams.create(organisation.manager, "Payments", handle="other"),
        lambda: teams.change(organisation.manager, other.id, name="Payments"),
    ):
        with pytest.raises(ConflictError, match="There is a team called Payments already") as refused:
            call()
        assert refused.value.field == "name"
    theirs = teams.create(organisation.stranger, "Payments")
    for call in (lambda: teams.get(organisation.admin, theirs.id), lambda: teams.change(organisation.admin, theirs.id, name="Ours")):
        with pytest.raises(NotFoundError):
            call()
    assert theirs.handle == made.handle == "payments"


def test_only_active_people_of_the_organisation_are_added(organisation: Organisation) -> None:
    deactivate(organisation.responder)
    for wrong, sentence in (
        (organisation.responder.id, "Rob Lindqvist is deactivated"),
        (organisation.stranger.id, "there is nobody with the id"),
        (organisation.system.id, "there is nobody with the id"),
        (new_id(), "there is nobody with the id"),
    ):
        with pytest.raises(InvalidInputError, match=sentence) as refused:
            teams.create(organisation.manager, "Payments", members=[organisation.viewer.id, wrong])
        assert refused.value.field == "members"
    assert teams.teams(organisation.admin) == []


def test_who_is_deactivated_stays_in_the_team_and_counts_no_longer(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", members=[organisation.responder.id, organisation.viewer.id])
    deactivate(organisation.responder)
    (row,) = teams.team_rows(organisation.viewer)
    assert ([one.name for one in row.members], [one.name for one in row.former]) == (["Vera Novak"], ["Rob Lindqvist"])
    offered = {one.person.name: (one.is_in, one.active) for one in teams.candidates(organisation.manager, made.id)}
    assert offered == {
        "Alice Moreau": (False, True),
        "Mina Okafor": (False, True),
        "Rob Lindqvist": (True, False),
        "Vera Novak": (True, True),
    }
    kept = teams.change(organisation.manager, made.id, members=made.members, name="Payers")
    assert set(kept.members) == set(made.members)
    teams.change(organisation.manager, made.id, members=[])
    assert "Rob Lindqvist" not in {one.person.name for one in teams.candidates(organisation.manager, made.id)}


def test_a_change_of_what_has_changed_since_is_refused(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments")
    teams.change(organisation.admin, made.id, members=[organisation.viewer.id], version=1)
    with pytest.raises(StaleError, match="Somebody has changed the team Payments meanwhile"):
        teams.change(organisation.manager, made.id, members=[], version=1)
    assert teams.get(organisation.admin, made.id).members == [organisation.viewer.id]


def test_all_that_is_wrong_is_told_at_once(organisation: Organisation) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        teams.create(organisation.manager, " ", handle="no spaces", description="x" * 501)
    assert set(refused.value.fields) == {"name", "handle", "description"}
    with pytest.raises(InvalidInputError, match="500 members at most"):
        teams.create(organisation.manager, "Everybody", members=[new_id() for _ in range(501)])


def test_the_audit_log_says_who_was_in_it_by_name(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", members=[organisation.responder.id])
    teams.change(organisation.admin, made.id, members=[organisation.viewer.id], description="Takes money")
    with database.read(organisation.tenant_id) as session:
        found = session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "team").order_by(col(AuditEntry.id))).all()
    assert [(entry.action, entry.actor_id) for entry in found] == [
        ("team.created", organisation.manager.id),
        ("team.changed", organisation.admin.id),
    ]
    rows = audit_log.read(organisation.admin, audit_log.wanted_by(organisation.admin, "what=team", "UTC"), "UTC").rows
    assert [(row.did, row.about) for row in rows] == [("changed", "team Payments"), ("made", "team Payments")]
    assert {(change.name, change.before, change.after) for change in rows[0].changes} == {
        ("Members", "Rob Lindqvist", "Vera Novak"),
        ("Description", "nothing", "Takes money"),
    }


def test_open_pages_are_told(organisation: Organisation) -> None:
    topic = live_updates.teams_topic(organisation.tenant_id)

    async def told() -> list[set[str]]:
        found = []
        with live_updates.hub.subscribe(topic) as subscription:
            made = await database.run(teams.create, organisation.manager, "Payments")
            found.append(await subscription.wait(2))
            await database.run(teams.change, organisation.manager, made.id, name="Payers")
            found.append(await subscription.wait(2))
        return found

    assert asyncio.run(told()) == [{topic}] * 2


def test_a_team_that_is_nowhere_is_not_found(organisation: Organisation) -> None:
    for team_id in (new_id(), UUID(int=0)):
        with pytest.raises(NotFoundError, match="There is no such team"):
            teams.candidates(organisation.manager, team_id)
