"""Headers: what pages may do, how long files may be kept, who is believed about where a request came from."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from app import headers

SCRIPT = "console.log('<hello>');\n"
PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1"))


def hash_of(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def test_every_inline_script_is_allowed_by_its_hash_and_no_other(tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    first.write_text(f'<script>{SCRIPT}</script><script src="/x.js"></script><SCRIPT type="module" async="">import "/y.js"</SCRIPT>')
    second.write_text(f"<p>nothing</p><script>{SCRIPT}</script><script></script>")
    assert set(headers.inline_script_hashes([first, second])) == {hash_of(SCRIPT), hash_of('import "/y.js"')}


def test_a_script_with_a_data_attribute_is_inline(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text('<script data-src="x">1</script>')
    assert headers.inline_script_hashes([page]) == [hash_of("1")]


def test_the_policy_allows_no_eval_no_stranger_and_no_frame() -> None:
    policy = headers.content_security_policy([hash_of(SCRIPT)])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == f"'self' {hash_of(SCRIPT)}"
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["base-uri"] == "'none'"
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in rules["script-src"]


def test_only_an_address_by_tls_is_made_to_stay_so() -> None:
    assert b"strict-transport-security" not in dict(headers.security_headers("", over_tls=False))
    assert b"strict-transport-security" in dict(headers.security_headers("", over_tls=True))


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/assets/state-Dm5zzEa1.js", b"public, max-age=31536000, immutable"),
        ("/assets/_incidents_._index-FpN3AD0m.js", b"public, max-age=31536000, immutable"),
        ("/assets/__reflex_global_styles-CQZrNfFD.css", b"public, max-age=31536000, immutable"),
        ("/tocsin.js", b"no-cache"),
        ("/favicon.svg", b"no-cache"),
        ("/incidents/INC-1", b"no-cache"),
        ("/api/v1/incidents", b"no-store"),
        ("/-/metrics", b"no-store"),
    ],
)
def test_only_what_changes_its_name_with_its_content_is_kept(path: str, kept: bytes) -> None:
    assert headers.cache_control(path) == kept


def answer_with(own: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    sending = headers.with_headers(send, "/x", [(b"x-frame-options", b"DENY"), (b"x-other", b"ours")])
    asyncio.run(sending({"type": "http.response.start", "status": 200, "headers": own}))
    return dict(sent[0]["headers"])


def test_a_header_that_the_answer_brings_itself_stands() -> None:
    got = answer_with([(b"X-Other", b"its own"), (b"cache-control", b"max-age=5")])
    assert got == {b"X-Other": b"its own", b"cache-control": b"max-age=5", b"x-frame-options": b"DENY"}


def test_an_answer_that_says_nothing_gets_all() -> None:
    assert answer_with([]) == {b"x-frame-options": b"DENY", b"x-other": b"ours", b"cache-control": b"no-cache"}


def asked_from(peer: str, *forwarded: str, scheme: str = "", kind: str = "http") -> tuple[str, str]:
    scope: dict[str, Any] = {"type": kind, "client": (peer, 4711), "scheme": "ws" if kind == "websocket" else "http"}
    scope["headers"] = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    if scheme:
        scope["headers"].append((b"x-forwarded-proto", scheme.encode()))
    headers.believe_proxies(scope, PROXIES)
    return scope["client"][0], scope["scheme"]


def test_a_stranger_is_not_believed() -> None:
    assert asked_from("203.0.113.5", "198.51.100.1", scheme="https") == ("203.0.113.5", "http")


def test_a_trusted_proxy_tells_who_asked_and_how() -> None:
    assert asked_from("10.1.2.3", "198.51.100.1", scheme="https") == ("198.51.100.1", "https")
    assert asked_from("::1", "2001:db8::7", scheme="HTTPS", kind="websocket") == ("2001:db8::7", "wss")


def test_what_the_client_put_before_the_proxies_own_words_is_not_believed() -> None:
    assert asked_from("10.1.2.3", "127.0.0.1, 198.51.100.1")[0] == "198.51.100.1"
    assert asked_from("10.1.2.3", "127.0.0.1", "198.51.100.1, 10.9.9.9")[0] == "198.51.100.1"


def test_nonsense_from_a_proxy_leaves_what_is_known() -> None:
    assert asked_from("10.1.2.3", "unknown", scheme="gopher") == ("10.1.2.3", "http")
    assert asked_from("10.1.2.3") == ("10.1.2.3", "http")
    assert asked_from("10.1.2.3", "nobody, 10.9.9.9")[0] == "10.9.9.9"
