"""Who follows an incident or a service is told of its moves, once each."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlmodel import col, select

from models.notifications import Notification
from models.vocabulary import Role
from services import catalog, comments, database, declaring, followers, incident_page, incidents, membership
from services.access import Actor
from services.errors import NotAllowedError, NotFoundError
from services.incident_page import Opened
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    story.fire()
    return story


def told(story: Story, who: Actor) -> list[str]:
    """Why this one was told, in order."""
    with database.read(story.organisation.tenant_id) as session:
        query = select(Notification.reason).where(Notification.user_id == who.id)
        return list(session.exec(query.order_by(col(Notification.created_at), col(Notification.id))))


def test_a_follower_is_told_of_each_move_and_of_nothing_else(night: Story) -> None:
    vera, rob = night.organisation.viewer, night.organisation.responder
    assert followers.follow_incident(vera, "INC-1", True) is True
    assert followers.follow_incident(vera, "INC-1", True) is False
    incidents.acknowledge(rob, "INC-1")
    comments.add(rob, "INC-1", "Looking.")
    incidents.change_severity(rob, "INC-1", "low")
    incidents.resolve(rob, "INC-1", "Restarted.")
    assert told(night, vera) == ["state_change", "state_change"]
    night.stop()
    night.fire()
    assert told(night, vera) == ["state_change"] * 3, "reopened by its alert"
    followers.follow_incident(vera, "INC-1", False)
    incidents.acknowledge(rob, "INC-1")
    assert len(told(night, vera)) == 3


def test_who_moves_it_is_not_told_and_who_is_told_anyhow_is_told_once(night: Story) -> None:
    alice, rob = night.organisation.admin, night.organisation.responder
    for who in (alice, rob):
        followers.follow_incident(who, "INC-1", True)
    incidents.resolve(rob, "INC-1", "Restarted.")
    assert (told(night, rob), told(night, alice)) == ([], ["opened", "state_change"])
    night.stop()
    night.fire()
    assert told(night, rob) == ["reopened"], "it is his, so he is called, and not told once more"
    assert told(night, alice) == ["opened", "state_change", "state_change"]


def test_a_resolution_by_rule_is_told_too(night: Story) -> None:
    followers.follow_incident(night.organisation.viewer, "INC-1", True)
    night.stop()
    assert told(night, night.organisation.viewer) == ["state_change"]


def test_who_follows_a_service_is_told_of_its_new_incidents_and_their_moves(night: Story) -> None:
    alice, vera, rob = night.organisation.admin, night.organisation.viewer, night.organisation.responder
    checkout: UUID = catalog.create(alice, "Checkout").id
    assert followers.follow_service(vera, checkout, True) is True
    declaring.declare(rob, "Checkout is slow", "high", service_id=checkout)
    declaring.declare(rob, "Search is slow", "high")
    assert told(night, vera) == ["state_change"]
    incidents.acknowledge(rob, "INC-2")
    incidents.acknowledge(rob, "INC-3")
    assert told(night, vera) == ["state_change", "state_change"]
    assert followers.followed_services(vera) == {checkout}


def test_only_people_of_the_organisation_follow(night: Story) -> None:
    with pytest.raises(NotFoundError):
        followers.follow_incident(night.organisation.stranger, "INC-1", True)
    with pytest.raises(NotFoundError):
        followers.follow_service(night.organisation.stranger, catalog.create(night.organisation.admin, "Search").id, True)
    with pytest.raises(NotAllowedError, match="Only people follow"):
        followers.follow_incident(night.organisation.system, "INC-1", True)


def shown(story: Story, number: str, who: Actor) -> Opened:
    return incident_page.open_page(who, number, incident_page.seen_by(who, "UTC"))


def test_who_follows_it_or_its_service_is_named_once(night: Story) -> None:
    ours = night.organisation
    vera, mina, zoe = ours.viewer, ours.manager, person(ours.system, "zoe Adams", Role.VIEWER)
    checkout = catalog.create(mina, "Checkout").id
    declaring.declare(ours.responder, "Checkout is slow", "high", service_id=checkout)
    for who in (vera, zoe):
        followers.follow_incident(who, "INC-2", True)
    for who in (vera, mina, ours.admin):
        followers.follow_service(who, checkout, True)
    told = shown(night, "INC-2", mina).told
    names = [(one.person.name, one.of_service) for one in told.head.followers]
    assert names == [("Vera Novak", False), ("zoe Adams", False), ("Alice Moreau", True), ("Mina Okafor", True)]
    assert (told.followers, told.service_followers) == ({vera.id.hex, zoe.id.hex}, {mina.id.hex, ours.admin.id.hex})
    assert shown(night, "INC-1", mina).told.head.followers == [], "it names no service"
    membership.change(ours.admin, mina.id, active=False)
    assert [one.person.name for one in shown(night, "INC-2", vera).told.head.followers][2:] == ["Alice Moreau"], "who left is not told"


def test_of_many_followers_a_few_are_named_and_all_are_counted(night: Story) -> None:
    ours = night.organisation
    many = [person(ours.system, f"Person {number:02}", Role.VIEWER, email=f"p{number}@northwind.example") for number in range(15)]
    for one in many:
        followers.follow_incident(one, "INC-1", True)
    told = shown(night, "INC-1", ours.viewer).told
    assert (len(told.head.followers), told.head.follower_count) == (12, 15)
    assert many[14].id.hex in told.followers
