"""A load generator that costs little beside what it measures: raw HTTP/1.1 over asyncio protocols, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Load:
    """What to send: `seconds` of requests with `alerts` each, over `connections` that wait for each answer.

    With `per_second` the requests are spread evenly, as many as that in a second; else they follow each other.
    """

    port: int
    path: str
    connections: int
    seconds: float
    alerts: int = 1
    run: str = "run"
    per_second: float = 0.0


@dataclass
class Outcome:
    """What came back. Latencies in milliseconds, of all requests."""

    requests: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    worst: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds if self.seconds else 0.0


def envelope(run: str, group: int, first: int, count: int) -> bytes:
    """A notification as Alertmanager sends it, with `count` alerts of one group that were never seen before."""
    labels = {"alertname": "HighErrorRate", "severity": "critical", "service": f"shop-{group % 40}", "group": f"{run}-{group}"}
    alerts = [
        {
            "status": "firing",
            "labels": {**labels, "instance": f"web-{number}:9100"},
            "annotations": {"summary": f"Error rate above 5 % on web-{number}", "runbook_url": "https://runbooks.example/error-rate"},
            "startsAt": "2026-11-24T03:07:12.345Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://prometheus.example/graph?g0.expr=rate",
            "fingerprint": f"{run}{number:x}",
        }
        for number in range(first, first + count)
    ]
    document = {
        "version": "4",
        "groupKey": f'{{}}:{{group="{run}-{group}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {"group": f"{run}-{group}"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "alerts": alerts,
    }
    return json.dumps(document).encode()


def bodies(run: str, alerts: int) -> Iterator[bytes]:
    """Bodies without end: each alert is a new one, every tenth body opens an incident, the others join one of the last fifty."""
    choice = random.Random(run)
    number = 0
    while True:
        newest = number // 10
        group = newest if number % 10 == 0 else choice.randint(max(0, newest - 50), newest)
        yield envelope(run, group, number * alerts, alerts)
        number += 1


class _Connection(asyncio.Protocol):
    """One connection: sends, waits for the answer, sends the next."""

    def __init__(
        self,
        next_request: Callable[[], bytes | None],
        wait_seconds: Callable[[], float],
        done: Callable[[float, int], None],
        ended: asyncio.Future[None],
    ) -> None:
        self._next = next_request
        self._wait = wait_seconds
        self._done = done
        self._ended = ended
        self._buffer = b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send_in_turn()

    def _send_in_turn(self) -> None:
        wait = self._wait()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._next()
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        place = head.lower().find(b"content-length:")
        length = int(head[place + 15 :].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._done(time.perf_counter() - self._began, int(head[9:12]))
        self._send_in_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


async def _run(load: Load) -> Outcome:
    loop = asyncio.get_running_loop()
    head = f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
    made = bodies(load.run, load.alerts)
    end = time.perf_counter() + load.seconds
    took: list[float] = []
    statuses: dict[str, int] = {}

    def next_request() -> bytes | None:
        if time.perf_counter() >= end:
            return None
        body = next(made)
        return head + str(len(body)).encode() + b"\r\n\r\n" + body

    turn = 0

    def wait_seconds() -> float:
        nonlocal turn
        if not load.per_second:
            return 0.0
        turn += 1
        return began + turn / load.per_second - time.perf_counter()

    def done(seconds: float, status: int) -> None:
        took.append(seconds)
        statuses[str(status)] = statuses.get(str(status), 0) + 1

    began = time.perf_counter()
    ends: list[asyncio.Future[None]] = []
    for _ in range(load.connections):
        ended: asyncio.Future[None] = loop.create_future()
        ends.append(ended)
        await loop.create_connection(lambda ended=ended: _Connection(next_request, wait_seconds, done, ended), "127.0.0.1", load.port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return summary(took, statuses, time.perf_counter() - began)


def summary(took: list[float], statuses: dict[str, int], seconds: float) -> Outcome:
    """The outcome of requests that took so many seconds each."""
    took = sorted(took)

    def quantile(share: float) -> float:
        return 1000 * took[min(len(took) - 1, int(share * len(took)))] if took else 0.0

    return Outcome(len(took), seconds, statuses, quantile(0.5), quantile(0.95), quantile(0.99), 1000 * took[-1] if took else 0.0)


def send(load: Load) -> Outcome:
    """Send it from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", json.dumps(asdict(load))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Outcome(**json.loads(done.stdout))


def main() -> None:
    given: dict[str, Any] = json.loads(sys.argv[1])
    print(json.dumps(asdict(asyncio.run(_run(Load(**given))))))


if __name__ == "__main__":
    main()
