"""Several worker processes on one database: each job is run by one of them, and by another when that one dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from models.jobs import Job
from models.vocabulary import JobStatus
from services import database, jobs, people
from services.access import Actor
from services.database import Storage

ROOT = Path(__file__).parent.parent.parent
Start = Callable[[float, float], subprocess.Popen[bytes]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "runs.log"


@pytest.fixture
def start(database_url: str, log: Path) -> Iterator[Start]:
    """Starts a worker process whose runs take some seconds, with a lease of some seconds."""
    workers: list[subprocess.Popen[bytes]] = []

    def one(seconds: float, lease: float) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.services.worker", database_url, str(log), str(seconds), str(lease)]
        workers.append(subprocess.Popen(command, cwd=ROOT))
        return workers[-1]

    yield one
    for worker in workers:
        worker.kill()
        worker.wait()


def queue(system: Actor, count: int) -> None:
    with database.write(system.tenant_id) as tx:
        for _ in range(count):
            jobs.add(tx, "note", {}, tx.now)


def done(system: Actor) -> int:
    with database.read(system.tenant_id) as session:
        statement = select(func.count()).select_from(Job).where(col(Job.kind) == "note", col(Job.status) == JobStatus.DONE)
        return int(session.exec(statement).one())


def lines(log: Path, *words: str) -> list[list[str]]:
    """What the workers wrote, of lines that begin with one of these words."""
    written = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [line for line in written if line[0] in words]


def wait_until(what: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def test_two_workers_run_a_thousand_due_jobs_once_each(storage: Storage, start: Start, log: Path) -> None:
    system = people.create_organisation("Northwind")
    workers = [start(0, 60), start(0, 60)]
    wait_until(lambda: len(lines(log, "ready")) == 2, 60)
    queue(system, 1000)
    wait_until(lambda: done(system) == 1000, 120)
    begun = Counter(job for _, job, *_ in lines(log, "begin"))
    assert len(begun) == 1000
    assert set(begun.values()) == {1}
    assert {int(pid) for _, _, pid, _ in lines(log, "begin")} == {worker.pid for worker in workers}, "both had a share"


def test_a_job_whose_worker_is_killed_is_run_by_another(storage: Storage, start: Start, log: Path) -> None:
    system = people.create_organisation("Northwind")
    queue(system, 1)
    first = start(60, 2)
    wait_until(lambda: len(lines(log, "begin")) == 1, 60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start(0, 2)
    wait_until(lambda: done(system) == 1, 60)
    (_, job, killed, _), (_, same_job, heir, attempt), _ = lines(log, "begin", "end")
    assert (killed, heir) == (str(first.pid), str(second.pid))
    assert same_job == job
    assert attempt == "2"
