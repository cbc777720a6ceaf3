"""The server as a process: where it starts, what it refuses, whom it lets in, how it ends."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import websocket

from tests.fixtures.servers import TOCSIN, Server, free_port

NewServer = Callable[..., Server]


def refused(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return subprocess.run([TOCSIN, *arguments], cwd=cwd, env=shell | environment, capture_output=True, text=True, timeout=30, check=False)


def test_it_starts_in_any_folder_on_any_port_and_puts_its_data_there(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server(TOCSIN_DATA_DIR="here", TOCSIN_BASE_URL="")
    server.start(cwd=tmp_path)
    page = httpx.get(f"{server.address}/incidents")
    assert page.status_code == 200
    assert "<html" in page.text
    assert (tmp_path / "here" / "tocsin.db").is_file()
    assert f"Tocsin 0.1.0 at {server.address}" in server.log


def test_the_first_start_prints_a_link_that_makes_the_first_admin(server: Server) -> None:
    link = re.search(rf"{re.escape(server.address)}/setup\?token=(\S+)", server.log)
    assert link is not None
    assert len(link[1]) > 40


def test_a_taken_port_is_refused_with_a_sentence(server: Server, tmp_path: Path) -> None:
    done = refused("serve", "--port", str(server.port), cwd=tmp_path, TOCSIN_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"Tocsin cannot listen on 127.0.0.1 port {server.port}: Address already in use. Take another one with --port.\n"


def test_several_web_processes_on_sqlite_are_refused_with_the_reason(tmp_path: Path) -> None:
    done = refused("serve", "--workers", "2", "--port", str(free_port()), cwd=tmp_path)
    assert done.returncode == 1
    assert "2 web processes need PostgreSQL: a SQLite file has one writer" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "value"), [("TOCSIN_LOG_FORMAT", "xml"), ("TOCSIN_DATABASE_URL", "oracle://x"), ("TOCSIN_PORT", "x")])
def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    done = refused("serve", cwd=tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("create-user", "--email", "a@b.example", "--name", "A", "--role", "admin")])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TOCSIN_DATA_DIR", "/etc/passwd", "must be a folder"),
        ("TOCSIN_DATA_DIR", "/proc/nope", "cannot be made"),
        ("TOCSIN_DATABASE_URL", "sqlite:////proc/nope/x.db", "cannot be made"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hunter2@[bad/x", "[bad"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hunter2@127.0.0.1:abc/x", "cannot be read as an address"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hunter2@127.0.0.1:1/x", "Connection refused"),
    ],
)
def test_what_cannot_be_used_stops_a_command_with_the_setting_and_the_reason(
    tmp_path: Path, command: tuple[str, ...], name: str, value: str, said: str
) -> None:
    more = ("--port", str(free_port())) if command == ("serve",) else ()
    done = refused(*command, *more, cwd=tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: "), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_option_is_a_usage_error(tmp_path: Path) -> None:
    done = refused("serve", "--prot", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert "--prot" in done.stderr


def test_a_database_that_cannot_be_opened_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").write_text("this is no database, but long enough to be taken for one" * 100)
    done = refused("serve", "--port", str(free_port()), cwd=tmp_path, TOCSIN_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"TOCSIN_DATA_DIR: the file {tmp_path}/tocsin.db cannot be used: file is not a database.\n"
    other = {"TOCSIN_DATA_DIR": str(tmp_path / "other"), "TOCSIN_DATABASE_URL": f"sqlite:///{tmp_path}/tocsin.db"}
    done = refused("migrate", cwd=tmp_path, **other)
    assert done.stderr == f"TOCSIN_DATABASE_URL: the file {tmp_path}/tocsin.db cannot be used: file is not a database.\n"


@pytest.mark.parametrize(
    "path",
    ["/incidents", "/no/such/page", "/tocsin.css", "/ping", "/api/nothing", "/", "/incidents?x=%00", "/_event/", "/%2e%2e/pyproject.toml"],
)
def test_every_answer_carries_the_security_headers(server: Server, path: str) -> None:
    answer = httpx.get(server.address + path)
    assert answer.status_code < 500
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "rx.Config" not in answer.text


def connect(server: Server, *, origin: str | None = None, host: str | None = None) -> int:
    """The status with which a socket is answered; 101 when it is let in."""
    try:
        opened = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}/_event/?token=t&EIO=4&transport=websocket",
            timeout=5,
            origin=origin,
            host=host,
            suppress_origin=origin is None,
        )
    except websocket.WebSocketBadStatusException as error:
        return int(error.status_code)
    opened.close()
    return 101


def test_a_socket_is_opened_to_pages_from_here_alone(server: Server) -> None:
    assert connect(server, origin=server.address) == 101
    assert connect(server, origin="http://tocsin.lan", host="tocsin.lan") == 101
    assert connect(server) == 101
    assert connect(server, origin="http://evil.example") in (400, 403)
    assert connect(server, origin="http://evil.example", host="tocsin.lan") in (400, 403)
    assert connect(server, origin="null") in (400, 403)


def test_no_answer_may_be_read_by_a_page_from_elsewhere(server: Server) -> None:
    answer = httpx.get(f"{server.address}/ping", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_sigterm_finishes_what_was_accepted_and_lets_nobody_else_in(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    held = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    held.sendall(b"POST /intake/unknown-key HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
    page = websocket.create_connection(f"ws://127.0.0.1:{server.port}/_event/?token=t&EIO=4&transport=websocket", timeout=5)
    time.sleep(0.3)
    began = time.monotonic()
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=2)
    held.sendall(b"}")
    answer = http.client.HTTPResponse(held)
    answer.begin()
    assert answer.status == 404
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 10
    page.close()


def test_sigterm_does_not_wait_for_ever_for_a_sender_that_stopped_in_the_middle(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    held = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    held.sendall(b"POST /intake/unknown-key HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
    time.sleep(0.3)
    began = time.monotonic()
    server.stop(timeout=12)
    assert time.monotonic() - began < 10
    held.close()


def test_a_web_process_that_dies_is_replaced(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if httpx.get(f"{server.address}/ping", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"nobody answers:\n{server.log}")


def test_no_key_and_no_token_reaches_the_log(new_server: NewServer) -> None:
    server = new_server(TOCSIN_LOG_LEVEL="debug", TOCSIN_LOG_FORMAT="json")
    server.start()
    tab, key = "123e4567-e89b-12d3-a456-426614174000", "k-very-secret-key-of-an-integration"
    page = websocket.create_connection(f"ws://127.0.0.1:{server.port}/_event/?token={tab}&EIO=4&transport=websocket", timeout=5)
    page.recv()
    page.send("40/_event,")
    page.recv()
    page.send('42/_event,["event",{"name":"no.such.handler","payload":{"password":"hunter2"},"router_data":{}}]')
    page.close()
    httpx.post(f"{server.address}/intake/{key}", json={"title": "x"})
    httpx.get(f"{server.address}/setup?token=tl_{'x' * 43}", headers={"Authorization": f"Bearer {key}"})
    time.sleep(0.5)
    server.stop()
    log = re.sub(r"\S+/setup\?token=\S+", "", server.log)  # that link is printed for whoever starts it
    for secret in (tab, key, "hunter2", "x" * 43):
        assert secret not in log


def test_a_stopped_server_leaves_one_whole_database_file(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    httpx.post(f"{server.address}/intake/unknown", json={"title": "x"})
    assert server.stop() == 0
    left = {path.name for path in (server.folder / "data").iterdir()}
    assert "tocsin.db" in left
    assert left.isdisjoint({"tocsin.db-wal", "tocsin.db-shm"})


def test_a_misspelt_setting_is_pointed_out(new_server: NewServer) -> None:
    server = new_server(TOCSIN_METRIC_TOKEN="a-token-of-many-characters")
    server.start()
    assert "TOCSIN_METRIC_TOKEN is no setting of Tocsin: TOCSIN_METRICS_TOKEN may be meant.\n" in server.log
