"""Calls that Tocsin makes: where they go, how long they take, and what is told of those that fail."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services import outgoing, settings
from services.outgoing_addresses import CallError, RefusedAddressError
from tests.fixtures.clocks import MovableClock
from tests.fixtures.receivers import Receiver, certificate, close, garbage
from tests.fixtures.servers import free_port

US = UUID(int=1)
"""The organisation that calls."""
Resolve = Callable[..., list[str]]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Makes `hooks.example.org` lead elsewhere at each look-up; the look-ups of names are noted."""
    ask = socket.getaddrinfo
    asked: list[str] = []

    def to(*each_time: list[str]) -> list[str]:
        places = list(each_time)

        def answer(host: Any, port: Any, *more: Any, **options: Any) -> Any:
            if host != "hooks.example.org":
                return ask(host, port, *more, **options)
            asked.append(host)
            here = places.pop(0) if len(places) > 1 else places[0]
            return [place for address in here for place in ask(address, port, *more, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return to


def named(receiver: Receiver) -> str:
    return receiver.url.replace("127.0.0.1", "hooks.example.org").replace("127.0.0.2", "hooks.example.org")


def test_what_is_sent_arrives_under_its_own_name(receiver: Receiver, resolve: Resolve) -> None:
    asked = resolve(["127.0.0.1"])
    receiver.answers = [(202, {"x": "y"}, "thank\n you")]
    answer = outgoing.post(f"{named(receiver)}?a=b", b'{"a":1}', {"webhook-id": "x"}, US)
    assert (answer.status, answer.text, answer.retry_after_seconds) == (202, "thank you", None)
    (taken,) = receiver.taken
    assert (taken.path, taken.body, taken.id) == ("/hook?a=b", b'{"a":1}', "x")
    assert taken.headers["host"] == named(receiver).removeprefix("http://").removesuffix("/hook")
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers["user-agent"].startswith("Tocsin/")
    assert asked == ["hooks.example.org"]


def test_the_connection_goes_to_the_address_that_was_checked(
    new_receiver: Callable[..., Receiver], resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name leads to an allowed address when it is checked, and to this machine a moment later."""
    monkeypatch.setenv("TOCSIN_OUTGOING_ALLOW", "127.0.0.2")
    settings.current.cache_clear()
    allowed = new_receiver("127.0.0.2")
    forbidden = new_receiver("127.0.0.1", int(allowed.url.rpartition(":")[2].partition("/")[0]))
    asked = resolve(["127.0.0.2"], ["127.0.0.1"])
    assert outgoing.post(named(allowed), b"{}", {}, US).status == 204
    assert (len(allowed.taken), len(forbidden.taken), len(asked)) == (1, 0, 1)
    with pytest.raises(RefusedAddressError, match=r"leads to 127\.0\.0\.1, this machine itself"):
        outgoing.post(named(allowed), b"{}", {}, US)
    resolve(["127.0.0.2", "127.0.0.1"])
    with pytest.raises(RefusedAddressError):
        outgoing.post(named(allowed), b"{}", {}, US)
    assert (len(allowed.taken), len(forbidden.taken)) == (1, 0)
    settings.current.cache_clear()


def test_another_address_of_the_name_is_tried_where_the_first_does_not_listen(
    receiver: Receiver, resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_OUTGOING_ALLOW", "127.0.0.0/8")
    settings.current.cache_clear()
    resolve(["127.0.0.3", "127.0.0.1"])
    assert outgoing.post(named(receiver), b"{}", {}, US).status == 204


def test_the_certificate_must_be_that_of_the_name(
    new_receiver: Callable[..., Receiver], receiver: Receiver, resolve: Resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    resolve(["127.0.0.1"])
    for name in ("hooks.example.org", "elsewhere.example.org"):
        listening = new_receiver(certificate=certificate(tmp_path, name))
        monkeypatch.setattr(outgoing, "trust", lambda name=name: ssl.create_default_context(cafile=str(tmp_path / f"{name}.pem")))
        if name == "hooks.example.org":
            assert outgoing.post(named(listening), b"{}", {}, US).status == 204
            continue
        with pytest.raises(CallError, match="certificate is not trusted: Hostname mismatch"):
            outgoing.post(named(listening), b"{}", {}, US)
        assert listening.taken == []


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert outgoing.post(receiver.url, b"{}", {}, US).status == 204


def test_a_redirect_is_not_followed(receiver: Receiver, new_receiver: Callable[..., Receiver]) -> None:
    elsewhere = new_receiver()
    receiver.answers = [(307, {"location": elsewhere.url}, "")]
    assert outgoing.post(receiver.url, b"{}", {}, US).status == 307
    assert elsewhere.taken == []


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_receiver_that_takes_for_ever_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.3)
    receiver.answers = [getattr(receiver, how)]
    began = time.monotonic()
    with pytest.raises(CallError, match="no answer within") as failed:
        outgoing.post(receiver.url, b"{}", {}, US)
    assert not failed.value.is_permanent
    assert time.monotonic() - began < 5


def test_only_the_beginning_of_an_answer_is_read(receiver: Receiver) -> None:
    receiver.answers = [receiver.flood]
    answer = outgoing.post(receiver.url, b"{}", {}, US)
    assert answer.status == 200 and answer.text.startswith("word word") and len(answer.text) == 200


@pytest.mark.parametrize("raw", [close, garbage])
def test_what_is_no_answer_is_told_as_such(receiver: Receiver, raw: Any) -> None:
    receiver.answers = [raw]
    with pytest.raises(CallError, match="ended without an answer that can be read as HTTP") as failed:
        outgoing.post(receiver.url, b"{}", {}, US)
    assert not failed.value.is_permanent


def test_why_there_is_no_connection_is_told(receiver: Receiver) -> None:
    with pytest.raises(CallError, match="refused the connection"):
        outgoing.post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, US)
    with pytest.raises(CallError, match="does not speak TLS"):
        outgoing.post(receiver.url.replace("http:", "https:"), b"{}", {}, US)
    with pytest.raises(CallError, match="cannot be looked up"):
        outgoing.post("http://nobody.invalid/", b"{}", {}, US)


def test_an_address_that_is_not_allowed_is_refused_again_at_the_call() -> None:
    settings.current.cache_clear()
    with pytest.raises(RefusedAddressError) as failed:
        outgoing.post("http://127.1:9/", b"{}", {}, US)
    assert failed.value.is_permanent


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Mon, 23 Nov 2026 03:08:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 03:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_when_to_come_back_is_read_in_both_forms(receiver: Receiver, clock: MovableClock, header: str, seconds: float | None) -> None:
    receiver.answers = [(429, {"retry-after": header} if header else {}, "")]
    answer = outgoing.post(receiver.url, b"{}", {}, US)
    assert answer.retry_after_seconds == seconds
    assert clock.now + timedelta(seconds=answer.retry_after_seconds or 0) >= clock.now
