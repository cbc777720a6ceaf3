"""Channels over HTTP: made, changed, tested and removed, with the secret told once and the address never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.api import shapes
from models.columns import new_id
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.programs import Programs
from tests.fixtures.receivers import Receiver


@pytest.fixture
def database_url(new_database: Callable[[str], str]) -> str:
    """What the service does on both databases is in its own tests."""
    return new_database("sqlite")


def made(programs: Programs, url: str = "http://127.0.0.1:9/hook?key=s3cret", **more: Any) -> dict[str, Any]:
    answer = programs.post("/api/v1/channels", {"kind": "webhook", "name": "Board", "url": url, **more}, by="admin")
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_webhook_is_made_with_three_values_and_its_secret_is_told_once(programs: Programs) -> None:
    told = made(programs)
    is_as_described(told, shapes.MadeChannel)
    assert told["secret"].startswith("whsec_")
    assert (told["kind"], told["name"], told["place"], told["enabled"]) == ("webhook", "Board", "http://127.0.0.1:9/…", True)
    listed = programs.get("/api/v1/channels", by="admin")
    one = programs.get(f"/api/v1/channels/{told['id']}", by="admin")
    assert listed.json() == {"items": [one.json()], "next": None}
    is_as_described(one.json(), shapes.Channel)
    assert "s3cret" not in listed.text and "whsec_" not in listed.text


def test_a_channel_is_changed_switched_and_removed(programs: Programs) -> None:
    path = f"/api/v1/channels/{made(programs)['id']}"
    changed = programs.call("PATCH", path, {"name": "Wall", "severities": ["critical"], "enabled": False}, by="admin")
    assert changed.status_code == 200
    told = changed.json()
    assert (told["name"], told["severities"], told["enabled"], len(told["events"])) == ("Wall", ["critical"], False, 9)
    renewed = programs.post(f"{path}/renew-secret", {}, by="admin").json()
    assert renewed["secret"].startswith("whsec_") and renewed["previous_secret_until"] is not None
    assert programs.call("DELETE", path, by="admin").json()["name"] == "Wall"
    problem(programs.get(path, by="admin"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": None}, "url"),
        ({"kind": "pager"}, "kind"),
        ({"name": ""}, "name"),
        ({"severities": []}, "severities"),
        ({"events": ["closed"]}, "events[0]"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(programs: Programs, body: dict[str, Any], field: str) -> None:
    right = {"kind": "webhook", "name": "Board", "url": "http://127.0.0.1:9/"}
    told = problem(programs.post("/api/v1/channels", {**right, **body}, by="admin"), 422)
    assert field in (told.get("field"), *(each["field"] for each in told.get("errors", ())))
    assert programs.get("/api/v1/channels", by="admin").json()["items"] == []


def test_a_name_that_is_taken_and_a_chat_without_a_secret_are_conflicts(programs: Programs) -> None:
    chat = made(programs, kind="slack")
    assert chat["secret"] is None
    problem(programs.post("/api/v1/channels", {"kind": "webhook", "name": "Board", "url": "http://127.0.0.1:9/"}, by="admin"), 409)
    problem(programs.post(f"/api/v1/channels/{chat['id']}/renew-secret", {}, by="admin"), 409)
    problem(programs.post(f"/api/v1/channels/{new_id()}/test", {}, by="admin"), 404)


def test_a_test_says_what_came_back_and_deliveries_what_was_sent(programs: Programs, receiver: Receiver) -> None:
    channel = made(programs, receiver.url)
    receiver.answers = [(200, {}, "thanks")]
    answer = programs.post(f"/api/v1/channels/{channel['id']}/test", {}, by="admin")
    assert answer.json() == {"verdict": "sent", "sentence": "It answered 200: thanks."}
    opened = programs.post("/api/v1/incidents", {"title": "Down", "severity": "high"}).json()
    (delivery,) = programs.get(f"/api/v1/channels/{channel['id']}/deliveries", by="admin").json()["items"]
    is_as_described(delivery, shapes.Delivery)
    assert (delivery["kind"], delivery["state"], delivery["incident_id"]) == ("incident.opened", "pending", opened["id"])
