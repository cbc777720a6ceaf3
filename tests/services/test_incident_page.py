"""What the page of an incident shows, to whom, and in which words."""

from __future__ import annotations

import asyncio

import pytest

from models.vocabulary import Move
from services import comments, database, holding, incident_page, incidents, timeline
from services.errors import NotAllowedError, NotFoundError
from services.incident_page import Opened, Show, Window, snapshot
from services.incident_page.window import STEP, WINDOW
from tests.fixtures.stories import Story

STOCKHOLM = "Europe/Stockholm"


def opened(story: Story, number: str = "INC-1", *, zone: str = "UTC", show: Show = Show.EVERYTHING, viewer: bool = False) -> Opened:
    actor = story.organisation.viewer if viewer else story.organisation.responder
    return incident_page.open_page(actor, number, incident_page.seen_by(actor, zone), show)


def said(page: Opened) -> list[str]:
    rows = [line.row for line in page.window.lines]
    return [" ".join(part for part in (row.time, row.actor, row.text, row.strong, row.rest) if part) for row in rows]


def test_the_head_says_who_did_what_and_when_in_the_zone_of_the_reader(story: Story) -> None:
    rob = story.organisation.responder
    story.fire(description="Pool of **checkout-db** is full.", starts_at="2026-11-23T02:58:00Z")
    story.pass_time(seconds=129)
    incidents.acknowledge(rob, "INC-1")
    story.pass_time(minutes=4)
    incidents.investigate(rob, "INC-1")
    head = opened(story, zone=STOCKHOLM).told.head
    assert [(step.state, step.reached, step.text, step.after) for step in head.steps] == [
        ("open", "done", "04:07", ""),
        ("acknowledged", "done", "04:09 by Rob Lindqvist", "after 2m 09s"),
        ("investigating", "now", "04:13 by Rob Lindqvist", ""),
        ("resolved", "ahead", "needs notes", ""),
    ]
    assert (head.number, head.state, head.severity, head.primary, head.tab_mark) == ("INC-1", "investigating", "critical", "resolve", "◕")
    assert head.created_at == "2026-11-23T03:07:00.000Z"
    assert "<strong>checkout-db</strong>" in head.description_html
    assert (head.assignee.name, head.assignee.initials, head.assignee.id) == ("Rob Lindqvist", "RL", rob.id.hex)
    facts = {fact.name: (fact.value, fact.hint) for fact in head.facts}
    assert facts["Opened"] == ("Mon 23 Nov 04:07:00", "CET")
    assert facts["Impact began"] == ("03:58", "9m 00s before")
    assert facts["Opened by"] == ("Checks", "")
    assert "default rule" in head.why


def test_each_state_has_one_next_step_and_a_viewer_has_none(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    steps = [opened(story).told.head.primary]
    incidents.acknowledge(rob, "INC-1")
    steps.append(opened(story).told.head.primary)
    incidents.investigate(rob, "INC-1")
    steps.append(opened(story).told.head.primary)
    incidents.resolve(rob, "INC-1", "Rolled back")
    steps.append(opened(story).told.head.primary)
    assert steps == ["acknowledge", "investigate", "resolve", "reopen"]
    shown = opened(story, viewer=True).told.head
    assert (shown.primary, shown.moves, shown.may_act) == ("", [], False)


def test_every_kind_of_line_is_told_in_words(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    story.fire(labels={"service": "checkout", "severity": "critical", "pod": "checkout-7c9d-x5" * 4})
    story.pass_time(minutes=2)
    incidents.acknowledge(rob, "INC-1")
    comments.add(mina, "INC-1", "Look at `pgbouncer`")
    incidents.change_severity(mina, "INC-1", "high")
    incidents.edit(mina, "INC-1", title="Checkout fails", description="All of it")
    story.fire("other", title="Checkout slow")
    story.pass_time(minutes=1)
    story.stop()
    incidents.unacknowledge(rob, "INC-1", reason="end of shift")
    incidents.resolve(mina, "INC-1", "Rolled **back**")
    incidents.reopen(mina, "INC-1", "Not over")
    page = opened(story)
    assert said(page) == [
        "03:07 Alert fired: Connection pool exhausted",
        "03:09 Rob Lindqvist acknowledged after 2m 00s",
        "03:09 Rob Lindqvist is the assignee now · acknowledged it",
        "03:09 Mina Okafor",
        "03:09 Mina Okafor changed the severity from critical to high",
        "03:09 Mina Okafor changed the title to Checkout fails before: Connection pool exhausted",
        "03:09 Mina Okafor changed the description",
        "03:10 Alert stopped: Connection pool exhausted",
        "03:10 Rob Lindqvist gave it back end of shift",
        "03:10 Mina Okafor resolved after 3m 00s",
        "03:10 Mina Okafor reopened 03:10, 2nd occurrence Not over",
    ]
    rows = {line.row.type: line.row for line in page.window.lines}
    assert "<code>pgbouncer</code>" in rows["comment"].html
    assert "<strong>back</strong>" in rows["resolution"].html
    assert rows["alert_resolved"].tone == "prompt"
    assert rows["alert_fired"].time_title == "Mon 23 Nov 2026 03:07:00 UTC · 03:07:00 UTC"
    assert [label.name for label in rows["alert_fired"].labels] == ["pod", "service"]
    assert len(rows["alert_fired"].labels[0].value) == 32
    assert page.told.head.occurrence_text == "2nd occurrence"


def test_only_comments_and_moves_are_announced(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    incidents.acknowledge(rob, "INC-1")
    comments.add(rob, "INC-1", "x")
    incidents.change_severity(rob, "INC-1", "low")
    assert {line.row.type for line in opened(story).window.lines if line.row.announce} == {"state_change", "comment"}


def test_a_hostile_comment_is_shown_as_text(story: Story) -> None:
    story.fire()
    comments.add(story.organisation.responder, "INC-1", '<script>alert(1)</script> <img src=x onerror="alert(1)"> [x](javascript:alert(1))')
    html = opened(story).window.lines[-1].row.html
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


def test_filters_show_their_kinds_only(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    incidents.acknowledge(rob, "INC-1")
    comments.add(rob, "INC-1", "x")
    kinds = {show: [line.row.type for line in opened(story, show=show).window.lines] for show in Show}
    assert kinds[Show.EVERYTHING] == ["alert_fired", "state_change", "assignment", "comment"]
    assert kinds[Show.COMMENTS] == ["comment"]
    assert kinds[Show.STATE] == ["state_change", "assignment"]
    assert kinds[Show.ALERTS] == ["alert_fired"]


def test_a_divider_stands_where_the_day_of_the_reader_changes(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    story.pass_time(hours=19, minutes=50)  # 22:57 UTC is 23:57 in Stockholm
    comments.add(rob, "INC-1", "before midnight")
    story.pass_time(minutes=5)
    comments.add(rob, "INC-1", "after midnight")
    days = [line.day for line in opened(story, zone=STOCKHOLM).window.lines]
    assert days == ["Monday 23 November", "Monday 23 November", "Tuesday 24 November"]
    assert {line.day for line in opened(story).window.lines} == {"Monday 23 November"}


def test_the_window_moves_along_a_long_timeline_without_a_gap(story: Story) -> None:
    story.fire()
    many = 2 * WINDOW + STEP // 2
    _fill(story, many)
    rob = story.organisation.responder
    seen = incident_page.seen_by(rob, "UTC")
    window = opened(story).window
    assert ([line.seq for line in window.lines], window.has_earlier, window.has_later) == (
        list(range(many + 2 - STEP, many + 2)),
        True,
        False,
    )
    lengths = []
    while window.has_earlier:
        before = {line.seq for line in window.lines}
        window = incident_page.move_window(rob, "INC-1", seen, Show.EVERYTHING, window, earlier=True)
        numbers = [line.seq for line in window.lines]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert before & set(numbers)
        lengths.append(len(numbers))
    assert numbers[0] == 1
    assert max(lengths) <= WINDOW
    assert window.has_later
    while window.has_later:
        window = incident_page.move_window(rob, "INC-1", seen, Show.EVERYTHING, window, earlier=False)
        numbers = [line.seq for line in window.lines]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert len(numbers) <= WINDOW
    assert numbers[-1] == many + 1


def test_a_link_to_a_line_opens_the_page_around_it(story: Story) -> None:
    story.fire()
    _fill(story, 2 * WINDOW)
    rob = story.organisation.responder
    seen = incident_page.seen_by(rob, "UTC")
    window = incident_page.open_page(rob, "INC-1", seen, seq=70).window
    numbers = [line.seq for line in window.lines]
    assert 70 in numbers
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert (window.has_earlier, window.has_later) == (True, True)
    assert incident_page.open_page(rob, "INC-1", seen, seq=9_999).window == opened(story).window


def test_resolving_warns_of_alerts_that_still_fire(story: Story) -> None:
    story.fire(starts_at="2026-11-23T03:05:00Z")
    assert opened(story).told.head.refires_reopen == (
        "Repeats of them call nobody. One that stops and fires again within 30 minutes reopens this incident."
    )
    story.stop()
    assert opened(story).told.head.refires_reopen == ""
    story.fire("undated")
    assert opened(story, "INC-2").told.head.refires_reopen == (
        "The sender does not say when an alert began. Its next message within 30 minutes reopens this incident."
    )


def test_alerts_that_fire_come_first_with_labels_and_links(story: Story) -> None:
    key = story.integration("alertmanager", name="Alertmanager prod")
    story.post(_two_alerts("firing", "firing"), key=key)
    story.pass_time(minutes=1)
    story.post(_two_alerts("resolved", "firing"), key=key)
    rows = opened(story).told.alerts
    assert [(row.title, row.status, row.repeat_count) for row in rows] == [
        ("Disk full on b", "firing", 1),
        ("Disk full on a", "resolved", 0),
    ]
    assert rows[0].age_at == "2026-11-23T03:05:00.000Z"
    assert rows[0].integration == "Alertmanager prod"
    assert {(label.name, label.value) for label in rows[0].labels} == {("host", "b")}
    assert [link.url for link in rows[0].links] == ["https://wiki.example/disk", "http://alertmanager.example"]
    assert [row.id for row in incident_page.all_alerts(story.organisation.viewer, "INC-1")] == [row.id for row in rows]


def test_the_incident_before_and_the_one_that_takes_its_alerts_are_linked(story: Story) -> None:
    story.fire()
    incidents.resolve(story.organisation.responder, "INC-1", "Rolled back")
    story.stop()
    story.pass_time(hours=2)
    assert story.fire() == ["INC-2"]
    assert opened(story, "INC-2").told.head.previous_number == "INC-1"
    incidents.reopen(story.organisation.responder, "INC-1", "It was this one")
    head = opened(story).told.head
    assert (head.sibling_number, head.sibling_title) == ("INC-2", "Connection pool exhausted")


def test_two_with_the_same_rights_and_zone_share_the_words_of_a_change(story: Story) -> None:
    story.fire()
    key = opened(story).key
    change = incident_page.Change(key, snapshot.read(key))
    people = story.organisation
    rob, mina, vera = (incident_page.seen_by(one, "UTC") for one in (people.responder, people.manager, people.viewer))
    assert change.told(rob) is change.told(mina)
    assert change.told(vera) is not change.told(rob)
    assert change.told(vera).head.moves == []  # type: ignore[union-attr]


def test_a_change_sends_again_only_what_differs(story: Story) -> None:
    rob = story.organisation.responder
    story.fire()
    page = opened(story)
    seen = incident_page.seen_by(rob, "UTC")
    first = incident_page.Change(page.key, snapshot.read(page.key))
    told = first.told(seen)
    assert told is not None
    comments.add(rob, "INC-1", "one")
    second = incident_page.Change(page.key, snapshot.read(page.key, first.read), first)
    after = second.told(seen)
    assert after is not None
    assert after.alerts is told.alerts
    assert after.newest[:-1] == told.newest
    assert after.newest[0] is told.newest[0]
    assert [line.row.type for line in after.newest] == ["alert_fired", "comment"]
    incidents.acknowledge(rob, "INC-1")
    third = incident_page.Change(page.key, snapshot.read(page.key, second.read), second).told(seen)
    assert third is not None
    assert third.head is not after.head
    assert [line.seq for line in third.newest] == [1, 2, 3, 4]
    assert third.newest == incident_page.Change(page.key, snapshot.read(page.key)).told(seen).newest  # type: ignore[union-attr]


def test_pages_that_fell_behind_share_one_look_at_the_end(story: Story) -> None:
    story.fire()
    page = opened(story)
    seen = incident_page.seen_by(story.organisation.responder, "UTC")
    _fill(story, 150)
    change = incident_page.Change(page.key, snapshot.read(page.key))
    comments.add(story.organisation.responder, "INC-1", "after the change")

    async def catch_up() -> list[Window]:
        return list(await asyncio.gather(*(change.window(seen, Show.EVERYTHING) for _ in range(3))))

    first, second, third = asyncio.run(catch_up())
    assert first is second is third
    assert first.has_earlier
    assert [line.seq for line in first.lines] == list(range(52, 152))  # up to the change: what came after it comes with the next one


def test_the_second_is_told_who_was_first(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    story.fire()

    def make(actor: object, move: Move, act: object) -> tuple[str, bool]:
        verdict = incident_page.make_move(actor, "INC-1", move, STOCKHOLM, act)  # type: ignore[arg-type]
        return verdict.sentence, verdict.done

    assert make(rob, Move.ACKNOWLEDGE, lambda: incidents.acknowledge(rob, "INC-1")) == ("Acknowledged. INC-1 is yours.", True)
    story.pass_time(minutes=3)
    assert make(mina, Move.ACKNOWLEDGE, lambda: incidents.acknowledge(mina, "INC-1")) == (
        "Not acknowledged: Rob Lindqvist was first, at 04:07.",
        False,
    )
    assert make(rob, Move.ACKNOWLEDGE, lambda: incidents.acknowledge(rob, "INC-1")) == ("Not acknowledged: you have it since 04:07.", False)
    make(rob, Move.INVESTIGATE, lambda: incidents.investigate(rob, "INC-1"))
    assert make(mina, Move.INVESTIGATE, lambda: incidents.investigate(mina, "INC-1")) == (
        "Not changed: Rob Lindqvist is investigating since 04:10.",
        False,
    )
    assert make(mina, Move.RESOLVE, lambda: incidents.resolve(mina, "INC-1", "done")) == ("Resolved after 3m 00s.", True)
    assert make(rob, Move.RESOLVE, lambda: incidents.resolve(rob, "INC-1", "done")) == (
        "Not resolved: Mina Okafor resolved it at 04:10.",
        False,
    )
    assert make(rob, Move.REOPEN, lambda: incidents.reopen(rob, "INC-1", "again")) == ("Reopened. INC-1 is open again.", True)
    assert make(mina, Move.REOPEN, lambda: incidents.reopen(mina, "INC-1", "again"))[1] is False


def test_nobody_else_reads_or_moves_it(story: Story) -> None:
    story.fire()
    stranger, vera = story.organisation.stranger, story.organisation.viewer
    seen = incident_page.seen_by(stranger, "UTC")
    window = opened(story).window
    for read in (
        lambda: incident_page.open_page(stranger, "INC-1", seen),
        lambda: incident_page.move_window(stranger, "INC-1", seen, Show.EVERYTHING, window, earlier=True),
        lambda: incident_page.all_alerts(stranger, "INC-1"),
    ):
        with pytest.raises(NotFoundError):
            read()
    assert incident_page.last_number(stranger) == ""
    assert incident_page.last_number(vera) == "INC-1"
    with pytest.raises(NotAllowedError):
        incident_page.make_move(vera, "INC-1", Move.ACKNOWLEDGE, "UTC", lambda: incidents.acknowledge(vera, "INC-1"))


def _fill(story: Story, count: int) -> None:
    """A timeline of many lines, written at once."""
    with database.write(story.organisation.tenant_id) as tx:
        held = holding.by_number(tx, 1)
        assert held is not None
        for place in range(count):
            held.say(story.organisation.responder.id, timeline.Comment(body=f"line {place}"))
        holding.save(tx, [held])


def _two_alerts(*states: str) -> dict[str, object]:
    alerts = [
        {
            "status": state,
            "labels": {"alertname": "DiskFull", "severity": "critical", "host": host},
            "annotations": {"summary": f"Disk full on {host}", "runbook_url": "https://wiki.example/disk"},
            "startsAt": "2026-11-23T03:05:00Z",
            "endsAt": "2026-11-23T03:07:30Z" if state == "resolved" else "0001-01-01T00:00:00Z",
            "generatorURL": "javascript:alert(1)",
            "fingerprint": f"{place:016x}",
        }
        for place, (host, state) in enumerate(zip("ab", states, strict=True))
    ]
    return {
        "version": "4", "groupKey": '{}:{alertname="DiskFull"}', "status": "firing", "receiver": "tocsin", "truncatedAlerts": 0,
        "groupLabels": {"alertname": "DiskFull"}, "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": alerts,
    }  # fmt: skip
