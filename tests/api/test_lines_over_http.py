"""Lines of a timeline for programs: what they said before, edits, pins, hidden ones, other times, and deletion."""

from __future__ import annotations

import pytest

from app.api import shapes
from models.columns import new_id
from services import comments
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

TIMELINE = "/api/v1/incidents/INC-1/timeline"


@pytest.fixture
def line(story: Story, programs: Programs) -> str:
    """The id of a comment of the responder's key, line 2 of INC-1."""
    story.fire()
    return str(programs.post("/api/v1/incidents/INC-1/comments", {"body": "The queue is jammed"}).json()["id"])


def test_a_line_is_changed_by_its_id_or_its_number(programs: Programs, line: str) -> None:
    for place, named in enumerate((line, "2"), 2):
        answer = programs.call("PATCH", f"{TIMELINE}/{named}", {"text": f"The disk is full, {place}"})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        is_as_described(told, shapes.Event)
        assert (told["id"], told["data"]["body"], told["version"]) == (line, f"The disk is full, {place}", place)
        assert answer.headers["etag"] == f'"{place}"'
    history = programs.get(f"{TIMELINE}/2").json()
    assert set(history) == set(shapes.EventHistory.model_fields)
    assert [one["data"]["body"] for one in history["earlier"]] == ["The queue is jammed", "The disk is full, 2"]
    assert history["event"] == programs.get(TIMELINE).json()["items"][1]


def test_all_that_can_be_changed_is_changed_at_once(programs: Programs, line: str) -> None:
    body = {"text": "Earlier", "occurred_at": "2026-11-23T02:30:00+01:00", "pinned": True, "hidden": True, "reason": "Not this one"}
    told = programs.call("PATCH", f"{TIMELINE}/{line}", body).json()
    is_as_described(told, shapes.Event)
    assert (told["data"]["body"], told["occurred_at"], told["pinned"], told["hidden"], told["hidden_reason"]) == (
        "Earlier",
        "2026-11-23T01:30:00Z",
        True,
        True,
        "Not this one",
    )
    assert [one["seq"] for one in programs.get(TIMELINE).json()["items"]] == [2, 1]
    told = programs.call("PATCH", f"{TIMELINE}/{line}", {"pinned": False, "hidden": False}).json()
    assert (told["pinned"], told["pinned_by"], told["hidden"], told["hidden_reason"]) == (False, None, False, None)
    assert programs.call("PATCH", f"{TIMELINE}/{line}", {}).json() == told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": " "}, "text"),
        ({"hidden": True}, "reason"),
        ({"occurred_at": "2036-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "2026-11-23T02:30:00"}, "occurred_at"),
        ({"pinned": "maybe"}, "pinned"),
        ({"body": "x"}, "body"),
    ],
)
def test_what_is_wrong_is_named(programs: Programs, line: str, body: dict[str, object], field: str) -> None:
    before = programs.get(TIMELINE).json()
    assert problem(programs.call("PATCH", f"{TIMELINE}/{line}", body), 422)["field"] == field
    assert programs.get(TIMELINE).json() == before


def test_a_version_that_was_seen_is_compared(programs: Programs, line: str) -> None:
    assert programs.call("PATCH", f"{TIMELINE}/{line}", {"text": "Second"}, if_match='"1"').status_code == 200
    told = problem(programs.call("PATCH", f"{TIMELINE}/{line}", {"text": "Third"}, if_match='"1"'), 412)
    assert told["detail"] == "Line 2 has changed since: it is at version 2, not 1."


def test_nobody_edits_what_somebody_else_wrote_and_an_admin_may_delete_it(programs: Programs, line: str) -> None:
    told = problem(programs.call("PATCH", f"{TIMELINE}/{line}", {"text": "Mine"}, by="admin"), 403)
    assert told["detail"] == "This comment is the responder's: nobody else edits its text."
    assert problem(programs.call("DELETE", f"{TIMELINE}/{line}", by="manager"), 403)
    gone = programs.call("DELETE", f"{TIMELINE}/{line}", by="admin")
    assert gone.status_code == 200
    is_as_described(gone.json(), shapes.Event)
    assert (gone.json()["deleted"], gone.json()["data"]["body"]) == (True, "")
    assert problem(programs.call("DELETE", f"{TIMELINE}/{line}", by="admin"), 409)
    assert problem(programs.call("PATCH", f"{TIMELINE}/{line}", {"text": "Back"}), 409)


def test_ones_own_comment_can_be_deleted(programs: Programs, line: str) -> None:
    assert programs.call("DELETE", f"{TIMELINE}/2").json()["edited_by"] == programs.get(TIMELINE).json()["items"][1]["actor_id"]


def test_a_line_that_is_not_there_is_not_found(programs: Programs, story: Story, line: str) -> None:
    story.fire("other", title="Another one")
    comments.add(story.organisation.responder, "INC-2", "elsewhere")
    for named in ("99", str(new_id()), "none", line):
        path = f"/api/v1/incidents/INC-2/timeline/{named}"
        for answer in (programs.get(path), programs.call("PATCH", path, {"pinned": True}), programs.call("DELETE", path, by="admin")):
            assert "There is no line" in problem(answer, 404)["detail"]


def test_what_happened_before_is_written_down_afterwards(programs: Programs, line: str) -> None:
    answer = programs.post("/api/v1/incidents/INC-1/comments", {"body": "Deployed", "occurred_at": "2026-11-23T02:58:00Z"})
    assert answer.status_code == 201
    assert (answer.json()["occurred_at"], answer.json()["created_at"]) == ("2026-11-23T02:58:00Z", "2026-11-23T03:07:00Z")
    future = programs.post("/api/v1/incidents/INC-1/comments", {"body": "Soon", "occurred_at": "2026-11-23T03:58:00Z"})
    assert problem(future, 422)["field"] == "occurred_at"


def test_a_text_can_be_looked_at_before_it_is_written(programs: Programs, line: str) -> None:
    answer = programs.post("/api/v1/markdown", {"text": "**full** <script>alert(1)</script> INC-1"})
    assert answer.status_code == 200
    is_as_described(answer.json(), shapes.Rendered)
    assert answer.json()["html"].startswith("<p><strong>full</strong> &lt;script&gt;")
    assert 'href="/incidents/INC-1"' in answer.json()["html"]
    assert problem(programs.post("/api/v1/markdown", {"text": "x" * 20_001}), 422)["field"] == "text"
    assert problem(programs.post("/api/v1/markdown", {"text": "*x*"}, by="viewer"), 403)
    assert len(programs.get(TIMELINE).json()["items"]) == 2
