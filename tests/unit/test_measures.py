"""The figures of several web processes are one answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WORKER = """
import sys, time
from services import measures
measures.intake_requests.labels("accepted").inc(float(sys.argv[1]))
measures.open_pages.set(float(sys.argv[1]))
measures.engine_last_cycle.set(float(sys.argv[1]) * 1000)
print("ready", flush=True)
sys.stdin.read()
"""
ASK = """
from services import measures
measures.engine_last_cycle.set(4000)
print(measures.text(jobs=None, waiting_mails=None, ping_seconds=None).decode())
"""


def test_any_process_answers_for_all_that_live(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def start(count: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def ask() -> dict[str, float]:
        said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=environment, cwd=ROOT).stdout
        lines = (line.rsplit(" ", 1) for line in said.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    first, second = start(2), start(3)
    try:
        said = ask()
        assert said['tocsin_intake_requests_total{result="accepted"}'] == 5
        assert said["tocsin_open_pages"] == 5
        assert said["tocsin_engine_last_cycle_timestamp_seconds"] == 2000, "the one that looked longest ago"
    finally:
        first.kill()
        first.communicate()
    try:
        said = ask()
        assert said['tocsin_intake_requests_total{result="accepted"}'] == 5, "what was counted stays"
        assert said["tocsin_open_pages"] == 3, "who has ended has no page open"
        assert said["tocsin_engine_last_cycle_timestamp_seconds"] == 3000
    finally:
        second.kill()
        second.communicate()
