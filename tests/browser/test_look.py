"""All pages but the list and those of single incidents can be used by everybody: axe finds nothing, nothing scrolls sideways."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.fixtures.servers import Server

OPEN = ("/login", "/new-password?token=tl_x", "/setup?token=tl_x", "/nowhere", "/help")
BEHIND = (
    "/incidents/new",
    "/inbox",
    "/settings/profile",
    "/settings/teams",
    "/settings/organisation",
    "/settings/mail",
    "/settings/people",
    "/settings/channels",
    "/settings/api-keys",
    "/settings/audit",
    "/services",
    "/integrations",
    "/integrations/new",
    "/integrations/{integration}",
)


@pytest.fixture(scope="module")
def integration(server: Server) -> str:
    """The id of an integration that nothing came by."""
    key = server.key("admin")  # so that the list of keys has a row
    made = {"name": "Looked at", "description": "Takes money", "runbook_url": "https://wiki.example/", "checklist": ["Look", "Call"]}
    for body in (made, made | {"name": "Gone"}):
        answer = httpx.post(f"{server.address}/api/v1/services", json=body, headers={"Authorization": f"Bearer {key}"}).json()
    httpx.patch(f"{server.address}/api/v1/services/{answer['id']}", json={"archived": True}, headers={"Authorization": f"Bearer {key}"})
    # nothing listens there, and nothing happens here that it is told of
    channel = {"kind": "webhook", "name": "Looked at", "url": "http://nobody.invalid/", "severities": ["low"], "events": ["reopened"]}
    httpx.post(f"{server.address}/api/v1/channels", json=channel, headers={"Authorization": f"Bearer {key}"}).raise_for_status()
    told = {"title": "The admin is told of it", "severity": "low"}
    httpx.post(f"{server.address}/api/v1/incidents", json=told, headers={"Authorization": f"Bearer {key}"}).raise_for_status()
    return str(json.loads(server.command("create-integration", "--kind", "alertmanager", "--name", "Looked at", "--json"))["id"])


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*OPEN, *BEHIND])
def test_axe_finds_nothing(
    new_page: Callable[..., Page], signed_in: Callable[..., Page], integration: str, path: str, scheme: Any, width: int
) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    page = signed_in("admin", **options) if path in BEHIND else new_page(**options)
    page.goto(path.format(integration=integration))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_help_is_one_click_away_in_the_own_theme(signed_in: Callable[..., Page]) -> None:
    page = signed_in("responder", color_scheme="dark")
    page.goto("/inbox")
    expect(page.locator('[data-theme="system"]:not([data-viewer=""])')).to_be_visible()  # it is known by now who looks
    page.get_by_role("button", name="Theme: follows the system").click()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    page.get_by_role("button", name="your menu").click()
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Respond to an incident")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    page.get_by_role("link", name="It comes back").click()
    expect(page.get_by_role("heading", name="It comes back")).to_be_in_viewport()
    page.get_by_role("link", name="Back to Tocsin").click()
    expect(page.get_by_role("heading", name="Incidents", level=1)).to_be_visible()
