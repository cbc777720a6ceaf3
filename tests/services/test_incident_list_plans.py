"""No part of the list looks at more incidents than it shows: SQLite says by which index each statement goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from models.vocabulary import IncidentState, Role, Severity
from services import clock, database, holding, incident_list, merge_offers, people, related, viewers
from services.access import Actor
from services.incident_list import Filters, counts, programs, rows, scans
from services.incident_list.scans import Place
from services.incident_page import statements as page_statements
from services.statements import Prepared
from tests.fixtures.organisations import person

Statement = tuple[str, Any]


@pytest.fixture
def viewer(new_database: Callable[[str], str]) -> Iterator[Actor]:
    """Somebody of a new organisation on SQLite."""
    database.use(new_database("sqlite"))
    system = people.create_organisation("Northwind")
    yield person(system, "Vera Novak", Role.VIEWER)
    database.use(None)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Statement]]:
    """What is run in the block, with the values."""
    seen: list[Statement] = []
    plain = Prepared.run

    def run(self: Prepared, cursor: Any, values: Any) -> Any:
        seen.append((self.sql, self.bind(values)))
        return plain(self, cursor, values)

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    engine = database.storage().engine
    event.listen(engine, "before_cursor_execute", note)
    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "run", run)
        yield seen
    event.remove(engine, "before_cursor_execute", note)


def plan(statement: Statement) -> list[str]:
    """SQLite's steps."""
    with database.storage().engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        return [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])]


def looks(found: list[Statement]) -> list[str]:
    """The steps that touch incidents."""
    return [step for statement in found for step in plan(statement) if re.search(r"\bincident\b", step)]


def assert_quick(found: list[Statement], *, index: str = "") -> None:
    """Each statement goes by an index, and where one is named, by no other."""
    assert looks(found)
    for step in looks(found):
        assert step.startswith("SEARCH incident USING"), (step, found)
        assert not index or f" {index} " in step, step


OPEN, TAKEN, LOOKED_AT, RESOLVED = IncidentState
CRITICAL, HIGH, MEDIUM, LOW = Severity


def test_each_filter_goes_by_its_own_index_and_never_to_the_rows(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    some = viewer.id
    asked = [
        (Filters(), "ix_incident_created"),
        (Filters(after=now, before=now), "ix_incident_created"),
        (Filters((OPEN,)), "ix_incident_state"),
        (Filters((OPEN, TAKEN, LOOKED_AT), (CRITICAL, HIGH)), "ix_incident_state"),
        (Filters((), (LOW,), after=now), "ix_incident_state"),
        (Filters(assignee=some), "ix_incident_assignee"),
        (Filters((OPEN, TAKEN, LOOKED_AT), (CRITICAL,), assignee=some, after=now), "ix_incident_assignee"),
        (Filters((RESOLVED,), unassigned=True), "ix_incident_assignee"),
        (Filters(service=some), "ix_incident_service"),
        (Filters((OPEN,), (CRITICAL, HIGH), service=some, before=now), "ix_incident_service"),
        (Filters((OPEN,), (HIGH,), assignee=some, service=some), "ix_incident_service"),
        (Filters((OPEN, TAKEN, LOOKED_AT), (CRITICAL, HIGH), whole=True), "ix_incident_state"),
        (Filters((OPEN,), assignee=some, whole=True), "ix_incident_assignee"),
        (Filters((RESOLVED,), service=some, whole=True), "ix_incident_service"),
    ]
    for filters, index in asked:
        for beyond in (None, Place(now, some)):
            for oldest_first in (False, True):
                with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
                    scans.find(session, filters, limit=51, beyond=beyond, oldest_first=oldest_first)
                assert_quick(found, index=index)
                assert all("USING COVERING INDEX" in step for step in looks(found)), filters
                sorts = [step for step in plan(found[0]) if "TEMP B-TREE" in step]
                assert len(sorts) == (1 if len(looks(found)) > 1 else 0), filters  # the one that merges the runs


def test_a_number_is_looked_up_alone(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found:
        incident_list.page(viewer, Filters(number=42))

    assert_quick(found[:1], index="uq_incident_number")


def test_rare_words_lead_to_their_incidents_alone(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found:
        incident_list.page(viewer, Filters((OPEN,), (CRITICAL,), words="pool"))

    assert_quick([one for one in found if "json_each" in one[0]], index="sqlite_autoindex_incident_1")


def test_counts_touch_what_is_not_over_and_nothing_else(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        counts.take(session)
        session.connection().execute(counts._oldest_open(viewer.tenant_id))

    indexes = {re.search(r"INDEX (\w+)", step)[1] for step in looks(found)}  # type: ignore[index]
    assert_quick(found)
    assert all("USING COVERING INDEX" in step for step in looks(found) if "ix_incident_unresolved" in step or "acknowledged" in step)
    assert indexes == {
        "ix_incident_unresolved",
        "ix_incident_resolved_at",
        "ix_incident_acknowledged",
        "ix_incident_state",
        "ix_incident_snoozed",
    }


def test_what_is_snoozed_is_found_and_left_out_by_its_own_index(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Filters((OPEN,), (CRITICAL,), whole=True, awake=True)
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        scans.find(session, waits, limit=51, oldest_first=True)
        scans.find(session, waits, limit=51, oldest_first=True, beyond=Place(clock.now(), viewer.id))
    assert_quick(found, index="ix_incident_state")
    left_out = [step for statement in found for step in plan(statement) if "snoozed" in step]
    assert len(left_out) == 2 and all(
        "USING COVERING INDEX ix_incident_snoozed (tenant_id=? AND snoozed_until>?)" in step for step in left_out
    )

    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        scans.snoozed_first_over(session, replace(waits, awake=False), limit=51)
    assert_quick(found, index="ix_incident_snoozed")
    assert not [step for step in plan(found[0]) if "TEMP B-TREE" in step]


def test_the_counts_of_the_navigation_go_by_indexes(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        viewers._waiting(session)
    assert_quick(found)
    assert len([step for step in looks(found) if "ix_incident_snoozed" in step]) == 1


def test_who_follows_one_and_who_was_called_for_it_is_read_by_indexes(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        page_statements.followers(session, viewer.id, viewer.tenant_id)
        page_statements.calls(session, viewer.id, clock.now(), 8)
    steps = [step for statement in found for step in plan(statement)]
    assert [step for step in steps if step.startswith("SCAN")] == []
    assert any("ix_notification_incident (incident_id=? AND created_at>?)" in step for step in steps)


def test_the_strip_and_the_groups_read_a_fixed_number_of_statements(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    key = incident_list.key_of(viewer, incident_list.wanted_by(viewer, "", "UTC"))
    with statements(monkeypatch) as found:
        incident_list.read_list(key)

    assert len(found) <= 16
    assert_quick(found)


def test_what_was_found_is_read_by_its_keys(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [viewer.id] * 60
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        rows.entries(session, ids)
        programs._records(session, ids)

    assert_quick(found, index="sqlite_autoindex_incident_1")


def test_what_is_related_is_compared_by_keys(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.read(viewer.tenant_id) as session:
        merge_offers._read(session, [viewer.id] * 3)

    assert_quick(found, index="sqlite_autoindex_incident_1")
    assert [step for step in plan(found[0]) if re.search(r"\balert\b", step)] == [
        "SEARCH alert USING INDEX sqlite_autoindex_alert_1 (id=?) LEFT-JOIN"
    ]


def test_one_is_held_with_what_was_merged_into_it_by_their_indexes(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.write(viewer.tenant_id) as tx:
        holding.by_number(tx, 42)
        holding.by_parents(tx, [viewer.id])

    assert_quick(found)
    indexes = {re.search(r"INDEX (\w+)", step)[1] for step in looks(found)}  # type: ignore[index]
    assert indexes == {"uq_incident_number", "ix_incident_parent"}


def test_what_may_be_the_same_is_read_by_its_keys(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found:
        related.unresolved_like(viewer, "Connection pool exhausted", viewer.id)

    assert_quick(found)
    assert_quick([one for one in found if "json_each" in one[0]], index="sqlite_autoindex_incident_1")


def test_incidents_that_are_held_by_their_ids_are_looked_up_one_by_one(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with statements(monkeypatch) as found, database.write(viewer.tenant_id) as tx:
        holding.by_ids(tx, [viewer.id, viewer.tenant_id])

    assert_quick([one for one in found if "json_each" in one[0]], index="sqlite_autoindex_incident_1")
