"""Each figure and each of its results is told in the reference, and the reference tells of none that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from services.measures import IntakeResult, JobResult

PAGE = (Path(__file__).parent.parent.parent / "docs" / "reference" / "metrics.md").read_text()
# in a process of its own, since a test's own process holds figures of other tests and libraries
SAY = "from services import measures; print(measures.text(jobs={'pending': 1}, waiting_mails=1, ping_seconds=1).decode())"


def figures() -> set[str]:
    said = subprocess.run([sys.executable, "-c", f"{SAY}"], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return {line.split()[2] for line in said.stdout.splitlines() if line.startswith("# TYPE tocsin_")}


def test_every_figure_is_told_and_no_other() -> None:
    told = set(re.findall(r"^\| `(tocsin_[a-z_]+)` \|", PAGE, re.MULTILINE))
    assert told == figures() | {"tocsin_engine_cycle_age_seconds"}, "the age is there once the engine has run"


def test_every_result_is_told() -> None:
    told = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) - figures()
    assert {*(each.value for each in IntakeResult), *(each.value for each in JobResult)} <= told
