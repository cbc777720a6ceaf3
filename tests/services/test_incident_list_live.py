"""The list as pages show it: groups by what waits, figures, and rows that wait while somebody reads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from models.vocabulary import IncidentState, Severity
from services import clock, comments, incident_list, incidents, viewers
from services.access import Actor
from services.errors import InvalidInputError
from services.incident_list import Listing, Shown, View, live
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story


def listing(actor: Actor, query: str = "") -> Listing:
    return incident_list.read_list(incident_list.key_of(actor, incident_list.wanted_by(actor, query, "UTC")))


def groups(actor: Actor, query: str = "") -> dict[str, list[str]]:
    """The numbers of each group, in the order in which they stand."""
    return {group.name: [entry.number for entry in group.entries] for group in listing(actor, query).groups}


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 low, INC-2 critical, INC-3 medium and taken by Rob, INC-4 critical, INC-5 high and resolved, INC-6 low and investigated."""
    severities = ("low", "critical", "medium", "critical", "high", "low")
    for number, severity in enumerate(severities, start=1):
        if severity == "low":
            made = story.fire(f"a{number}", title=f"Alert {number}", severity="medium")
            incidents.change_severity(story.organisation.manager, made[0], "low")
        else:
            story.fire(f"a{number}", title=f"Alert {number}", severity={"medium": "warning"}.get(severity, severity))
        story.pass_time(minutes=1)
    incidents.acknowledge(story.organisation.responder, "INC-3")
    incidents.resolve(story.organisation.manager, "INC-5", "Restarted")
    incidents.investigate(story.organisation.manager, "INC-6")
    return story


def test_what_waits_comes_first_the_worst_of_it_first_and_then_the_longest_waiting(night: Story) -> None:
    viewer = night.organisation.viewer

    assert groups(viewer) == {"attention": ["INC-2", "INC-4", "INC-1"], "working": ["INC-3", "INC-6"], "resolved": ["INC-5"]}
    assert groups(viewer, "view=attention") == {"attention": ["INC-2", "INC-4", "INC-1"]}


def test_mine_is_what_i_have_and_is_not_over(night: Story) -> None:
    organisation = night.organisation

    assert groups(organisation.responder, "view=mine") == {"working": ["INC-3"]}
    assert groups(organisation.manager, "view=mine") == {"working": ["INC-6"]}
    assert groups(organisation.viewer, "view=mine") == {}


def test_filters_without_a_view_are_a_flat_list_newest_first(night: Story) -> None:
    viewer = night.organisation.viewer

    assert groups(viewer, "view=all") == {"": ["INC-6", "INC-5", "INC-4", "INC-3", "INC-2", "INC-1"]}
    assert groups(viewer, "view=resolved") == {"": ["INC-5"]}
    assert groups(viewer, "severity=critical,high") == {"": ["INC-5", "INC-4", "INC-2"]}
    assert groups(viewer, "q=alert&assignee=rob") == {"": ["INC-3"]}
    assert groups(viewer, "state=open&severity=low") == {"": ["INC-1"]}


def test_filters_with_a_view_narrow_it(night: Story) -> None:
    viewer = night.organisation.viewer

    assert groups(viewer, "view=now&severity=critical,high") == {"attention": ["INC-2", "INC-4"], "resolved": ["INC-5"]}
    assert groups(viewer, "view=now&state=acknowledged") == {"working": ["INC-3"]}
    assert groups(viewer, "view=now&q=restarted") == {"resolved": ["INC-5"]}
    assert groups(viewer, "view=attention&q=alert&severity=low") == {"attention": ["INC-1"]}
    assert groups(viewer, "view=resolved&severity=low") == {}


def test_what_was_resolved_a_day_ago_is_not_of_now(night: Story) -> None:
    viewer = night.organisation.viewer
    night.pass_time(hours=23, minutes=50)
    assert "resolved" in groups(viewer)

    night.pass_time(minutes=11)

    assert "resolved" not in groups(viewer)
    assert groups(viewer, "view=resolved") == {"": ["INC-5"]}


def test_figures_count_what_is_not_over(night: Story) -> None:
    organisation = night.organisation

    counts = listing(organisation.viewer).counts

    assert (counts.attention, counts.unresolved, counts.resolved_lately) == (3, 5, 1)
    assert counts.by_severity == {Severity.CRITICAL: 2, Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}
    assert counts.oldest_open is not None
    assert counts.oldest_open.number == "INC-1"
    assert counts.last_resolved is not None
    assert counts.last_resolved.number == "INC-5"
    assert counts.mine == {organisation.responder.id: 1, organisation.manager.id: 1}
    assert counts.any_ever
    # INC-3 was taken after 4 minutes, INC-5 (resolved at once) after 2, INC-6 after 1
    assert (counts.tta_seconds, counts.tta_count) == (120.0, 3)
    assert incident_list.figures(counts).taken_after == "2m 00s"
    assert incident_list.figures(counts).taken_hint == "median, n = 3"


def test_the_median_of_two_stands_between_them_and_a_week_later_there_is_none(story: Story) -> None:
    for name, minutes in (("a", 2), ("b", 5)):
        number = story.fire(name)[0]
        story.pass_time(minutes=minutes)
        incidents.acknowledge(story.organisation.responder, number)
    counts = listing(story.organisation.viewer).counts
    assert (counts.tta_seconds, counts.tta_count) == (210.0, 2)

    story.pass_time(days=7, minutes=1)

    counts = listing(story.organisation.viewer).counts
    assert (counts.tta_seconds, counts.tta_count) == (None, 0)
    assert incident_list.figures(counts).taken_after == ""


def test_an_empty_organisation_has_nothing_and_says_so(organisation: Organisation) -> None:
    found = listing(organisation.viewer)

    assert found.groups == ()
    assert not found.counts.any_ever
    assert found.counts.oldest_open is None


def test_another_organisation_sees_nothing_of_it(night: Story) -> None:
    stranger = night.organisation.stranger
    one = listing(night.organisation.viewer).groups[0].entries[0]

    for query in ("", "view=all", "view=mine", "q=alert", "view=resolved", "severity=critical"):
        assert listing(stranger, query).groups == ()
    assert listing(stranger).counts.unresolved == 0
    assert incident_list.lines(stranger, [one.id]) == []


def test_older_pages_of_a_flat_list_go_by_cursor(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAGE_ROWS", 4)
    viewer = night.organisation.viewer
    first = listing(viewer, "view=all")

    assert [entry.number for entry in first.groups[0].entries] == ["INC-6", "INC-5", "INC-4", "INC-3"]
    assert groups(viewer, f"view=all&cursor={first.older}") == {"": ["INC-2", "INC-1"]}
    assert listing(viewer, f"view=all&cursor={first.older}").older == ""


def test_a_group_that_is_too_long_says_how_many_there_are(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", 2)
    viewer = night.organisation.viewer
    shown = Shown(incident_list.viewer_of(viewer))

    shown.take(listing(viewer))

    first = shown.of("attention")[0]
    assert (first.head, first.head_count, first.head_hint) == ("Needs attention", 3, "2 are shown")
    assert [one.number for one in shown.of("attention")] == ["INC-2", "INC-4"]
    assert [one.head for one in shown.of("attention")] == ["Needs attention", ""]


# --- rows -----------------------------------------------------------------------------------------------------------------------


def rows(actor: Actor, query: str = "") -> dict[str, object]:
    shown = Shown(incident_list.viewer_of(actor))
    shown.take(listing(actor, query))
    return {one.number: one for one in shown.rows}


def test_a_row_says_what_happened_last(story: Story) -> None:
    organisation = story.organisation
    rob, mina = organisation.responder, organisation.manager

    def last() -> tuple[str, str]:
        row = rows(organisation.viewer, "view=all")["INC-1"]
        return row.last_actor, row.last_activity  # type: ignore[attr-defined]

    story.fire("a", severity="warning")
    assert last() == ("", "Alert fired")
    comments.add(mina, "INC-1", "It is the pool " * 300)
    assert last() == ("Mina", "commented")
    incidents.acknowledge(rob, "INC-1")
    assert last() == ("Rob", "took it")
    incidents.acknowledge(rob, "INC-1")
    incidents.unacknowledge(rob, "INC-1")
    assert last() == ("Rob", "gave it back")
    incidents.acknowledge(mina, "INC-1")
    assert last() == ("Mina", "acknowledged")
    incidents.investigate(rob, "INC-1")
    assert last() == ("Rob", "is investigating")
    incidents.change_severity(rob, "INC-1", "critical")
    assert last() == ("Rob", "changed it to critical")
    incidents.edit(rob, "INC-1", title="Pool is exhausted")
    assert last() == ("Rob", "edited the title")
    story.stop("a")
    assert last() == ("", "No alert fires any more")
    incidents.resolve(mina, "INC-1", "Raised the limit")
    assert last() == ("Mina", "resolved")
    story.pass_time(minutes=1)
    story.fire("a", severity="warning")
    assert last() == ("", "Reopened, alert fired again")
    story.stop("a")
    incidents.resolve(mina, "INC-1", "Raised the limit")
    incidents.reopen(mina, "INC-1", "Still there")
    assert last() == ("Mina", "reopened")
    story.fire("b", title="Disk")
    story.stop("b")
    row = rows(organisation.viewer, "view=all")["INC-2"]
    assert (row.last_actor, row.last_activity) == ("", "Resolved by itself")  # type: ignore[attr-defined]


def test_a_row_is_made_for_whoever_looks(night: Story) -> None:
    organisation = night.organisation

    mine = rows(organisation.responder)["INC-3"]
    of_a_viewer = rows(organisation.viewer)["INC-3"]

    assert (mine.is_mine, mine.assignee, mine.assignee_initials) == (True, "Rob Lindqvist", "RL")  # type: ignore[attr-defined]
    assert mine.moves == ["unacknowledge", "investigate", "resolve"]  # type: ignore[attr-defined]
    assert (of_a_viewer.is_mine, of_a_viewer.moves) == (False, [])  # type: ignore[attr-defined]


# --- reading and waiting --------------------------------------------------------------------------------------------------------


def test_while_somebody_reads_rows_stay_in_place_and_tell_the_truth(night: Story) -> None:
    viewer = night.organisation.viewer
    shown = Shown(incident_list.viewer_of(viewer))
    shown.take(listing(viewer, "view=attention"))
    before = [one.number for one in shown.rows]
    incidents.resolve(night.organisation.responder, "INC-2", "Restarted")
    incidents.acknowledge(night.organisation.responder, "INC-4")
    night.fire("z", title="Something new", severity="critical")
    found = listing(viewer, "view=attention")

    shown.take(found, hold=True, others=incident_list.lines(viewer, shown.missing(found)))

    assert [one.number for one in shown.rows] == before
    assert [one.state for one in shown.rows] == ["resolved", "acknowledged", "open"]
    assert shown.waiting == 1
    assert shown.rows[0].head_count == 2

    shown.take(found)

    assert [one.number for one in shown.rows] == ["INC-7", "INC-1"]
    assert shown.waiting == 0


def test_what_moves_up_from_below_the_last_row_is_not_new(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", 2)
    viewer = night.organisation.viewer
    shown = Shown(incident_list.viewer_of(viewer))
    shown.take(listing(viewer, "view=attention"))
    assert [one.number for one in shown.rows] == ["INC-2", "INC-4"]
    night.pass_time(minutes=1)
    incidents.acknowledge(night.organisation.responder, "INC-2")

    found = listing(viewer, "view=attention")
    shown.take(found, hold=True, others=incident_list.lines(viewer, shown.missing(found)))

    assert groups(viewer, "view=attention") == {"attention": ["INC-4", "INC-1"]}
    assert shown.waiting == 0

    incidents.acknowledge(night.organisation.responder, "INC-4")
    night.fire("z", title="Something new", severity="high")
    found = listing(viewer, "view=attention")
    shown.take(found, hold=True, others=incident_list.lines(viewer, shown.missing(found)))

    assert groups(viewer, "view=attention") == {"attention": ["INC-7", "INC-1"]}
    assert shown.waiting == 1


def test_what_came_into_the_group_since_is_new_however_old_it_is(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", 2)
    viewer = night.organisation.viewer
    shown = Shown(incident_list.viewer_of(viewer))
    shown.take(listing(viewer, "view=attention"))
    night.pass_time(minutes=1)
    incidents.change_severity(night.organisation.manager, "INC-1", "critical")

    shown.take(listing(viewer, "view=attention"), hold=True)

    assert groups(viewer, "view=attention") == {"attention": ["INC-1", "INC-2"]}
    assert shown.waiting == 1


def test_what_a_group_leaves_out_stands_page_by_page_elsewhere(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = night.organisation.viewer

    def leads(query: str) -> str:
        wanted = incident_list.wanted_by(viewer, query, "UTC")
        return incident_list.whole_address(wanted, listing(viewer, query))

    assert leads("view=now") == ""
    monkeypatch.setattr(live, "GROUP_ROWS", 1)
    monkeypatch.setattr(live, "PAGE_ROWS", 1)
    assert leads("view=now") == "/incidents?state=open%2Cacknowledged%2Cinvestigating"
    assert leads("view=now&state=open") == "/incidents?view=attention&state=open"
    assert leads("view=attention") == "", "it goes on page by page where it is"
    assert leads("view=all") == ""
    assert leads("state=open") == ""
    assert listing(viewer, "state=open").older
    monkeypatch.setattr(live, "PAGE_ROWS", 50)
    assert groups(viewer, "state=open") == {"": ["INC-4", "INC-2", "INC-1"]}


def test_an_empty_page_holds_nothing_back(story: Story) -> None:
    viewer = story.organisation.viewer
    shown = Shown(incident_list.viewer_of(viewer))
    shown.take(listing(viewer))
    story.fire("a")

    shown.take(listing(viewer), hold=True)

    assert [one.number for one in shown.rows] == ["INC-1"]
    assert shown.waiting == 0


def test_pages_that_look_at_the_same_share_one_read(night: Story) -> None:
    async def follow_twice() -> tuple[bool, bool]:
        viewer, responder = night.organisation.viewer, night.organisation.responder
        key = incident_list.key_of(viewer, incident_list.wanted_by(viewer, "", "UTC"))
        same = incident_list.key_of(responder, incident_list.wanted_by(responder, "", "UTC"))
        async with incident_list.feed(key).follow(key) as one, incident_list.feed(same).follow(same) as other:
            await asyncio.to_thread(incidents.acknowledge, responder, "INC-4")
            first, second = await one.next(5), await other.next(5)
        return first is second, first is not None

    assert asyncio.run(follow_twice()) == (True, True)


# --- addresses ------------------------------------------------------------------------------------------------------------------


def test_an_address_is_written_as_short_as_it_means_the_same(night: Story) -> None:
    viewer = night.organisation.viewer
    for query, written in (
        ("", "/incidents"),
        ("view=now", "/incidents"),
        ("view=all", "/incidents?view=all"),
        ("severity=critical", "/incidents?severity=critical"),
        ("view=all&severity=critical", "/incidents?severity=critical"),
        ("view=now&severity=low,critical", "/incidents?view=now&severity=critical%2Clow"),
        ("state=open&state=resolved&q=a+b", "/incidents?state=open%2Cresolved&q=a+b"),
        ("view=mine&nonsense=1", "/incidents?view=mine"),
    ):
        found = incident_list.wanted_by(viewer, query, "UTC")
        assert incident_list.address(found.view, found.asked.parameters) == written
        again = incident_list.wanted_by(viewer, written.partition("?")[2], "UTC")
        assert (again.view, again.asked.filters) == (found.view, found.asked.filters)


def test_what_is_wrong_in_an_address_is_told_and_left_out(night: Story) -> None:
    viewer = night.organisation.viewer

    found = incident_list.wanted_by(viewer, "view=mein&severity=critical&cursor=abc&state=lost", "UTC")

    assert found.view is View.ALL
    assert found.asked.parameters == {"severity": "critical"}
    assert found.asked.wrong == {
        "view": "There is no view “mein”. It is one of now, attention, mine, resolved and all.",
        "cursor": "This page of the list is not known any more: here is the first one.",
        "state": "“lost” is no state. It is one of open, acknowledged, investigating and resolved.",
    }
    assert incident_list.wanted_by(viewer, "&".join("a=1" for _ in range(500)), "UTC").view is View.NOW


def test_chips_and_tabs_lead_to_what_they_say(night: Story) -> None:
    rob = night.organisation.responder
    found = incident_list.wanted_by(rob, "view=now&severity=critical&assignee=me", "UTC")

    assert [(chip.name, chip.value, chip.without) for chip in incident_list.chips(found)] == [
        ("Severity", "critical", "/incidents?view=now&assignee=me"),
        ("Assignee", "you", "/incidents?view=now&severity=critical"),
    ]
    assert [(tab.name, tab.count, tab.address) for tab in incident_list.tabs(found, listing(rob).counts, incident_list.viewer_of(rob))] == [
        ("Needs attention", "3", "/incidents?view=attention&severity=critical&assignee=me"),
        ("Now", "5", "/incidents?view=now&severity=critical&assignee=me"),
        ("Mine", "1", "/incidents?view=mine&severity=critical&assignee=me"),
        ("Resolved", "", "/incidents?view=resolved&severity=critical&assignee=me"),
        ("All", "", "/incidents?severity=critical&assignee=me"),
    ]


def test_a_key_of_another_organisations_place_is_not_made(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAGE_ROWS", 2)
    cursor = listing(night.organisation.viewer, "view=all").older
    stranger = night.organisation.stranger

    assert incident_list.wanted_by(stranger, f"view=all&cursor={cursor}", "UTC").beyond is None
    with pytest.raises(InvalidInputError):
        incident_list.page(stranger, cursor=cursor)


def test_unresolved_for_a_month_is_still_first(night: Story) -> None:
    night.pass_time(days=30)

    found = listing(night.organisation.viewer)

    assert found.groups[0].entries[0].state is IncidentState.OPEN
    assert night.clock.now - found.groups[0].entries[0].created_at > timedelta(days=29)


@pytest.mark.parametrize("rows", [1, 2])
def test_what_needs_attention_goes_on_page_by_page_in_its_own_order(night: Story, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", rows)
    for number in (7, 8, 9):
        night.pass_time(minutes=1)
        night.fire(f"a{number}", title=f"Alert {number}", severity="warning" if number == 8 else "critical")
    viewer = night.organisation.viewer
    query, seen = "view=attention", list[str]()
    while True:
        found = listing(viewer, query)
        (group,) = found.groups
        assert (group.count, len(group.entries) <= rows) == (6, True)
        seen += [entry.number for entry in group.entries]
        if not found.older:
            break
        query = f"view=attention&cursor={found.older}"
    assert seen == ["INC-2", "INC-4", "INC-7", "INC-9", "INC-8", "INC-1"]
    assert groups(viewer, f"view=attention&severity=low&cursor={listing(viewer, 'view=attention').older}") == {"attention": ["INC-1"]}


def test_a_cursor_of_another_order_is_told_and_shows_the_first_page(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", 1)
    monkeypatch.setattr(live, "PAGE_ROWS", 1)
    viewer = night.organisation.viewer
    by_need, by_time = listing(viewer, "view=attention").older, listing(viewer, "view=all").older
    for query in (f"view=all&cursor={by_need}", f"view=attention&cursor={by_time}"):
        wanted = incident_list.wanted_by(viewer, query, "UTC")
        assert wanted.beyond is None
        assert "first one" in wanted.asked.wrong["cursor"]
    with pytest.raises(InvalidInputError, match="Cursor must be"):
        incident_list.page(viewer, cursor=by_need)


# ── snoozed ──


def test_what_is_snoozed_stands_by_itself_and_does_not_wait(night: Story) -> None:
    viewer, rob = night.organisation.viewer, night.organisation.responder
    incidents.assign(rob, "INC-2", rob.id)
    assert listing(viewer).counts.mine_open[rob.id] == 1 and viewers.nav(rob).assigned_open
    incidents.snooze(rob, "INC-2", clock.now() + timedelta(hours=2))
    incidents.snooze(rob, "INC-3", clock.now() + timedelta(hours=1))

    assert groups(viewer) == {"attention": ["INC-4", "INC-1"], "working": ["INC-6"], "snoozed": ["INC-3", "INC-2"], "resolved": ["INC-5"]}
    assert groups(viewer, "view=attention") == {"attention": ["INC-4", "INC-1"]}
    assert groups(rob, "view=mine") == {"snoozed": ["INC-3", "INC-2"]}
    assert groups(viewer, "view=now&q=alert")["attention"] == ["INC-4", "INC-1"]
    assert groups(viewer, "view=all&state=open") == {"": ["INC-4", "INC-2", "INC-1"]}
    counts = listing(viewer).counts
    assert (counts.attention, counts.unresolved, counts.snoozed) == (2, 5, 2)
    assert counts.mine_open[rob.id] == 0
    nav = viewers.nav(rob)
    assert (nav.attention, nav.unresolved, nav.assigned_open) == (2, 5, False)

    incidents.snooze(rob, "INC-2", None)
    incidents.resolve(rob, "INC-3", "Restarted")
    assert groups(viewer)["attention"] == ["INC-2", "INC-4", "INC-1"] and "snoozed" not in groups(viewer)


def test_the_oldest_that_waits_is_not_a_snoozed_one(night: Story) -> None:
    viewer, rob = night.organisation.viewer, night.organisation.responder
    incidents.snooze(rob, "INC-1", clock.now() + timedelta(hours=2))
    oldest = listing(viewer).counts.oldest_open
    assert oldest is not None and oldest.number == "INC-2"
    for number in ("INC-2", "INC-4"):
        incidents.snooze(rob, number, clock.now() + timedelta(hours=2))
    assert listing(viewer).counts.oldest_open is None and listing(viewer).counts.attention == 0


def test_a_full_group_goes_on_without_the_snoozed(night: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GROUP_ROWS", 1)
    viewer, rob = night.organisation.viewer, night.organisation.responder
    incidents.snooze(rob, "INC-2", clock.now() + timedelta(hours=2))
    incidents.snooze(rob, "INC-4", clock.now() + timedelta(hours=2))
    shown = {group.name: ([entry.number for entry in group.entries], group.count, group.has_more) for group in listing(viewer).groups}
    assert shown["attention"] == (["INC-1"], 1, False)
    assert shown["snoozed"] == (["INC-2"], 2, True)
    assert shown["working"] == (["INC-3"], 2, True)
