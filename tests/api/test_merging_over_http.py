"""Merging and splitting for programs."""

from __future__ import annotations

import pytest

from app.api import shapes
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

INCIDENTS = "/api/v1/incidents"


@pytest.fixture(autouse=True)
def two_incidents(story: Story) -> None:
    """INC-1 and INC-2, open, each opened by an alert."""
    story.fire("pool")
    story.fire("pages", title="Payment page slow")


def test_a_merge_answers_the_child_and_the_alerts_of_both_are_in_one_list(programs: Programs, story: Story) -> None:
    answer = programs.post(f"{INCIDENTS}/INC-2/merge", {"into": "INC-1"})
    assert answer.status_code == 200, answer.text
    child, parent = answer.json(), programs.get(f"{INCIDENTS}/INC-1").json()
    is_as_described(child, shapes.Incident)
    assert (child["number"], child["parent_id"], child["allowed"]) == ("INC-2", parent["id"], ["split"])
    assert (parent["merged_count"], parent["alert_count"], parent["firing_count"]) == (1, 2, 2)
    listed = programs.get(f"{INCIDENTS}/INC-1/alerts").json()["items"]
    assert [alert["dedup_key"] for alert in listed] == ["pool", "pages"]
    first = programs.get(f"{INCIDENTS}/INC-1/alerts?limit=1").json()
    second = programs.get(f"{INCIDENTS}/INC-1/alerts?limit=1&cursor={first['next']}").json()
    assert [alert["dedup_key"] for alert in first["items"] + second["items"]] == ["pool", "pages"]
    assert {item["number"] for item in programs.get(INCIDENTS).json()["items"]} == {"INC-1", "INC-2"}
    for name in ("INC-1", "INC-2"):
        event = programs.get(f"{INCIDENTS}/{name}/timeline").json()["items"][-1]
        assert (event["type"], event["data"]["child" if name == "INC-1" else "parent"]) == (
            "merge",
            "INC-2" if name == "INC-1" else "INC-1",
        )
    assert story.fire("pages", starts_at="2026-11-23T03:07:00Z") == ["INC-1"]


def test_refused_moves_say_what_is_allowed(programs: Programs) -> None:
    programs.post(f"{INCIDENTS}/INC-2/merge", {"into": "INC-1"})
    for path, body, allowed in (
        ("INC-1/merge", {"into": "INC-1"}, ["acknowledge", "investigate", "resolve"]),
        ("INC-1/merge", {"into": "INC-2"}, ["acknowledge", "investigate", "resolve"]),
        ("INC-2/acknowledge", {}, ["split"]),
        ("INC-2/resolve", {"notes": "Over"}, ["split"]),
    ):
        refusal = problem(programs.post(f"{INCIDENTS}/{path}", body), 409)
        assert refusal["allowed"] == allowed
    assert "INC-1" in refusal["detail"]


def test_a_child_and_alerts_are_split_out(programs: Programs) -> None:
    alert = programs.get(f"{INCIDENTS}/INC-2/alerts").json()["items"][0]["id"]
    programs.post(f"{INCIDENTS}/INC-2/merge", {"into": "INC-1"})
    made = programs.post(f"{INCIDENTS}/INC-1/split", {"alert_ids": [alert]})
    assert (made.status_code, made.json()["number"], made.headers["location"]) == (201, "INC-3", f"{INCIDENTS}/INC-3")
    is_as_described(made.json(), shapes.Incident)
    out = programs.post(f"{INCIDENTS}/INC-1/split", {"child": "INC-2"})
    assert (out.status_code, out.json()["number"], out.json()["parent_id"]) == (200, "INC-2", None)
    assert [alert["id"] for alert in programs.get(f"{INCIDENTS}/INC-3/alerts").json()["items"]] == [alert]
    assert programs.get(f"{INCIDENTS}/INC-2/alerts").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("merge", {}, "into"),
        ("merge", {"into": "INC-9"}, "into"),
        ("merge", {"into": 7}, "into"),
        ("split", {}, "alert_ids"),
        ("split", {"alert_ids": []}, "alert_ids"),
        ("split", {"alert_ids": ["x"]}, "alert_ids[0]"),
        ("split", {"alert_ids": ["0190a000-0000-7000-8000-000000000000"]}, "alert_ids"),
        ("split", {"child": "INC-2"}, "child"),
        ("split", {"child": "INC-2", "alert_ids": ["0190a000-0000-7000-8000-000000000000"]}, "alert_ids"),
    ],
)
def test_what_is_wrong_is_named(programs: Programs, path: str, body: dict[str, object], field: str) -> None:
    refusal = problem(programs.post(f"{INCIDENTS}/INC-1/{path}", body), 422)
    assert field in (refusal.get("field"), *(error["field"] for error in refusal.get("errors") or ()))
