"""Whatever is wrong with a request, it is refused with a sentence that names the field, and nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services import incidents
from tests.fixtures.answers import problem
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

ONE = "/api/v1/incidents/INC-1"
DEEP = b'{"notes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
UNREADABLE: dict[str, bytes] = {
    "no JSON": b"notes=done",
    "cut off": b'{"notes": "do',
    "two documents": b'{"notes": "a"} {"notes": "b"}',
    "bad UTF-8": b'{"notes": "\xff\xfe"}',
    "a byte order mark of UTF-16": '{"notes": "a"}'.encode("utf-16"),
    "half of a surrogate pair": b'{"notes": "\\ud83d"}',
    "NaN": b'{"notes": NaN}',
    "deep": DEEP,
    "a number beyond a double": b'{"notes": 1' + b"0" * 400 + b"}",
    "an unescaped line break": b'{"notes": "a\nb"}',
}
WRONG: list[tuple[str, Any, str]] = [
    ("resolve", {}, "notes"),
    ("resolve", {"notes": ""}, "notes"),
    ("resolve", {"notes": "  \n "}, "notes"),
    ("resolve", {"notes": None}, "notes"),
    ("resolve", {"notes": 7}, "notes"),
    ("resolve", {"notes": ["done"]}, "notes"),
    ("resolve", {"notes": "a\0b"}, "notes"),
    ("resolve", {"notes": "x" * 20_001}, "notes"),
    ("resolve", {"note": "done", "notes": "done"}, "note"),
    ("resolve", [], "body"),
    ("resolve", "done", "body"),
    ("resolve", None, "body"),
    ("reopen", {}, "reason"),
    ("reopen", {"reason": {"why": "x"}}, "reason"),
    ("acknowledge", {"by": "me"}, "by"),
    ("acknowledge", [1], "body"),
    ("investigate", {"": 1}, "body"),
    ("unacknowledge", {"reason": 1}, "reason"),
    ("severity", {}, "severity"),
    ("severity", {"severity": "catastrophic"}, "severity"),
    ("severity", {"severity": 1}, "severity"),
    ("comments", {"body": ""}, "body"),
    ("comments", {"body": 10**30}, "body"),
    ("comments", {"text": "x"}, "body"),
    ("", {"title": ""}, "title"),
    ("", {"title": 5}, "title"),
    ("", {"title": "x" * 301}, "title"),
    ("", {"state": "resolved"}, "state"),
    ("", {"description": {"a": 1}}, "description"),
    ("", {"description": "x" * 20_001}, "description"),
]


@pytest.fixture(autouse=True)
def one_incident(story: Story) -> None:
    """INC-1, open."""
    assert story.fire() == ["INC-1"]


def send(programs: Programs, verb: str, raw: bytes, **headers: str) -> Any:
    return programs.call("POST" if verb else "PATCH", f"{ONE}/{verb}".rstrip("/"), raw=raw, **headers)


def nothing_changed(programs: Programs) -> bool:
    return incidents.get(programs.organisation.viewer, "INC-1").version == 1


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_is_no_json_is_refused(programs: Programs, raw: bytes) -> None:
    told = problem(send(programs, "resolve", raw), 400)
    assert told["field"] == "body"
    assert nothing_changed(programs)


@pytest.mark.parametrize(("verb", "body", "field"), WRONG, ids=[f"{verb or 'edit'} {str(body)[:30]}" for verb, body, _ in WRONG])
def test_a_wrong_value_is_named(programs: Programs, verb: str, body: Any, field: str) -> None:
    told = problem(send(programs, verb, json.dumps(body).encode()), 422)
    assert told["field"] == field
    assert field.capitalize() in told["detail"].replace("_", " ") or field in told["detail"]
    assert nothing_changed(programs)


def test_all_that_is_wrong_is_told_at_once(programs: Programs) -> None:
    told = problem(send(programs, "resolve", b'{"note": "x", "by": 1}'), 422)
    assert {each["field"] for each in told["errors"]} == {"note", "by", "notes"}
    assert all(each["detail"] for each in told["errors"])


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "comments", ""])
def test_a_body_over_the_limit_is_refused(programs: Programs, verb: str) -> None:
    told = problem(send(programs, verb, b'{"notes": "' + b"x" * 1024 * 1024 + b'"}'), 413)
    assert told["field"] == "body"
    assert nothing_changed(programs)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=closed", "state"),
        ("state=open,closed", "state"),
        ("severity=P1", "severity"),
        ("assignee=nobody-like-that", "assignee"),
        ("assignee=%00", "assignee"),
        ("service=none", "service"),
        ("service=%00", "service"),
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-13-01", "created_before"),
        ("created_before=99999-01-01T00:00:00Z", "created_before"),
        ("q=%00", "q"),
        ("q=%ff", "q"),
        ("limit=0", "limit"),
        ("limit=1000", "limit"),
        ("limit=many", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%F0%9F%92%A5", "cursor"),
    ],
)
def test_a_wrong_filter_is_named(programs: Programs, query: str, field: str) -> None:
    assert problem(programs.get(f"/api/v1/incidents?{query}"), 422)["field"] == field


def test_the_cursor_of_another_organisation_opens_nothing(programs: Programs, story: Story) -> None:
    story.fire("two")
    cursor = programs.get("/api/v1/incidents?limit=1").json()["next"]
    answer = programs.get(f"/api/v1/incidents?cursor={cursor}", by="stranger")
    assert answer.status_code in (200, 422)
    assert answer.json().get("items", []) == []
