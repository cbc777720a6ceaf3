"""What the log says of requests: enough to find one again by its id, and nothing that lets a reader in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.fixtures.servers import PASSWORD, Server


def lines(server: Server, event: str) -> list[dict[str, Any]]:
    said = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [line for line in said if line["event"] == event]


def test_a_refusal_is_found_by_the_id_that_its_sender_was_given(new_server: Callable[..., Server]) -> None:
    server = new_server(TOCSIN_LOG_FORMAT="json", TOCSIN_LOG_LEVEL="info")
    server.start()
    token = server.key("viewer")
    made = json.loads(server.command("create-integration", "--kind", "generic", "--name", "Checks", "--json"))
    with httpx.Client(base_url=server.address, headers={"Origin": server.address}) as client:
        answer = client.get("/api/v1/incidents/INC-404", headers={"Authorization": f"Bearer {token}"})
        client.post(f"/intake/{made['key']}", json={"severity": "critical"})
        client.post("/auth/sign-in", data={"email": server.person("admin"), "password": "not-the-right-one"})
    (line,) = lines(server, "answered")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/incidents/{number}", 404)
    assert line["request_id"] == answer.headers["x-request-id"]
    (line,) = lines(server, "alerts were refused")
    assert line["integration_id"].replace("-", "") == made["id"].replace("-", "")
    assert "title is missing" in line["reason"]
    (line,) = lines(server, "nobody was let in")
    assert (line["page"], line["address"]) == ("/login", "127.0.0.1")
    for secret in (token, made["key"], PASSWORD, "not-the-right-one", server.person("admin")):
        assert secret not in server.log
