"""The table of the benchmarks says what was met and by how much the rest was missed."""

from __future__ import annotations

from tests.bench.rows import Row, table


def test_a_bar_that_is_missed_says_by_how_much() -> None:
    row = Row("start", 3.75, "s", floor=0.25, bar=3.0)
    assert row.verdict == "missed by 0.75 s (25%)"
    assert row.ratio == 15


def test_what_must_not_happen_has_a_bar_of_nothing() -> None:
    assert Row("lost alerts", 0, "alerts", bar=0).verdict == "met"
    assert Row("lost alerts", 2, "alerts", bar=0).verdict == "missed by 2.00 alerts"


def test_more_requests_than_the_bar_meet_it() -> None:
    row = Row("intake", 2500, "req/s", floor=10_000, bar=2000, more_is_better=True)
    assert row.verdict == "met"
    assert row.ratio == 4


def test_fewer_requests_than_the_bar_miss_it() -> None:
    assert Row("intake", 1500, "req/s", bar=2000, more_is_better=True).verdict == "missed by 500 req/s (25%)"


def test_a_figure_without_a_bar_or_a_floor_stands_alone() -> None:
    assert table([Row("idle | all", 139, "MiB")]).splitlines()[-1] == r"| idle \| all | 139 MiB | – | – | – |  |"


def test_the_table_names_what_the_floor_did() -> None:
    line = table([Row("start", 2.5, "s", floor=0.02, floor_of="python -c pass", bar=3, note="median of 9")]).splitlines()[-1]
    assert line == "| start | 2.50 s | 0.02 s (python -c pass) | 125.0 | ≤ 3.00 s | met; median of 9 |"
