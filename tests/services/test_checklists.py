"""What is to be done about an incident: a copy of its service's checklist as it was, ticked by whoever did it."""

import asyncio
from uuid import UUID

import pytest
from sqlmodel import select

from models.alerts import Alert
from models.audit import AuditEntry
from models.columns import new_id
from models.tenants import Tenant
from services import catalog, checklists, database, declaring, incidents, integrations, line_text, live_updates, splitting
from services.access import Actor
from services.errors import InvalidInputError, NotAllowedError, NotFoundError
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story

LIST = ["Look at the pool", "Call the bank"]


def declared(organisation: Organisation, service_id: UUID | None) -> str:
    return declaring.declare(organisation.responder, "Checkout is slow", "high", service_id=service_id).incident.number


def items(actor: Actor, number: str) -> list[tuple[str, str]]:
    """The items of its checklist, each with who ticked it."""
    return [(one.text, one.ticked_by_name) for one in checklists.get(actor, number).checklist]


def first(actor: Actor, number: str) -> UUID:
    return checklists.get(actor, number).checklist[0].id


def test_an_incident_keeps_the_list_that_its_service_had(story: Story) -> None:
    organisation = story.organisation
    service = catalog.create(organisation.manager, "Checkout", checklist=LIST)
    key = integrations.create(organisation.admin, "generic", service_id=service.id).key
    (fired,) = story.post({"title": "Pool exhausted", "severity": "high"}, key=key).incidents
    by_hand = declared(organisation, service.id)
    catalog.change(organisation.manager, service.id, checklist=["Call the bank", "Write to customers"])
    for number in (fired, by_hand):
        assert items(organisation.viewer, number) == [("Look at the pool", ""), ("Call the bank", "")]
    (later,) = story.post({"title": "Disk full", "severity": "high"}, key=key).incidents
    assert items(organisation.viewer, later) == [("Call the bank", ""), ("Write to customers", "")]
    assert items(organisation.viewer, declared(organisation, None)) == []


def test_ticking_is_one_line_with_who_and_when(story: Story) -> None:
    organisation = story.organisation
    number = declared(organisation, catalog.create(organisation.manager, "Checkout", checklist=LIST).id)
    item = first(organisation.viewer, number)
    assert checklists.tick(organisation.responder, number, item, True).changed
    assert not checklists.tick(organisation.admin, number, item, True).changed
    assert items(organisation.viewer, number) == [("Look at the pool", "Rob Lindqvist"), ("Call the bank", "")]
    assert checklists.get(organisation.viewer, number).checklist[0].ticked_at == story.clock.now
    assert checklists.tick(organisation.admin, number, item, False).changed
    assert items(organisation.viewer, number)[0] == ("Look at the pool", "")
    lines = [event for event in story.timeline(number) if event.type == "checklist"]
    assert [line_text.as_text(event) for event in lines] == [
        "☑️ Rob Lindqvist ticked: Look at the pool",
        "⬜ Alice Moreau took the tick away: Look at the pool",
    ]
    with database.read(organisation.tenant_id) as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "incident.ticked")).all()
    assert [(entry.actor_id, entry.after) for entry in entries] == [(organisation.responder.id, {"item": "Look at the pool"})]


def test_two_who_tick_at_once_leave_one_line(story: Story) -> None:
    organisation = story.organisation
    number = declared(organisation, catalog.create(organisation.manager, "Checkout", checklist=LIST).id)
    item = first(organisation.viewer, number)

    async def race() -> list[bool]:
        people = (organisation.responder, organisation.manager, organisation.admin)
        done = await asyncio.gather(*[database.run(checklists.tick, one, number, item, True) for one in people])
        return [outcome.changed for outcome in done]

    assert sorted(asyncio.run(race())) == [False, False, True]
    assert story.told(number).count("checklist") == 1


def test_another_service_brings_its_list_and_ticks_stay_with_theirs(story: Story) -> None:
    organisation = story.organisation
    checkout = catalog.create(organisation.manager, "Checkout", checklist=LIST)
    search = catalog.create(organisation.manager, "Search", checklist=["Look at the index"])
    bare = catalog.create(organisation.manager, "Bare")
    number = declared(organisation, checkout.id)
    item = first(organisation.viewer, number)
    checklists.tick(organisation.responder, number, item, True)
    assert incidents.edit(organisation.responder, number, service_id=search.id).changed
    assert not incidents.edit(organisation.responder, number, service_id=search.id).changed
    assert items(organisation.viewer, number) == [("Look at the index", "")]
    with pytest.raises(NotFoundError, match="it may have been given another service"):
        checklists.tick(organisation.responder, number, item, False)
    incidents.edit(organisation.responder, number, service_id=checkout.id)
    assert items(organisation.viewer, number) == [("Look at the pool", "Rob Lindqvist"), ("Call the bank", "")]
    for service_id in (bare.id, None):
        incidents.edit(organisation.responder, number, service_id=service_id)
        assert items(organisation.viewer, number) == []
    told = [(event.data["from"], event.data["to"]) for event in story.timeline(number) if event.type == "edit"]
    assert told == [("Checkout", "Search"), ("Search", "Checkout"), ("Checkout", "Bare"), ("Bare", "")]


def test_only_services_in_use_are_set(organisation: Organisation) -> None:
    gone = catalog.create(organisation.manager, "Gone")
    catalog.change(organisation.manager, gone.id, archived=True)
    theirs = catalog.create(organisation.stranger, "Theirs")
    number = declared(organisation, None)
    for wrong, words in ((gone.id, "is archived"), (theirs.id, "there is none with this one"), (new_id(), "there is none with this one")):
        with pytest.raises(InvalidInputError, match=words) as refused:
            incidents.edit(organisation.responder, number, title="Other", service_id=wrong)
        assert refused.value.field == "service_id"
    assert incidents.get(organisation.viewer, number).title == "Checkout is slow"
    with pytest.raises(NotAllowedError):
        incidents.edit(organisation.viewer, number, service_id=None)


def test_who_may_not_tick_changes_nothing(story: Story) -> None:
    organisation = story.organisation
    number = declared(organisation, catalog.create(organisation.manager, "Checkout", checklist=LIST).id)
    item = first(organisation.viewer, number)
    with pytest.raises(NotAllowedError):
        checklists.tick(organisation.viewer, number, item, True)
    for actor, which, one in (
        (organisation.stranger, number, item),
        (organisation.responder, "INC-99", item),
        (organisation.responder, number, new_id()),
    ):
        with pytest.raises(NotFoundError):
            checklists.tick(actor, which, one, True)
    assert items(organisation.viewer, number) == [("Look at the pool", ""), ("Call the bank", "")]


def test_alerts_that_are_split_out_get_the_list_of_their_service(story: Story) -> None:
    organisation = story.organisation
    service = catalog.create(organisation.manager, "Checkout", checklist=LIST)
    key = integrations.create(organisation.admin, "alertmanager", service_id=service.id).key
    alerts = [{"status": "firing", "labels": {"alertname": "A", "pod": pod, "severity": "high"}, "fingerprint": pod} for pod in "ab"]
    (number,) = story.post({"version": "4", "groupKey": "g", "groupLabels": {}, "alerts": alerts}, key=key).incidents
    checklists.tick(organisation.responder, number, first(organisation.viewer, number), True)
    with database.read(organisation.tenant_id) as session:
        alert_id = session.exec(select(Alert.id).order_by(Alert.id)).first()
    assert alert_id is not None
    made = splitting.split_alerts(organisation.responder, number, [alert_id])
    assert items(organisation.viewer, made.incident.number)[0] == ("Look at the pool", "")


def test_open_pages_are_told(organisation: Organisation) -> None:
    number = declared(organisation, catalog.create(organisation.manager, "Checkout", checklist=LIST).id)
    found = checklists.get(organisation.viewer, number)
    topic = live_updates.incident_topic(found.id)

    async def told() -> set[str]:
        with live_updates.hub.subscribe(topic) as subscription:
            await database.run(checklists.tick, organisation.responder, number, found.checklist[0].id, True)
            return await subscription.wait(2)

    assert topic in asyncio.run(told())


def test_a_resolution_may_name_a_cause_of_the_organisation(story: Story) -> None:
    organisation = story.organisation
    with database.read(organisation.tenant_id) as session:
        causes = session.exec(select(Tenant.causes)).one()
    assert causes[-1] == "False alarm"
    number = declared(organisation, None)
    with pytest.raises(InvalidInputError, match=r"cause must be one of the organisation's, or be left out: .*False alarm") as refused:
        incidents.resolve(organisation.responder, number, "It is back", cause="Gremlins")
    assert refused.value.field == "cause"
    resolved = incidents.resolve(organisation.responder, number, "It is back", cause="False alarm").incident
    assert resolved.cause == "False alarm"
    assert story.timeline(number)[-1].data["cause"] == "False alarm"
    reopened = incidents.reopen(organisation.responder, number, "It is not").incident
    assert reopened.cause is None
    assert [event.data["cause"] for event in story.timeline(number) if event.type == "resolution"] == ["False alarm"]
    assert incidents.resolve(organisation.responder, number, "Now it is", cause="").incident.cause is None
