"""Incidents for programs, by the contract: each verb, each field, who may, and what a refusal says."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.api import shapes
from models.vocabulary import Role
from services import database, incidents, sessions
from services.across_tenants import FoundPerson
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.organisations import Organisation
from tests.fixtures.programs import ORIGIN, Programs
from tests.fixtures.stories import Story

ONE = "/api/v1/incidents/INC-1"
VERBS: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "unacknowledge": {},
    "investigate": {},
    "resolve": {"notes": "Hotfix deployed"},
    "reopen": {"reason": "It is back"},
    "assign": {"user_id": None},
    "severity": {"severity": "low"},
    "comments": {"body": "Looking"},
}


@pytest.fixture(autouse=True)
def one_incident(story: Story) -> None:
    """INC-1, open, opened by an alert."""
    assert story.fire() == ["INC-1"]


def test_an_incident_has_the_fields_of_the_description(programs: Programs) -> None:
    answer = programs.get(ONE)
    assert answer.status_code == 200
    incident = answer.json()
    is_as_described(incident, shapes.IncidentWithChecklist)
    assert incident["number"] == "INC-1"
    assert (incident["severity"], incident["state"], incident["mttr"], incident["assigned_to"]) == ("critical", "open", None, None)
    assert incident["created_at"] == "2026-11-23T03:07:00Z"
    for name in ("id", "tenant_id", "created_by", "alert_id"):
        assert str(UUID(incident[name])) == incident[name]
    assert incident["allowed"] == ["acknowledge", "investigate", "resolve"]
    assert answer.headers["etag"] == f'"{incident["version"]}"'


def test_it_goes_through_its_life(programs: Programs, story: Story) -> None:
    seen = []
    for verb, then in (("acknowledge", "acknowledged"), ("investigate", "investigating"), ("resolve", "resolved"), ("reopen", "open")):
        story.pass_time(seconds=90)
        answer = programs.post(f"{ONE}/{verb}", VERBS[verb])
        assert answer.status_code == 200, answer.text
        incident = answer.json()
        is_as_described(incident, shapes.Incident)
        assert incident["state"] == then
        assert answer.headers["etag"] == f'"{incident["version"]}"'
        seen.append(incident)
    acknowledged, _, resolved, reopened = seen
    assert acknowledged["acknowledged_at"] == "2026-11-23T03:08:30Z"
    assert acknowledged["assigned_to"] is None  # a program is no assignee
    assert resolved["mttr"] == (datetime.fromisoformat(resolved["resolved_at"]) - datetime.fromisoformat(resolved["created_at"])).seconds
    assert resolved["resolution_notes"] == "Hotfix deployed"
    assert resolved["resolved_by"] == acknowledged["acknowledged_by"]
    assert (reopened["mttr"], reopened["resolved_at"], reopened["occurrence"]) == (None, None, 2)


def test_a_person_who_acknowledges_becomes_the_assignee(programs: Programs) -> None:
    incident = programs.post(f"{ONE}/acknowledge", by="alice").json()
    assert incident["assigned_to"] == incident["acknowledged_by"] == str(programs.organisation.admin.id)


def test_a_verb_needs_no_body_where_it_asks_for_nothing(programs: Programs) -> None:
    assert programs.call("POST", f"{ONE}/acknowledge", raw=b"").status_code == 200
    assert programs.call("POST", f"{ONE}/unacknowledge", raw=b" \n").status_code == 200


def test_a_body_is_json_whatever_it_is_called(programs: Programs) -> None:
    answer = programs.call("POST", f"{ONE}/resolve", raw=b'{"notes": "done"}', content_type="application/x-www-form-urlencoded")
    assert answer.json()["resolution_notes"] == "done"


def test_the_first_acknowledgement_stands(programs: Programs, story: Story) -> None:
    first = programs.post(f"{ONE}/acknowledge").json()
    story.pass_time(minutes=1)
    again = programs.post(f"{ONE}/acknowledge", by="manager")
    assert again.status_code == 200
    assert again.json() == first


def test_a_refused_move_says_what_is_allowed(programs: Programs) -> None:
    programs.post(f"{ONE}/resolve", VERBS["resolve"])
    told = problem(programs.post(f"{ONE}/acknowledge"), 409)
    assert told["allowed"] == ["reopen"]
    assert "INC-1 is resolved" in told["detail"]


def test_severity_title_and_description_can_be_changed(programs: Programs) -> None:
    assert programs.post(f"{ONE}/severity", {"severity": "low"}).json()["severity"] == "low"
    answer = programs.call("PATCH", ONE, {"title": "Pool is  full", "description": "All of it"})
    assert (answer.json()["title"], answer.json()["description"]) == ("Pool is full", "All of it")
    answer = programs.call("PATCH", ONE, {"description": ""})
    assert (answer.json()["title"], answer.json()["description"]) == ("Pool is full", "")
    assert programs.call("PATCH", ONE, {}).json() == answer.json()


def test_it_is_given_to_a_person_and_to_nobody(programs: Programs, story: Story) -> None:
    rob, mina = (str(whose.id) for whose in (story.organisation.responder, story.organisation.manager))
    answer = programs.post(f"{ONE}/assign", {"user_id": rob})
    assert answer.status_code == 200
    given = answer.json()
    is_as_described(given, shapes.Incident)
    assert (given["assigned_to"], given["state"]) == (rob, "open")
    assert answer.headers["etag"] == f'"{given["version"]}"'
    assert programs.post(f"{ONE}/assign", {"user_id": rob}).json() == given
    assert programs.post(f"{ONE}/assign", {"user_id": mina, "reason": "Her night"}, if_match=answer.headers["etag"]).status_code == 200
    assert programs.post(f"{ONE}/assign", {"user_id": None}).json()["assigned_to"] is None
    lines = [event["data"] for event in programs.get(f"{ONE}/timeline").json()["items"] if event["type"] == "assignment"]
    assert lines == [
        {"from": None, "to": rob, "reason": None},
        {"from": rob, "to": mina, "reason": "Her night"},
        {"from": mina, "to": None, "reason": None},
    ]


@pytest.mark.parametrize("whose", ["viewer", "stranger", "system"])
def test_it_is_given_to_nobody_who_cannot_act(programs: Programs, story: Story, whose: str) -> None:
    told = problem(programs.post(f"{ONE}/assign", {"user_id": str(getattr(story.organisation, whose).id)}), 422)
    assert told["field"] == "user_id"
    assert told["detail"].startswith("user_id must be the id of an active responder, manager or admin of this organisation, and ")
    assert programs.get(ONE).json()["version"] == 1


@pytest.mark.parametrize("body", [{}, {"user_id": "rob"}, {"user_id": ""}, {"user_id": 7}, {"user": None}, {"user_id": None, "to": "x"}])
def test_giving_it_without_saying_to_whom_is_refused(programs: Programs, body: dict[str, Any]) -> None:
    problem(programs.post(f"{ONE}/assign", body), 422)
    assert programs.get(ONE).json()["version"] == 1


def test_a_resolved_one_is_given_to_nobody(programs: Programs, story: Story) -> None:
    programs.post(f"{ONE}/resolve", VERBS["resolve"])
    told = problem(programs.post(f"{ONE}/assign", {"user_id": str(story.organisation.responder.id)}), 409)
    assert told["allowed"] == ["reopen"]


@pytest.mark.parametrize("tag", ['"{}"', "{}", 'W/"{}"', "*"])
def test_a_change_of_the_version_that_was_seen_is_made(programs: Programs, tag: str) -> None:
    version = programs.get(ONE).json()["version"]
    answer = programs.post(f"{ONE}/acknowledge", if_match=tag.format(version))
    assert answer.json()["state"] == "acknowledged"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("comments", "reopen")])
def test_a_change_of_an_older_version_is_refused(programs: Programs, verb: str) -> None:
    version = programs.get(ONE).json()["version"]
    programs.call("PATCH", ONE, {"title": "Meanwhile"})
    before = programs.get(ONE).json()
    told = problem(programs.post(f"{ONE}/{verb}", VERBS[verb], if_match=f'"{version}"'), 412)
    assert told["allowed"] == before["allowed"]
    assert programs.get(ONE).json() == before


@pytest.mark.parametrize("tag", ["seven", '"1", "2"', '"-1"', '"', "", '"99999999999"'])
def test_a_version_that_is_none_is_refused(programs: Programs, tag: str) -> None:
    assert problem(programs.post(f"{ONE}/acknowledge", if_match=tag), 422)["field"] == "If-Match"


def test_a_comment_is_answered_with_its_event(programs: Programs) -> None:
    answer = programs.post(f"{ONE}/comments", {"body": "Looking at *it*"})
    assert answer.status_code == 201
    event = answer.json()
    is_as_described(event, shapes.Event)
    assert (event["type"], event["actor_name"]) == ("comment", "the responder")
    assert event["data"] == {"body": "Looking at *it*", "mentioned": [], "automatic": False}
    assert programs.get(f"{ONE}/timeline").json()["items"][-1] == event


def test_a_comment_sent_twice_with_its_key_is_there_once(programs: Programs) -> None:
    first, again = (programs.post(f"{ONE}/comments", {"body": "Once"}, idempotency_key="a1").json() for _ in range(2))
    assert first == again
    assert problem(programs.post(f"{ONE}/comments", {"body": "Once"}, idempotency_key="k" * 65), 422)["field"] == "key"


def test_the_timeline_comes_in_parts_oldest_first(programs: Programs) -> None:
    for place in range(4):
        programs.post(f"{ONE}/comments", {"body": f"line {place}"})
    whole = programs.get(f"{ONE}/timeline").json()
    assert whole["next"] is None
    assert [event["seq"] for event in whole["items"]] == [1, 2, 3, 4, 5]
    for event in whole["items"]:
        is_as_described(event, shapes.Event)
    parts, cursor = [], ""
    while cursor is not None:
        part = programs.get(f"{ONE}/timeline?limit=2{cursor and '&cursor=' + cursor}").json()
        parts += part["items"]
        cursor = part["next"]
    assert parts == whole["items"]


def test_its_alerts_are_listed(programs: Programs, story: Story) -> None:
    story.fire(labels={"host": "web-1"}, url="https://grafana.example/d/1")
    part = programs.get(f"{ONE}/alerts").json()
    assert part["next"] is None
    (alert,) = part["items"]
    is_as_described(alert, shapes.Alert)
    assert (alert["status"], alert["repeat_count"], alert["labels"]) == ("firing", 1, {"host": "web-1"})
    assert alert["links"] == [{"name": "Source", "url": "https://grafana.example/d/1"}]


@pytest.mark.parametrize("path", ["timeline", "alerts"])
@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=ten", "limit"), ("limit=9e99", "limit"), ("cursor=%00", "cursor")],
)
def test_a_wrong_limit_or_cursor_is_named(programs: Programs, path: str, query: str, field: str) -> None:
    assert problem(programs.get(f"{ONE}/{path}?{query}"), 422)["field"] == field


READS = ("", "/timeline", "/alerts")


@pytest.mark.parametrize("by", [None, "unknown", "basic"])
def test_nobody_is_let_in_without_a_key(programs: Programs, by: str | None) -> None:
    headers = {None: {}, "unknown": {"authorization": "Bearer tk_" + "x" * 43}, "basic": {"authorization": "Basic YTpi"}}[by]
    for path in READS:
        answer = programs.get(ONE + path, by=None, **headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for verb, body in VERBS.items():
        problem(programs.post(f"{ONE}/{verb}", body, by=None, **headers), 401)
    assert programs.get(ONE).json()["version"] == 1


def test_viewers_read_and_do_not_act(programs: Programs) -> None:
    for path in READS:
        assert programs.get(ONE + path, by="viewer").status_code == 200
    before = programs.get(ONE).json()
    for verb, body in VERBS.items():
        problem(programs.post(f"{ONE}/{verb}", body, by="viewer"), 403)
    problem(programs.call("PATCH", ONE, {"title": "x"}, by="viewer"), 403)
    assert programs.get(ONE).json() == before


def test_an_incident_of_another_organisation_does_not_exist(programs: Programs) -> None:
    for path in READS:
        problem(programs.get(ONE + path, by="stranger"), 404)
    for verb, body in VERBS.items():
        problem(programs.post(f"{ONE}/{verb}", body, by="stranger"), 404)
    problem(programs.call("PATCH", ONE, {"title": "x"}, by="stranger"), 404)
    assert programs.get(ONE).json()["version"] == 1


@pytest.mark.parametrize("number", ["INC-2", "INC-0", "x", "INC-1%00", "INC-99999999999999999999", "%F0%9F%92%A5", "..%2F", "INC-1%20"])
def test_a_number_that_is_none_is_not_found(programs: Programs, number: str) -> None:
    problem(programs.get(f"/api/v1/incidents/{number}"), 404)
    problem(programs.post(f"/api/v1/incidents/{number}/acknowledge"), 404)


def browser_cookie(organisation: Organisation) -> str:
    """The cookie of Rob's browser."""
    rob = organisation.responder
    with database.write(rob.tenant_id) as tx:
        person = FoundPerson(rob.id, rob.tenant_id, rob.name, "rob@northwind.example", Role.RESPONDER, True, None, None)
        return f"tocsin_session={sessions.start(tx, person, address='198.51.100.4', user_agent='', timezone=None).token}"


def test_a_signed_in_browser_may_act_from_a_page_of_ours(programs: Programs) -> None:
    cookie = browser_cookie(programs.organisation)
    assert programs.get(ONE, by=None, cookie=cookie).status_code == 200
    answer = programs.post(f"{ONE}/acknowledge", by=None, cookie=cookie, origin=ORIGIN, sec_fetch_site="same-origin")
    assert answer.json()["acknowledged_by"] == str(programs.organisation.responder.id)


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}]
)
def test_a_page_of_another_site_cannot_act_with_the_cookie(programs: Programs, headers: dict[str, str]) -> None:
    cookie = browser_cookie(programs.organisation)
    for verb, body in VERBS.items():
        problem(programs.post(f"{ONE}/{verb}", body, by=None, cookie=cookie, **headers), 403)
    problem(programs.call("PATCH", ONE, {"title": "x"}, by=None, cookie=cookie, **headers), 403)
    assert incidents.get(programs.organisation.viewer, "INC-1").version == 1


def test_what_is_not_built_yet_is_not_there(programs: Programs) -> None:
    problem(programs.get(f"{ONE}/post-mortem"), 404)
    for path in ("action-items", "post-mortems", "metrics/summary", "rules", "schedules", "escalation-policies", ""):
        problem(programs.get(f"/api/v1/{path}"), 404)


def test_another_method_is_told_which_are_there(programs: Programs) -> None:
    answer = programs.call("DELETE", ONE)
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, PATCH"
    assert programs.get(f"{ONE}/acknowledge").headers["allow"] == "POST"
