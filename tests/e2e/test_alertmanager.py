"""A real Alertmanager as the sender: it fires, repeats and resolves, and what it could not deliver at first it delivers later."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.databases import missing
from tests.fixtures.senders import Sender, api
from tests.fixtures.servers import Server, free_port

PATIENCE = 40.0


class Alertmanager:
    """A running Alertmanager whose only receiver is an integration of Tocsin."""

    def __init__(self, folder: Path, sender: Sender) -> None:
        self.sender = sender
        self.port = free_port()
        route = {"receiver": "tocsin", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "2s"}
        webhook = {"url": sender.server.address + sender.path, "send_resolved": True}
        receivers = [{"name": "tocsin", "webhook_configs": [webhook]}]
        (folder / "alertmanager.yml").write_text(json.dumps({"route": route, "receivers": receivers}))
        self.process = subprocess.Popen(
            [
                shutil.which("prometheus-alertmanager") or "prometheus-alertmanager",
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def post(self, *hosts: str, summary: str = "Error rate above 5 %", ended: bool = False) -> None:
        """Say that these hosts' alerts fire, or have ended."""
        end = {"endsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())} if ended else {}
        alerts = [
            {"labels": {"alertname": "ErrorRateHigh", "severity": "critical", "instance": host}, "annotations": {"summary": summary}, **end}
            for host in hosts
        ]

        def taken() -> bool:
            try:
                return httpx.post(f"http://127.0.0.1:{self.port}/api/v2/alerts", json=alerts).is_success
            except httpx.HTTPError:
                return False

        eventually(taken)


def eventually(what: Callable[[], Any]) -> Any:
    """What it gives once it gives something."""
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.1)
    return found


@pytest.fixture
def start_alertmanager(tmp_path: Path) -> Iterator[Callable[[Sender], Alertmanager]]:
    """Starts an Alertmanager that sends to an integration."""
    if shutil.which("prometheus-alertmanager") is None:
        missing("Alertmanager", "install Debian's package prometheus-alertmanager")
    started: list[Alertmanager] = []

    def start(sender: Sender) -> Alertmanager:
        started.append(Alertmanager(tmp_path, sender))
        return started[-1]

    yield start
    for each in started:
        each.process.terminate()
        each.process.wait(10)


class Seen:
    """What programs see of the incidents of one integration."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._api = api(sender.server)

    def incidents(self) -> list[dict[str, Any]]:
        items = self._api.get("/incidents").json()["items"]
        return [incident for incident in items if incident["created_by"] == self._sender.id]

    def incident(self) -> dict[str, Any]:
        (one,) = self.incidents()
        return one

    def alerts(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._api.get(f"/incidents/{self.incident()['number']}/alerts").json()["items"]
        return items

    def told(self) -> list[str]:
        return [event["type"] for event in self._api.get(f"/incidents/{self.incident()['number']}/timeline").json()["items"]]


def test_it_fires_repeats_and_resolves(server: Server, start_alertmanager: Callable[[Sender], Alertmanager]) -> None:
    sender = Sender(server, "alertmanager")
    alertmanager, seen = start_alertmanager(sender), Seen(sender)
    hosts = [f"web-{number}" for number in range(5)]
    alertmanager.post(*hosts)
    eventually(seen.incidents)
    eventually(lambda: [alert["repeat_count"] > 0 for alert in seen.alerts()] == [True] * 5)
    incident = seen.incident()
    assert (incident["title"], incident["severity"], incident["state"]) == ("Error rate above 5 %", "critical", "open")
    assert (incident["alert_count"], incident["firing_count"]) == (5, 5)
    assert "alertname=ErrorRateHigh" in incident["why"]
    assert seen.told() == ["alert_fired"] * 5
    alertmanager.post(*hosts[:4], ended=True)
    eventually(lambda: seen.incident()["firing_count"] == 1)
    assert seen.incident()["state"] == "open"
    alertmanager.post(hosts[4], ended=True)
    eventually(lambda: seen.incident()["state"] == "resolved")
    assert seen.told() == ["alert_fired"] * 5 + ["alert_resolved"] * 5 + ["resolution"]
    assert len(seen.incidents()) == 1


def test_what_it_could_not_deliver_it_delivers_later(
    new_server: Callable[..., Server], start_alertmanager: Callable[[Sender], Alertmanager]
) -> None:
    server = new_server()
    server.start()
    sender = Sender(server, "alertmanager")
    alertmanager, seen = start_alertmanager(sender), Seen(sender)
    other = sqlite3.connect(server.folder / "data" / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    alertmanager.post("web-1")

    def refused() -> bool:
        return 'tocsin_intake_requests_total{result="busy"} 0.0' not in httpx.get(f"{server.address}/-/metrics").text

    eventually(refused)
    other.execute("ROLLBACK")
    other.close()
    eventually(seen.incidents)
    assert seen.incident()["alert_count"] == 1
