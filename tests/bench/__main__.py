"""`python -m tests.bench [name …] [--long]`: run the benchmarks one after another and print one table.

A benchmark is a module `bench_<name>.py` beside this file with a function `main(long: bool) -> Iterable[Row]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor

from tests.bench.rows import Row, machine, names, run, table


def main() -> int:
    """Run what was asked for, each in a process of its own; 1 when one of them failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure Tocsin, each figure beside a floor of the same run."
    )
    parser.add_argument("name", nargs="*", help=f"which ones (all: {', '.join(names())})")
    parser.add_argument("--long", action="store_true", help="the long sizes too")
    asked = parser.parse_args()
    unknown = sorted(set(asked.name) - set(names()))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}")
    print(machine(), flush=True)
    rows: list[Row] = []
    failed: list[str] = []
    for name in asked.name or names():
        print(f"{name} …", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
                found = alone.submit(run, name, asked.long).result()
        except Exception:  # one that fails takes no other with it
            traceback.print_exc()
            failed.append(name)
            continue
        rows += found
        print(f"{name}: {time.monotonic() - began:.0f} s\n{table(found)}\n", file=sys.stderr, flush=True)
    print(table(rows))
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
