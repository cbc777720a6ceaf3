"""Who follows an incident or a service is told of its moves, once each."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlmodel import col, select

from models.notifications import Notification
from models.vocabulary import Role
from services import catalog, comments, database, declaring, followers, incidents
from services.access import Actor
from services.errors import NotAllowedError, NotFoundError
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


def test_the_names_of_the_followers_are_there_to_be_shown(night: Story) -> None:
    zoe = person(night.organisation.system, "zoe Adams", Role.VIEWER)
    for who in (zoe, night.organisation.viewer):
        followers.follow_incident(who, "INC-1", True)
    with database.read(night.organisation.tenant_id) as session:
        names = followers.names(session, incidents.find(session, "INC-1").id)
    assert list(names.values()) == ["Vera Novak", "zoe Adams"]
