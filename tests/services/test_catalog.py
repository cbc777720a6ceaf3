"""Services: what can be broken, made by managers and seen by all of the organisation."""

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.integrations import Checklist
from services import catalog, database, declaring, incidents, integrations, teams
from services.errors import ConflictError, InvalidFieldsError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story


def test_managers_make_services_and_everybody_sees_them(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, " Checkout ", description="Takes money", runbook_url="https://wiki.example/checkout")
    catalog.create(organisation.admin, "billing")
    assert [service.name for service in catalog.services(organisation.viewer)] == ["billing", "Checkout"]
    assert catalog.get(organisation.viewer, made.id) == made
    with database.read(organisation.tenant_id) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.subject_id == made.id)).one()
    assert (entry.action, entry.actor_id) == ("service.created", organisation.manager.id)


def test_responders_make_no_services(organisation: Organisation) -> None:
    for actor in (organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            catalog.create(actor, "Checkout")


def test_a_name_is_unique_in_its_organisation_only(organisation: Organisation) -> None:
    catalog.create(organisation.manager, "Checkout")
    with pytest.raises(ConflictError) as refused:
        catalog.create(organisation.manager, "Checkout")
    assert refused.value.field == "name"
    theirs = catalog.create(organisation.stranger, "Checkout")
    with pytest.raises(NotFoundError):
        catalog.get(organisation.admin, theirs.id)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "wiki", "https://", "ftp://x.example", "https://x.example/a b", "data:text/html,x"])
def test_a_runbook_is_a_web_address(organisation: Organisation, url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        catalog.create(organisation.manager, "Checkout", runbook_url=url)
    assert refused.value.field == "runbook_url"


def test_a_name_is_needed(organisation: Organisation) -> None:
    with pytest.raises(InvalidInputError):
        catalog.create(organisation.manager, "  ")


def test_a_service_is_changed_field_by_field(organisation: Organisation) -> None:
    team = teams.create(organisation.manager, "Payments")
    made = catalog.create(organisation.manager, "Checkout", owner_team_id=team.id, checklist=["Look at the pool", "Call the bank"])
    assert (made.owner_team_id, made.checklist, made.version) == (team.id, ["Look at the pool", "Call the bank"], 1)
    changed = catalog.change(organisation.manager, made.id, description="Takes money", checklist=["Call the bank", " ", "Look at the pool"])
    assert (changed.name, changed.description, changed.owner_team_id) == ("Checkout", "Takes money", team.id)
    assert (changed.checklist, changed.version) == (["Call the bank", "Look at the pool"], 2)
    assert catalog.change(organisation.manager, made.id, name="Checkout") == changed
    bare = catalog.change(organisation.manager, made.id, owner_team_id=None, checklist=[], runbook_url="")
    assert (bare.owner_team_id, bare.checklist, bare.runbook_url) == (None, [], None)
    for actor in (organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            catalog.change(actor, made.id, name="Mine")


def test_a_list_that_was_replaced_is_kept_and_its_lines_keep_their_ids(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout", checklist=["Look at the pool", "Call the bank"])
    catalog.change(organisation.manager, made.id, checklist=["Call the bank", "Look at the logs"])
    with database.read(organisation.tenant_id) as session:
        first, second = session.exec(select(Checklist).order_by(Checklist.id)).all()
    assert [item["text"] for item in first.items] == ["Look at the pool", "Call the bank"]
    assert second.items[0] == first.items[1]
    assert second.items[1]["id"] not in {item["id"] for item in first.items}


def test_what_is_wrong_with_a_service_is_told_at_its_field(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout")
    theirs = teams.create(organisation.stranger, "Theirs")
    for changes, field, words in (
        ({"name": ""}, "name", "missing"),
        ({"runbook_url": "http://[half"}, "runbook_url", "https://"),
        ({"owner_team_id": theirs.id}, "owner_team_id", "there is none with this one"),
        ({"checklist": ["x" * 301]}, "checklist", "Line 1 of the checklist has 301 characters"),
        ({"checklist": ["Look", "", " Look "]}, "checklist", "Line 3 of the checklist stands in it twice: Look"),
        ({"checklist": ["a\x00b"]}, "checklist", "NUL"),
        ({"checklist": [str(number) for number in range(51)]}, "checklist", "50 lines at most"),
        ({"description": "x" * 2001}, "description", "at most 2,000"),
    ):
        with pytest.raises(InvalidInputError, match=words) as refused:
            catalog.change(organisation.manager, made.id, **changes)
        assert refused.value.field == field
    with pytest.raises(InvalidFieldsError) as several:
        catalog.create(organisation.manager, "", runbook_url="wiki")
    assert set(several.value.fields) == {"name", "runbook_url"}
    assert catalog.get(organisation.viewer, made.id) == made


def test_nothing_new_names_a_service_that_is_archived(story: Story) -> None:
    organisation = story.organisation
    made = catalog.create(organisation.manager, "Checkout")
    integration = integrations.create(organisation.admin, "generic", service_id=made.id)
    (number,) = story.post({"title": "Pool exhausted", "severity": "high"}, key=integration.key).incidents
    archived = catalog.change(organisation.manager, made.id, archived=True)
    assert archived.archived_at == story.clock.now
    assert story.incident(number).service_id == made.id
    for call in (
        lambda: declaring.declare(organisation.responder, "Slow", "high", service_id=made.id),
        lambda: integrations.create(organisation.admin, "generic", service_id=made.id),
    ):
        with pytest.raises(InvalidInputError, match="The service Checkout is archived") as refused:
            call()
        assert refused.value.field == "service_id"
    (later,) = story.post({"title": "Disk full", "severity": "high"}, key=integration.key).incidents
    assert story.incident(later).service_id is None
    assert catalog.choices(organisation.viewer) == []
    assert catalog.change(organisation.manager, made.id, archived=False).archived_at is None
    (last,) = story.post({"title": "Disk full again", "severity": "high"}, key=integration.key).incidents
    assert story.incident(last).service_id == made.id
    with database.read(organisation.tenant_id) as session:
        entries = session.exec(select(AuditEntry.action).where(AuditEntry.subject_id == made.id).order_by(AuditEntry.id)).all()
    assert list(entries) == ["service.created", "service.archived", "service.restored"]


def test_who_changes_a_service_second_is_told(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout")
    catalog.change(organisation.admin, made.id, checklist=["Look"], version=1)
    with pytest.raises(StaleError, match="Somebody has changed the service Checkout meanwhile"):
        catalog.change(organisation.manager, made.id, checklist=[], version=1)
    assert catalog.get(organisation.viewer, made.id).checklist == ["Look"]


def test_the_page_counts_what_is_unresolved(story: Story) -> None:
    organisation = story.organisation
    team = teams.create(organisation.manager, "Payments")
    made = catalog.create(organisation.manager, "Checkout", owner_team_id=team.id)
    catalog.create(organisation.stranger, "Theirs")
    for title in ("Slow", "Slower", "Gone"):
        declaring.declare(organisation.responder, title, "high", service_id=made.id)
    incidents.resolve(organisation.responder, "INC-3", "It is back")
    (row,) = catalog.rows(organisation.viewer)
    assert (row.name, row.owner, row.unresolved) == ("Checkout", "Payments", 2)


def test_an_admin_says_which_service_an_integration_calls_for(organisation: Organisation) -> None:
    made = catalog.create(organisation.manager, "Checkout")
    theirs = catalog.create(organisation.stranger, "Theirs")
    integration = integrations.create(organisation.admin, "generic")
    integrations.change(organisation.admin, integration.id, service_id=made.id)
    integrations.change(organisation.admin, integration.id, service_id=made.id)
    assert integrations.get(organisation.admin, integration.id).service_id == made.id
    with pytest.raises(InvalidInputError):
        integrations.change(organisation.admin, integration.id, service_id=theirs.id)
    with pytest.raises(NotAllowedError):
        integrations.change(organisation.manager, integration.id, service_id=None)
    integrations.change(organisation.admin, integration.id, service_id=None)
    assert integrations.get(organisation.admin, integration.id).service_id is None
    with database.read(organisation.tenant_id) as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "integration.service_set").order_by(AuditEntry.id)).all()
    assert [(entry.before, entry.after) for entry in entries] == [
        ({"service_id": None}, {"service_id": str(made.id)}),
        ({"service_id": str(made.id)}, {"service_id": None}),
    ]
