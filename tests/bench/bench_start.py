"""From the command to the first page, with the bundle present and the database at its schema."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from app import bundle
from tests.bench.processes import EMPTY_SERVER, running, tocsin_environment
from tests.bench.rows import Row
from tests.fixtures.servers import TOCSIN, free_port

_STARTS = 9


def main(long: bool) -> Iterator[Row]:
    """Each start beside an empty Python and an empty server, started in turn with it."""
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-start-") as name:
        folder = Path(name)
        first = _seconds([TOCSIN, "serve"], folder, "data")
        taken: dict[str, list[float]] = {"serve": [], "make": [], "empty": [], "python": []}
        _seconds(["make", "-s", "run"], folder, "data")  # the one that may install something
        for _ in range(_STARTS):
            taken["serve"].append(_seconds([TOCSIN, "serve"], folder, "data"))
            taken["make"].append(_seconds(["make", "-s", "run"], folder, "data"))
            taken["empty"].append(_empty(folder))
            taken["python"].append(_python())
        middle = {what: median(times) for what, times in taken.items()}
        floor = f"empty server; python -c pass {middle['python']:.2f} s"
        spread = f"{min(taken['serve']):.1f} to {max(taken['serve']):.1f} s in {_STARTS} starts"
        yield Row("`tocsin serve` to the first page", middle["serve"], "s", middle["empty"], floor, bar=3.0, note=spread)
        spread = f"{min(taken['make']):.1f} to {max(taken['make']):.1f} s"
        yield Row("`make run`, not for the first time", middle["make"], "s", middle["empty"], floor, bar=3.5, note=spread)
        yield Row("the same with an empty data folder, which is migrated first", first, "s", middle["empty"], floor, note="one start")


def _seconds(command: list[str | Path], folder: Path, data: str) -> float:
    port = free_port()
    with running(command, port, tocsin_environment(folder / data, port), folder / "server.log") as (_, seconds):
        return seconds


def _empty(folder: Path) -> float:
    port = free_port()
    environment = tocsin_environment(folder, port)
    with running([*EMPTY_SERVER, str(port)], port, environment, folder / "empty.log") as (_, seconds):
        return seconds


def _python() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began
