"""What was answered with 202 is there after the server was killed, and a group has one live incident."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.bench_kill import kill_again_and_again


def test_nothing_accepted_is_lost_when_the_server_is_killed(page_bundle: Path, tmp_path: Path) -> None:
    loss = kill_again_and_again(tmp_path, 20 if os.environ.get("TOCSIN_TEST_LONG") else 2, seconds=0.5)
    assert loss.accepted > 100
    assert (loss.lost, loss.doubled, loss.integrity) == (0, 0, "ok")
