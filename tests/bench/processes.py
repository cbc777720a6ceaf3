"""Servers as processes of their own: started, waited for, weighed and ended."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EMPTY_SERVER = [sys.executable, "-m", "tests.bench.empty_server"]
_SECONDS_TO_ANSWER = 120


@contextmanager
def running(command: Sequence[str | Path], port: int, environment: Mapping[str, str], log: Path) -> Iterator[tuple[int, float]]:
    """A server that was started by this command, from its first answer with a page on; its session and the seconds until then."""
    began = time.monotonic()
    with log.open("ab") as said:
        process = subprocess.Popen(command, cwd=ROOT, env={**environment}, stdout=said, stderr=said, start_new_session=True)
    try:
        while not _serves_a_page(port):
            if process.poll() is not None or time.monotonic() - began > _SECONDS_TO_ANSWER:
                raise RuntimeError(f"no page came from {command}: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.005)
        yield process.pid, time.monotonic() - began
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _serves_a_page(port: int) -> bool:
    path = "/"
    for _ in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except OSError:
            return False
        finally:
            connection.close()
        if answer.status in (302, 303, 307, 308):
            path = (answer.getheader("location") or "/").removeprefix(f"http://127.0.0.1:{port}")
            continue
        return answer.status == 200 and body[:15].lower() == b"<!doctype html>"
    return False


def _of_session(session: int) -> Iterator[tuple[Path, list[str]]]:
    """The processes of a session: the folder of each in /proc, and what its `stat` says from the state on."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield status.parent, fields


def memory_mib(session: int) -> float:
    """What all processes of a session take, as MiB: what they share is counted once (PSS)."""
    kib = 0
    for process, _ in _of_session(session):
        with suppress(OSError):
            kib += int((process / "smaps_rollup").read_text().split("\nPss:")[1].split()[0])
    return kib / 1024


def cpu_seconds(session: int) -> float:
    """The CPU time that the processes of a session have used so far."""
    return sum(int(fields[11]) + int(fields[12]) for _, fields in _of_session(session)) / os.sysconf("SC_CLK_TCK")


def tocsin_environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of a Tocsin with data of its own, without what this shell says of another one."""
    shell = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return {**shell, "TOCSIN_DATA_DIR": str(data_dir), "TOCSIN_PORT": str(port), **more}
