"""The page of the people: only admins see it, and a link for a lost password is shown once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from app.states.people import People
from models.tenants import Tenant
from models.vocabulary import Role
from services import database, incidents, membership, people, settings
from services.access import Actor
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.organisations import Organisation, linked_email
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session, follow, open_tab

__all__ = ["mailbox"]


def opened(actor: Actor) -> Any:
    page = open_tab(People, begin_session(actor).token, url="http://localhost/settings/people")
    asyncio.run(People.event_handlers["load"].fn(page))
    return page


def call(page: Any, name: str, **given: Any) -> Any:
    return asyncio.run(People.event_handlers[name].fn(page, **given))


def test_an_admin_sees_everybody(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    assert [row.person.handle for row in page.rows] == ["alice", "mina", "rob", "vera"]


def test_others_see_nobody_and_make_nothing(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        page = opened(actor)
        assert page.rows == []
        assert page.notice.text == "Only admins may do this."
        call(page, "invite", form={"name": "New", "email": "new@x.example", "role": "admin"})
        call(page, "make_link", user_id=organisation.viewer.id.hex)
        assert page.link == ""
    assert len(people.people(organisation.admin)) == 4


def test_a_link_is_shown_until_its_dialog_is_closed(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "make_link", user_id=organisation.viewer.id.hex)
    address, _, token = page.link.partition("?token=")
    assert address == f"{settings.current().base_url}/new-password"
    assert page.link_for == "Vera Novak"
    assert linked_email(token) == "vera@northwind.example"
    call(page, "close_link", wanted=False)
    assert page.link == ""


def test_a_link_for_somebody_of_another_organisation_is_not_made(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "make_link", user_id=organisation.stranger.id.hex)
    assert (page.link, page.notice.text) == ("", "There is no such person.")


def test_a_new_person_comes_with_a_link(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_to_invite", wanted=True)
    call(page, "invite", form={"name": "Nia Berg", "email": "nia@northwind.example", "role": "responder", "handle": ""})
    assert not page.is_inviting
    assert linked_email(page.link.partition("=")[2]) == "nia@northwind.example"
    assert "nia" in [row.person.handle for row in page.rows]


def test_a_refused_person_leaves_the_dialog_open_with_a_sentence_for_each_field(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(page, "ask_to_invite", wanted=True)
    call(page, "invite", form={"name": "", "email": "nobody", "role": "responder"})
    assert page.is_inviting
    assert {field for field, sentence in page.errors.items() if sentence} == {"name", "email"}
    call(page, "invite", form={"name": "Sten", "email": "sten@southwind.example", "role": "responder"})
    assert "already" in page.errors["email"]
    call(page, "invite", form={"name": "King", "email": "king@northwind.example", "role": "king"})
    assert page.errors["role"] == "Role must be one of viewer, responder, manager, admin."
    assert len(people.people(organisation.admin)) == 4


def test_an_invitation_that_works_is_seen_and_can_be_withdrawn(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    call(
        page, "invite", form={"name": "Nia Berg", "email": "nia@x.example", "role": "responder", "manager_id": organisation.manager.id.hex}
    )
    (nia,) = (row for row in page.rows if row.person.handle == "nia")
    assert (nia.manager, nia.link_until, page.link_is_invitation) == ("Mina Okafor", page.link_until, True)
    call(page, "close_link", wanted=False)
    call(page, "withdraw_link", user_id=nia.person.id)
    assert page.notice.text == "The link for Nia Berg does not work any more."
    assert next(row for row in page.rows if row.person.handle == "nia").link_until == ""
    call(page, "withdraw_link", user_id=nia.person.id)
    assert page.notice.text == "Nia Berg has no link that works."


def ask(page: Any, user: Actor, **changed: str) -> None:
    """Open the dialog about somebody, change what is to be changed, and send it."""
    call(page, "ask_to_change", user_id=user.id.hex)
    shown = page.changing
    form = {"user_id": shown.person.id, "name": shown.person.name, "role": shown.role, "manager_id": shown.manager_id}
    call(page, "change", form=form | changed)


def test_a_change_keeps_what_another_admin_changed_meanwhile(organisation: Organisation) -> None:
    page, rob = opened(organisation.admin), organisation.responder
    call(page, "ask_to_change", user_id=rob.id.hex)
    assert [one.label for one in page.managers] == ["Nobody", "Alice Moreau", "Mina Okafor", "Vera Novak"]
    membership.change(organisation.system, rob.id, role=Role.MANAGER)
    form = {"user_id": rob.id.hex, "name": "Robert", "role": "responder", "manager_id": ""}
    call(page, "change", form=form)
    assert not page.is_changing
    assert page.notice.text == "Robert is changed."
    row = next(row for row in page.rows if row.person.handle == "rob")
    assert (row.person.name, row.role) == ("Robert", "manager")
    ask(page, rob)
    assert page.notice.text == "Nothing was changed of Robert."


def test_a_refused_change_leaves_the_dialog_open(organisation: Organisation) -> None:
    page, alice, rob = opened(organisation.admin), organisation.admin, organisation.responder
    ask(page, alice, role="viewer")
    assert page.is_changing
    assert page.errors["role"] == "Alice Moreau is the only admin. Make somebody else an admin first."
    ask(page, rob, name=" ")
    assert page.errors["name"]
    ask(page, rob, manager_id=rob.id.hex)
    assert page.errors["manager_id"] == "Manager must be somebody else: nobody manages themselves."
    ask(page, rob, manager_id="x")
    assert page.errors["manager_id"] == "Manager must be somebody of this organisation, or nobody."
    ask(page, rob, role="king")
    assert page.errors["role"].startswith("Role must be one of")
    for nobody in ("", "x", organisation.stranger.id.hex):
        call(page, "change", form={"user_id": nobody, "name": "X"})
        assert "There is no such person." in (page.refusal, page.notice.text)
    call(page, "close_change", wanted=False)
    assert not page.is_changing


def test_what_another_admin_does_is_on_the_page_at_once(organisation: Organisation, open_sockets: None) -> None:
    page, rob = opened(organisation.admin), organisation.responder
    there = {row.person.handle: row.role for row in page.rows}
    assert there["rob"] == "responder"
    assert follow(
        page,
        lambda: membership.change(organisation.system, rob.id, role=Role.VIEWER),
        lambda: {row.person.handle: row.role for row in page.rows}["rob"] == "viewer",
    )


def test_the_link_is_mailed_while_it_is_shown(organisation: Organisation, mailbox: Mailbox) -> None:
    page = opened(organisation.admin)
    call(page, "invite", form={"name": "Nia Berg", "email": "nia@x.example", "role": "responder"})
    assert page.link and page.link_mailed == ""
    for _ in range(2):
        call(page, "mail_link")
        assert page.link_mailed == "Mailed to nia@x.example."
    assert mailbox.recipients == ["nia@x.example"]
    mailbox.answer = "451 come back later"
    call(page, "make_link", user_id=organisation.viewer.id.hex)
    call(page, "mail_link")
    assert page.link_mailed.startswith("Not mailed: The mail server refuses the mail: 451 come back later.")
    assert page.link_mailed.endswith(" Send the link yourself.")
    call(page, "close_link", wanted=False)
    assert page.link_mailed == ""


# ── leaving ──


@pytest.fixture
def duty(story: Story) -> Story:
    """Rob, who reports to Mina, has INC-1 and INC-2."""
    ours = story.organisation
    membership.change(ours.system, ours.responder.id, manager_id=ours.manager.id)
    for number in (1, 2):
        story.fire(f"alert {number}", title=f"Disk {number} is full")
        incidents.assign(ours.responder, f"INC-{number}", ours.responder.id)
    return story


def test_what_would_move_is_shown_and_then_what_moved(duty: Story) -> None:
    page, rob = opened(duty.organisation.admin), duty.organisation.responder
    call(page, "ask_to_deactivate", user_id=rob.id.hex)
    assert page.is_leaving
    shown = page.leaving
    assert (shown.title, shown.summary) == ("Deactivate Rob Lindqvist?", "2 unresolved incidents go to Mina Okafor.")
    assert [(row.number, row.title) for row in shown.incidents] == [("INC-2", "Disk 2 is full"), ("INC-1", "Disk 1 is full")]
    call(page, "deactivate", user_id=rob.id.hex)
    assert not page.is_leaving and page.is_reporting
    told = page.report
    assert (told.title, told.summary) == ("Rob Lindqvist is deactivated", "2 unresolved incidents went to Mina Okafor.")
    assert (told.why, told.incidents, told.heir) == ("Rob Lindqvist left; Mina Okafor is their manager", shown.incidents, "mina")
    assert {row.person.handle for row in page.rows if not row.active} == {"rob"}
    call(page, "deactivate", user_id=rob.id.hex)  # a second click
    assert (page.is_reporting, page.report, page.notice.text) == (True, told, "")
    call(page, "close_report", wanted=False)
    assert not page.is_reporting
    call(page, "deactivate", user_id=rob.id.hex)
    assert page.notice.text == "Rob Lindqvist is deactivated already."
    call(page, "activate", user_id=rob.id.hex)
    assert page.notice.text == "Rob Lindqvist is active again. Their keys and links stay ended."
    assert all(row.active for row in page.rows)


def test_who_had_nothing_leaves_without_a_report(organisation: Organisation) -> None:
    page, vera = opened(organisation.admin), organisation.viewer
    call(page, "ask_to_deactivate", user_id=vera.id.hex)
    assert page.leaving.summary == "No unresolved incident is theirs."
    call(page, "deactivate", user_id=vera.id.hex)
    assert not page.is_reporting
    assert page.notice.text == "Vera Novak is deactivated. No unresolved incident was theirs."


def test_what_cannot_be_is_said_before_and_after(organisation: Organisation) -> None:
    page, alice = opened(organisation.admin), organisation.admin
    call(page, "ask_to_deactivate", user_id=alice.id.hex)
    assert page.leaving.refusal == "Alice Moreau is the only admin. Make somebody else an admin first."
    call(page, "deactivate", user_id=alice.id.hex)
    assert page.notice.text == page.leaving.refusal
    for name in ("ask_to_deactivate", "deactivate", "activate"):
        for nobody in ("x", organisation.stranger.id.hex):
            call(page, name, user_id=nobody)
            assert page.notice.text == "There is no such person."
    call(page, "close_leaving", wanted=False)
    assert not page.is_leaving


def test_the_preview_names_what_else_there_is_to_know(duty: Story) -> None:
    ours = duty.organisation
    page = opened(ours.admin)
    with database.write(ours.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=ours.manager.id))
    call(page, "ask_to_deactivate", user_id=ours.manager.id.hex)
    assert page.leaving.notes == [
        "Mina Okafor is on call by default: until somebody else is, new incidents are nobody's, and the admins are told.",
        "1 person then has no active manager.",
    ]


def test_a_demotion_is_reported_as_well(duty: Story) -> None:
    page = opened(duty.organisation.admin)
    ask(page, duty.organisation.responder, role="viewer")
    assert page.is_reporting and not page.is_changing
    assert page.report.title == "Rob Lindqvist is a viewer now"
    assert page.report.why == "Rob Lindqvist became a viewer; Mina Okafor is their manager"


def test_the_preview_is_kept_right_while_it_is_open(duty: Story, open_sockets: None) -> None:
    ours = duty.organisation
    page = opened(ours.admin)
    call(page, "ask_to_deactivate", user_id=ours.responder.id.hex)
    assert follow(page, lambda: incidents.resolve(ours.responder, "INC-2", "Freed"), lambda: len(page.leaving.incidents) == 1)
    assert follow(
        page,
        lambda: membership.change(ours.system, ours.responder.id, manager_id=None),
        lambda: page.leaving.summary == "1 unresolved incident goes to Alice Moreau.",
    )
    assert follow(
        page,
        lambda: membership.change(ours.system, ours.responder.id, active=False),
        lambda: page.leaving.refusal == "Rob Lindqvist is deactivated already.",
    )
