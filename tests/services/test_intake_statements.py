"""Each statement of intake finds its rows by an index, on both databases, however many rows there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from models import tables
from services import database
from services.incidents import resolve
from services.merging import merge
from services.statements import Prepared
from tests.fixtures.stories import Story

pytestmark = pytest.mark.usefixtures("no_database_again")
DOMAIN = {str(table.__tablename__) for table in tables.ALL}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, storage: database.Storage) -> Iterator[dict[str, Any]]:
    """Every statement that runs while the test does, with parameters of one of its runs."""
    seen: dict[str, Any] = {}
    run, run_many = Prepared.run, Prepared.run_many

    def noting_run(self: Prepared, cursor: Any, values: Any) -> Any:
        seen[self.sql] = self.bind(values)
        return run(self, cursor, values)

    def noting_run_many(self: Prepared, cursor: Any, rows: Any) -> None:
        seen[self.sql] = self.bind(rows[0])
        run_many(self, cursor, rows)

    def noting(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen[sql] = parameters

    monkeypatch.setattr(Prepared, "run", noting_run)
    monkeypatch.setattr(Prepared, "run_many", noting_run_many)
    event.listen(storage.engine, "before_cursor_execute", noting)
    yield seen
    event.remove(storage.engine, "before_cursor_execute", noting)


def live_through_everything(story: Story) -> None:
    """All that an alert can cause: opening, joining, repeating, ending, firing again, moving on, being resolved by rule."""
    alertmanager = story.integration("alertmanager", name="Alertmanager")

    def notify(status: str, *hosts: str, starts_at: str = "2026-11-23T03:00:00Z") -> None:
        alerts = [
            {"status": status, "labels": {"alertname": "Down", "severity": "critical", "host": host}, "startsAt": starts_at}
            for host in hosts
        ]
        story.post({"version": "4", "status": status, "groupKey": "g", "groupLabels": {}, "alerts": alerts}, key=alertmanager)

    notify("firing", "a")
    notify("firing", "a", "b", "c")
    notify("resolved", "a", "b")
    notify("firing", "a", starts_at="2026-11-23T03:05:00Z")
    notify("resolved", "a", "c")
    story.pass_time(minutes=5)
    notify("firing", "a", starts_at="2026-11-23T03:11:00Z")
    resolve(story.organisation.responder, "INC-1", "done")
    story.pass_time(hours=1)
    notify("firing", "a", "d", starts_at="2026-11-23T04:11:00Z")
    story.fire("low", severity="info")
    story.fire("low")
    merge(story.organisation.responder, "INC-2", "INC-3")
    notify("firing", "a", "e", starts_at="2026-11-23T04:13:00Z")
    resolve(story.organisation.responder, "INC-3", "done")
    notify("firing", "a", starts_at="2026-11-23T04:14:00Z")
    assert story.post([{"title": ""}]).refused


def plan_on_sqlite(connection: Any, sql: str, parameters: Any) -> list[str]:
    """What SQLite reads whole, table by table."""
    steps = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(parameters))]
    scans = [step for step in steps if step.startswith("SCAN")]
    return [scan for scan in scans if scan.split()[1] in DOMAIN]


def plan_on_postgresql(connection: Any, sql: str, parameters: Any) -> list[str]:
    """What PostgreSQL reads whole although it was asked not to."""
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters).fetchone()
    found = plan if isinstance(plan, list) else json.loads(plan)
    return re.findall(r"'Node Type': 'Seq Scan'.*?'Relation Name': '(\w+)'", str(found))


def test_each_statement_of_intake_finds_its_rows_by_an_index(story: Story, statements: dict[str, Any], storage: database.Storage) -> None:
    live_through_everything(story)
    seen = {sql: parameters for sql, parameters in statements.items() if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", sql)}
    kinds = " ".join(seen)
    for part in (
        "FROM alert",
        "FROM incident",
        "UPDATE incident",
        "UPDATE alert ",
        "UPDATE alert_firing",
        "UPDATE tenant",
        "FROM integration",
    ):
        assert part in kinds, f"no statement with {part} was seen"
    with storage.engine.connect() as connection:
        if not storage.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        for sql, parameters in seen.items():
            if "pg_notify" in sql or not any(re.search(rf"\b{name}\b", sql) for name in DOMAIN):
                continue
            plan = plan_on_sqlite if storage.is_sqlite else plan_on_postgresql
            assert plan(connection, sql, parameters) == [], sql


def test_a_live_group_is_found_by_its_own_index(story: Story, statements: dict[str, Any], storage: database.Storage) -> None:
    story.fire()
    sql = next(sql for sql in statements if "accepts_alerts" in sql and sql.lstrip().startswith("SELECT"))
    with storage.engine.connect() as connection:
        if storage.is_sqlite:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(statements[sql])).fetchall()
        else:
            connection.execute(text("SET enable_seqscan = off"))
            steps = connection.exec_driver_sql(f"EXPLAIN {sql}", statements[sql]).fetchall()
    assert "uq_incident_live_group" in str(steps)
