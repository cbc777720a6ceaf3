"""The page of the services: everybody sees it, managers make, change, archive and restore, and what is refused stays in the dialog."""

import asyncio
from typing import Any

import pytest

from app.states.services import Services
from services import catalog, declaring, teams
from services.access import Actor
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, call, follow, open_tab


def opened(actor: Actor) -> Any:
    page = open_tab(Services, begin_session(actor).token, url="http://localhost/services")
    asyncio.run(Services.event_handlers["load"].fn(page))
    return page


def form(**texts: str) -> dict[str, Any]:
    return {"name": "Checkout", "owner_team_id": "", "description": "", "runbook_url": "", "checklist": "", **texts}


def test_a_manager_makes_changes_and_archives_a_service(organisation: Organisation) -> None:
    team = teams.create(organisation.manager, "Payments")
    page = opened(organisation.manager)
    call(page, "ask_for_service", service_id="")
    assert [one.label for one in page.owners] == ["Nobody's", "Payments"]
    call(page, "save", form=form(owner_team_id=team.id.hex, checklist="Look at the pool\r\n\r\nCall the bank"))
    assert (page.is_editing, page.notice.text) == (False, "Checkout is there: incidents can name it.")
    (row,) = page.rows
    assert (row.owner, row.checklist) == ("Payments", ["Look at the pool", "Call the bank"])
    call(page, "ask_for_service", service_id=row.id)
    assert page.edited_lines == "Look at the pool\nCall the bank"
    call(page, "save", form=form(name="Shop", checklist="Call the bank"))
    assert [(row.name, row.owner, row.checklist) for row in page.rows] == [("Shop", "", ["Call the bank"])]
    call(page, "archive", service_id=row.id, archived=True)
    assert (page.rows, [row.name for row in page.archived]) == ([], ["Shop"])
    call(page, "archive", service_id=row.id, archived=False)
    assert ([row.name for row in page.rows], page.archived) == (["Shop"], [])


def test_what_is_refused_stays_in_the_dialog_at_its_field(organisation: Organisation) -> None:
    page = opened(organisation.manager)
    call(page, "ask_for_service", service_id="")
    for wrong, fields in (
        (form(name=" "), {"name"}),
        (form(runbook_url="javascript:alert(1)"), {"runbook_url"}),
        (form(checklist="Look\nLook"), {"checklist"}),
        (form(owner_team_id=organisation.manager.id.hex), {"owner_team_id"}),
        (form(name="", runbook_url="wiki"), {"name", "runbook_url"}),
    ):
        call(page, "save", form=wrong)
        assert page.is_editing
        assert {field for field, sentence in page.errors.items() if sentence} == fields
    call(page, "save", form=form(owner_team_id="nobody"))
    assert (page.is_editing, page.refusal) == (True, "There is no such team.")
    assert catalog.services(organisation.admin) == []


def test_who_saves_second_is_told_and_nothing_is_lost(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout")
    page = opened(organisation.manager)
    call(page, "ask_for_service", service_id=made.id.hex)
    catalog.change(organisation.admin, made.id, checklist=["Look"])
    call(page, "save", form=form())
    assert page.is_editing
    assert page.refusal.startswith("Somebody has changed the service Checkout meanwhile")
    assert catalog.get(organisation.admin, made.id).checklist == ["Look"]


def test_everybody_reads_and_only_managers_write(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout")
    theirs = catalog.create(organisation.stranger, "Theirs")
    page = opened(organisation.viewer)
    assert [row.name for row in page.rows] == ["Checkout"]
    for name, given in (
        ("ask_for_service", {"service_id": made.id.hex}),
        ("save", {"form": form(name="Mine")}),
        ("archive", {"service_id": made.id.hex, "archived": True}),
    ):
        call(page, name, **given)
        assert (page.is_editing, page.notice.text) == (False, "Only managers and admins may do this.")
    page = opened(organisation.manager)
    call(page, "archive", service_id=theirs.id.hex, archived=True)
    assert page.notice.text == "There is no such service."
    assert [one.archived_at for one in catalog.services(organisation.admin)] == [None]


@pytest.mark.usefixtures("open_sockets")
def test_the_count_of_incidents_moves_by_itself(story: Story) -> None:
    organisation = story.organisation
    made = catalog.create(organisation.manager, "Checkout")
    page = opened(organisation.viewer)
    assert [row.unresolved for row in page.rows] == [0]
    happens = lambda: declaring.declare(organisation.responder, "Slow", "high", service_id=made.id)  # noqa: E731
    assert follow(page, happens, lambda: [row.unresolved for row in page.rows] == [1])


def test_a_viewer_follows_a_service_and_not_one_of_strangers(story: Story) -> None:
    organisation = story.organisation
    own = catalog.create(organisation.manager, "Own")
    theirs = catalog.create(organisation.stranger, "Theirs")
    state = opened(organisation.viewer)
    call(state, "follow_it", service_id=own.id.hex, follows=True)
    assert (state.followed, state.notice.text) == ([own.id.hex], "You are told of each incident of Own and of its moves.")
    call(state, "follow_it", service_id=theirs.id.hex, follows=True)
    assert (state.followed, state.notice.text) == ([own.id.hex], "There is no such service.")
    call(state, "follow_it", service_id=own.id.hex, follows=False)
    assert state.followed == []
