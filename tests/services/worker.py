"""A worker process for tests: `python -m tests.services.worker DATABASE_URL LOG SECONDS LEASE`.

It runs jobs of kind "note" until the parent ends it. It writes "ready" to LOG, and for each run the job's id when it begins and when
it ends, SECONDS later.
"""

import os
import sys
import time
from datetime import timedelta

from services import database, engine, jobs
from services.errors import StorageBusyError
from services.jobs import Run


def main(url: str, log: str, seconds: str, lease: str) -> None:
    database.use(url)
    jobs.LEASE = timedelta(seconds=float(lease))
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(word: str, this: Run) -> None:
        os.write(handle, f"{word} {this.job.id.hex} {os.getpid()} {this.job.attempts}\n".encode())

    def note(this: Run) -> None:
        say("begin", this)
        if float(seconds):
            time.sleep(float(seconds))
        say("end", this)

    worker = engine.worker_name()
    os.write(handle, f"ready {os.getpid()}\n".encode())
    while True:
        try:
            if not engine.run_due(worker, {"note": note}):
                time.sleep(0.02)
        except StorageBusyError:
            continue


if __name__ == "__main__":
    main(*sys.argv[1:])
