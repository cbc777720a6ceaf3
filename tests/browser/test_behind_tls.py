"""Pages by https behind a proxy, on a port of their own and under the name that Reflex would take the port away from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.fixtures.proxies import tls_proxy
from tests.fixtures.servers import PASSWORD, Server, free_port


def test_a_page_signs_in_and_is_live_by_tls(new_server: Callable[..., Server], new_page: Callable[..., Page], tmp_path: Path) -> None:
    port = free_port()
    address = f"https://localhost:{port}"
    server = new_server(TOCSIN_BASE_URL=address)
    server.start()
    email = server.person("responder")
    with tls_proxy(port, server.port, tmp_path):
        page = new_page(base_url=address, ignore_https_errors=True)
        page.goto("/login")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        with page.expect_websocket(lambda socket: "/_event" in socket.url) as opened, page.expect_navigation(url="**/incidents"):
            page.get_by_role("button", name="Sign in").click()
        socket = opened.value
        assert socket.url.startswith(f"wss://localhost:{port}/_event")
        with socket.expect_event("framereceived"):
            pass
        cookie = next(each for each in page.context.cookies() if each["name"] == "tocsin_session")
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert "strict-transport-security" in page.request.get("/incidents").headers
        assert page.complaints == []  # type: ignore[attr-defined]
