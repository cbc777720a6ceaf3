"""What the tests of tocsin.js without React are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.plain.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    """A site without React, see `site.py`."""
    made = Site()
    yield made
    made.stop()


@pytest.fixture
def show(site: Site, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page that holds `body` and runs tocsin.js, in a profile of its own; the test fails when its console held an error.

    With `unplugged` the console may complain of connections that failed: the test takes them away.
    """
    contexts = []
    complaints: list[str] = []

    def open_body(body: str, *, unplugged: bool = False, **options: object) -> Page:
        site.body = body
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()

        def hear(message: ConsoleMessage) -> None:
            if message.type == "error" and not (unplugged and message.text.startswith("WebSocket connection")):
                complaints.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site.url)
        return page

    yield open_body
    for context in contexts:
        context.close()
    assert complaints == [], "the console must hold no errors"
