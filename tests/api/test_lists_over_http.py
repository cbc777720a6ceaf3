"""The lists for programs: what is in them, their filters, and that their parts make up the whole."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.api import shapes
from models.vocabulary import Role
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.organisations import Organisation, audited, person
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

INCIDENTS = "/api/v1/incidents"


def numbers(programs: Programs, query: str = "", by: str = "viewer") -> list[str]:
    answer = programs.get(INCIDENTS + query, by=by)
    assert answer.status_code == 200, answer.text
    return [incident["number"] for incident in answer.json()["items"]]


def in_parts(programs: Programs, path: str, limit: int, by: str = "viewer") -> list[dict[str, Any]]:
    """The whole list, asked for in parts."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = f"{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        part = programs.get(path + query, by=by).json()
        items += part["items"]
        assert len(part["items"]) <= limit
        cursor = part["next"]
        if cursor is None:
            return items


@pytest.fixture
def week(story: Story, programs: Programs) -> Story:
    """Five incidents an hour apart: the first is resolved, the second acknowledged by Alice, the fourth high."""
    for place, severity in enumerate(("critical", "warning", "critical", "high", "critical"), 1):
        story.fire(f"alert {place}", severity=severity, title=f"Pool {place} exhausted on db-{place}")
        story.pass_time(hours=1)
    programs.post(f"{INCIDENTS}/INC-1/resolve", {"notes": "over"})
    programs.post(f"{INCIDENTS}/INC-2/acknowledge", by="alice")
    return story


def test_the_list_holds_every_state_newest_first(programs: Programs, week: Story) -> None:
    part = programs.get(INCIDENTS).json()
    assert [incident["number"] for incident in part["items"]] == ["INC-5", "INC-4", "INC-3", "INC-2", "INC-1"]
    assert part["next"] is None
    for incident in part["items"]:
        is_as_described(incident, shapes.Incident)
        assert incident | {"checklist": []} == programs.get(f"{INCIDENTS}/{incident['number']}").json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", [5, 4, 3]),
        ("state=resolved", [1]),
        ("state=resolved&state=acknowledged", [2, 1]),
        ("state=resolved,acknowledged", [2, 1]),
        ("severity=high", [4]),
        ("severity=medium", [2]),
        ("severity=critical&state=open", [5, 3]),
        ("assignee=alice", [2]),
        ("assignee=none", [5, 4, 3, 1]),
        ("q=db-4", [4]),
        ("q=INC-3", [3]),
        ("q=exhausted", [5, 4, 3, 2, 1]),
        ("q=nothing-like-it", []),
        ("created_after=2026-11-23T05:07:00Z", [5, 4, 3]),
        ("created_before=2026-11-23T05:07:00Z", [2, 1]),
        ("created_after=2026-11-23T04:00:00%2B00:00&created_before=2026-11-23T06:07:00Z", [3, 2]),
        ("state=", [5, 4, 3, 2, 1]),
    ],
)
def test_filters_choose(programs: Programs, week: Story, query: str, found: list[int]) -> None:
    assert numbers(programs, "?" + query) == [f"INC-{number}" for number in found]


def test_an_assignee_and_a_service_may_be_named_by_their_ids(programs: Programs, week: Story) -> None:
    assert numbers(programs, f"?assignee={programs.organisation.admin.id}") == ["INC-2"]
    made = programs.post("/api/v1/services", {"name": "Checkout"}, by="manager").json()
    assert numbers(programs, f"?service={made['id']}") == []
    assert numbers(programs, "?service=checkout") == []


@pytest.mark.parametrize("query", ["", "?state=open", "?q=exhausted"])
def test_its_parts_make_up_the_whole(programs: Programs, week: Story, query: str) -> None:
    whole = programs.get(INCIDENTS + query).json()["items"]
    for limit in (1, 2, len(whole)):
        assert in_parts(programs, INCIDENTS + query, limit) == whole


def test_a_stranger_sees_their_own_only(programs: Programs, week: Story) -> None:
    assert numbers(programs, by="stranger") == []


def test_users_are_those_of_the_organisation(programs: Programs) -> None:
    users = in_parts(programs, "/api/v1/users", 3)
    for user in users:
        is_as_described(user, shapes.User)
    assert [user["handle"] for user in users] == ["alice", "mina", "rob", "vera"]
    assert users[0]["id"] == str(programs.organisation.admin.id)
    assert (users[0]["role"], users[0]["active"], users[0]["email"]) == ("admin", True, "alice@northwind.example")
    assert [user["handle"] for user in programs.get("/api/v1/users", by="stranger").json()["items"]] == ["sten"]
    problem(programs.get("/api/v1/users", by=None), 401)
    assert problem(programs.get("/api/v1/users?cursor=x"), 422)["field"] == "cursor"
    assert problem(programs.get("/api/v1/users?limit=0"), 422)["field"] == "limit"


def test_a_new_person_is_in_the_list(programs: Programs) -> None:
    person(programs.organisation.system, "Aaron Abel", Role.VIEWER)
    assert programs.get("/api/v1/users").json()["items"][0]["name"] == "Aaron Abel"


def test_services_are_made_by_managers_and_read_by_all(programs: Programs) -> None:
    body = {"name": "Checkout", "description": "Takes the money", "runbook_url": "https://runbooks.example/checkout"}
    for by in ("viewer", "responder"):
        problem(programs.post("/api/v1/services", body, by=by), 403)
    answer = programs.post("/api/v1/services", body, by="manager")
    assert answer.status_code == 201
    made = answer.json()
    is_as_described(made, shapes.Service)
    assert programs.get(f"/api/v1/services/{made['id']}").json() == made
    assert programs.get("/api/v1/services").json() == {"items": [made], "next": None}
    problem(programs.get(f"/api/v1/services/{made['id']}", by="stranger"), 404)
    assert problem(programs.post("/api/v1/services", body, by="manager"), 409)["field"] == "name"
    assert (
        problem(programs.post("/api/v1/services", {"name": "x", "runbook_url": "javascript:1"}, by="manager"), 422)["field"]
        == "runbook_url"
    )
    assert problem(programs.get("/api/v1/services/not-an-id"), 422)["field"] == "id"


def test_integrations_are_for_admins(programs: Programs) -> None:
    made = programs.post("/api/v1/integrations", {"kind": "generic"}, by="admin").json()
    one = f"/api/v1/integrations/{made['id']}"
    for by, status in (("viewer", 403), ("responder", 403), ("manager", 403), (None, 401)):
        problem(programs.get("/api/v1/integrations", by=by), status)
        problem(programs.get(one, by=by), status)
        problem(programs.post("/api/v1/integrations", {"kind": "generic"}, by=by), status)
        problem(programs.call("PATCH", one, {"enabled": False}, by=by), status)
        problem(programs.post(f"{one}/rotate", by=by), status)
    problem(programs.get(one, by="stranger"), 404)
    problem(programs.call("PATCH", one, {"enabled": False}, by="stranger"), 404)
    problem(programs.post(f"{one}/rotate", by="stranger"), 404)
    problem(programs.get(f"/api/v1/integrations/{uuid4()}", by="admin"), 404)
    assert programs.get(one, by="admin").json()["enabled"] is True


def test_a_change_of_an_integration_is_made_whole_or_not_at_all(programs: Programs, organisation: Organisation) -> None:
    made = programs.post("/api/v1/integrations", {"kind": "generic", "name": "Prod"}, by="admin").json()
    one = f"/api/v1/integrations/{made['id']}"
    service = programs.post("/api/v1/services", {"name": "Checkout"}, by="manager").json()["id"]
    before = programs.get(one, by="admin").json()
    wrong = programs.call("PATCH", one, {"name": "Probes", "enabled": False, "service_id": str(uuid4())}, by="admin")
    assert problem(wrong, 422)["field"] == "service_id"
    assert programs.get(one, by="admin").json() == before
    changed = programs.call("PATCH", one, {"name": "Probes", "enabled": False, "service_id": service}, by="admin").json()
    assert (changed["name"], changed["enabled"], changed["service_id"]) == ("Probes", False, service)
    assert [entry.action for entry in audited(organisation.admin) if entry.subject_kind == "integration"] == [
        "integration.created",
        "integration.changed",
    ]
    programs.call("PATCH", one, {"enabled": True, "service_id": None}, by="admin")
    entry = audited(organisation.admin)[-1]
    assert (entry.before, entry.after) == ({"enabled": False, "service_id": service}, {"enabled": True, "service_id": None})


def test_an_integration_goes_through_its_life(programs: Programs, story: Story) -> None:
    answer = programs.post("/api/v1/integrations", {"kind": "alertmanager", "name": "Prod"}, by="admin")
    assert answer.status_code == 201
    made = answer.json()
    is_as_described(made, shapes.NewKey)
    assert made["url"] == f"http://tocsin.test/intake/{made['key']}"
    one = f"/api/v1/integrations/{made['id']}"
    told = programs.get(one, by="admin")
    is_as_described(told.json(), shapes.Integration)
    assert made["key"] not in told.text
    assert told.json()["key_prefix"] == made["key"][:12]
    changed = programs.call("PATCH", one, {"name": "Production", "enabled": False}, by="admin").json()
    assert (changed["name"], changed["enabled"]) == ("Production", False)
    rotated = programs.post(f"{one}/rotate", by="admin").json()
    is_as_described(rotated, shapes.NewKey)
    assert rotated["key"] != made["key"]
    listed = programs.get("/api/v1/integrations", by="admin").json()["items"]
    assert [each["name"] for each in listed] == ["Checks", "Production"]
    assert listed[1]["previous_key_until"] == "2026-11-24T03:07:00Z"
    assert in_parts(programs, "/api/v1/integrations", 1, by="admin") == listed


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "kind"), ({"kind": "zabbix"}, "kind"), ({"kind": "generic", "service_id": "x"}, "service_id"),
     ({"kind": "generic", "service_id": str(uuid4())}, "service_id"), ({"kind": "generic", "name": "x" * 121}, "name"),
     ({"kind": "generic", "key": "my-own"}, "key")],
)  # fmt: skip
def test_a_wrong_integration_is_named(programs: Programs, body: dict[str, Any], field: str) -> None:
    assert problem(programs.post("/api/v1/integrations", body, by="admin"), 422)["field"] == field
    assert programs.get("/api/v1/integrations", by="admin").json()["items"] == []
