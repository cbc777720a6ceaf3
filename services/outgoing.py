"""Requests that Tocsin sends to addresses that people typed.

The name is looked up once, all its addresses are checked, and the connection goes to one of those that were: a name that leads
elsewhere a moment later leads nowhere. Redirects are not followed, and no proxy of the environment is used: it would look up the
name by itself, past the check.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import version
from uuid import UUID

import httpx

from services import clock, input_text
from services.outgoing_addresses import CallError, checked, look_up

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 10.0
"""For the whole call, from the look-up of the name to the last byte that is read of the answer."""
ANSWER_BYTES = 4_096
"""So much of an answer is read at most."""
_ADDRESSES_TRIED = 3
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `text` is its beginning on one line; `retry_after_seconds` is None where it names no time."""

    status: int
    text: str
    seconds: float
    retry_after_seconds: float | None = None


def post(url: str, body: bytes, headers: Mapping[str, str], whose: UUID) -> Answer:
    """Send `body` as JSON for this organisation; the answer, whatever its status.

    Takes up to `WHOLE_SECONDS`: call it in a thread, outside a transaction.
    Raises: CallError.
    """
    return asyncio.run(_post(url, body, headers, whose))


async def _post(url: str, body: bytes, headers: Mapping[str, str], whose: UUID) -> Answer:
    sent = {
        "content-type": "application/json",
        "user-agent": f"Tocsin/{version('tocsin')}",
        "accept-encoding": "identity",  # an answer that grows when it is unpacked is not read
        "connection": "close",
        **headers,
    }
    began = time.monotonic()
    times = httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS)
    try:
        async with (
            asyncio.timeout(WHOLE_SECONDS),
            httpx.AsyncClient(transport=_Checked(whose), trust_env=False, follow_redirects=False, timeout=times) as client,
            client.stream("POST", url, content=body, headers=sent) as response,
        ):
            text = await _beginning(response)
            return Answer(response.status_code, text, time.monotonic() - began, _retry_after(response.headers.get("retry-after", "")))
    except TimeoutError as error:
        raise CallError(f"There was no answer within {WHOLE_SECONDS:.0f} seconds.") from error
    except httpx.InvalidURL as error:
        raise CallError("The address cannot be read.", is_permanent=True) from error
    except httpx.HTTPError as error:
        raise _told(error) from error


class _Checked(httpx.AsyncBaseTransport):
    """Connects to checked addresses only."""

    def __init__(self, whose: UUID) -> None:
        self._whose = whose
        self._inner = httpx.AsyncHTTPTransport(verify=trust(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        addresses = checked(await asyncio.wrap_future(look_up(host, self._whose)), host)
        # the Host header stands already, and the certificate must be that of the name
        request.extensions = {**request.extensions, "sni_hostname": host.rstrip(".")}
        *others, last = addresses[:_ADDRESSES_TRIED]
        for address in others:
            request.url = request.url.copy_with(host=str(address))
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        request.url = request.url.copy_with(host=str(last))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """The authorities that are trusted: those that come along, or that SSL_CERT_FILE names, and those of the system."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


async def _beginning(response: httpx.Response) -> str:
    """The first characters of an answer, on one line."""
    kept = b""
    async for part in response.aiter_raw():
        kept += part
        if len(kept) >= ANSWER_BYTES:
            break
    return input_text.one_line(kept[:ANSWER_BYTES].decode("utf-8", "replace").replace("\x00", " "))[:_SHOWN]


def _retry_after(value: str) -> float | None:
    """Seconds from now on, of a header that holds seconds or a date."""
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return None


def _told(error: httpx.HTTPError) -> CallError:
    """What went wrong, in a sentence for whoever looks after the receiver."""
    if isinstance(error, httpx.ConnectTimeout):
        return CallError(f"There was no connection within {CONNECT_SECONDS:.0f} seconds.")
    if isinstance(error, httpx.TimeoutException):
        return CallError(f"There was no answer within {WHOLE_SECONDS:.0f} seconds.")
    known = (_of_cause(cause) for cause in _causes(error))
    return CallError(next(filter(None, known), "The connection ended without an answer that can be read as HTTP."))


def _of_cause(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {cause.verify_message}."
    if isinstance(cause, ssl.SSLError):
        return "It does not speak TLS as https needs it."
    if isinstance(cause, ConnectionRefusedError):
        return "It refused the connection: nothing listens there."
    if isinstance(cause, ConnectionResetError | BrokenPipeError):
        return ""
    return f"No connection: {cause.strerror}." if isinstance(cause, OSError) and cause.strerror else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error with all that caused it, also where several tries failed side by side."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__
