"""The list for programs: order, filters, pages and their cursors, on both databases."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from models.columns import new_id
from models.incidents import Incident
from models.integrations import Service
from models.vocabulary import IncidentState, Severity
from services import comments, database, incident_list, incidents
from services.access import Actor
from services.errors import InvalidFieldsError, InvalidInputError
from services.incident_list import Filters
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story

OPEN, TAKEN, LOOKED_AT, RESOLVED = IncidentState
CRITICAL, HIGH, MEDIUM, LOW = Severity


def numbers(actor: Actor, filters: Filters = Filters(), **more: Any) -> list[str]:  # noqa: B008
    return [one.number for one in incident_list.page(actor, filters, **more).items]


def all_numbers(actor: Actor, filters: Filters, limit: int) -> list[str]:
    """What all pages hold, one after the other."""
    found: list[str] = []
    cursor = None
    while True:
        page = incident_list.page(actor, filters, cursor, limit)
        assert len(page.items) <= limit
        found += [one.number for one in page.items]
        cursor = page.next
        if cursor is None:
            return found


@dataclass(frozen=True)
class Landscape:
    """Incidents of every state and severity, some of Rob's or Mina's, some of a service, and what a plain look at them says."""

    organisation: Organisation
    services: tuple[UUID, UUID]
    rows: list[dict[str, Any]]

    def expected(self, fits: Callable[[dict[str, Any]], bool]) -> list[str]:
        """The numbers of those that fit, newest first."""
        chosen = sorted((row for row in self.rows if fits(row)), key=lambda row: (row["created_at"], row["id"]), reverse=True)
        return [f"INC-{row['number']}" for row in chosen]


@pytest.fixture
def landscape(organisation: Organisation, clock: MovableClock) -> Landscape:
    """64 incidents, four of each state and severity; every eight of them were created at the same moment."""
    checkout, search = new_id(), new_id()
    owners = (organisation.responder.id, organisation.manager.id, None)
    rows = []
    with database.write(organisation.tenant_id) as tx:
        for service_id, name in ((checkout, "Checkout"), (search, "Product search")):
            tx.insert(Service, id=service_id, name=name, description="", runbook_url=None, created_at=tx.now)
        for place, (state, severity, _) in enumerate(product(IncidentState, Severity, range(4)), start=1):
            row = {
                "id": new_id(), "number": place, "title": f"Queue {place} is long", "description": "", "severity": severity, "state": state,
                "service_id": (checkout, search, None)[place % 3], "assigned_to": owners[place // 2 % 3],
                "created_by": organisation.system.id, "created_at": clock.now - timedelta(minutes=place * 7 % 8),
                "updated_at": clock.now, "why": "", "occurrence": 1, "accepts_alerts": False, "alert_count": 0, "firing_count": 0,
                "truncated_count": 0, "touched": False, "last_seq": 0, "last_change": 0, "version": 1,
                "resolved_at": clock.now if state is RESOLVED else None,
            }  # fmt: skip
            rows.append(row)
            tx.insert(Incident, **row)
    return Landscape(organisation, (checkout, search), rows)


def test_without_filters_all_states_are_listed_newest_first(landscape: Landscape) -> None:
    viewer = landscape.organisation.viewer

    assert all_numbers(viewer, Filters(), 200) == landscape.expected(lambda _: True)


@pytest.mark.parametrize("limit", [1, 7, 64])
def test_pages_follow_each_other_without_a_gap_where_times_are_equal(landscape: Landscape, limit: int) -> None:
    viewer = landscape.organisation.viewer

    assert all_numbers(viewer, Filters(), limit) == landscape.expected(lambda _: True)
    assert all_numbers(viewer, Filters((OPEN, RESOLVED), (CRITICAL, LOW)), limit) == landscape.expected(
        lambda row: row["state"] in (OPEN, RESOLVED) and row["severity"] in (CRITICAL, LOW)
    )


STATES: list[tuple[IncidentState, ...]] = [(), (OPEN,), (RESOLVED,), (OPEN, TAKEN, LOOKED_AT), (TAKEN, RESOLVED)]
SEVERITIES: list[tuple[Severity, ...]] = [(), (CRITICAL,), (CRITICAL, HIGH), (MEDIUM, LOW)]


def test_every_combination_of_filters_finds_what_a_plain_look_finds(landscape: Landscape, clock: MovableClock) -> None:
    organisation = landscape.organisation
    assignees = [{}, {"assignee": organisation.responder.id}, {"unassigned": True}, {"assignee": organisation.admin.id}]
    services = [None, landscape.services[0]]
    times = [{}, {"after": clock.now - timedelta(minutes=5), "before": clock.now - timedelta(minutes=2)}]
    for states, severities, assignee, service, time in product(STATES, SEVERITIES, assignees, services, times):
        filters = Filters(states, severities, service=service, **assignee, **time)  # type: ignore[arg-type]

        def fits(row: dict[str, Any], asked: Filters = filters) -> bool:
            return (
                (not asked.states or row["state"] in asked.states)
                and (not asked.severities or row["severity"] in asked.severities)
                and (asked.assignee is None or row["assigned_to"] == asked.assignee)
                and (not asked.unassigned or row["assigned_to"] is None)
                and (asked.service is None or row["service_id"] == asked.service)
                and (asked.after is None or row["created_at"] >= asked.after)
                and (asked.before is None or row["created_at"] < asked.before)
            )

        assert all_numbers(organisation.viewer, filters, 5) == landscape.expected(fits), filters


def test_an_incident_that_comes_meanwhile_shifts_no_page(story: Story) -> None:
    viewer = story.organisation.viewer
    for name in "abcd":
        story.fire(name)
        story.pass_time(seconds=1)
    first = incident_list.page(viewer, limit=2)
    story.fire("e")

    assert [one.number for one in first.items] == ["INC-4", "INC-3"]
    assert numbers(viewer, cursor=first.next, limit=2) == ["INC-2", "INC-1"]


def test_another_organisation_sees_none_of_it_and_no_cursor_leads_there(landscape: Landscape) -> None:
    organisation = landscape.organisation
    cursor = incident_list.page(organisation.viewer, limit=3).next

    assert numbers(organisation.stranger) == []
    assert numbers(organisation.stranger, Filters(assignee=organisation.responder.id)) == []
    assert numbers(organisation.stranger, Filters(number=1)) == []
    with pytest.raises(InvalidInputError) as refused:
        incident_list.page(organisation.stranger, cursor=cursor)
    assert refused.value.field == "cursor"


def test_a_cursor_that_no_page_gave_is_refused(organisation: Organisation) -> None:
    for cursor in ("", "x", "=", "é", "AAAA", "%%%%", "A" * 200, "-1", "\x00"):
        with pytest.raises(InvalidInputError) as refused:
            incident_list.page(organisation.viewer, cursor=cursor)
        assert refused.value.field == "cursor"


def test_a_cursor_that_was_changed_is_refused(landscape: Landscape) -> None:
    viewer = landscape.organisation.viewer
    cursor = incident_list.page(viewer, limit=3).next
    assert cursor is not None
    plain = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place in range(len(plain)):
        changed = bytes(byte ^ (place == at) for at, byte in enumerate(plain))
        with pytest.raises(InvalidInputError):
            incident_list.page(viewer, cursor=base64.urlsafe_b64encode(changed).decode().rstrip("="))


def test_a_limit_out_of_bounds_is_refused(organisation: Organisation) -> None:
    for limit in (0, -1, 201):
        with pytest.raises(InvalidInputError) as refused:
            incident_list.page(organisation.viewer, limit=limit)
        assert refused.value.field == "limit"


def test_words_are_found_in_titles_comments_and_resolutions(story: Story) -> None:
    organisation = story.organisation
    story.fire("a", title="Error rate above 5 % on host-17")
    story.pass_time(seconds=1)
    story.fire("b", title="Queue is long", description="see api.northwind.example, release 4.18.2")
    comments.add(organisation.responder, "INC-2", "The pool is **exhausted** again")
    story.pass_time(seconds=1)
    story.fire("c", title="Disk is full")
    incidents.resolve(organisation.responder, "INC-3", "Deleted old error reports")

    def found(words: str, **more: Any) -> list[str]:
        return numbers(organisation.viewer, Filters(words=words, **more))

    assert found("error") == ["INC-3", "INC-1"]
    assert found("ERR") == ["INC-3", "INC-1"]
    assert found("exhausted pool") == ["INC-2"]
    assert found("host-17") == ["INC-1"]
    assert found("host 17") == ["INC-1"]
    assert found("4.18.2") == ["INC-2"]
    assert found("northwind") == ["INC-2"]
    assert found("error", states=(RESOLVED,)) == ["INC-3"]
    assert found("error", states=(OPEN, TAKEN), severities=(CRITICAL,)) == ["INC-1"]
    assert found("error", assignee=organisation.admin.id) == []
    assert found("nothing like it") == []
    assert [one.number for one in incident_list.page(organisation.stranger, Filters(words="error")).items] == []


def test_nothing_that_is_typed_is_an_operator(story: Story) -> None:
    story.fire("a", title="Disk is full")
    for words in ('"', "a OR b", "x*", "NOT", "(", "a:b", "'; --", "% _", "\\", "😀 disk"):
        asked = incident_list.read(story.organisation.viewer, {"q": words})

        assert numbers(story.organisation.viewer, asked.filters) in ([], ["INC-1"])


def test_words_that_nearly_everything_has_are_paged_like_others(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.incident_list import scans

    for place in range(9):
        story.fire(f"a{place}", title=f"Error number{place} of the queue")
        story.pass_time(seconds=1)
    story.fire("b", title="Disk is full")
    expected = [f"INC-{number}" for number in range(9, 0, -1)]
    for few, many in ((2_000, 50_000), (3, 50_000), (3, 5)):
        monkeypatch.setattr(scans, "_FEW", few)
        monkeypatch.setattr(scans, "_MANY", many)
        for limit in (2, 50):
            assert all_numbers(story.organisation.viewer, Filters(words="error"), limit) == expected
            assert all_numbers(story.organisation.viewer, Filters(words="error queue"), limit) == expected
            assert all_numbers(story.organisation.viewer, Filters(words="error", states=(OPEN,)), limit) == expected


# --- reading an address ---------------------------------------------------------------------------------------------------------


def test_an_address_is_read_into_filters(landscape: Landscape, clock: MovableClock) -> None:
    organisation = landscape.organisation

    asked = incident_list.read(
        organisation.responder,
        {
            "state": ["open", "acknowledged"],
            "severity": "low,CRITICAL",
            "assignee": "me",
            "service": "checkout",
            "after": "7d",
            "q": " queue ",
        },
    )

    assert asked.filters == Filters(
        (OPEN, TAKEN),
        (CRITICAL, LOW),
        assignee=organisation.responder.id,
        service=landscape.services[0],
        after=clock.now - timedelta(days=7),
        words="queue",
    )
    assert asked.parameters == {
        "state": "open,acknowledged", "severity": "critical,low", "assignee": "me", "service": "Checkout", "after": "7d", "q": "queue",
    }  # fmt: skip
    assert [(chip.name, chip.operator, chip.value) for chip in asked.chips] == [
        ("State", "is", "open or acknowledged"),
        ("Severity", "is", "critical or low"),
        ("Assignee", "is", "you"),
        ("Service", "is", "Checkout"),
        ("Created", "in the last", "7 days"),
        ("Words", "", "queue"),
    ]
    assert asked.wrong == {}


def test_a_person_is_named_by_handle_or_id_and_nobody_by_a_word(organisation: Organisation) -> None:
    def assignee(text: str) -> Filters:
        return incident_list.read(organisation.viewer, {"assignee": text}).filters

    assert assignee("rob") == assignee("@Rob") == assignee(str(organisation.responder.id)) == Filters(assignee=organisation.responder.id)
    assert assignee("none") == Filters(unassigned=True)


def test_days_are_those_of_the_readers_zone(organisation: Organisation) -> None:
    def read(zone: str, **given: str) -> Filters:
        return incident_list.read(organisation.viewer, given, zone=zone).filters

    assert read("Europe/Stockholm", after="2026-11-24").after == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert read("UTC", created_before="2026-11-24").before == datetime(2026, 11, 24, tzinfo=UTC)
    assert read("UTC", before="2026-11-24T03:07:00+01:00").before == datetime(2026, 11, 24, 2, 7, tzinfo=UTC)
    assert read("UTC", before="2026-11-24T03:07:00 01:00").before == datetime(2026, 11, 24, 2, 7, tzinfo=UTC)


WRONG = [
    ("state", "opne", "“opne” is no state. It is one of open, acknowledged, investigating and resolved."),
    ("state", ",", "“,” is no state. It is one of open, acknowledged, investigating and resolved."),
    ("severity", "critical,awful", "“awful” is no severity. It is one of critical, high, medium and low."),
    ("assignee", "ghost", "There is nobody with the handle “ghost” here. An assignee is “me”, “none” or a handle."),
    ("service", "01a20ecc-e557-7159-b334-b3012e6d4ffe", "There is no service “01a20ecc-e557-7159-b334-b3012e6d4ffe” here."),
    ("after", "soon", "“soon” is no day and no time. Write one such as 2026-11-24 or 2026-11-24T03:07:00Z."),
    (
        "created_before",
        "0001-01-01T00:00+14:00",
        "“0001-01-01T00:00+14:00” is no day and no time. Write one such as 2026-11-24 or 2026-11-24T03:07:00Z.",
    ),
    ("q", "???", "There is no word to look for in “???”."),
]


def test_a_wrong_value_is_left_out_and_told_and_the_others_hold(organisation: Organisation) -> None:
    for parameter, value, told in WRONG:
        other = {"severity": "high"} if parameter != "severity" else {"state": "open"}

        asked = incident_list.read(organisation.viewer, {parameter: value, **other})

        assert asked.wrong == {parameter: told}
        assert asked.filters == (Filters((), (HIGH,)) if parameter != "severity" else Filters((OPEN,)))
        with pytest.raises(InvalidFieldsError) as refused:
            incident_list.require_right(asked)
        assert refused.value.fields == {parameter: told}


def test_whatever_stands_in_an_address_is_no_error(organisation: Organisation) -> None:
    texts = ("\x00", "\ud800", "a\x00b", "\udfff open", "9" * 5000, "😀" * 500, "1e999", "-", "9999h", "9999-12-31T23:59:59-14:00")
    for parameter, text in product(("state", "severity", "assignee", "service", "after", "before", "q", "created_after"), texts):
        asked = incident_list.read(organisation.viewer, {parameter: text})

        assert numbers(organisation.viewer, asked.filters) == []
        assert all(sentence.isprintable() for sentence in asked.wrong.values())


def test_another_organisations_people_and_services_are_unknown(landscape: Landscape) -> None:
    organisation = landscape.organisation

    asked = incident_list.read(organisation.stranger, {"assignee": str(organisation.responder.id), "service": str(landscape.services[0])})

    assert asked.filters == Filters()
    assert set(asked.wrong) == {"assignee", "service"}


def test_what_can_be_chosen_is_ones_own(landscape: Landscape) -> None:
    people, services = incident_list.choices(landscape.organisation.viewer)

    assert people == [("alice", "Alice Moreau"), ("mina", "Mina Okafor"), ("rob", "Rob Lindqvist"), ("vera", "Vera Novak")]
    assert services == [("Checkout", "Checkout"), ("Product search", "Product search")]
    assert incident_list.choices(landscape.organisation.stranger) == ([("sten", "Sten Stranger")], [])


def test_a_number_finds_that_incident_alone(landscape: Landscape) -> None:
    viewer = landscape.organisation.viewer

    assert numbers(viewer, incident_list.read(viewer, {"q": "inc-4"}).filters) == ["INC-4"]
    assert numbers(viewer, incident_list.read(viewer, {"q": "INC-4", "state": "resolved"}).filters) == []
    assert numbers(viewer, incident_list.read(viewer, {"q": "INC-999"}).filters) == []
