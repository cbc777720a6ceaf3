"""Which addresses Tocsin may call: public ones, and those that the operator allows."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit
from uuid import UUID

from services import input_text, settings
from services.errors import InvalidInputError

URL_LIMIT = 2_000
_LOOK_UP_SECONDS = 3.0

Address = IPv4Address | IPv6Address

_SPECIAL = tuple(
    (ip_network(network), words)
    for network, words in (
        ("0.0.0.0/8", "this machine itself"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "the shared network of a provider"),
        ("127.0.0.0/8", "this machine itself"),
        ("168.63.129.16/32", "a service of the machine's own cloud"),
        ("169.254.0.0/16", "the link-local network, where clouds keep the secrets of their machines"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "a network with a special purpose"),
        ("192.0.2.0/24", "a network for examples"),
        ("192.88.99.0/24", "a network with a special purpose"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "a network for measurements"),
        ("198.51.100.0/24", "a network for examples"),
        ("203.0.113.0/24", "a network for examples"),
        ("224.0.0.0/4", "a multicast group"),
        ("240.0.0.0/4", "a reserved network"),
        ("::/128", "this machine itself"),
        ("::1/128", "this machine itself"),
        ("64:ff9b::/96", "a translated IPv4 address"),
        ("64:ff9b:1::/48", "a translated IPv4 address"),
        ("2001::/23", "a network with a special purpose"),
        ("2001:db8::/32", "a network for examples"),
        ("2002::/16", "a tunnelled IPv4 address"),
        ("3fff::/20", "a network for examples"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "the link-local network"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "a multicast group"),
    )
)
_GLOBAL_IPV6 = ip_network("2000::/3")
_AT_ONCE = 4
"""So many names are looked up at the same time for one organisation."""
_lock = threading.Lock()


class CallError(Exception):
    """There is no answer; `message` says why. `is_permanent` says that the same call fails again, until somebody changes something."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_permanent = is_permanent


class RefusedAddressError(CallError):
    """The address is none that Tocsin calls."""

    def __init__(self, message: str) -> None:
        super().__init__(message, is_permanent=True)


class UnknownNameError(CallError):
    """The name cannot be looked up at this moment."""


def check_url(url: object, whose: UUID) -> str:
    """A web address that this organisation may call, as it is written to be stored. The name may be unknown at this moment.

    Raises: InvalidInputError naming `url`.
    """
    text = input_text.check_text(url, "url", URL_LIMIT)
    if any(character.isspace() or not character.isprintable() for character in text) or "\\" in text:
        raise _wrong("The URL has spaces, backslashes or characters that cannot be seen. Write it as https://example.org/hook.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong("The URL cannot be read. Write it as https://example.org/hook, with a port from 1 to 65535 if it has one.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong("The URL must begin with https:// or http:// and name a host, such as https://example.org/hook.")
    if parts.username is not None or parts.password is not None:
        raise _wrong("The URL must not hold a user or a password: an @ before the host leads elsewhere than it seems.")
    if port == 0:
        raise _wrong("The URL must have a port from 1 to 65535, or none.")
    if parts.fragment:
        raise _wrong("The URL must end before the #: what follows it is never sent.")
    try:
        checked(look_up(parts.hostname, whose).result(_LOOK_UP_SECONDS), parts.hostname)
    except RefusedAddressError as refusal:
        raise _wrong(refusal.message) from None
    except (UnknownNameError, FutureTimeoutError):  # a name server may be away; each call looks again
        if parts.hostname.rstrip(".").rpartition(".")[2][:1].isdigit():
            raise _wrong("The URL's host is no name and no address. Write it as https://example.org/hook.") from None
    return text


def _wrong(message: str) -> InvalidInputError:
    return InvalidInputError(message, field="url")


_running: dict[str, tuple[UUID, Future[list[Address]]]] = {}
"""The names that are looked up at this moment, each with the organisation that asked for it first."""


def look_up(host: str, whose: UUID) -> Future[list[Address]]:
    """All addresses of a name, looked up in a thread. The result raises UnknownNameError.

    A look-up cannot be stopped, and one that hangs keeps its thread. So whoever asks for the same name waits for the same thread, and
    an organisation whose names hang has a few of them and is refused more: others look up theirs as ever.
    """
    found: Future[list[Address]] = Future()
    found.set_running_or_notify_cancel()  # who gives up waiting ends it for nobody else
    with _lock:
        if host in _running:
            return _running[host][1]
        if sum(owner == whose for owner, _ in _running.values()) >= _AT_ONCE:
            error = f"The name {host[:80]} is not looked up now: the last {_AT_ONCE} names were not answered yet. Try again in a minute."
            found.set_exception(UnknownNameError(error))
            return found
        threading.Thread(target=_look_up, args=(host, found), name="look-up", daemon=True).start()
        _running[host] = whose, found
    return found


def _look_up(host: str, found: Future[list[Address]]) -> None:
    addresses: list[Address] = []
    failed: Exception | None = None
    try:
        addresses = _addresses_of(host)
    except Exception as error:  # whatever it is, it is for those who wait
        failed = error
    with _lock:
        del _running[host]
    if failed is None:
        found.set_result(addresses)
    else:
        found.set_exception(failed)


def _addresses_of(host: str) -> list[Address]:
    """All addresses of a name, each once, in the order in which the system would try them. Raises: UnknownNameError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownNameError(f"The name {host[:80]} cannot be looked up: {getattr(error, 'strerror', None) or error}.") from error
    texts = [str(place[0]).partition("%")[0] for family, *_, place in found if family in (socket.AF_INET, socket.AF_INET6)]
    return [ip_address(text) for text in dict.fromkeys(texts)]


def checked(addresses: list[Address], host: str) -> list[Address]:
    """The addresses of `host`, all of which may be called. Raises: RefusedAddressError when one may not, UnknownNameError for none."""
    for address in addresses:
        words = _why_not(address)
        if words:
            leads_to = words if host == str(address) else f"{address}, {words},"
            raise RefusedAddressError(
                f"{host[:80]} leads to {leads_to} and Tocsin calls public addresses only. If this is meant, the operator adds it to "
                f"{settings.variable('outgoing_allow')}."
            )
    if not addresses:
        raise UnknownNameError(f"The name {host[:80]} has no address.")
    return addresses


def _why_not(address: Address) -> str:
    """What is at this address that may not be called; empty where it may be."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in settings.current().outgoing_allow):
        return ""
    for network, words in _SPECIAL:
        if address in network:
            return words
    return "a reserved network" if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6 else ""
