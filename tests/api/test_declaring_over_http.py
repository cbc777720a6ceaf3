"""Declaring an incident over HTTP, by the contract."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import shapes
from services import catalog
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

ALL = "/api/v1/incidents"
SLOW = {"title": "Checkout is slow", "severity": "high"}


def test_an_incident_is_declared_with_all_that_can_be_said(programs: Programs, story: Story) -> None:
    checkout = str(catalog.create(story.organisation.manager, "Checkout").id)
    rob = str(story.organisation.responder.id)
    more = {"description": "Since *02:58*", "service_id": checkout, "assigned_to": rob, "started_at": "2026-11-23T04:02:00+01:00"}
    answer = programs.post(ALL, SLOW | more)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    is_as_described(made, shapes.Incident)
    assert made["started_at"] == "2026-11-23T03:02:00Z"
    assert made["created_at"] == "2026-11-23T03:07:00Z"
    assert {name: made[name] for name in SLOW} == SLOW
    assert {name: made[name] for name in ("description", "service_id", "assigned_to")} == {
        "description": "Since *02:58*",
        "service_id": checkout,
        "assigned_to": rob,
    }
    assert answer.headers["location"] == f"{ALL}/INC-1"
    assert answer.headers["etag"] == f'"{made["version"]}"'
    assert programs.get(answer.headers["location"]).json() == made | {"checklist": []}
    assert programs.get(ALL).json()["items"] == [made]


def test_the_least_is_a_title_and_a_severity(programs: Programs) -> None:
    made = programs.post(ALL, SLOW, by="alice").json()
    assert made["created_by"] == str(programs.organisation.admin.id)
    assert (made["started_at"], made["assigned_to"], made["service_id"]) == (made["created_at"], None, None)


def test_sent_twice_with_its_key_it_is_there_once(programs: Programs) -> None:
    first, again = (programs.post(ALL, SLOW, idempotency_key="a1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert len(programs.get(ALL).json()["items"]) == 1
    assert problem(programs.post(ALL, SLOW, idempotency_key="k" * 65), 422)["field"] == "key"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", {"title": ""}),
        ("title", {"title": None}),
        ("severity", {"severity": "urgent"}),
        ("severity", {"severity": None}),
        ("service_id", {"service_id": "checkout"}),
        ("service_id", {"service_id": "01938e5f-1c1f-7000-8000-0123456789ab"}),
        ("assigned_to", {"assigned_to": "01938e5f-1c1f-7000-8000-0123456789ab"}),
        ("started_at", {"started_at": "2026-11-23T03:09:00Z"}),
        ("started_at", {"started_at": "2026-11-23T03:00:00"}),
        ("started_at", {"started_at": "yesterday"}),
        ("started_at", {"started_at": "0001-01-01T00:00:00+14:00"}),
        ("started_at", {"started_at": "9999-12-31T23:59:59-14:00"}),
        ("state", {"state": "resolved"}),
    ],
)
def test_what_is_wrong_is_named(programs: Programs, field: str, wrong: dict[str, Any]) -> None:
    assert problem(programs.post(ALL, SLOW | wrong), 422)["field"] == field
    assert programs.get(ALL).json()["items"] == []


def test_nothing_at_all_declares_nothing(programs: Programs) -> None:
    told = problem(programs.post(ALL, {}), 422)
    assert {one["field"] for one in told["errors"]} == {"title", "severity"}
