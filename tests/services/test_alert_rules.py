"""What an alert does to incidents: opening, grouping, repeating, firing again, ending."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, func, select, update

from models.alerts import Alert, AlertFiring, RawPayload
from models.incidents import Incident
from models.tenants import Tenant
from models.vocabulary import IncidentState, Severity
from services import comments, database, incidents
from services.errors import NotAllowedError, NotFoundError
from tests.fixtures.stories import Story


def _count(story: Story, table: type) -> int:
    with database.read(story.organisation.tenant_id) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _starts(story: Story) -> str:
    return story.clock.now.isoformat()


def test_a_critical_alert_opens_an_incident_that_says_why(story: Story) -> None:
    assert story.fire() == ["INC-1"]
    incident = story.incident()
    assert (incident.state, incident.severity, incident.title) == (IncidentState.OPEN, Severity.CRITICAL, "Connection pool exhausted")
    assert incident.alert_id is not None and incident.mttr is None
    assert "default rule" in incident.why and "severity critical" in incident.why and "pool" in incident.why and "Checks" in incident.why
    assert story.told() == ["alert_fired"]


@pytest.mark.parametrize(("said", "severity"), [("warning", Severity.MEDIUM), ("page", Severity.HIGH), ("P1", Severity.CRITICAL)])
def test_the_senders_severity_is_mapped(story: Story, said: str, severity: Severity) -> None:
    story.fire(severity=said)
    if said == "page":  # no word of the map: it opens an incident as medium, and says so
        assert story.incident().severity is Severity.MEDIUM
        assert 'unknown severity "page"' in story.incident().why
    else:
        assert story.incident().severity is severity


def test_a_low_alert_is_recorded_and_opens_nothing(story: Story) -> None:
    assert story.fire(severity="info") == []
    assert _count(story, Incident) == 0
    assert _count(story, Alert) == 1


def test_a_low_firing_that_becomes_critical_opens_an_incident(story: Story) -> None:
    story.fire(severity="info")
    assert story.fire(severity="critical") == ["INC-1"]
    with database.read(story.organisation.tenant_id) as session:
        firing = session.exec(select(AlertFiring)).one()
    assert firing.incident_id == story.incident().id
    assert story.incident().firing_count == 1


def test_repeats_are_counted_and_change_nothing_else(story: Story) -> None:
    story.fire()
    before = story.incident()
    for _ in range(3):
        story.pass_time(minutes=1)
        assert story.fire() == ["INC-1"]
    assert story.incident() == before
    assert story.told() == ["alert_fired"]
    with database.read(story.organisation.tenant_id) as session:
        alert = session.exec(select(Alert)).one()
    assert (alert.repeat_count, alert.last_seen_at) == (3, story.clock.now)
    assert _count(story, RawPayload) == 1


def test_a_repeat_with_other_words_keeps_its_payload(story: Story) -> None:
    story.fire()
    story.fire(description="now with more detail")
    assert _count(story, RawPayload) == 2
    assert story.told() == ["alert_fired"]


def test_a_repeat_after_someone_resolved_by_hand_does_not_reopen(story: Story) -> None:
    start = _starts(story)
    story.fire(starts_at=start)
    story.pass_time(minutes=2)
    incidents.resolve(story.organisation.responder, "INC-1", "Restarted it")
    story.pass_time(minutes=2)
    assert story.fire(starts_at=start) == ["INC-1"]
    assert story.incident().state is IncidentState.RESOLVED
    assert story.incident().firing_count == 1


def test_without_a_start_time_a_firing_after_the_resolution_is_a_new_one(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "Restarted it")
    assert story.fire() == ["INC-1"]
    incident = story.incident()
    assert (incident.state, incident.occurrence, incident.resolved_at, incident.mttr) == (IncidentState.OPEN, 2, None, None)
    assert incident.resolution_notes is None and incident.acknowledged_at is None
    assert (incident.alert_count, incident.firing_count) == (1, 1)
    assert story.told()[-2:] == ["reopened", "alert_fired"]


def test_a_later_start_is_a_new_firing_although_no_end_was_told(story: Story) -> None:
    story.fire(starts_at=_starts(story))
    story.pass_time(minutes=5)
    story.fire(starts_at=_starts(story))
    assert story.told() == ["alert_fired", "alert_fired"]
    assert story.timeline()[-1].data["occurrence"] == 2
    with database.read(story.organisation.tenant_id) as session:
        firings = session.exec(select(AlertFiring).order_by(col(AlertFiring.number))).all()
    assert [firing.resolved_at is None for firing in firings] == [False, True]
    assert story.incident().firing_count == 1


def test_an_end_older_than_the_firing_is_only_recorded(story: Story) -> None:
    story.fire(starts_at=_starts(story))
    late = (story.clock.now - timedelta(hours=1)).isoformat()
    story.pass_time(minutes=1)
    story.stop(starts_at=late)
    assert story.incident().state is IncidentState.OPEN
    assert story.told() == ["alert_fired"]


def test_alerts_of_one_group_share_an_incident(story: Story) -> None:
    assert story.fire("a", title="one") == ["INC-1"]
    key = story.integration("alertmanager", name="Prometheus")
    body = {
        "version": "4", "groupKey": '{}:{service="checkout"}', "status": "firing", "groupLabels": {"service": "checkout"},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 3,
        "alerts": [
            {"status": "firing", "labels": {"alertname": "Pool", "severity": "critical", "pod": str(pod)}, "annotations": {},
             "startsAt": "2026-11-23T03:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": f"f{pod}"}
            for pod in range(5)
        ],
    }  # fmt: skip
    assert story.post(body, key=key).incidents == ("INC-2",)
    incident = story.incident("INC-2")
    assert (incident.alert_count, incident.firing_count, incident.truncated_count) == (5, 5, 3)
    assert "service=checkout" in incident.why
    assert story.told("INC-2") == ["alert_fired"] * 5
    for left_out in (12, 0):  # a group that is full sends repeats alone, and says with each how many it left out
        story.post({**body, "truncatedAlerts": left_out}, key=key)
        assert story.incident("INC-2").truncated_count == left_out
    assert story.told("INC-2") == ["alert_fired"] * 5


def test_the_same_key_from_another_integration_is_another_incident(story: Story) -> None:
    story.fire("pool")
    other = story.integration("generic", name="Other")
    answer = story.post({"title": "Pool", "severity": "critical", "dedup_key": "pool"}, key=other)
    assert answer.incidents == ("INC-2",)


def test_when_all_alerts_end_an_untouched_incident_is_resolved(story: Story) -> None:
    story.fire()
    story.pass_time(minutes=7)
    assert story.stop() == ["INC-1"]
    incident = story.incident()
    assert (incident.state, incident.mttr, incident.acknowledged_by) == (IncidentState.RESOLVED, 420, None)
    assert incident.resolved_by == story.organisation.system.id
    assert "03:14" in (incident.resolution_notes or "")
    assert story.told() == ["alert_fired", "alert_resolved", "resolution"]
    assert story.timeline()[-1].data["by_rule"] is True


def test_when_all_alerts_end_a_touched_incident_stays_and_asks(story: Story) -> None:
    story.fire()
    comments.add(story.organisation.responder, "INC-1", "I am looking")
    story.stop()
    assert story.incident().state is IncidentState.OPEN
    assert story.timeline()[-1].data["asks"] is True


def test_a_group_is_not_resolved_while_one_alert_fires(story: Story) -> None:
    key = story.integration("alertmanager")

    def body(status: str, *pods: int) -> dict[str, object]:
        alerts = [
            {"status": status, "labels": {"alertname": "Pool", "severity": "critical", "pod": str(pod)}, "annotations": {},
             "startsAt": "2026-11-23T03:00:00Z", "endsAt": "2026-11-23T03:06:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
             "fingerprint": f"f{pod}"}
            for pod in pods
        ]  # fmt: skip
        return {"version": "4", "groupKey": "g", "status": status, "groupLabels": {}, "alerts": alerts}

    story.post(body("firing", 1, 2), key=key)
    story.post(body("resolved", 1), key=key)
    assert (story.incident().state, story.incident().firing_count) == (IncidentState.OPEN, 1)
    story.post(body("resolved", 2), key=key)
    assert story.incident().state is IncidentState.RESOLVED


def test_firing_again_within_the_window_reopens_and_later_opens_a_new_one(story: Story) -> None:
    story.fire()
    story.stop()
    story.pass_time(minutes=29)
    assert story.fire() == ["INC-1"]
    assert (story.incident().state, story.incident().occurrence) == (IncidentState.OPEN, 2)
    story.stop()
    story.pass_time(minutes=31)
    assert story.fire() == ["INC-2"]
    assert story.incident("INC-2").previous_id == story.incident("INC-1").id
    assert story.incident("INC-1").state is IncidentState.RESOLVED


def test_a_window_of_zero_never_reopens(story: Story) -> None:
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(reopen_window_seconds=0))
    story.fire()
    story.stop()
    assert story.fire() == ["INC-2"]
    assert story.incident("INC-2").previous_id == story.incident("INC-1").id


def test_an_alert_that_moves_on_leaves_the_counts_of_its_old_incident(story: Story) -> None:
    story.fire(starts_at=_starts(story))
    incidents.resolve(story.organisation.responder, "INC-1", "Restarted it")
    story.pass_time(hours=2)
    assert story.fire(starts_at=_starts(story)) == ["INC-2"]
    assert (story.incident("INC-1").firing_count, story.incident("INC-2").firing_count) == (0, 1)


def test_one_body_can_fire_end_and_fire_again(story: Story) -> None:
    alert = {"title": "Flapping", "severity": "high", "dedup_key": "flap"}
    answer = story.post([alert, {**alert, "status": "resolved"}, alert])
    assert answer.incidents == ("INC-1",)
    assert story.told() == ["alert_fired", "alert_resolved", "resolution", "reopened", "alert_fired"]
    assert (story.incident().state, story.incident().occurrence, story.incident().firing_count) == (IncidentState.OPEN, 2, 1)


def test_one_bad_alert_does_not_sink_the_others(story: Story) -> None:
    alerts = [{"title": f"Alert {i}", "severity": "high", "dedup_key": f"d{i}"} for i in range(50)]
    del alerts[17]["title"]
    answer = story.post(alerts)
    assert answer.accepted == 49 and len(answer.incidents) == 49
    assert [(refusal.index, refusal.field) for refusal in answer.refused] == [(17, "[17].title")]
    numbers = sorted(int(number.removeprefix("INC-")) for number in answer.incidents)
    assert numbers == list(range(1, 50))


def test_an_end_that_says_little_leaves_what_was_known(story: Story) -> None:
    story.fire(severity="critical", labels={"pod": "a"}, description="200 of 200 in use")
    story.post({"title": "Connection pool exhausted", "dedup_key": "pool", "status": "resolved"})
    with database.read(story.organisation.tenant_id) as session:
        alert = session.exec(select(Alert)).one()
    assert (alert.severity, alert.labels, alert.description) == (Severity.CRITICAL, {"pod": "a"}, "200 of 200 in use")


def test_nothing_that_a_sender_said_is_lost(story: Story) -> None:
    key = story.integration("alertmanager")
    alerts = [{"status": "firing", "labels": {"alertname": "Pool", "pod": pod}, "fingerprint": pod, "extra": 1} for pod in ("a", "b")]
    story.post({"version": "4", "groupKey": "g", "status": "firing", "receiver": "tocsin", "alerts": alerts}, key=key)
    with database.read(story.organisation.tenant_id) as session:
        payloads = session.exec(select(RawPayload)).all()
    assert sorted(json.loads(payload.body)["fingerprint"] for payload in payloads) == ["a", "b"]
    assert all(json.loads(payload.body)["extra"] == 1 for payload in payloads)
    assert [json.loads(payload.envelope)["receiver"] for payload in payloads if payload.envelope] == ["tocsin"]


def test_an_end_without_a_firing_is_recorded_only(story: Story) -> None:
    assert story.stop() == []
    assert _count(story, Incident) == 0
    assert story.fire() == ["INC-1"]


def test_an_unknown_key_and_a_disabled_integration_are_refused(story: Story) -> None:
    with pytest.raises(NotFoundError):
        story.post({"title": "x"}, key="in_nobody")
    with pytest.raises(NotAllowedError):
        story.post({"title": "x"}, key=story.integration("generic", enabled=False))
    assert _count(story, Alert) == 0


def test_a_start_in_the_future_is_not_the_incidents(story: Story) -> None:
    future = story.clock.now + timedelta(days=3)
    story.fire(starts_at=future.isoformat())
    assert story.incident().started_at == story.clock.now
    with database.read(story.organisation.tenant_id) as session:
        assert session.exec(select(Alert)).one().starts_at == future.astimezone(UTC)


def test_the_impact_begins_when_the_sender_says(story: Story) -> None:
    story.fire(starts_at="2026-11-23T02:58:00+00:00")
    assert story.incident().started_at == datetime(2026, 11, 23, 2, 58, tzinfo=UTC)
    assert story.incident().created_at == story.clock.now
