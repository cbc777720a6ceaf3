"""What a benchmark hands back: measured figures, each beside the floor of the same run, and the table that shows them."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

_PREFIX = "bench_"


@dataclass(frozen=True)
class Row:
    """One figure. `floor` is the least that the machine asks for in the same run, and `floor_of` says what that did.

    `measured`, `floor` and `bar` are in `unit`. Less is better, unless `more_is_better`. `note` says what a reader must know.
    """

    what: str
    measured: float
    unit: str
    floor: float | None = None
    floor_of: str = ""
    bar: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times its floor it costs; 1 is as good as the machine allows."""
        if not self.floor or not self.measured:
            return None
        return self.floor / self.measured if self.more_is_better else self.measured / self.floor

    @property
    def verdict(self) -> str:
        """Whether the bar was met, and by how much it was missed."""
        if self.bar is None:
            return ""
        if (self.measured >= self.bar) if self.more_is_better else (self.measured <= self.bar):
            return "met"
        share = f" ({abs(self.measured / self.bar - 1):.0%})" if self.bar else ""
        return f"missed by {shown(abs(self.measured - self.bar))} {self.unit}{share}"


def names() -> list[str]:
    """The benchmarks that there are."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in Path(__file__).parent.glob(f"{_PREFIX}*.py"))


def run(name: str, long: bool) -> list[Row]:
    """The rows of one benchmark."""
    return list(import_module(f"tests.bench.{_PREFIX}{name}").main(long))


def shown(value: float) -> str:
    """A figure with three digits that say something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | measured | floor of the same run | times its floor | bar | |", "|---|---|---|---|---|---|"]
    for row in rows:
        floor = f"{shown(row.floor)} {row.unit}" + (f" ({row.floor_of})" if row.floor_of else "") if row.floor is not None else "–"
        ratio = "–" if row.ratio is None else f"{row.ratio:.1f}"
        bar = "–" if row.bar is None else f"{'≥' if row.more_is_better else '≤'} {shown(row.bar)} {row.unit}"
        said = "; ".join(filter(None, (row.verdict, row.note)))
        cells = (row.what, f"{shown(row.measured)} {row.unit}", floor, ratio, bar, said)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """The machine that the figures come from, in one line, and how busy it is."""
    model = _after("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    memory = _after("/proc/meminfo", "MemTotal")
    gib = f"{int(memory.split()[0]) / 2**20:.0f} GiB" if memory else "memory unknown"
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{os.cpu_count()} × {model}, {gib}, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; load {load}"
    )


def _after(path: str, name: str) -> str:
    """The value after `name:` in a file of the kernel; empty where there is none."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
