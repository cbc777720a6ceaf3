"""Alert intake as senders meet it: a real server, a real socket, and every way in which a body can be wrong."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.bench.processes import memory_mib
from tests.fixtures import senders
from tests.fixtures.senders import Reply, Sender
from tests.fixtures.servers import Server

MIB = 1024 * 1024
GOOD = {"title": "Disk full", "severity": "critical", "dedup_key": "disk"}


@pytest.fixture(scope="module")
def sender(server: Server) -> Sender:
    return Sender(server)


@pytest.fixture(scope="module")
def alertmanager(server: Server) -> Sender:
    return Sender(server, "alertmanager")


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx.Client]:
    """The API with an admin's key."""
    with senders.api(server) as client:
        yield client


def count(api: httpx.Client) -> int:
    """How many incidents there are."""
    found, cursor = 0, None
    while True:
        part = api.get("/incidents", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        found += len(part["items"])
        cursor = part["next"]
        if cursor is None:
            return found


def is_problem(reply: Reply, status: int, field: str) -> bool:
    """A refusal that names the field, in one sentence or two; with "…" at its end, `field` is the beginning of the name."""
    assert reply.status == status, reply.text[:500]
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json
    assert told["status"] == status
    assert told["detail"].strip()
    assert told["field"].startswith(field[:-1]) if field.endswith("…") else told["field"] == field, told
    return True


WRONG: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "body"),
    "spaces": (b" \r\n\t ", 400, "body"),
    "words": (b"the disk is full", 400, "body"),
    "a form": (b"title=Disk+full", 400, "body"),
    "cut off": (b'{"title": "Disk fu', 400, "body"),
    "two documents": (b'{"title": "a"} {"title": "b"}', 400, "body"),
    "100,000 levels of lists": (b"[" * 100_000 + b"]" * 100_000, 400, "body"),
    "100,000 levels of objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "body"),
    "900 levels in a label": (b'{"title": "a", "labels": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}", 422, "labels.a[0]…"),
    "bad UTF-8": (b'{"title": "\xff\xfe"}', 400, "body"),
    "UTF-16": ('{"title": "a"}'.encode("utf-16"), 400, "body"),
    "half of a surrogate pair": (b'{"title": "\\ud83d"}', 422, "title"),
    "half of a surrogate pair as a name": (b'{"title": "a", "labels": {"\\udc00": "x"}}', 422, "labels.\\udc00"),
    "NUL": (b'{"title": "a\\u0000b"}', 422, "title"),
    "NUL in a label": (b'{"title": "a", "labels": {"host": "\\u0000"}}', 422, "labels.host"),
    "NaN": (b'{"title": NaN}', 400, "body"),
    "infinity": (b'{"title": "a", "labels": {"load": -Infinity}}', 400, "body"),
    "a huge whole number": (b'{"title": "a", "labels": {"n": 1' + b"0" * 5000 + b"}}", 422, "labels.n"),
    "a huge number": (b'{"title": "a", "labels": {"n": 1e999}}', 422, "labels.n"),
    "many values": (b"[" + b"0," * 120_000 + b"0]", 400, "body"),
    "null": (b"null", 422, "body"),
    "true": (b"true", 422, "body"),
    "a number": (b"7", 422, "body"),
    "a text": (b'"Disk full"', 422, "body"),
    "an empty list": (b"[]", 422, "body"),
    "a list of texts": (b'["Disk full"]', 422, "[0]"),
    "no title": (b"{}", 422, "title"),
    "an empty title": (b'{"title": " \\n "}', 422, "title"),
    "a title that is null": (b'{"title": null}', 422, "title"),
    "a title that is a number": (b'{"title": 5}', 422, "title"),
    "a title that is a list": (b'{"title": ["a"]}', 422, "title"),
    "an unknown status": (b'{"title": "a", "status": "exploded"}', 422, "status"),
    "a status that is a number": (b'{"title": "a", "status": 1}', 422, "status"),
    "a severity that is an object": (b'{"title": "a", "severity": {}}', 422, "severity"),
    "a key that is a number": (b'{"title": "a", "dedup_key": 5}', 422, "dedup_key"),
    "a description that is a list": (b'{"title": "a", "description": []}', 422, "description"),
    "labels that are a list": (b'{"title": "a", "labels": ["x"]}', 422, "labels"),
    "a label that is a list": (b'{"title": "a", "labels": {"x": []}}', 422, "labels.x"),
    "a link that is a number": (b'{"title": "a", "url": 5}', 422, "url"),
    "a time without an offset": (b'{"title": "a", "starts_at": "2026-11-24T03:07:00"}', 422, "starts_at"),
    "a time that is none": (b'{"title": "a", "starts_at": "soon"}', 422, "starts_at"),
    "Alertmanager's body": (b'{"version": "4", "alerts": [{"labels": {}}]}', 422, "title"),
}
WRONG_NOTIFICATIONS: dict[str, tuple[bytes, int, str]] = {
    "a plain alert": (b'{"title": "Disk full"}', 422, "alerts"),
    "a list": (b"[]", 422, "body"),
    "no alerts": (b'{"version": "4", "alerts": []}', 422, "alerts"),
    "alerts that are an object": (b'{"alerts": {}}', 422, "alerts"),
    "an alert that is a text": (b'{"status": "firing", "alerts": ["a"]}', 422, "alerts[0]"),
    "an unknown status": (b'{"alerts": [{"status": "odd", "labels": {"alertname": "a"}}]}', 422, "alerts[0].status"),
    "no labels": (b'{"status": "firing", "alerts": [{}]}', 422, "alerts[0].labels.alertname"),
    "labels that are a list": (b'{"status": "firing", "alerts": [{"labels": []}]}', 422, "alerts[0].labels"),
    "a time that is none": (
        b'{"status": "firing", "alerts": [{"labels": {"alertname": "a"}, "startsAt": "x"}]}',
        422,
        "alerts[0].startsAt",
    ),
    "a count that is a text": (
        b'{"status": "firing", "truncatedAlerts": "2", "alerts": [{"labels": {"alertname": "a"}}]}',
        422,
        "truncatedAlerts",
    ),
}


@pytest.mark.parametrize(("body", "status", "field"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_body_is_refused_by_name(sender: Sender, body: bytes, status: int, field: str) -> None:
    assert is_problem(sender.post(body), status, field)


@pytest.mark.parametrize(("body", "status", "field"), WRONG_NOTIFICATIONS.values(), ids=WRONG_NOTIFICATIONS.keys())
def test_a_wrong_notification_is_refused_by_name(alertmanager: Sender, body: bytes, status: int, field: str) -> None:
    assert is_problem(alertmanager.post(body), status, field)


def test_nothing_wrong_costs_memory_or_makes_an_incident(sender: Sender, alertmanager: Sender, api: httpx.Client) -> None:
    incidents = count(api)
    for body, *_ in WRONG.values():  # once before it is measured: what is loaded at the first use stays
        sender.post(body)
    assert sender.server.process is not None
    before = memory_mib(sender.server.process.pid)
    bomb = gzip.compress(b"[" + b" " * 300 * MIB + b"]", 9)
    for _ in range(3):
        for body, *_ in WRONG.values():
            assert 400 <= sender.post(body).status < 500
        for body, *_ in WRONG_NOTIFICATIONS.values():
            assert 400 <= alertmanager.post(body).status < 500
        assert sender.post(bomb, Content_Encoding="gzip").status == 413
        assert sender.post(b" " * 5 * MIB).status == 413
        assert sender.post(b" " * 64 * 1024 for _ in range(40)).status == 413
        assert sender.post(b"[" + b"[]," * 300_000 + b"[]]").status == 400
    assert memory_mib(sender.server.process.pid) - before < 50
    assert count(api) == incidents
    assert sender.post(GOOD).status == 202


@pytest.mark.parametrize(
    ("document", "headers"),
    [
        (b'{"title": "' + b"x" * MIB + b'"}', {}),
        ([b'{"title": "', *[b"x" * 65_536] * 17, b'"}'], {}),
        (gzip.compress(b'{"title": "' + b"x" * MIB + b'"}'), {"Content_Encoding": "gzip"}),
        (zlib.compress(b" " * 100 * MIB, 9), {"Content_Encoding": "deflate"}),
    ],
    ids=["declared", "in chunks", "unpacked", "a bomb"],
)
def test_a_body_over_the_limit_is_refused(sender: Sender, document: Any, headers: dict[str, str]) -> None:
    assert is_problem(sender.post(iter(document) if isinstance(document, list) else document, **headers), 413, "body")


def test_a_packed_body_and_one_in_chunks_are_taken(sender: Sender) -> None:
    body = json.dumps({"title": "Packed", "dedup_key": "packed"}).encode()
    for reply in (
        sender.post(gzip.compress(body), Content_Encoding="gzip"),
        sender.post(zlib.compress(body), Content_Encoding="deflate"),
        sender.post(iter([body[:7], body[7:]])),
        sender.post(body, Content_Type="text/plain"),
        sender.post(body, path=sender.path + "/"),
    ):
        assert reply.status == 202
        assert reply.json["accepted"] == 1
    assert is_problem(sender.post(body, Content_Encoding="gzip"), 400, "body")
    assert is_problem(sender.post(body, Content_Encoding="br"), 415, "Content-Encoding")


def test_what_was_accepted_can_be_read_at_once(sender: Sender, api: httpx.Client) -> None:
    reply = sender.post({"title": "Read at once", "dedup_key": "at-once"})
    assert reply.status == 202
    assert reply.json == {"accepted": 1, "incidents": reply.json["incidents"], "refused": []}
    (number,) = reply.json["incidents"]
    incident = api.get(f"/incidents/{number}").json()
    assert (incident["title"], incident["created_by"]) == ("Read at once", sender.id)


def test_one_bad_alert_among_fifty_sinks_no_other(sender: Sender, api: httpx.Client) -> None:
    alerts: list[dict[str, Any]] = [{"title": f"Fifty {place}", "dedup_key": f"fifty-{place}", "severity": "info"} for place in range(50)]
    alerts[17] = {"title": "Fifty 17", "status": "broken"}
    reply = sender.post(alerts)
    assert reply.status == 202
    assert reply.json["accepted"] == 49
    (refused,) = reply.json["refused"]
    assert (refused["index"], refused["field"]) == (17, "[17].status")
    assert "firing" in refused["reason"]
    before = api.get(f"/integrations/{sender.id}").json()["alert_count"]
    assert sender.post([alerts[0], alerts[17], alerts[49]]).json["accepted"] == 2
    assert api.get(f"/integrations/{sender.id}").json()["alert_count"] == before + 2


def test_when_all_are_refused_each_reason_is_told(sender: Sender) -> None:
    reply = sender.post([{"title": ""}, {"status": "x", "title": "a"}])
    assert is_problem(reply, 422, "[0].title")
    assert reply.json["accepted"] == 0
    assert [each["field"] for each in reply.json["refused"]] == ["[0].title", "[1].status"]


def test_an_unknown_key_is_not_found_whatever_the_body(sender: Sender) -> None:
    for body in (b"", b"no json", json.dumps(GOOD).encode()):
        reply = sender.post(body, path="/intake/ti_" + "x" * 43)
        assert reply.status == 404
        assert reply.headers["content-type"] == "application/problem+json"
    for path in ("/intake/", "/intake/a/b", f"{sender.path}/api/v2/alerts", "/intake/%00", "/intake/%F0%9F%92%A5"):
        assert sender.post(GOOD, path=path).status == 404


def test_another_method_is_told_that_alerts_are_posted(sender: Sender) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        reply = sender.post(b"", method=method)
        assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert sender.post(b"", method="HEAD").text == ""


def test_a_disabled_integration_is_refused_until_it_is_enabled(server: Server, api: httpx.Client) -> None:
    sender = Sender(server)
    api.patch(f"/integrations/{sender.id}", json={"enabled": False})
    reply = sender.post(GOOD)
    assert reply.status == 403
    assert "disabled" in reply.json["detail"]
    api.patch(f"/integrations/{sender.id}", json={"enabled": True})
    assert sender.post(GOOD).status == 202


def test_after_a_rotation_both_keys_are_taken(server: Server, api: httpx.Client) -> None:
    sender = Sender(server)
    first = sender.key
    sender.key = api.post(f"/integrations/{sender.id}/rotate").json()["key"]
    numbers = sender.post(GOOD).json["incidents"]
    assert sender.post(GOOD, path=f"/intake/{first}").json["incidents"] == numbers


def test_a_sender_that_goes_away_in_the_middle_does_no_harm(sender: Sender, api: httpx.Client) -> None:
    incidents = count(api)
    for _ in range(20):
        sender.leave_in_the_middle()
    assert sender.post({"title": "After them", "dedup_key": "after"}).status == 202
    assert count(api) == incidents + 1


def test_no_key_is_in_the_log(sender: Sender) -> None:
    sender.post(b"no json")
    assert sender.post(GOOD).status == 202
    assert sender.key not in sender.server.log
    assert "Traceback" not in sender.server.log


def test_requests_are_counted_by_what_came_of_them(sender: Sender) -> None:
    sender.post(GOOD)
    sender.post(b"no json")
    sender.post(GOOD, path="/intake/ti_" + "x" * 43)
    sender.post(b" " * 2 * MIB)
    told = httpx.get(f"{sender.server.address}/-/metrics").text
    for result in ("accepted", "refused", "unknown_key", "too_large"):
        (line,) = [line for line in told.splitlines() if line.startswith(f'tocsin_intake_requests_total{{result="{result}"}}')]
        assert float(line.split()[-1]) >= 1
    assert "\ntocsin_intake_queue_depth 0.0\n" in told
    (line,) = [line for line in told.splitlines() if line.startswith("tocsin_commit_batch_size_count")]
    assert float(line.split()[-1]) >= 1
