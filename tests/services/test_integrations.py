"""Integrations: made once, shown once, rotated in peace, switched off at once."""

from __future__ import annotations

import json
import shlex
from uuid import uuid4

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.vocabulary import IntegrationKind
from services import database, integrations
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from services.integrations import NewIntegration
from tests.fixtures.stories import Story

ALERT = {"title": "Pool exhausted", "severity": "critical", "dedup_key": "pool"}


@pytest.fixture
def made(story: Story) -> NewIntegration:
    return integrations.create(story.organisation.admin, "generic", "Deploy bot")


def test_a_new_integration_takes_alerts_and_tells_of_them(story: Story, made: NewIntegration) -> None:
    admin = story.organisation.admin
    (row,) = [row for row in integrations.rows(admin) if row.name == "Deploy bot"]
    assert (row.light, row.last_alert_at) == ("waiting", "")
    assert made.url.endswith(f"/intake/{made.key}")
    assert story.post(ALERT, key=made.key).incidents == ("INC-1",)
    story.post({**ALERT, "dedup_key": "low", "severity": "info"}, key=made.key)
    record = integrations.get(admin, made.id)
    assert (record.alert_count, record.last_alert_at) == (2, story.clock.now)
    told = integrations.latest(admin, made.id)
    assert [(row.number, row.outcome == "") for row in told] == [("", False), ("INC-1", True)]


def test_the_key_is_stored_as_a_hash_and_never_audited(story: Story, made: NewIntegration) -> None:
    with database.read(story.organisation.tenant_id) as session:
        written = " ".join(entry.model_dump_json() for entry in session.exec(select(AuditEntry)))
    assert "integration.created" in written
    assert made.key not in written
    assert made.key.startswith(integrations.get(story.organisation.admin, made.id).key_prefix)


def test_after_a_rotation_the_old_key_works_for_a_day(story: Story, made: NewIntegration) -> None:
    new = integrations.rotate(story.organisation.admin, made.id)
    assert story.post(ALERT, key=made.key).accepted == story.post(ALERT, key=new.key).accepted == 1
    (row,) = [each for each in integrations.rows(story.organisation.admin) if each.id == made.id.hex]
    assert row.previous_key_until != ""
    story.pass_time(hours=24)
    with pytest.raises(NotFoundError):
        story.post(ALERT, key=made.key)
    (row,) = [each for each in integrations.rows(story.organisation.admin) if each.id == made.id.hex]
    assert row.previous_key_until == "", "it no longer works"
    assert story.post(ALERT, key=new.key).accepted == 1


def test_a_key_from_before_the_last_but_one_rotation_ends_at_once(story: Story, made: NewIntegration) -> None:
    integrations.rotate(story.organisation.admin, made.id)
    integrations.rotate(story.organisation.admin, made.id)
    with pytest.raises(NotFoundError):
        story.post(ALERT, key=made.key)


def test_switched_off_it_refuses_and_on_again_it_takes(story: Story, made: NewIntegration) -> None:
    integrations.change(story.organisation.admin, made.id, enabled=False)
    with pytest.raises(NotAllowedError, match="Deploy bot"):
        story.post(ALERT, key=made.key)
    integrations.change(story.organisation.admin, made.id, enabled=True)
    assert story.post(ALERT, key=made.key).accepted == 1


def test_what_was_refused_last_is_shown(story: Story, made: NewIntegration) -> None:
    story.post(ALERT, key=made.key)
    story.pass_time(seconds=5)
    assert story.post({"severity": "high"}, key=made.key).accepted == 0
    (row,) = [row for row in integrations.rows(story.organisation.admin) if row.name == "Deploy bot"]
    assert row.light == "trouble"
    assert "title" in row.last_refusal


def test_names_are_kept_apart(story: Story, made: NewIntegration) -> None:
    admin = story.organisation.admin
    with pytest.raises(ConflictError) as refusal:
        integrations.create(admin, "generic", "deploy BOT")
    assert refusal.value.field == "name"
    assert [integrations.create(admin, "grafana").name for _ in range(2)] == ["Grafana", "Grafana 2"]
    integrations.change(admin, made.id, name="Deploys")
    assert integrations.get(admin, made.id).name == "Deploys"


def test_the_audit_log_knows_the_name_from_before(story: Story, made: NewIntegration) -> None:
    integrations.change(story.organisation.admin, made.id, name="Other")
    with database.read(story.organisation.tenant_id) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "integration.renamed")).one()
    assert (entry.before, entry.after) == ({"name": made.name}, {"name": "Other"})


def test_wrong_input_is_named(story: Story) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        integrations.create(story.organisation.admin, "pigeon", "x")
    assert refusal.value.field == "kind" and "alertmanager" in refusal.value.message


@pytest.mark.parametrize("kind", list(IntegrationKind))
def test_what_is_to_be_pasted_works(story: Story, kind: IntegrationKind) -> None:
    made = integrations.create(story.organisation.admin, kind.value)
    found = [snippet for snippet in integrations.snippets(kind, made.url) if snippet.text.startswith("curl")]
    assert found
    words = shlex.split(found[0].text.replace("\\\n", " "))
    assert made.url in words
    answer = story.post(json.loads(words[words.index("-d") + 1]), key=made.key)
    assert answer.incidents == ("INC-1",)
    assert story.incident().title == "Error rate above 5 %"


@pytest.mark.parametrize("role", ["manager", "responder", "viewer"])
def test_only_admins_see_and_change_them(story: Story, made: NewIntegration, role: str) -> None:
    actor: Actor = getattr(story.organisation, role)
    for act in (
        lambda: integrations.create(actor, "generic", "x"),
        lambda: integrations.list_all(actor),
        lambda: integrations.rows(actor),
        lambda: integrations.latest(actor, made.id),
        lambda: integrations.change(actor, made.id, name="x"),
        lambda: integrations.rotate(actor, made.id),
        lambda: integrations.change(actor, made.id, enabled=False),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_another_organisations_integration_does_not_exist(story: Story, made: NewIntegration) -> None:
    sten = story.organisation.stranger
    assert integrations.list_all(sten) == []
    for act in (
        lambda: integrations.latest(sten, made.id),
        lambda: integrations.change(sten, made.id, name="x"),
        lambda: integrations.rotate(sten, made.id),
        lambda: integrations.change(sten, made.id, enabled=False),
        lambda: integrations.get(story.organisation.admin, uuid4()),
    ):
        with pytest.raises(NotFoundError):
            act()
