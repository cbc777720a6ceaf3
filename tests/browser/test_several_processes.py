"""Pages on several web processes and one PostgreSQL: whoever changes something by one is seen by all, and one may die."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models.vocabulary import Role
from services import sessions
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
PAGES = 6
"""That all of them meet the same one of two processes happens once in thirty-two times, and then the test shows less."""


@pytest.fixture
def northwind(new_northwind: Callable[..., Northwind], new_database: Callable[[str], str]) -> Northwind:
    return new_northwind(TOCSIN_DATABASE_URL=new_database("postgresql"), TOCSIN_WORKERS="2")


def web_processes(northwind: Northwind) -> list[int]:
    process = northwind.server.process
    assert process is not None
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def all_are_live(pages: list[Page]) -> None:
    for page in pages:
        expect(page.locator("html")).to_have_attribute("data-connection", "live", timeout=30_000)


def test_a_change_is_on_the_pages_of_all_processes_and_a_killed_one_takes_nothing_along(northwind: Northwind, as_person: AsPerson) -> None:
    number = northwind.fire("several")
    pages = [as_person(northwind, Role.RESPONDER, f"/incidents/{number}") for _ in range(PAGES)]
    all_are_live(pages)
    pages[0].get_by_role("button", name="Acknowledge").click()
    for page in pages:
        expect(page.get_by_role("log")).to_contain_text("acknowledged")
    boxes = [page.get_by_role("textbox", name="Comment") for page in pages]
    for place, box in enumerate(boxes):
        box.fill(f"Half a sentence of {place}")
    for pid in web_processes(northwind)[:1]:
        os.kill(pid, signal.SIGKILL)
    northwind.write_lines(number, 1)  # whoever shows this has a process that lives
    for page in pages:
        expect(page.get_by_role("log")).to_contain_text("Line 0 of a long night", timeout=30_000)
    all_are_live(pages)
    for place, (page, box) in enumerate(zip(pages, boxes, strict=True)):
        expect(box).to_have_value(f"Half a sentence of {place}")
        box.press("Control+Enter")
        expect(page.get_by_role("log")).to_contain_text(f"Half a sentence of {place}")
    for page in pages:
        for place in range(PAGES):
            expect(page.get_by_role("log")).to_contain_text(f"Half a sentence of {place}")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_session_that_another_process_ends_leaves_all_its_pages(
    new_northwind: Callable[..., Northwind], new_database: Callable[[str], str], as_person: AsPerson, kind: str
) -> None:
    northwind = new_northwind(TOCSIN_DATABASE_URL=new_database(kind))
    number = northwind.fire("revoked")
    token = northwind.sign_in(Role.ADMIN)
    paths = ("/incidents", f"/incidents/{number}", "/integrations", "/settings/profile", "/settings/people")
    pages = [as_person(northwind, Role.ADMIN, path, token=token) for path in paths]
    for page in pages:
        expect(page.locator(".shell")).to_have_attribute("data-viewer", northwind.actors[Role.ADMIN].id.hex)
    all_are_live(pages)
    with northwind.database():
        actor = sessions.actor_for_token(token)
        assert actor is not None
        sessions.sign_out(actor)
    for page in pages:
        page.wait_for_url("**/login**", timeout=5_000)
