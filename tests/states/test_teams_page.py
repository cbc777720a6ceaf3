"""The page of the teams: everybody sees it, managers make and change them, and what is refused stays in the dialog."""

import asyncio
from typing import Any

import pytest

from app.states.teams import Teams
from services import teams
from services.access import Actor
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, call, follow, open_tab


def opened(actor: Actor) -> Any:
    page = open_tab(Teams, begin_session(actor).token, url="http://localhost/settings/teams")
    asyncio.run(Teams.event_handlers["load"].fn(page))
    return page


def form(*members: Actor, **texts: str) -> dict[str, Any]:
    """What the browser sends: the boxes that are ticked, and all texts."""
    return {"name": "Payments", "handle": "", "description": "", "narrow": "", **texts} | {f"member-{one.id.hex}": "on" for one in members}


def test_a_manager_makes_a_team_and_changes_it(organisation: Organisation) -> None:
    page = opened(organisation.manager)
    call(page, "ask_for_team", team_id="")
    assert page.is_editing
    assert [one.person.name for one in page.candidates if one.active] == ["Alice Moreau", "Mina Okafor", "Rob Lindqvist", "Vera Novak"]
    call(page, "save", form=form(organisation.responder))
    assert (page.is_editing, page.notice.text) == (False, "Payments is there: mention it as @payments.")
    (row,) = page.rows
    assert [one.name for one in row.members] == ["Rob Lindqvist"]
    call(page, "ask_for_team", team_id=row.id)
    assert [one.person.name for one in page.candidates if one.is_in] == ["Rob Lindqvist"]
    call(page, "save", form=form(organisation.viewer, organisation.admin, name="Payers", handle="pay"))
    (row,) = page.rows
    assert (row.name, row.handle, [one.name for one in row.members]) == ("Payers", "pay", ["Alice Moreau", "Vera Novak"])


def test_what_is_refused_stays_in_the_dialog_at_its_field(organisation: Organisation) -> None:
    page = opened(organisation.manager)
    call(page, "ask_for_team", team_id="")
    for wrong, fields in (
        (form(name=" "), {"name"}),
        (form(handle="rob"), {"handle"}),
        (form(name="", handle="no spaces"), {"name", "handle"}),
        (form(organisation.stranger), {"members"}),
    ):
        call(page, "save", form=wrong)
        assert page.is_editing
        assert {field for field, sentence in page.errors.items() if sentence} == fields
    call(page, "save", form=form() | {"member-nobody": "on"})
    assert (page.is_editing, page.refusal) == (True, "There is no such person.")
    assert teams.teams(organisation.admin) == []


def test_who_saves_second_is_told_and_nothing_is_lost(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments", members=[organisation.responder.id])
    page = opened(organisation.manager)
    call(page, "ask_for_team", team_id=made.id.hex)
    teams.change(organisation.admin, made.id, members=[organisation.responder.id, organisation.viewer.id])
    call(page, "save", form=form(organisation.responder, handle="payments"))
    assert page.is_editing
    assert page.refusal.startswith("Somebody has changed the team Payments meanwhile")
    assert set(teams.get(organisation.admin, made.id).members) == {organisation.responder.id, organisation.viewer.id}


def test_everybody_reads_and_only_managers_write(organisation: Organisation) -> None:
    made = teams.create(organisation.manager, "Payments")
    theirs = teams.create(organisation.stranger, "Theirs")
    for actor in (organisation.responder, organisation.viewer):
        page = opened(actor)
        assert [row.name for row in page.rows] == ["Payments"]
        call(page, "ask_for_team", team_id=made.id.hex)
        assert (page.is_editing, page.notice.text) == (False, "Only managers and admins may do this.")
        call(page, "save", form=form(name="Mine"))
    page = opened(organisation.manager)
    call(page, "ask_for_team", team_id=theirs.id.hex)
    assert (page.is_editing, page.notice.text) == (False, "There is no such team.")
    assert [team.name for team in teams.teams(organisation.admin)] == ["Payments"]


@pytest.mark.usefixtures("open_sockets")
def test_a_team_that_is_made_elsewhere_comes_by_itself(organisation: Organisation) -> None:
    page = opened(organisation.viewer)
    assert follow(page, lambda: teams.create(organisation.manager, "Payments"), lambda: [row.name for row in page.rows] == ["Payments"])
