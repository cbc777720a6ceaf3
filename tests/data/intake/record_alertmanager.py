"""Records what a real Alertmanager sends into the files beside this one: `python tests/data/intake/record_alertmanager.py`.

Needs `prometheus-alertmanager` on the PATH (Debian's package of that name) and half a minute.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue

HERE = Path(__file__).parent
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def alert(instance: str, **more: str) -> dict[str, object]:
    return {
        "labels": {"alertname": "ErrorRateHigh", "severity": "critical", "job": "checkout", "instance": instance},
        "annotations": {
            "summary": f"Error rate above 5% on {instance}",
            "description": "7.3% of requests failed over the last five minutes.\nUsers see “payment failed”.",
            "runbook_url": "https://runbooks.example.com/checkout/error-rate",
        },
        "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1",
        **more,
    }


@contextmanager
def receiver() -> Iterator[tuple[str, Queue[bytes]]]:
    bodies: Queue[bytes] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies
    server.shutdown()


@contextmanager
def alertmanager(url: str, max_alerts: int = 0) -> Iterator[Callable[[list[dict[str, object]]], None]]:
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    times = {"group_wait": "300ms", "group_interval": "1s", "repeat_interval": "2s"}
    hook = {"url": url, "send_resolved": True, "max_alerts": max_alerts}
    config = {
        "route": {"receiver": "tocsin", "group_by": ["alertname", "job"], **times},
        "receivers": [{"name": "tocsin", "webhook_configs": [hook]}],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "alertmanager.yml")
        file.write_text(json.dumps(config))
        command = ["prometheus-alertmanager", f"--config.file={file}", f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{port}"]
        command += ["--cluster.listen-address=", "--web.external-url=http://alertmanager.example.com:9093", "--web.route-prefix=/"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def post(alerts: list[dict[str, object]]) -> None:
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/alerts", json.dumps(alerts).encode(), headers)
            for _ in range(100):
                try:
                    DIRECT.open(request, timeout=10).close()
                    return
                except OSError:
                    time.sleep(0.1)
            raise SystemExit("Alertmanager did not start")

        try:
            yield post
        finally:
            process.terminate()
            process.wait()


def keep(name: str, bodies: Queue[bytes], fits: Callable[[list[str]], bool]) -> None:
    """Write the next body whose alerts' statuses fit, byte by byte as it came."""
    while True:
        try:
            body = bodies.get(timeout=20)
        except Empty:
            raise SystemExit(f"Alertmanager never sent what {name} needs") from None
        if fits([each["status"] for each in json.loads(body)["alerts"]]):
            (HERE / name).write_bytes(body)
            print(f"{name}: {len(body)} bytes")
            return


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def main() -> None:
    with receiver() as (url, bodies):
        with alertmanager(url) as post:
            post([alert("web-1")])
            keep("alertmanager-firing.json", bodies, lambda said: said == ["firing"])
            keep("alertmanager-repeat.json", bodies, lambda said: said == ["firing"])
            post([alert(f"web-{n}") for n in (1, 2, 3)])
            keep("alertmanager-group.json", bodies, lambda said: said == ["firing"] * 3)
            post([alert("web-2", endsAt=now())])
            keep("alertmanager-one-resolved.json", bodies, lambda said: sorted(said) == ["firing", "firing", "resolved"])
            post([alert(f"web-{n}", endsAt=now()) for n in (1, 3)])
            keep("alertmanager-resolved.json", bodies, lambda said: set(said) == {"resolved"})
        with alertmanager(url, max_alerts=2) as post:
            post([alert(f"web-{n}") for n in range(5)])
            keep("alertmanager-truncated.json", bodies, lambda said: len(said) == 2)
            post([{"labels": {"instance": "web-9", "severity": "page"}}])
            keep("alertmanager-bare.json", bodies, lambda said: len(said) == 1)


if __name__ == "__main__":
    main()
