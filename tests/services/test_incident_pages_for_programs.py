"""What programs page through: an incident's timeline and its alerts."""

from __future__ import annotations

import pytest

from models.vocabulary import AlertStatus
from services import comments, incident_page
from services.errors import InvalidInputError, NotFoundError
from tests.fixtures.stories import Story


def test_the_timeline_comes_in_parts_oldest_first_and_whole(story: Story) -> None:
    story.fire()
    for place in range(7):
        story.pass_time(seconds=place % 2)  # some lines share their moment
        comments.add(story.organisation.responder, "INC-1", f"line {place}")
    seen, cursor, parts = [], None, 0
    while True:
        part = incident_page.timeline_page(story.organisation.viewer, "INC-1", cursor=cursor, limit=3)
        seen += part.items
        parts += 1
        cursor = part.next
        if cursor is None:
            break
    assert parts == 3
    assert [event.seq for event in seen] == list(range(1, 9))
    assert [event.data["body"] for event in seen[1:]] == [f"line {place}" for place in range(7)]
    assert seen == story.timeline()


def test_a_line_that_comes_while_somebody_pages_is_in_a_later_part(story: Story) -> None:
    story.fire()
    comments.add(story.organisation.responder, "INC-1", "first")
    part = incident_page.timeline_page(story.organisation.viewer, "INC-1", limit=1)
    story.pass_time(seconds=1)
    comments.add(story.organisation.responder, "INC-1", "second")
    rest = incident_page.timeline_page(story.organisation.viewer, "INC-1", cursor=part.next, limit=10)
    assert [event.data["body"] for event in rest.items] == ["first", "second"]
    assert rest.next is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "99", "1" * 40, "١"])
def test_a_cursor_that_no_page_gave_is_refused_by_name(story: Story, cursor: str) -> None:
    story.fire()
    with pytest.raises(InvalidInputError) as refused:
        incident_page.timeline_page(story.organisation.viewer, "INC-1", cursor=cursor)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_limit_has_bounds(story: Story, limit: int) -> None:
    story.fire()
    for read in (incident_page.timeline_page, incident_page.alerts):
        with pytest.raises(InvalidInputError) as refused:
            read(story.organisation.viewer, "INC-1", limit=limit)
        assert refused.value.field == "limit"


def test_alerts_come_in_parts_in_the_order_in_which_they_were_seen(story: Story) -> None:
    key = story.integration("alertmanager")
    story.post(_group(*(f"host-{place}" for place in range(5))), key=key)
    seen, cursor = [], None
    while True:
        part = incident_page.alerts(story.organisation.viewer, "INC-1", cursor=cursor, limit=2)
        seen += [alert.labels["host"] for alert in part.items]
        cursor = part.next
        if cursor is None:
            break
    assert seen == [f"host-{place}" for place in range(5)]
    with pytest.raises(InvalidInputError):
        incident_page.alerts(story.organisation.viewer, "INC-1", cursor="no id")


def test_an_alert_that_moved_on_is_still_what_it_was_here(story: Story) -> None:
    story.fire()
    story.stop()
    assert incident_page.alerts(story.organisation.viewer, "INC-1").items[0].status is AlertStatus.RESOLVED
    story.pass_time(hours=2)
    assert story.fire() == ["INC-2"]
    [before] = incident_page.alerts(story.organisation.viewer, "INC-1").items
    [now] = incident_page.alerts(story.organisation.viewer, "INC-2").items
    assert before.id == now.id
    assert (before.status, now.status) == (AlertStatus.RESOLVED, AlertStatus.FIRING)
    assert before.ends_at is not None
    assert now.ends_at is None


def test_a_stranger_finds_no_such_incident(story: Story) -> None:
    story.fire()
    for read in (incident_page.timeline_page, incident_page.alerts):
        with pytest.raises(NotFoundError):
            read(story.organisation.stranger, "INC-1")


def _group(*hosts: str) -> dict[str, object]:
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "severity": "critical", "host": host},
            "annotations": {"summary": f"Disk full on {host}"},
            "startsAt": "2026-11-23T03:05:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": f"{place:016x}",
        }
        for place, host in enumerate(hosts)
    ]
    return {
        "version": "4", "groupKey": '{}:{alertname="DiskFull"}', "status": "firing", "receiver": "tocsin", "truncatedAlerts": 0,
        "groupLabels": {"alertname": "DiskFull"}, "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": alerts,
    }  # fmt: skip
