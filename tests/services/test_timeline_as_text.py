"""The timeline as text, in the format that is pasted into chats and documents."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services import clock, comments, incident_page, incidents, line_changes, people
from services.errors import InvalidInputError, NotFoundError
from services.incident_page import text
from tests.fixtures.stories import Story


def test_a_timeline_is_told_as_in_the_story(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_PART", 2)
    rob, mina = story.organisation.responder, story.organisation.manager
    story.fire(title="Error rate above 5%")
    story.pass_time(minutes=1)
    incidents.acknowledge(rob, "INC-1")
    comments.add(mina, "INC-1", "Not about\nthis")
    line_changes.change(mina, "INC-1", "4", hidden=True, reason="elsewhere")
    comments.add(mina, "INC-1", "Gone")
    line_changes.delete(mina, "INC-1", "5")
    story.pass_time(hours=20)
    comments.add(rob, "INC-1", "Deploying\n\nhotfix")
    comments.add(rob, "INC-1", "Deployed 4.18.2", occurred_at=clock.now() - timedelta(hours=21))
    assert incident_page.as_text(rob, "INC-1", "Europe/Stockholm") == (
        "INC-1 Error rate above 5%\n"
        "Times in Europe/Stockholm\n"
        "\n"
        "Monday 23 November\n"
        '[03:08] 💬 Rob Lindqvist: "Deployed 4.18.2"\n'
        "[04:07] 🚨 Alert fired: Error rate above 5%\n"
        "[04:08] 👤 Rob Lindqvist acknowledged incident\n"
        "[04:08] 👤 Rob Lindqvist took it (acknowledged it)\n"
        "\n"
        "Tuesday 24 November\n"
        '[00:08] 💬 Rob Lindqvist: "Deploying hotfix"\n'
    )


def test_a_hand_over_says_who_got_it_and_why(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    story.fire()
    incidents.assign(rob, "INC-1", mina.id)
    incidents.acknowledge(mina, "INC-1")
    incidents.snooze(mina, "INC-1", clock.now() + timedelta(hours=1))
    incidents.snooze(mina, "INC-1", None)
    incidents.unacknowledge(mina, "INC-1", reason="On the train")
    incidents.assign(mina, "INC-1", None)
    lines = [line.partition("] ")[2] for line in incident_page.as_text(rob, "INC-1").splitlines()]
    assert lines[5:] == [
        "👤 Rob Lindqvist assigned it to Mina Okafor",
        "👤 Mina Okafor acknowledged incident",
        "🔕 Mina Okafor snoozed it until 2026-11-23T04:07:00Z",
        "🔔 Mina Okafor ended the snooze",
        "↩️ Mina Okafor gave the acknowledgement back: On the train",
        "👤 Mina Okafor left it to nobody",
    ]


def test_it_is_in_the_zone_of_its_reader(story: Story) -> None:
    rob, vera = story.organisation.responder, story.organisation.viewer
    story.fire()
    people.change_profile(rob, timezone="Asia/Kolkata")
    assert "Times in Asia/Kolkata" in incident_page.as_text(rob, "INC-1")
    assert "[08:37] 🚨" in incident_page.as_text(rob, "INC-1")
    assert "Times in UTC" in incident_page.as_text(vera, "INC-1")
    with pytest.raises(InvalidInputError, match="There is no time zone 'Mars/Phobos'"):
        incident_page.as_text(vera, "INC-1", "Mars/Phobos")
    with pytest.raises(NotFoundError):
        incident_page.as_text(story.organisation.stranger, "INC-1")
