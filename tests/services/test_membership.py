"""What admins do about people: invite them, and change what they are called, may do and whom they report to."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from models.audit import AuditEntry
from models.columns import new_id
from models.vocabulary import Role
from services import live_updates, membership, one_time_links, people, sessions
from services.access import Actor
from services.errors import ConflictError, InvalidFieldsError, InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from services.mail import MailError
from tests.fixtures.mailboxes import Mailbox, mailbox
from tests.fixtures.organisations import Organisation, audited, linked_email, person
from tests.fixtures.tabs import begin_session

__all__ = ["mailbox"]

NIA = {"email": "nia@northwind.example", "name": "Nia Berg", "role": Role.RESPONDER}


def entries(actor: Actor, user_id: UUID) -> list[AuditEntry]:
    return [entry for entry in audited(actor) if entry.subject_id == user_id]


# ── inviting ──


def test_whoever_is_invited_chooses_a_password_and_is_in(organisation: Organisation) -> None:
    made = membership.invite(organisation.admin, **NIA, manager_id=organisation.manager.id)
    assert (made.person.handle, made.person.came_in, made.person.manager_id) == ("nia", False, organisation.manager.id)
    assert linked_email(made.link.token) == "nia@northwind.example"
    signed_in = asyncio.run(one_time_links.use_password_link(made.link.token, "a quite new password"))
    actor = sessions.actor_for_token(signed_in.token)
    assert actor is not None and (actor.name, actor.role) == ("Nia Berg", Role.RESPONDER)
    assert [entry.action for entry in entries(organisation.admin, made.person.id)][:2] == ["person.created", "password_link.made"]


def test_only_admins_invite(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            membership.invite(actor, **NIA)


def test_a_refused_invitation_leaves_nobody_behind(organisation: Organisation) -> None:
    with pytest.raises(InvalidFieldsError) as wrong:
        membership.invite(organisation.admin, email="x", name="", role=Role.VIEWER, handle="no one")
    assert set(wrong.value.fields) == {"email", "name", "handle"}
    with pytest.raises(ConflictError) as taken:
        membership.invite(organisation.admin, email="sten@southwind.example", name="Sten", role=Role.VIEWER)
    assert taken.value.field == "email"
    for manager_id in (organisation.stranger.id, new_id(), organisation.system.id):
        with pytest.raises(InvalidInputError, match="Manager must be somebody of this organisation") as refused:
            membership.invite(organisation.admin, **NIA, manager_id=manager_id)
        assert refused.value.field == "manager_id"
    assert len(people.people(organisation.admin)) == 4


def test_an_invitation_is_mailed_where_a_mail_server_is_set(organisation: Organisation, mailbox: Mailbox) -> None:
    made = membership.invite(organisation.admin, **NIA)
    assert membership.mail_link(organisation.admin, made.person, made.link)
    came = person(organisation.system, "Bob", Role.VIEWER)
    begin_session(came)
    again = one_time_links.make_password_link(organisation.admin, came.id)
    bob = next(one for one in people.people(organisation.admin) if one.handle == "bob")
    assert membership.mail_link(organisation.admin, bob, again)
    assert mailbox.recipients == ["nia@northwind.example", "bob@northwind.example"]
    first, second = mailbox.mails
    assert (first["Subject"], second["Subject"]) == ("Alice Moreau invites you to Northwind", "A new password for Northwind")
    for mail, link in ((first, made.link), (second, again)):
        paragraphs = mail.get_body(("plain",)).get_content().splitlines()  # type: ignore[union-attr]
        assert f"https://tocsin.northwind.example/new-password?token={link.token}" in paragraphs
        assert "works once, until" in paragraphs[-1]
    for actor in (organisation.manager, organisation.viewer):
        with pytest.raises(NotAllowedError):
            membership.mail_link(actor, bob, again)


def test_a_mail_server_that_refuses_is_told_and_the_link_stays_good(organisation: Organisation, mailbox: Mailbox) -> None:
    mailbox.to_recipients = "550 no such user"
    made = membership.invite(organisation.admin, **NIA)
    with pytest.raises(MailError, match="550 no such user"):
        membership.mail_link(organisation.admin, made.person, made.link)
    assert linked_email(made.link.token) == "nia@northwind.example"


def test_without_a_mail_server_nothing_is_mailed(organisation: Organisation) -> None:
    made = membership.invite(organisation.admin, **NIA)
    assert not membership.mail_link(organisation.admin, made.person, made.link)


# ── changing ──


def test_name_role_and_manager_are_changed_and_noted(organisation: Organisation) -> None:
    rob, mina = organisation.responder, organisation.manager
    changed = membership.change(organisation.admin, rob.id, name=" Robert  Lind ", role=Role.MANAGER, manager_id=mina.id).person
    assert (changed.name, changed.role, changed.manager_id) == ("Robert Lind", Role.MANAGER, mina.id)
    entry = entries(organisation.admin, rob.id)[-1]
    assert (entry.action, entry.actor_id, entry.address) == ("person.changed", organisation.admin.id, "192.0.2.7")
    assert entry.before == {"role": "responder", "name": "Rob Lindqvist", "manager_id": None}
    assert entry.after == {"role": "manager", "name": "Robert Lind", "manager_id": str(mina.id)}
    assert membership.change(organisation.admin, rob.id, name="Rob").person.manager_id == mina.id
    assert membership.change(organisation.admin, rob.id, manager_id=None).person.manager_id is None


def test_a_change_that_changes_nothing_is_not_noted(organisation: Organisation) -> None:
    before = len(audited(organisation.admin))
    membership.change(organisation.admin, organisation.responder.id, name="Rob Lindqvist", role=Role.RESPONDER, manager_id=None)
    assert len(audited(organisation.admin)) == before


def test_only_admins_change_others_and_only_their_own(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            membership.change(actor, organisation.viewer.id, role=Role.ADMIN)
    for nobody in (new_id(), organisation.system.id):
        with pytest.raises(NotFoundError):
            membership.change(organisation.admin, nobody, name="X")
    with pytest.raises(NotFoundError):
        membership.change(organisation.stranger, organisation.viewer.id, name="X")
    with pytest.raises(InvalidInputError) as wrong:
        membership.change(organisation.admin, organisation.viewer.id, name=" ")
    assert wrong.value.field == "name"


def test_the_last_admin_stays_one(organisation: Organisation) -> None:
    alice, mina = organisation.admin, organisation.manager
    with pytest.raises(ConflictError, match="Alice Moreau is the only admin") as refused:
        membership.change(alice, alice.id, role=Role.MANAGER)
    assert refused.value.field == "role"
    membership.change(alice, mina.id, role=Role.ADMIN)
    assert membership.change(alice, alice.id, role=Role.VIEWER).person.role is Role.VIEWER


def test_nobody_is_their_own_manager_at_any_distance(organisation: Organisation) -> None:
    alice, mina, rob = organisation.admin, organisation.manager, organisation.responder
    membership.change(alice, rob.id, manager_id=mina.id)
    membership.change(alice, mina.id, manager_id=alice.id)
    with pytest.raises(InvalidInputError, match="nobody manages themselves"):
        membership.change(alice, rob.id, manager_id=rob.id)
    for above, below in ((mina, rob), (alice, mina), (alice, rob)):
        with pytest.raises(InvalidInputError, match=f"{below.name} reports to {above.name}") as refused:
            membership.change(alice, above.id, manager_id=below.id)
        assert refused.value.field == "manager_id"
    offered = [choice.label for choice in membership.manager_choices(alice, mina.id)]
    assert offered == ["Nobody", "Alice Moreau", "Vera Novak"]
    assert [choice.label for choice in membership.manager_choices(alice)][1:] == [
        "Alice Moreau",
        "Mina Okafor",
        "Rob Lindqvist",
        "Vera Novak",
    ]


def at_once(*calls: Callable[[], object]) -> list[object]:
    def ended(call: Callable[[], object]) -> object:
        try:
            return call()
        except RefusedError as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result() for running in [threads.submit(ended, call) for call in calls]]


def test_two_admins_who_demote_each_other_at_once_leave_one(organisation: Organisation) -> None:
    alice, nora = organisation.admin, person(organisation.system, "Nora", Role.ADMIN)
    ended = at_once(
        lambda: membership.change(alice, nora.id, role=Role.VIEWER), lambda: membership.change(nora, alice.id, role=Role.VIEWER)
    )
    assert sum(isinstance(each, NotAllowedError) for each in ended) == 1
    assert [one.role for one in people.people(organisation.system)].count(Role.ADMIN) == 1


def test_two_made_each_others_manager_at_once_make_no_circle(organisation: Organisation) -> None:
    alice, mina, rob = organisation.admin, organisation.manager, organisation.responder
    ended = at_once(
        lambda: membership.change(alice, mina.id, manager_id=rob.id), lambda: membership.change(alice, rob.id, manager_id=mina.id)
    )
    assert sum(isinstance(each, InvalidInputError) for each in ended) == 1


def test_the_person_and_the_list_hear_of_it(organisation: Organisation) -> None:
    async def told_of(change: Callable[[], object]) -> set[str]:
        topics = live_updates.people_topic(organisation.tenant_id), live_updates.person_topic(organisation.viewer.id)
        with live_updates.hub.subscribe(*topics) as subscription:
            await asyncio.to_thread(change)
            return {topic.partition(":")[0] for topic in await subscription.wait(2)}

    admin, vera = organisation.admin, organisation.viewer
    assert asyncio.run(told_of(lambda: membership.change(admin, vera.id, role=Role.RESPONDER))) == {"people", "person"}
    assert asyncio.run(told_of(lambda: one_time_links.make_password_link(admin, vera.id))) == {"people"}
    assert asyncio.run(told_of(lambda: one_time_links.withdraw_password_link(admin, vera.id))) == {"people"}


# ── the list ──


def test_only_an_admin_sees_the_list_of_people_with_their_addresses(organisation: Organisation) -> None:
    begin_session(organisation.manager)
    rows = membership.person_rows(organisation.admin)
    assert [(row.person.handle, row.email, row.role, row.came_in, row.is_me) for row in rows] == [
        ("alice", "alice@northwind.example", "admin", False, True),
        ("mina", "mina@northwind.example", "manager", True, False),
        ("rob", "rob@northwind.example", "responder", False, False),
        ("vera", "vera@northwind.example", "viewer", False, False),
    ]
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            membership.person_rows(actor)


def test_the_list_says_who_reports_to_whom_and_whose_link_works(organisation: Organisation) -> None:
    alice, rob, mina = organisation.admin, organisation.responder, organisation.manager
    membership.change(alice, rob.id, manager_id=mina.id)
    made = one_time_links.make_password_link(alice, rob.id)
    row = next(row for row in membership.person_rows(alice) if row.person.handle == "rob")
    assert (row.manager, row.manager_id, row.manager_left) == ("Mina Okafor", mina.id.hex, False)
    assert row.link_until[:19] == f"{made.works_until:%Y-%m-%dT%H:%M:%S}"
