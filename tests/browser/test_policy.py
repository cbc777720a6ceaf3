"""Every page runs under the content security policy, talks to nobody else, and is live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.app import PAGES
from tests.fixtures.servers import Server


def address_of(path: str) -> str:
    """A page's address, with something in the place of each name in brackets."""
    return path.replace("[number]", "INC-1").replace("[integration]", "00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("who", ["nobody", "admin"])
@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_a_page_runs_under_the_policy_and_asks_nobody_else(
    new_page: Callable[..., Page], signed_in: Callable[..., Page], path: str, who: str
) -> None:
    page = new_page() if who == "nobody" else signed_in(who)
    with page.expect_websocket() as opened:
        document = page.goto(address_of(path))
    with opened.value.expect_event("framereceived"):
        pass
    page.wait_for_load_state("networkidle")
    assert document is not None
    assert "'sha256-" in document.headers["content-security-policy"]
    complaints = [text for text in page.complaints if "the server responded with a status of 40" not in text]  # type: ignore[attr-defined]
    assert complaints == []


def test_an_unknown_address_is_told_to_be_one_and_leads_back(page: Page) -> None:
    answer = page.goto("/no/such/page")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("link", name="Go to incidents")).to_be_visible()


def test_the_front_door_leads_to_the_incidents(page: Page, server: Server) -> None:
    page.goto("/")
    assert page.url.startswith(f"{server.address}/")
    assert page.url != f"{server.address}/"


def test_a_page_is_live_under_each_name_of_the_host(new_page: Callable[..., Page], server: Server) -> None:
    page = new_page(base_url=f"http://localhost:{server.port}")
    with page.expect_websocket() as opened:
        page.goto("/incidents")
    socket = opened.value
    assert socket.url.startswith(f"ws://localhost:{server.port}/_event")
    with socket.expect_event("framereceived"):
        pass
    assert not socket.is_closed()
