"""What a real Alertmanager sent (recorded from Debian's 0.25) is understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models.vocabulary import AlertStatus, IntegrationKind, Severity
from services.errors import InvalidInputError
from services.formats import Link, Received, Refusal, read
from tests.unit.intake_bodies import body, received


def envelope(*alerts: Any, **more: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": '{}:{alertname="Up"}', "status": "firing", "alerts": list(alerts), **more}


def alert(**more: Any) -> dict[str, Any]:
    return {"status": "firing", "labels": {"alertname": "Up", "instance": "web-1"}, "annotations": {}, "fingerprint": "f1", **more}


def take(*alerts: Any, **more: Any) -> Received:
    return read(IntegrationKind.ALERTMANAGER, envelope(*alerts, **more))


def test_a_firing_alert_as_alertmanager_sends_it() -> None:
    (one,) = received("alertmanager-firing").alerts
    assert one.status is AlertStatus.FIRING
    assert one.title == "Error rate above 5% on web-1"
    assert one.description == "7.3% of requests failed over the last five minutes.\nUsers see “payment failed”."
    assert (one.severity, one.severity_said, one.severity_known) == (Severity.CRITICAL, "critical", True)
    assert one.labels == {"alertname": "ErrorRateHigh", "instance": "web-1", "job": "checkout", "severity": "critical"}
    assert one.fingerprint == one.dedup_key == "bf508790efd41f6e"
    assert one.group_key == '{}:{alertname="ErrorRateHigh", job="checkout"}'
    assert one.group_labels == {"alertname": "ErrorRateHigh", "job": "checkout"}
    assert one.starts_at == datetime(2026, 11, 24, 18, 8, 19, 322983, UTC)
    assert one.ends_at is None
    assert one.links == (
        Link("Runbook", "https://runbooks.example.com/checkout/error-rate"),
        Link("Source", "http://prometheus.example.com:9090/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1"),
        Link("Alertmanager", "http://alertmanager.example.com:9093"),
    )


def test_nothing_that_alertmanager_said_is_lost() -> None:
    said = json.loads(body("alertmanager-group"))
    understood = received("alertmanager-group")
    assert [json.loads(one.raw) for one in understood.alerts] == said.pop("alerts")
    assert json.loads(understood.envelope) == said


def test_a_repeat_has_the_same_identity_and_content() -> None:
    (first,), (again,) = received("alertmanager-firing").alerts, received("alertmanager-repeat").alerts
    assert again == first


def test_the_end_has_the_identity_of_the_beginning_and_other_content() -> None:
    (first,) = received("alertmanager-firing").alerts
    ended = next(one for one in received("alertmanager-resolved").alerts if one.fingerprint == first.fingerprint)
    assert ended.status is AlertStatus.RESOLVED
    assert ended.group_key == first.group_key
    assert ended.starts_at == first.starts_at
    assert ended.ends_at == datetime(2026, 11, 24, 18, 8, 24, tzinfo=UTC)
    assert ended.content_hash != first.content_hash


def test_alerts_of_one_group_share_its_key_and_keep_their_own_status() -> None:
    alerts = received("alertmanager-one-resolved").alerts
    assert len({one.group_key for one in alerts}) == 1
    assert len({one.fingerprint for one in alerts}) == 3
    assert [(one.index, one.labels["instance"], one.status.value) for one in alerts] == [
        (0, "web-1", "firing"),
        (1, "web-2", "resolved"),
        (2, "web-3", "firing"),
    ]


def test_alerts_that_alertmanager_left_out_are_counted() -> None:
    understood = received("alertmanager-truncated")
    assert len(understood.alerts) == 2
    assert understood.truncated_count == 3
    assert received("alertmanager-group").truncated_count == 0


def test_an_alert_without_a_name_is_called_by_its_labels() -> None:
    (one,) = received("alertmanager-bare").alerts
    assert one.title == "instance=web-9, severity=page"
    assert (one.severity, one.severity_said, one.severity_known) == (Severity.MEDIUM, "page", False)


def test_the_title_is_the_summary_then_the_name() -> None:
    assert take(alert(annotations={"summary": " Web is\n down "})).alerts[0].title == "Web is down"
    assert take(alert(annotations={"summary": " "})).alerts[0].title == "Up"
    assert take(alert(annotations={"summary": "s" * 500})).alerts[0].title == "s" * 299 + "…"


def test_the_description_is_the_description_then_the_message() -> None:
    assert take(alert(annotations={"description": "long", "message": "short"})).alerts[0].description == "long"
    assert take(alert(annotations={"message": "short"})).alerts[0].description == "short"
    assert take(alert()).alerts[0].description == ""


def test_the_end_foreseen_while_an_alert_fires_is_no_end() -> None:
    (one,) = take(alert(startsAt="2026-11-24T18:00:00Z", endsAt="2026-11-24T18:05:00Z")).alerts
    assert one.ends_at is None


def test_a_changed_description_is_other_content_and_a_new_time_is_not() -> None:
    (first,) = take(alert(annotations={"description": "5 %"}, startsAt="2026-11-24T18:00:00Z")).alerts
    (changed,) = take(alert(annotations={"description": "9 %"}, startsAt="2026-11-24T18:00:00Z")).alerts
    (later,) = take(alert(annotations={"description": "5 %"}, startsAt="2026-11-24T19:00:00Z"), groupKey="other").alerts
    assert changed.content_hash != first.content_hash
    assert later.content_hash == first.content_hash


def test_without_a_fingerprint_the_labels_are_the_identity() -> None:
    first, again, other = take(
        alert(fingerprint=None, labels={"alertname": "Up", "instance": "a"}),
        alert(fingerprint="", labels={"instance": "a", "alertname": "Up"}, annotations={"summary": "changed"}),
        alert(fingerprint=None, labels={"alertname": "Up", "instance": "b"}),
    ).alerts
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert len(first.fingerprint) == 64


def test_without_a_group_each_alert_is_its_own_group() -> None:
    (one,) = take(alert(), groupKey=None).alerts
    assert one.group_key == "f1"


def test_an_alert_without_a_status_has_that_of_its_group() -> None:
    assert take(alert(status=None), status="resolved").alerts[0].status is AlertStatus.RESOLVED


def test_links_are_named_by_their_annotations_and_unsafe_ones_are_left_out() -> None:
    annotations = {
        "runbook": "https://wiki.example.com/up",
        "dashboardURL": "https://grafana.example.com/d/1",
        "logs_url": "https://logs.example.com/?q=up",
        "again": "https://wiki.example.com/up",
        "trick": "javascript:alert(1)",
        "note": "https://wiki.example.com/up says to restart",
    }
    (one,) = take(alert(annotations=annotations, generatorURL="javascript:alert(2)"), externalURL="ftp://am").alerts
    assert [link.name for link in one.links] == ["Runbook", "Dashboard", "Logs"]
    assert "javascript:alert(2)" in one.raw


def test_one_bad_alert_of_many_is_refused_by_its_field_and_the_others_are_kept() -> None:
    alerts = [alert(fingerprint=f"f{n}") for n in range(50)]
    alerts[3] = alert(labels={"alertname": ["Up"]})
    understood = take(*alerts)
    assert [one.index for one in understood.alerts] == [n for n in range(50) if n != 3]
    reason = "labels.alertname must be text, a number, true or false, not a list."
    assert understood.refused == (Refusal(3, "alerts[3].labels.alertname", reason),)


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ("text", "alerts[0]", "must be an object, not text"),
        (None, "alerts[0]", "must be an object, not null"),
        (alert(status="suppressed"), "alerts[0].status", '"firing" or "resolved", not "suppressed"'),
        (alert(status=1), "alerts[0].status", "must be text, not a number"),
        (alert(labels=[]), "alerts[0].labels", "must be an object"),
        (alert(labels="alertname"), "alerts[0].labels", "must be an object"),
        (alert(labels={}), "alerts[0].labels.alertname", "must hold alertname"),
        (alert(annotations=[1]), "alerts[0].annotations", "must be an object"),
        (alert(annotations={"summary": {"a": 1}}), "alerts[0].annotations.summary", "not an object"),
        (alert(fingerprint=7), "alerts[0].fingerprint", "must be text"),
        (alert(generatorURL=7), "alerts[0].generatorURL", "must be text"),
        (alert(startsAt="soon"), "alerts[0].startsAt", "RFC 3339"),
        (alert(startsAt=1795540699), "alerts[0].startsAt", "must be text"),
        (alert(endsAt="never"), "alerts[0].endsAt", "RFC 3339"),
        (alert(labels={"alertname": "a\x00"}), "alerts[0].labels.alertname", "NUL"),
        (alert(annotations={"summary": "\ud800"}), "alerts[0].annotations.summary", "surrogate"),
        (alert(extra=[2**64]), "alerts[0].extra[0]", "64 bits"),
    ],
)
def test_a_bad_alert_is_refused_with_what_would_be_right(wrong: object, field: str, said: str) -> None:
    understood = take(wrong, alert())
    (refusal,) = understood.refused
    assert (refusal.index, refusal.field) == (0, field)
    assert said in refusal.reason
    assert [one.index for one in understood.alerts] == [1]


def test_an_alert_is_not_lost_for_a_missing_status_of_its_group() -> None:
    understood = take(alert(status=None), alert(), status=None)
    assert understood.refused == (Refusal(0, "alerts[0].status", 'status must be "firing" or "resolved", and is missing.'),)
    assert len(understood.alerts) == 1


@pytest.mark.parametrize(
    ("document", "field", "said"),
    [
        ([], "body", "must be an object as Alertmanager sends it, not a list"),
        ("text", "body", "not text"),
        (None, "body", "not null"),
        (7, "body", "not a number"),
        ({}, "alerts", "it is missing"),
        ({"title": "Disk full"}, "alerts", "right kind of integration"),
        (envelope(alerts={}), "alerts", "it is an object"),
        (envelope(), "alerts", "at least one"),
        (envelope(alert(), groupKey=5), "groupKey", "must be text"),
        (envelope(alert(), groupLabels=["a"]), "groupLabels", "must be an object"),
        (envelope(alert(), truncatedAlerts="3"), "truncatedAlerts", "whole number"),
        (envelope(alert(), truncatedAlerts=-1), "truncatedAlerts", "whole number"),
        (envelope(alert(), truncatedAlerts=True), "truncatedAlerts", "whole number"),
        (envelope(alert(), receiver="a\x00"), "receiver", "NUL"),
        (envelope(alert(), commonLabels={"a": "\ud800"}), "commonLabels.a", "surrogate"),
    ],
)
def test_a_body_that_is_no_envelope_is_refused_by_its_field(document: object, field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(IntegrationKind.ALERTMANAGER, document)
    assert caught.value.field == field
    assert said in caught.value.message


def test_alerts_beyond_two_thousand_are_counted_and_refused() -> None:
    understood = take(*(alert(fingerprint=f"f{n}") for n in range(2_003)), truncatedAlerts=4)
    assert len(understood.alerts) == 2_000
    assert understood.truncated_count == 7
    (refusal,) = understood.refused
    assert (refusal.index, refusal.field) == (2_000, "alerts[2000]")
    assert "the last 3 were left out" in refusal.reason


def test_a_newer_alertmanager_may_say_more() -> None:
    (one,) = take(alert(notificationReason="new", nested={"a": [1, None]}), routeLabels={"team": "web"}).alerts
    assert '"nested":{"a":[1,null]}' in one.raw
