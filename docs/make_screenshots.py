"""`python docs/make_screenshots.py`: take the pictures of the documents from a real server with an example organisation.

The server starts with an empty data folder, everything comes in by the command line, the intake and the API, and Chromium takes the
pictures. They go to `docs/images`.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402

from app import bundle  # noqa: E402
from tests.fixtures.browsers import chromium  # noqa: E402
from tests.fixtures.servers import Server  # noqa: E402

PAUSE = 2.0
"""Seconds between two things that people do, so that the pictures show some time."""
IMAGES = ROOT / "docs" / "images"
PASSWORD = "correct-horse-battery"
PEOPLE = {"alice": ("Alice Moreau", "admin"), "bob": ("Bob Lindqvist", "responder"), "carol": ("Carol Okafor", "responder")}
# what broke, how bad it is, where, and how long ago the sender says that it began
ALERTS = (
    ("Checkout error rate above 5 %", "critical", "checkout", 3),
    ("Payment provider answers slowly", "error", "payments", 9),
    ("Disk of db-2 is 91 % full", "warning", "orders-db", 41),
    ("Certificate of api.northwind.example ends in 6 days", "warning", "edge", 95),
    ("Queue of e-mails grows", "error", "mail", 22),
    ("Search answers with stale results", "warning", "search", 130),
)


class Example:
    """An organisation at work on a running server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.signed_in: dict[str, httpx.Client] = {}
        server.command("create-tenant", "--slug", "northwind", "--name", "Northwind")
        for handle, (name, role) in PEOPLE.items():
            person = ("--name", name, "--email", f"{handle}@northwind.example", "--role", role, "--handle", handle)
            server.command("create-user", *person, "--password-stdin", stdin=PASSWORD)
        self.intakes: dict[str, str] = {}

    def sign_in(self) -> None:
        """Everybody has a session."""
        for handle in PEOPLE:
            client = httpx.Client(base_url=self.server.address, headers={"origin": self.server.address}, timeout=30)
            client.post(
                "/auth/sign-in", data={"email": f"{handle}@northwind.example", "password": PASSWORD, "timezone": "Europe/Stockholm"}
            )
            self.signed_in[handle] = client

    def connect(self) -> None:
        """Each service has an Alertmanager of its own."""
        admin = self.signed_in["alice"]
        for service in dict.fromkeys(alert[2] for alert in ALERTS):
            made = admin.post("/api/v1/services", json={"name": service}).raise_for_status().json()
            wanted = {"kind": "alertmanager", "name": f"Alertmanager of {service}", "service_id": made["id"]}
            self.intakes[service] = admin.post("/api/v1/integrations", json=wanted).raise_for_status().json()["url"]

    def fire(self, title: str, severity: str, service: str, minutes: int, *instances: str, status: str = "firing") -> str:
        """Alerts as Alertmanager sends them, one for each instance; the number of their incident."""
        began = datetime.now(UTC) - timedelta(minutes=minutes)
        labels = {"alertname": "".join(re.findall(r"\w+", title.title())), "severity": severity, "service": service, "cluster": "eu-1"}
        alerts = [
            {
                "status": status,
                "labels": {**labels, "instance": instance},
                "annotations": {
                    "summary": title,
                    "description": f"Since {began:%H:%M} UTC on {instance}.",
                    "runbook_url": f"https://runbooks.northwind.example/{service}",
                },
                "startsAt": began.isoformat(),
                "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else datetime.now(UTC).isoformat(),
                "generatorURL": "https://prometheus.northwind.example/graph",
            }
            for instance in instances or ("web-1:9100",)
        ]
        group = {"alertname": labels["alertname"], "service": service}
        key = "{}:{" + ", ".join(f'{name}="{value}"' for name, value in group.items()) + "}"
        body = {"version": "4", "groupKey": key, "truncatedAlerts": 0, "status": status, "groupLabels": group, "alerts": alerts}
        return str(httpx.post(self.intakes[service], json=body, timeout=30).raise_for_status().json()["incidents"][0])

    def do(self, who: str, number: str, verb: str, **body: Any) -> None:
        """A verb of the API, as this person."""
        time.sleep(PAUSE)
        self.signed_in[who].post(f"/api/v1/incidents/{number}/{verb}", json=body).raise_for_status()

    def work(self) -> None:
        """Things happen."""
        numbers = [self.fire(*alert) for alert in ALERTS[1:]]
        self.fire(*ALERTS[-1], status="resolved")
        self.do("bob", numbers[0], "acknowledge")
        self.do("carol", numbers[1], "investigate")
        self.do("carol", numbers[1], "comments", body="Old WAL files: the archive has been away since Sunday. Cleaning up by hand.")
        self.do("bob", numbers[2], "resolve", notes="Renewed by hand; the renewal job had lost its DNS token.")
        self.checkout = self.fire(*ALERTS[0], "web-1:9100", "web-2:9100")
        self.do("alice", self.checkout, "acknowledge")
        self.do(
            "alice",
            self.checkout,
            "comments",
            body="Investigating **database connection pool exhaustion**: `pool_wait` is up since the deploy.",
        )
        self.fire(*ALERTS[0], "web-2:9100", status="resolved")
        self.do("alice", self.checkout, "investigate")
        self.do("bob", self.checkout, "comments", body="Deploying a hotfix that doubles the pool:\n\n- [x] canary\n- [ ] the rest")


@contextmanager
def pages(browser: Browser, example: Example, who: str, **options: Any) -> Iterator[Page]:
    """A page of this person's browser."""
    context = browser.new_context(base_url=example.server.address, timezone_id="Europe/Stockholm", **options)
    client = example.signed_in.get(who)
    if client is not None:
        cookies = [{"name": name, "value": value, "url": example.server.address} for name, value in client.cookies.items()]
        context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


WIDE = {"viewport": {"width": 1360, "height": 860}}


def take(page: Page, path: str, name: str) -> None:
    """Open a page, wait until it is live, and take its picture."""
    page.goto(path)
    page.wait_for_selector("html[data-connection=live]")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / name)
    print(f"docs/images/{name}", file=sys.stderr)


def main() -> None:
    """Take all pictures."""
    bundle.ensure()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as folder:
        server = Server(Path(folder))
        example = Example(server)
        server.start()
        try:
            example.sign_in()
            example.connect()
            example.work()
            with chromium() as browser, pages(browser, example, "alice", color_scheme="light", **WIDE) as page:
                take(page, f"/incidents/{example.checkout}", "incident.png")
                take(page, "/incidents", "incidents.png")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
