"""The plain body: one object or a list, a title and whatever else the script knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models.vocabulary import AlertStatus, IntegrationKind, Severity
from services.errors import InvalidInputError
from services.formats import Link, Received, ReceivedAlert, Refusal, read
from tests.unit.intake_bodies import body, received


def take(document: object) -> Received:
    return read(IntegrationKind.GENERIC, document)


def taken(**said: Any) -> ReceivedAlert:
    (one,) = take({"title": "Disk full", **said}).alerts
    return one


def test_everything_that_the_contract_names_is_read() -> None:
    (one,) = received("generic-firing").alerts
    assert one.index == 0
    assert one.status is AlertStatus.FIRING
    assert (one.title, one.description) == ("Backup of orders failed", "rsync ended with 23.")
    assert (one.severity, one.severity_said, one.severity_known) == (Severity.CRITICAL, "critical", True)
    assert one.labels == {"host": "db-1", "attempt": "3", "dry_run": "false"}
    assert one.links == (Link("Source", "https://ci.example.com/jobs/backup/1881"),)
    assert one.fingerprint == one.dedup_key == one.group_key == "backup/orders"
    assert one.starts_at == datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
    assert (one.ends_at, one.group_labels) == (None, {})
    assert json.loads(one.raw) == json.loads(body("generic-firing"))


def test_the_end_is_found_by_its_dedup_key_under_another_title() -> None:
    (first,), (ended,) = received("generic-firing").alerts, received("generic-resolved").alerts
    assert ended.status is AlertStatus.RESOLVED
    assert (ended.fingerprint, ended.group_key) == (first.fingerprint, first.group_key)
    assert ended.severity_said is None


def test_a_title_is_enough() -> None:
    (one,) = received("generic-smallest").alerts
    assert one.status is AlertStatus.FIRING
    assert (one.severity, one.severity_said, one.severity_known) == (Severity.MEDIUM, None, False)
    assert (one.dedup_key, one.labels, one.links, one.starts_at) == ("", {}, (), None)


def test_without_a_dedup_key_title_and_labels_are_the_identity() -> None:
    first = taken(labels={"a": "1", "b": "2"})
    assert taken(labels={"b": "2", "a": "1"}, severity="low", status="resolved").fingerprint == first.fingerprint
    assert taken(labels={"a": "1"}).fingerprint != first.fingerprint
    assert taken(title="Disk fuller", labels={"a": "1", "b": "2"}).fingerprint != first.fingerprint
    assert first.group_key == first.fingerprint
    assert taken(title="t" * 400 + "a").fingerprint != taken(title="t" * 400 + "b").fingerprint


def test_a_dedup_key_may_be_any_text() -> None:
    assert taken(dedup_key="Käse & 🧀").fingerprint == "Käse & 🧀"
    long = taken(dedup_key="k" * 150)
    assert (len(long.fingerprint), long.group_key, long.dedup_key) == (64, "k" * 150, "k" * 150)
    longest = taken(dedup_key="k" * 100_000)
    assert (len(longest.fingerprint), len(longest.group_key), len(longest.dedup_key)) == (64, 200, 200)
    assert taken(dedup_key=" ").dedup_key == taken().dedup_key == ""


def test_a_list_keeps_the_good_and_names_the_bad() -> None:
    understood = received("generic-list")
    assert [one.labels for one in understood.alerts] == [{"queue": "mail"}, {"queue": "push"}]
    assert understood.refused == (Refusal(2, "[2].title", "title is missing: say in one line what is broken."),)


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({}, "title", "title is missing"),
        ({"title": None}, "title", "title is missing"),
        ({"title": ""}, "title", "title is missing"),
        ({"title": " \n "}, "title", "title is missing"),
        ({"title": "\x01\x02"}, "title", "title is missing"),
        ({"title": 5}, "title", "title must be text, not a number"),
        ({"title": ["Disk full"]}, "title", "not a list"),
        ({"title": True}, "title", "not true or false"),
        ({"title": "x", "status": "ok"}, "status", 'status must be "firing" or "resolved", not "ok"'),
        ({"title": "x", "status": 1}, "status", "must be text"),
        ({"title": "x", "severity": 1}, "severity", "must be text"),
        ({"title": "x", "dedup_key": 42}, "dedup_key", "must be text"),
        ({"title": "x", "description": {}}, "description", "must be text"),
        ({"title": "x", "url": []}, "url", "must be text"),
        ({"title": "x", "labels": "host=web-1"}, "labels", "must be an object"),
        ({"title": "x", "labels": [["host", "web-1"]]}, "labels", "must be an object"),
        ({"title": "x", "labels": {"host": {"name": "web-1"}}}, "labels.host", "not an object"),
        ({"title": "x", "starts_at": "2026-11-24"}, "starts_at", "RFC 3339"),
        ({"title": "x", "starts_at": 1795540699}, "starts_at", "must be text"),
        ({"title": "a\x00b"}, "title", "NUL"),
        ({"title": "x", "labels": {"host": "\x00"}}, "labels.host", "NUL"),
        ({"title": "x", "else": [{"deep": "\x00"}]}, "else[0].deep", "NUL"),
        ({"title": "\ud800"}, "title", "surrogate"),
        ({"title": "x", "count": 10**30}, "count", "64 bits"),
        ({"alerts": [{"labels": {}}]}, "title", "Alertmanager's or Grafana's"),
    ],
)
def test_a_bad_alert_is_refused_with_what_would_be_right(wrong: dict[str, object], field: str, said: str) -> None:
    alone = take(wrong)
    assert alone.alerts == ()
    assert [(refusal.index, refusal.field) for refusal in alone.refused] == [(0, field)]
    assert said in alone.refused[0].reason
    among = take([{"title": "good"}, wrong])
    assert [one.title for one in among.alerts] == ["good"]
    assert among.refused == (Refusal(1, f"[1].{field}", alone.refused[0].reason),)


@pytest.mark.parametrize(
    ("document", "said"),
    [("Disk full", "not text"), (None, "not null"), (5, "not a number"), (True, "not true or false"), ([], "at least one")],
)
def test_a_body_that_is_no_alert_is_refused(document: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        take(document)
    assert caught.value.field == "body"


def test_status_and_severity_are_read_in_any_case() -> None:
    one = taken(status="RESOLVED", severity="Error")
    assert (one.status, one.severity, one.severity_said) == (AlertStatus.RESOLVED, Severity.HIGH, "Error")


def test_an_unsafe_address_is_no_link_and_is_not_lost() -> None:
    one = taken(url="javascript:alert(1)")
    assert one.links == ()
    assert "javascript:alert(1)" in one.raw


def test_unknown_fields_are_ignored_and_kept() -> None:
    assert json.loads(taken(team="web", value=2.5e19).raw) == {"title": "Disk full", "team": "web", "value": 2.5e19}


def test_long_texts_are_cut_and_kept_whole_beside() -> None:
    one = taken(title="t" * 1_000, description="d" * 50_000)
    assert (len(one.title), len(one.description)) == (300, 10_000)
    assert len(one.raw) > 51_000
