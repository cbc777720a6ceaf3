"""Logs: one line for each thing said, in the form that was asked for, and nothing that would let its reader in."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app import logs
from services import secrets, settings


class Lines:
    """What was written, line by line as JSON."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (json.loads(line) for line in self.stream.getvalue().splitlines())


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    monkeypatch.setenv("TOCSIN_LOG_FORMAT", "json")
    settings.current.cache_clear()
    root = logging.getLogger()
    before = root.level
    logs.set_up()
    ours = root.handlers[0]
    assert isinstance(ours, logging.StreamHandler)
    written = Lines()
    ours.setStream(written.stream)
    yield written
    settings.current.cache_clear()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.removeHandler(ours)  # pytest's own come and go beside it
    root.setLevel(before)


def test_a_line_is_one_json_object_with_its_request(lines: Lines) -> None:
    structlog.contextvars.bind_contextvars(request_id="abc")
    structlog.get_logger("app.x").info("stored", alerts=3)
    (line,) = lines
    assert {name: line[name] for name in ("event", "alerts", "request_id", "level", "logger")} == {
        "event": "stored",
        "alerts": 3,
        "request_id": "abc",
        "level": "info",
        "logger": "app.x",
    }
    assert line["timestamp"].endswith("Z")


def test_what_is_less_important_than_asked_for_is_not_written(lines: Lines) -> None:
    structlog.get_logger("app.x").debug("detail")
    logging.getLogger("engineio.server").info("received packet with data")
    logging.getLogger("tungstenite.protocol").debug("frame with data")
    assert list(lines) == []


@pytest.mark.parametrize("prefix", ["tci", "tcs", "tocsin_key"])
def test_a_token_is_cut_wherever_it_stands(prefix: str) -> None:
    token = secrets.new_token(prefix)
    for text in (token, f"key {token}.", f'{{"k": "{token}"}}', f"/x/{token}/y"):
        assert token not in logs.redact(text)
        assert token[len(prefix) + 4 :] not in logs.redact(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/intake/some-key/api/v2/alerts", "/intake/{key}/api/v2/alerts"),
        ("POST /heartbeat/k123 200", "POST /heartbeat/{key} 200"),
        ("/integrations/v1/grafana/k123/", "/integrations/v1/grafana/{key}/"),
        ("/_event/?token=abc&EIO=4", "/_event/?token=…&EIO=4"),
        ("/setup?token=abc", "/setup?token=…"),
        ("postgresql://tocsin:hunter2@db/tocsin", "postgresql://tocsin:…@db/tocsin"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer …'}"),
        ("/incidents/INC-42?state=open", "/incidents/INC-42?state=open"),
    ],
)
def test_a_secret_in_an_address_or_header_is_left_out(text: str, left: str) -> None:
    assert logs.redact(text) == left


def test_an_exception_is_told_without_the_secrets_in_it(lines: Lines) -> None:
    token = secrets.new_token("tcs")
    try:
        raise ValueError(f"cannot use {token}\n[SQL: SELECT 1]\n[parameters: ('hunter2', 'x')]")
    except ValueError:
        structlog.get_logger("app.x").exception("failed")
    (line,) = lines
    assert "ValueError" in line["exception"]
    assert token not in line["exception"]
    assert "hunter2" not in line["exception"]


def test_what_reflex_says_holds_no_tab_token_and_nothing_that_was_typed(lines: Lines) -> None:
    tab = "123e4567-e89b-12d3-a456-426614174000"
    logging.getLogger("reflex.app").warning("Attempting to send delta to disconnected client %r", tab)
    logging.getLogger("reflex.app").warning("Received event from session s. Event data: %s", {"password": "hunter2"})
    event = "Event(name='profile.change', router_data={'cookie': 'hunter2'}, payload={'password': 'hunter2'}) [txid=1]"
    logging.getLogger("reflex_base.event").error("Error processing event queue entry for %s", event)
    events = [line["event"] for line in lines]
    assert len(events) == 3
    assert tab not in events[0]
    assert "hunter2" not in "".join(events)
    assert "profile.change" in events[2]


def test_an_id_that_is_no_secret_stays(lines: Lines) -> None:
    structlog.get_logger("app.x").info("opened", incident_id="123e4567-e89b-12d3-a456-426614174000")
    assert next(iter(lines))["incident_id"] == "123e4567-e89b-12d3-a456-426614174000"
