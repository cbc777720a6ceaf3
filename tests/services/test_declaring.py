"""Incidents that people and programs declare, without an alert."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.columns import new_id
from models.vocabulary import IncidentState, Severity
from services import catalog, comments, database, declaring, incident_list, incident_page, incidents
from services.errors import InvalidFieldsError, InvalidInputError, NotAllowedError
from tests.fixtures.stories import Story


def test_what_is_declared_is_there_with_all_that_was_said(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    checkout = catalog.create(mina, "Checkout")
    began = story.clock.now - timedelta(minutes=9)
    made = declaring.declare(
        rob,
        " Checkout\nis slow ",
        "high",
        description="Since the **02:58** deploy",
        service_id=checkout.id,
        assigned_to=mina.id,
        started_at=began.astimezone(timezone(timedelta(hours=5, minutes=30))),
    )
    one = made.incident
    assert made.changed
    assert (one.number, one.title, one.description) == ("INC-1", "Checkout is slow", "Since the **02:58** deploy")
    assert (one.severity, one.state, one.service_id, one.assigned_to) == (Severity.HIGH, IncidentState.OPEN, checkout.id, mina.id)
    assert (one.created_by, one.created_at, one.started_at, one.alert_id) == (rob.id, story.clock.now, began, None)
    assert (one.why, one.version, one.allowed) == ("Rob Lindqvist declared it.", 1, ["acknowledge", "investigate", "resolve"])
    assert incidents.get(rob, "INC-1") == one
    assert [(event.type, event.actor_id, event.data["to"]) for event in story.timeline("INC-1")] == [("assignment", rob.id, str(mina.id))]


def test_numbers_go_on_among_those_of_alerts(story: Story) -> None:
    assert story.fire("a") == ["INC-1"]
    assert declaring.declare(story.organisation.responder, "By hand", "low").incident.number == "INC-2"
    assert story.fire("b") == ["INC-3"]


def test_it_goes_through_its_life_and_takes_no_alerts(story: Story) -> None:
    rob = story.organisation.responder
    declaring.declare(rob, "Connection pool exhausted", "critical")
    assert story.fire() == ["INC-2"]
    story.pass_time(minutes=2)
    assert incidents.acknowledge(rob, "INC-1").incident.tta_seconds == 120
    incidents.investigate(rob, "INC-1")
    comments.add(rob, "INC-1", "It is the pool")
    story.pass_time(minutes=3)
    assert incidents.resolve(rob, "INC-1", "Rolled back").incident.mttr == 300
    again = incidents.reopen(rob, "INC-1", "Not over").incident
    assert (again.state, again.occurrence) == (IncidentState.OPEN, 2)
    assert incidents.get(rob, "INC-2").state is IncidentState.OPEN


def test_it_is_found_listed_and_shown(story: Story) -> None:
    rob = story.organisation.responder
    declaring.declare(rob, "Checkout is slow", "high", description="Payments pile up")
    page = incident_list.page(rob, incident_list.require_right(incident_list.read(rob, {"q": ["payments pile"]})), None, 10)
    assert [one.number for one in page.items] == ["INC-1"]
    listing = incident_list.read_list(incident_list.key_of(rob, incident_list.wanted_by(rob, "", "UTC")))
    shown = incident_list.Shown(incident_list.viewer_of(rob))
    shown.take(listing)
    assert [(row.number, row.title, row.last_activity, row.alert_count) for row in shown.rows] == [("INC-1", "Checkout is slow", "", 0)]
    told = incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, "UTC")).told
    assert (told.head.title, told.head.why, told.head.assignee.name) == ("Checkout is slow", "Rob Lindqvist declared it.", "")
    assert ("Opened by", "Rob Lindqvist") in [(fact.name, fact.value) for fact in told.head.facts]


@pytest.mark.parametrize(
    ("ahead", "kept"), [(timedelta(seconds=-1), timedelta(seconds=-1)), (timedelta(0), timedelta(0)), (timedelta(seconds=50), timedelta(0))]
)
def test_the_impact_begins_at_the_latest_now(story: Story, ahead: timedelta, kept: timedelta) -> None:
    """A clock that is a little ahead still means now."""
    now = story.clock.now
    assert declaring.declare(story.organisation.responder, "Slow", "low", started_at=now + ahead).incident.started_at == now + kept


NOW = datetime(2026, 11, 23, 3, 7, tzinfo=UTC)
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("title", {"title": ""}),
    ("title", {"title": " \n"}),
    ("title", {"title": "x" * 301}),
    ("title", {"title": "half \ud800"}),
    ("severity", {"severity": "urgent"}),
    ("severity", {"severity": ""}),
    ("description", {"description": "x" * 20_001}),
    ("description", {"description": "\x00"}),
    ("service_id", {"service_id": new_id()}),
    ("assigned_to", {"assigned_to": new_id()}),
    ("started_at", {"started_at": NOW + timedelta(minutes=2)}),
    ("started_at", {"started_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))}),
    ("started_at", {"started_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}),
    ("started_at", {"started_at": NOW.replace(tzinfo=None)}),
    ("key", {"key": ""}),
    ("key", {"key": "k" * 65}),
    ("key", {"key": "ü"}),
]


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=[f"{field}-{place}" for place, (field, _) in enumerate(WRONG)])
def test_what_is_wrong_is_named_and_declares_nothing(story: Story, field: str, wrong: dict[str, Any]) -> None:
    said = {"title": "Checkout is slow", "severity": "high", **wrong}
    with pytest.raises(InvalidInputError) as refusal:
        declaring.declare(story.organisation.responder, said.pop("title"), said.pop("severity"), **said)
    assert refusal.value.field == field
    assert story.fire() == ["INC-1"]


def test_all_that_is_wrong_is_told_at_once(story: Story) -> None:
    with pytest.raises(InvalidFieldsError) as refusal:
        declaring.declare(
            story.organisation.responder, "", "urgent", service_id=new_id(), assigned_to=new_id(), started_at=NOW + timedelta(days=1)
        )
    assert list(refusal.value.fields) == ["title", "severity", "started_at", "service_id", "assigned_to"]


def test_it_is_given_to_nobody_who_cannot_act_and_to_no_service_elsewhere(story: Story) -> None:
    ours = story.organisation
    elsewhere = catalog.create(ours.stranger, "Ferries").id
    for whom in (ours.viewer.id, ours.stranger.id, ours.system.id):
        with pytest.raises(InvalidInputError, match="assigned_to must be the id of an active responder"):
            declaring.declare(ours.responder, "Slow", "low", assigned_to=whom)
    with pytest.raises(InvalidInputError, match="service_id must be"):
        declaring.declare(ours.responder, "Slow", "low", service_id=elsewhere)


def test_viewers_declare_nothing(story: Story) -> None:
    with pytest.raises(NotAllowedError):
        declaring.declare(story.organisation.viewer, "Slow", "low")


def test_what_is_declared_twice_with_one_key_is_there_once(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    first = declaring.declare(rob, "Slow", "low", key="k-1")
    incidents.acknowledge(mina, "INC-1")
    again = declaring.declare(rob, "Slow", "low", key="k-1")
    assert (first.changed, again.changed, again.incident.id) == (True, False, first.incident.id)
    assert again.incident.state is IncidentState.ACKNOWLEDGED
    assert declaring.declare(rob, "Slow", "low", key="k-2").incident.number == "INC-2"
    assert declaring.declare(mina, "Slow", "low", key="k-1").incident.number == "INC-3"
    assert declaring.declare(story.organisation.stranger, "Slow", "low", key="k-1").incident.number == "INC-1"
    assert declaring.declare(rob, "Slow", "low").incident.number == "INC-4"


def test_what_is_declared_with_a_key_is_found_by_it(story: Story) -> None:
    rob = story.organisation.responder
    made = declaring.declare(rob, "Slow", "low", key="k-1").incident
    assert declaring.declared(rob, "k-1") == made
    assert declaring.declared(rob, "k-2") is None
    assert declaring.declared(story.organisation.manager, "k-1") is None
    assert declaring.declare(rob, "", "", assigned_to=new_id(), key="k-1").incident == made


def test_of_many_at_once_with_one_key_one_declares_it(story: Story) -> None:
    rob = story.organisation.responder
    gate = threading.Barrier(8)

    def declare(place: int) -> tuple[bool, str]:
        gate.wait()
        outcome = declaring.declare(replace(rob, address=f"192.0.2.{place}"), "Slow", "low", key="double click")
        return outcome.changed, outcome.incident.number

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(declare, range(8)))
    assert sorted(changed for changed, _ in told) == [False] * 7 + [True]
    assert {number for _, number in told} == {"INC-1"}
    assert story.fire() == ["INC-2"]


def test_it_is_in_the_audit_log(story: Story) -> None:
    rob = story.organisation.responder
    made = declaring.declare(rob, "Slow", "low", key="k").incident
    declaring.declare(rob, "Slow", "low", key="k")
    with database.read(rob.tenant_id) as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "incident")).all()
    assert (entry.action, entry.actor_id, entry.subject_id, entry.before) == ("incident.declared", rob.id, made.id, None)
    assert entry.after is not None
    assert (entry.after["number"], entry.after["title"], entry.after["severity"]) == (1, "Slow", "low")
