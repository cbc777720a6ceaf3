"""Signing in by a provider: from the page that was asked for to the provider and back, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from app.session import COOKIE
from tests.fixtures.northwind import Northwind
from tests.fixtures.openid_provider import CLIENT, SECRET, Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider for a server of the test's own."""
    made = Provider()
    yield made
    made.stop()


def test_a_person_signs_in_by_the_provider(
    new_northwind: Callable[..., Northwind], new_page: Callable[..., Page], provider: Provider
) -> None:
    known = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NAME": "Keycloak"}
    northwind = new_northwind(**{f"TOCSIN_OIDC_{name}": value for name, value in known.items()})
    page = new_page(base_url=northwind.server.address, bypass_csp=True)
    provider.claims = {"email": "mallory@evil.example"}
    page.goto("/services")
    page.get_by_role("link", name="Sign in with Keycloak").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody who is active here has the address mallory@evil.example.")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    provider.claims = {}
    page.get_by_role("link", name="Sign in with Keycloak").press("Enter")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Rob Lindqvist, your menu")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]
    plain = new_page(base_url=northwind.server.address, java_script_enabled=False)
    plain.goto("/auth/openid")
    assert plain.url == f"{northwind.server.address}/incidents"
    assert COOKIE in {cookie["name"] for cookie in plain.context.cookies()}
