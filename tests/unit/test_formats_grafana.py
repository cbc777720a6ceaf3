"""Grafana's envelope: Alertmanager's, with a title and links of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from models.vocabulary import AlertStatus, IntegrationKind, Severity
from services.errors import InvalidInputError
from services.formats import decode, read
from tests.unit.intake_bodies import body, received


def test_firing_alerts_as_grafana_sends_them() -> None:
    first, second = received("grafana-firing").alerts
    assert first.title == "Disk of the north database is nearly full"
    assert first.description == "Less than 10 % is left in north."
    assert (first.severity, first.severity_said) == (Severity.MEDIUM, "warning")
    assert first.starts_at == datetime(2026, 11, 24, 17, 10, 40, tzinfo=UTC)
    assert first.ends_at is None
    assert first.group_key == second.group_key
    assert (first.fingerprint, second.fingerprint) == ("5c1f0d6e2ab97384", "a90b77d1e4c5f263")
    assert [link.name for link in first.links] == ["Runbook", "Dashboard", "Panel", "Alert rule", "Silence", "Grafana"]


def test_the_end_has_the_identity_of_the_beginning() -> None:
    first, _ = received("grafana-firing").alerts
    (ended,) = received("grafana-resolved").alerts
    assert ended.status is AlertStatus.RESOLVED
    assert (ended.fingerprint, ended.group_key, ended.starts_at) == (first.fingerprint, first.group_key, first.starts_at)
    assert ended.ends_at == datetime(2026, 11, 24, 17, 40, 40, tzinfo=UTC)


def test_an_alert_without_a_name_has_grafanas_title_and_no_empty_links() -> None:
    (one,) = received("grafana-nameless").alerts
    assert one.title == "[FIRING:1] (prom1 A Disk nearly full)"
    assert [link.name for link in one.links] == ["Alert rule", "Silence", "Image", "Grafana"]
    assert (one.severity, one.severity_known) == (Severity.MEDIUM, False)


def test_a_measured_value_of_any_size_is_kept() -> None:
    document = json.loads(body("grafana-firing"))
    document["alerts"][0]["values"] = {"A": 200000000000000000000, "B": 0.5, "C": 1}
    understood = read(IntegrationKind.GRAFANA, decode(json.dumps(document).encode()))
    assert understood.refused == ()
    assert json.loads(understood.alerts[0].raw)["values"] == {"A": 2e20, "B": 0.5, "C": 1}


def test_a_body_that_is_no_envelope_is_refused_by_grafanas_name() -> None:
    with pytest.raises(InvalidInputError, match="Grafana's webhook") as caught:
        read(IntegrationKind.GRAFANA, {"title": "x", "state": "alerting"})
    assert caught.value.field == "alerts"
