"""What Tocsin counts and times about itself. Each figure is described in `docs/reference/metrics.md`.

Any layer may use it: it knows neither the database nor the web. With several web processes `PROMETHEUS_MULTIPROC_DIR` names a folder
that they share, and every answer holds all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]


class IntakeResult(StrEnum):
    """What came of one intake request."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"
    UNKNOWN_KEY = "unknown_key"
    TOO_LARGE = "too_large"
    BUSY = "busy"
    FAILED = "failed"


class JobResult(StrEnum):
    """What came of one run of a job."""

    DONE = "done"
    RETRIED = "retried"
    DEAD = "dead"
    RELEASED = "released"
    LOST = "lost"


class MailResult(StrEnum):
    """What came of one try to send a mail."""

    SENT = "sent"
    RETRIED = "retried"
    GIVEN_UP = "given_up"


intake_requests = Counter("tocsin_intake_requests", "Intake requests, by what came of them.", ["result"])
intake_queue_depth = Gauge(
    "tocsin_intake_queue_depth", "Intake requests that wait to be stored at this moment.", multiprocess_mode="livesum"
)
commit_batch_size = Histogram("tocsin_commit_batch_size", "Intake requests that one transaction stored.", buckets=(1, 2, 4, 8, 16, 32, 64))
open_pages = Gauge("tocsin_open_pages", "Browser pages that are connected at this moment.", multiprocess_mode="livesum")
push_seconds = Histogram(
    "tocsin_push_seconds",
    "Seconds from the commit of a change until an open page's update was handed to its socket.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
job_runs = Counter("tocsin_job_runs", "Runs of background jobs, by kind and by what came of them.", ["kind", "result"])
channel_messages = Counter("tocsin_channel_messages", "Calls of channels, by their kind and by what came of them.", ["kind", "verdict"])
mails = Counter("tocsin_mails", "Tries to send a mail, by what came of them.", ["result"])
engine_last_cycle = Gauge(
    "tocsin_engine_last_cycle_timestamp_seconds",
    "When the engine last looked for due work, as Unix time; the longest ago of all processes.",
    multiprocess_mode="livemin",
)

for _result in IntakeResult:
    intake_requests.labels(_result.value)  # a series that is there from the start can be alerted on
for _mail_result in MailResult:
    mails.labels(_mail_result.value)


class _Now(Collector):
    """Figures that are looked up when somebody asks."""

    def __init__(
        self, registry: CollectorRegistry, jobs: Mapping[str, int] | None, waiting_mails: int | None, ping_seconds: float | None
    ) -> None:
        self._registry = registry
        self._jobs = jobs
        self._waiting_mails = waiting_mails
        self._ping_seconds = ping_seconds

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        last = self._registry.get_sample_value("tocsin_engine_last_cycle_timestamp_seconds")
        if last:
            age = max(0.0, time.time() - last)
            yield GaugeMetricFamily("tocsin_engine_cycle_age_seconds", "Seconds since the engine last looked for due work.", age)
        yield GaugeMetricFamily(
            "tocsin_database_up", "Whether the database answered just now: 1 or 0.", 0 if self._ping_seconds is None else 1
        )
        if self._ping_seconds is not None:
            yield GaugeMetricFamily(
                "tocsin_database_ping_seconds", "Seconds that the database took to answer just now.", self._ping_seconds
            )
        if self._jobs is not None:
            family = GaugeMetricFamily("tocsin_jobs", "Background jobs that wait, run or were given up, by status.", labels=["status"])
            for status, count in self._jobs.items():
                family.add_metric([status], count)
            yield family
        if self._waiting_mails is not None:
            yield GaugeMetricFamily(
                "tocsin_mails_waiting", "Mails that the mail server did not take and that are tried again.", self._waiting_mails
            )


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    _forget_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _forget_dead(folder: Path) -> None:
    """Take processes that have ended out of the figures that describe this moment; what they counted stays."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def text(*, jobs: Mapping[str, int] | None, waiting_mails: int | None, ping_seconds: float | None) -> bytes:
    """All figures in Prometheus's text format. `ping_seconds` is None when the database did not answer, and what it counts with it."""
    answer = CollectorRegistry()
    answer.register(_Now(_registry(), jobs, waiting_mails, ping_seconds))
    return generate_latest(answer)
