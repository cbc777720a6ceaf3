"""Every hostile text in every field, on one page for each view, in a real browser: it is read, and it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Dialog, Page, expect

from models.vocabulary import ActorKind, Role
from services import api_keys, catalog, database, declaring, holding, incidents, people, teams, timeline
from services.access import Actor
from services.errors import RefusedError
from tests.fixtures.hostile import HOSTILE
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
EACH_LINE = 6
"""So many texts stand in one comment, so that all are on the page at once."""


@pytest.fixture
def filled(new_northwind: Callable[..., Northwind]) -> tuple[Northwind, str, str]:
    """Northwind with all texts in every field, the number of an incident that holds them all, and that of a harmless one."""
    northwind = new_northwind()
    admin, rob = northwind.actors[Role.ADMIN], northwind.actors[Role.RESPONDER]
    with northwind.database():
        harmless = declaring.declare(rob, "Pool exhausted", "critical", description="It is full.").incident.number
        everything = "\n\n".join(text for text in HOSTILE if len(text) < 60)[:9_000]
        number = declaring.declare(rob, HOSTILE[1] + " W" * 20 + "W" * 200, "critical", description=everything).incident.number
        for text in HOSTILE:
            with suppress(RefusedError):
                declaring.declare(rob, text, "low", description=text)
        for place, text in enumerate(HOSTILE[::3]):
            with suppress(RefusedError):
                people.create_person(admin, email=f"p{place}@northwind.example", name=text, role=Role.VIEWER)
            for make in (
                lambda name: catalog.create(admin, name, description=name, checklist=[name]),
                lambda name: teams.create(admin, name, description=name),
                lambda name: api_keys.create(admin, name, Role.VIEWER),
            ):
                with suppress(RefusedError):
                    make(text)
        _write(northwind, number)
    return northwind, number, harmless


def _write(northwind: Northwind, number: str) -> None:
    """All texts on one timeline, as comments and as what alerts and people say in a line."""
    by = northwind.actors[Role.RESPONDER].id
    with database.write(northwind.tenant_id) as tx:
        held = holding.by_number(tx, int(number.removeprefix("INC-")))
        assert held is not None
        for start in range(0, len(HOSTILE), EACH_LINE):
            texts = HOSTILE[start : start + EACH_LINE]
            held.say(by, timeline.Comment(body="\n\n".join(texts)))
            held.say(by, timeline.Edit(field="title", origin=texts[0], to=texts[-1]))
        holding.save(tx, [held])


def quiet(page: Page) -> list[str]:
    """What went wrong on the page; a dialog is among it."""
    complaints: list[str] = page.complaints  # type: ignore[attr-defined]

    def note(dialog: Dialog) -> None:
        complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", note)
    page.on("popup", lambda _: complaints.append("another window"))
    return complaints


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (
        page.evaluate("document.querySelectorAll('main iframe, main script, main style, main form[action], main img, main object').length")
        == 0
    )
    assert page.evaluate("document.body instanceof HTMLBodyElement && typeof document.getElementById === 'function'")


def test_hostile_text_does_nothing_in_a_browser(filled: tuple[Northwind, str, str], as_person: AsPerson) -> None:
    northwind, number, harmless = filled
    for width in (1440, 390):
        page = as_person(northwind, Role.ADMIN, f"/incidents/{harmless}", viewport={"width": width, "height": 844})
        complaints = quiet(page)
        acknowledge = page.get_by_role("button", name="Acknowledge").locator("visible=true").first
        expect(acknowledge).to_be_visible()
        usual = acknowledge.bounding_box()
        page.goto(f"/incidents/{number}")
        expect(page.locator("[data-type=comment]").first).to_be_visible()
        box = acknowledge.bounding_box()
        assert usual is not None
        assert box is not None
        assert (box["x"], box["width"], box["height"]) == (usual["x"], usual["width"], usual["height"])
        fits(page)
        page.goto("/incidents")
        expect(page.get_by_role("link", name=number).first).to_be_visible()
        fits(page)
        assert complaints == []
    for path in ("/settings/people", "/settings/teams", "/settings/api-keys", "/services", "/settings/audit", "/inbox"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        fits(page)
    page.goto(f"/incidents/{number}")
    acknowledge.click()
    expect(page.get_by_role("button", name="Start investigating").or_(page.get_by_role("button", name="Resolve")).first).to_be_visible()
    assert complaints == []


def test_names_and_titles_have_the_direction_of_their_letters_and_sentences_keep_theirs(
    new_northwind: Callable[..., Northwind], as_person: AsPerson
) -> None:
    northwind = new_northwind()
    with northwind.database():
        made = people.create_person(northwind.system, email="d@northwind.example", name="דנה 5", role=Role.RESPONDER)
        dana = Actor(made.id, northwind.tenant_id, ActorKind.PERSON, Role.RESPONDER, made.name)
        number = declaring.declare(dana, "השרת נפל!", "high").incident.number
        incidents.acknowledge(dana, number)
    page = as_person(northwind, Role.VIEWER, f"/incidents/{number}")
    line = page.get_by_role("log", name="Timeline").locator("[data-type=state_change] .say")
    name, verb = line.locator("b"), line.locator("span").first
    expect(verb).to_have_text("acknowledged")
    title = page.get_by_role("heading", level=1)
    for theirs in (name, title):
        assert theirs.evaluate("one => getComputedStyle(one).direction") == "rtl"
    boxes = name.bounding_box(), verb.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] + 2 < boxes[1]["x"], "a sentence goes on to the right, after a space"
    assert title.evaluate("one => getComputedStyle(one).textAlign") == "left"
