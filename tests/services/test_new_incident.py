"""What people type on the page that declares an incident, and what they are told about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.people import User
from models.tenants import Tenant
from models.vocabulary import Role
from services import catalog, database, incidents, new_incident
from services.access import Actor
from services.errors import InvalidFieldsError, NotAllowedError
from services.new_incident import Typed
from tests.fixtures import organisations
from tests.fixtures.stories import Story

SLOW = Typed("Checkout is slow", "high")


def opened(actor: Actor, typed: Typed = SLOW, *, key: str | None = None, zone: str = "UTC") -> new_incident.Opened:
    return new_incident.open_typed(actor, typed, zone, key=key)


def refused(actor: Actor, **typed: Any) -> dict[str, str]:
    with pytest.raises(InvalidFieldsError) as refusal:
        opened(actor, replace(SLOW, **typed))
    return refusal.value.fields


def deactivate(whom: Actor) -> None:
    with database.write(whom.tenant_id) as tx:
        tx.session.execute(update(User).where(User.id == whom.id).values(active=False))  # type: ignore[arg-type]


def test_what_was_typed_is_declared(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    cart = catalog.create(mina, "Shopping cart").id
    typed = Typed(" Carts\nare empty ", "critical", " shopping  CART ", "Mina Okafor @mina", " **why** ", "15 minutes ago")
    assert opened(rob, typed).sentence == "INC-1 is open. Mina Okafor has it."
    made = incidents.get(rob, "INC-1")
    assert (made.title, made.severity, made.description, made.service_id) == ("Carts are empty", "critical", "**why**", cart)
    assert (made.assigned_to, made.started_at) == (mina.id, story.clock.now - timedelta(minutes=15))
    assert story.told("INC-1") == ["assignment"]


def test_the_least_is_a_title_and_a_severity(story: Story) -> None:
    rob = story.organisation.responder
    assert opened(rob).sentence == "INC-1 is open. Nobody has it yet."
    made = incidents.get(rob, "INC-1")
    assert (made.assigned_to, made.service_id, made.started_at) == (None, None, story.clock.now)


@pytest.mark.parametrize("whom", ["me", "rob", "@rob", "Rob Lindqvist", "ROB lindqvist", "Rob Lindqvist @rob", "Rob Lindqvist (@rob)"])
def test_somebody_is_named_by_handle_or_name(story: Story, whom: str) -> None:
    assert opened(story.organisation.responder, replace(SLOW, assignee=whom)).sentence == "INC-1 is open, and it is yours."


def test_of_two_with_one_name_the_handle_says_which(story: Story) -> None:
    ours = story.organisation
    organisations.person(ours.system, "Mina Okafor", Role.RESPONDER, email="mina.o@northwind.example")
    assert refused(ours.responder, assignee="Mina Okafor") == {
        "assigned_to": "More than one person is called Mina Okafor: write @mina or @mina.okafor."
    }
    assert opened(ours.responder, replace(SLOW, assignee="Mina Okafor @mina.okafor")).number == "INC-1"


def test_all_that_is_wrong_is_told_at_once(story: Story) -> None:
    rob = story.organisation.responder
    wrong = Typed(" ", "urgent", "Chekout", "nobody", "x" * 20_001, "tomorrow")
    with pytest.raises(InvalidFieldsError) as refusal:
        opened(rob, wrong)
    assert refusal.value.fields == {
        "title": "Write what is broken: one line is enough.",
        "severity": "A severity is one of critical, high, medium, low.",
        "description": "Description has 20,001 characters; at most 20,000 are kept.",
        "service_id": "There is no service “Chekout”. Choose one of the list, or leave this empty.",
        "assigned_to": "Nobody here is called “nobody”. Choose somebody of the list, or leave this empty.",
        "started_at": "“tomorrow” is no time. Write how long ago, such as 15 min, or when, such as 03:07 or 2026-11-24 03:07.",
    }
    assert story.fire() == ["INC-1"]


def test_who_cannot_have_it_is_refused_with_the_reason(story: Story) -> None:
    ours = story.organisation
    assert refused(ours.responder, assignee="vera")["assigned_to"].startswith("Vera Novak is a viewer: viewers only read.")
    assert refused(ours.responder, assignee="Sten Stranger")["assigned_to"].startswith("Nobody here is called “Sten Stranger”.")
    deactivate(ours.manager)
    assert refused(ours.responder, assignee="Mina Okafor @mina")["assigned_to"].startswith("Mina Okafor is deactivated.")
    assert refused(ours.responder, service="Ferries")["service_id"].startswith("There is no service “Ferries”.")


@pytest.mark.parametrize("text", ["@" + "." * 100_000 + "a!", "x" * 100_000, "@" * 100_000, "\ud800", "\x00"])
def test_whatever_is_typed_is_answered_soon_and_in_a_sentence(story: Story, text: str) -> None:
    rob = story.organisation.responder
    opened(rob)
    wrong = refused(rob, service=text, assignee=text, began=text)
    assert set(wrong) == {"service_id", "assigned_to", "started_at"}
    assert max(map(len, wrong.values())) < 200
    assert new_incident.offers(rob, text, text) == []


def test_a_time_is_read_on_the_clock_of_the_reader(story: Story) -> None:
    rob = story.organisation.responder
    opened(rob, replace(SLOW, began="03:59"), zone="Europe/Stockholm")  # it is 04:07 there
    assert incidents.get(rob, "INC-1").started_at == story.clock.now - timedelta(minutes=8)
    assert refused(rob, began="05:00")["started_at"].startswith("05:00 is still to come: it is 03:07 now.")


def test_sent_again_it_is_open_once_whoever_has_left_since(story: Story) -> None:
    ours = story.organisation
    typed = replace(SLOW, assignee="mina", began="03:00")
    opened(ours.responder, typed, key="k")
    deactivate(ours.manager)
    story.pass_time(days=1)
    again = opened(ours.responder, typed, key="k")
    assert (again.number, again.sentence, again.says_otherwise) == ("INC-1", "INC-1 is open already.", False)
    assert opened(ours.responder, replace(typed, title="Checkout is away"), key="k").says_otherwise
    assert story.fire() == ["INC-2"]


def test_what_is_open_is_offered_by_title_and_by_service(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    catalog.create(mina, "Cart")
    opened(rob, Typed("Pool exhausted", "high", "Cart"))
    assert [one.reason for one in new_incident.offers(rob, "A pool", "")] == ["says “Pool”"]
    assert [one.reason for one in new_incident.offers(rob, "", "cart")] == ["same service"]
    assert new_incident.offers(rob, "", "car") == []


def test_who_is_on_call_has_what_nobody_is_named_for(story: Story) -> None:
    ours = story.organisation
    catalog.create(ours.manager, "Cart")
    known = new_incident.choices(ours.responder)
    assert (known.services, [one.handle for one in known.people], known.on_call) == (["Cart"], ["alice", "mina", "rob"], "")
    with database.write(ours.tenant_id) as tx:
        tx.session.execute(update(Tenant).values(default_on_call_id=ours.manager.id))
    assert new_incident.choices(ours.responder).on_call == "Mina Okafor"
    assert opened(ours.responder).sentence == "INC-1 is open. Mina Okafor has it."
    assert opened(ours.responder, replace(SLOW, assignee="me")).sentence == "INC-2 is open, and it is yours."
    deactivate(ours.manager)
    assert new_incident.choices(ours.responder).on_call == ""
    assert opened(ours.responder).sentence == "INC-3 is open. Nobody has it yet."


def test_viewers_open_nothing_and_are_offered_nothing(story: Story) -> None:
    for call in (lambda: opened(story.organisation.viewer), lambda: new_incident.offers(story.organisation.viewer, "x", "")):
        with pytest.raises(NotAllowedError):
            call()
