"""Which addresses Tocsin calls, however they are written, and whatever a name leads to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from services import outgoing, outgoing_addresses, settings
from services.errors import InvalidInputError
from services.outgoing_addresses import CallError, RefusedAddressError, UnknownNameError, check_url, checked, look_up

US, THEM = UUID(int=1), UUID(int=2)
Names = Callable[[dict[str, list[str]]], list[str]]

PRIVATE = {
    "a dotted address": "http://127.0.0.1/",
    "another of this machine": "http://127.8.9.10:8080/hook",
    "short": "http://127.1/",
    "shorter": "http://127.0.1/",
    "one number": "http://2130706433/",
    "one number of a private network": "http://167772161/",
    "octal": "http://0177.0.0.1/",
    "octal with zeros in front": "http://00000177.0000.0000.0001/",
    "octal, one number": "http://017700000001/",
    "hexadecimal": "http://0x7f.0x0.0x0.0x1/",
    "hexadecimal, one number": "http://0x7f000001/",
    "mixed": "http://0x7f.1/",
    "zero": "http://0/",
    "all zeros": "http://0.0.0.0/",
    "a trailing dot": "http://127.0.0.1./",
    "a name of this machine": "http://localhost/",
    "the same in capitals": "HTTP://LOCALHOST/",
    "ten": "http://10.0.0.1/",
    "ten, short": "http://10.1/",
    "a private network": "http://172.16.0.1/",
    "its end": "http://172.31.255.254/",
    "a home": "http://192.168.1.1/",
    "a cloud's metadata": "http://169.254.169.254/latest/meta-data/",
    "the same as one number": "http://2852039166/",
    "the same in octal": "http://0251.0376.0251.0376/",
    "a provider's metadata": "http://100.100.100.200/",
    "a cloud's wire server": "http://168.63.129.16/",
    "shared by a provider": "http://100.64.0.1/",
    "measurements": "http://198.18.0.1/",
    "examples": "http://203.0.113.9/",
    "multicast": "http://224.0.0.1/",
    "reserved": "http://240.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "IPv6": "http://[::1]/",
    "IPv6, written out": "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "IPv6, nothing": "http://[::]/",
    "IPv4 in IPv6": "http://[::ffff:127.0.0.1]/",
    "IPv4 in IPv6, in hex": "http://[::ffff:a00:1]/",
    "IPv4 in IPv6, the old way": "http://[::127.0.0.1]/",
    "translated": "http://[64:ff9b::10.0.0.1]/",
    "translated locally": "http://[64:ff9b:1::a00:1]/",
    "tunnelled (6to4)": "http://[2002:7f00:1::]/",
    "tunnelled (Teredo)": "http://[2001:0:7f00:1::]/",
    "IPv6, a private network": "http://[fd00:ec2::254]/",
    "IPv6, link-local": "http://[fe80::1]/",
    "IPv6, site-local": "http://[fec0::1]/",
    "IPv6, multicast": "http://[ff02::1]/",
    "IPv6, not given out": "http://[4000::1]/",
    "IPv6, for examples": "http://[2001:db8::1]/",
}
MISLEADING = {
    "a user": "http://example.org@127.0.0.1/",
    "a user and a password": "https://hooks.example.org:443@10.0.0.1/",
    "a backslash": "http://example.org\\@127.0.0.1/",
    "a tab": "http://127.0.\t0.1/",
    "a line break": "http://example.org/\r\nHost: evil",
    "a fragment": "https://example.org/#@127.0.0.1/",
    "an unseen character": "https://exam\u200bple.org/",
    "another scheme": "file:///etc/passwd",
    "another scheme with a host": "gopher://127.0.0.1:25/_HELO",
    "no scheme": "//127.0.0.1/",
    "no host": "https:///hook",
    "only a port": "https://:443/",
    "a port of nobody": "https://example.org:99999/",
    "port nought": "https://example.org:0/",
    "half an IPv6 address": "http://[::1/",
    "a number too large": "http://999999999999/",
    "an address that is none": "http://256.256.256.256/",
    "words": "example.org",
    "nothing": "",
}


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets which networks the operator allows; at first none."""

    def to(networks: str) -> None:
        monkeypatch.setenv("TOCSIN_OUTGOING_ALLOW", networks)
        settings.current.cache_clear()

    to("")
    yield to
    settings.current.cache_clear()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """A resolver that knows these names and no other; the names that were looked up are noted."""
    ask = socket.getaddrinfo
    asked: list[str] = []

    def know(known: dict[str, list[str]]) -> list[str]:
        def answer(host: Any, port: Any, *more: Any, **options: Any) -> Any:
            asked.append(host)
            if host not in known:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [place for address in known[host] for place in ask(address, port, *more, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return know


@pytest.mark.parametrize("url", PRIVATE.values(), ids=PRIVATE.keys())
def test_an_address_that_is_not_public_is_refused_however_it_is_written(allow: Callable[[str], None], url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_url(url, US)
    assert refused.value.field == "url"
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("url", MISLEADING.values(), ids=MISLEADING.keys())
def test_what_misleads_or_is_no_web_address_is_refused(allow: Callable[[str], None], url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_url(url, US)
    assert refused.value.field == "url"


def test_the_refusal_says_what_is_there_and_who_can_change_it(allow: Callable[[str], None]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_url("https://0x0a.1/hook", US)
    assert refused.value.message == (
        "0x0a.1 leads to 10.0.0.1, a private network, and Tocsin calls public addresses only. "
        "If this is meant, the operator adds it to TOCSIN_OUTGOING_ALLOW."
    )
    with pytest.raises(InvalidInputError, match=r"^10\.0\.0\.1 leads to a private network and Tocsin calls"):
        check_url("https://10.0.0.1/hook", US)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.8"], ["93.184.216.34", "10.0.0.8"], ["10.0.0.8", "93.184.216.34"], ["2606:4700::1", "::ffff:192.168.0.1"], ["fe80::1%1"]],
    ids=str,
)
def test_a_name_is_refused_when_one_of_its_addresses_is_private(allow: Callable[[str], None], names: Names, addresses: list[str]) -> None:
    names({"hooks.example.org": addresses})
    with pytest.raises(InvalidInputError, match=r"hooks\.example\.org leads to .*TOCSIN_OUTGOING_ALLOW\.$"):
        check_url("https://hooks.example.org/x", US)


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org/services/T0/B0/x", "http://hooks.example.org:8065/hooks/a?b=c%20d", "https://93.184.216.34/"]
)
def test_a_public_address_is_taken_as_it_was_written(allow: Callable[[str], None], names: Names, url: str) -> None:
    names({"hooks.example.org": ["93.184.216.34", "2606:4700::1"], "93.184.216.34": ["93.184.216.34"]})
    assert check_url(f"  {url}\n", US) == url


def test_a_name_that_nobody_knows_now_is_taken_since_each_call_looks_again(allow: Callable[[str], None], names: Names) -> None:
    names({})
    assert check_url("https://hooks.example.org/x", US) == "https://hooks.example.org/x"
    with pytest.raises(UnknownNameError, match=r"hooks\.example\.org cannot be looked up"):
        look_up("hooks.example.org", US).result(5)


def test_what_the_operator_allows_may_be_called(allow: Callable[[str], None]) -> None:
    allow("127.0.0.0/8, 10.20.0.0/16, fd00::/8")
    for url in ("http://127.0.0.1:9/", "http://10.20.3.4/", "http://[fd00::1]/", "http://[::ffff:127.0.0.1]/"):
        assert check_url(url, US) == url
    for url in ("http://10.21.0.1/", "http://[::1]/", "http://169.254.169.254/"):
        with pytest.raises(InvalidInputError):
            check_url(url, US)


def test_every_address_of_a_name_is_checked(allow: Callable[[str], None]) -> None:
    public, private = "93.184.216.34", "10.0.0.1"
    as_addresses = [outgoing_addresses.ip_address(text) for text in (public, private)]
    assert checked(as_addresses[:1], "x.example") == as_addresses[:1]
    with pytest.raises(RefusedAddressError) as refused:
        checked(as_addresses, "x.example")
    assert isinstance(refused.value, CallError) and refused.value.is_permanent
    with pytest.raises(UnknownNameError):
        checked([], "x.example")


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch, names: Names) -> Iterator[threading.Event]:
    """A resolver that never answers for a name of `dead.example`, until the event is set."""
    asked = names({"hooks.example.org": ["93.184.216.34"]})
    answer, answers = socket.getaddrinfo, threading.Event()

    def hang(host: Any, *more: Any, **options: Any) -> Any:
        if not host.endswith("dead.example"):
            return answer(host, *more, **options)
        asked.append(host)
        answers.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield answers
    answers.set()
    for _, waiting in list(outgoing_addresses._running.values()):
        waiting.exception(30)


def hanging() -> int:
    return sum(thread.name == "look-up" for thread in threading.enumerate())


def test_names_that_hang_hold_up_nobody_else(dead: threading.Event) -> None:
    asked = [look_up(f"{number}.dead.example", US) for number in range(40)]
    assert hanging() == 4
    with pytest.raises(UnknownNameError, match=r"^The name 39\.dead\.example is not looked up now"):
        asked[39].result(0)
    assert [str(address) for address in look_up("hooks.example.org", THEM).result(5)] == ["93.184.216.34"]
    dead.set()
    with pytest.raises(UnknownNameError, match="cannot be looked up"):
        asked[0].result(5)
    for one in asked[1:4]:
        one.exception(5)
    assert look_up("hooks.example.org", US).result(5), "as soon as they answer it goes on"


def test_a_name_that_hangs_is_looked_up_once_for_all_who_ask(dead: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.outgoing_addresses._LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr("services.outgoing.WHOLE_SECONDS", 0.05)
    for whose in (US, THEM):
        assert check_url("https://hooks.dead.example/x", whose)
        with pytest.raises(CallError, match="There was no answer within"):
            outgoing.post("https://hooks.dead.example/x", b"{}", {}, whose)
    assert hanging() == 1
    waits = look_up("hooks.dead.example", US)
    assert not waits.done(), "those who gave up ended it for nobody"
