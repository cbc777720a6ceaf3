"""Services: what can be broken, made by managers and seen by all of the organisation."""

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from services import catalog, database
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from tests.fixtures.organisations import Organisation


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
