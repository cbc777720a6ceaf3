"""The commands that make accounts: what they print, how they refuse, and that they act as the organisation's system."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from app import cli as command_line
from models.audit import AuditEntry
from models.vocabulary import ActorKind, Role
from services import across_tenants, api_keys, clock, database, one_time_links, people, settings, sources
from services.database import Storage
from services.errors import RefusedError
from services.secrets import hash_token
from tests.fixtures.organisations import linked_email

ADMIN = ("create-user", "--email", "Admin@example.org", "--name", "Ada Admin", "--role", "admin")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, storage: Storage) -> Iterator[None]:
    """Settings of this test alone, and an empty database."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TOCSIN_BASE_URL", "https://tocsin.example.org")
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command_line.cli, arguments, input=stdin)


def printed(*arguments: str, stdin: str | None = None) -> str:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def refusal(*arguments: str, stdin: str | None = None) -> str:
    error = run(*arguments, stdin=stdin).exception
    assert isinstance(error, RefusedError)
    return error.message


def test_the_first_user_of_an_empty_database_gets_the_organisation_default() -> None:
    made = json.loads(printed(*ADMIN, "--password-stdin", "--json", stdin="correct-horse-battery-9\n"))
    assert made == {"id": made["id"], "email": "admin@example.org", "name": "Ada Admin", "handle": "ada", "role": "admin"}
    assert [each.slug for each in across_tenants.organisations()] == ["default"]
    found = across_tenants.person_by_email("admin@example.org")
    assert found is not None and found.password_hash is not None
    assert one_time_links.make_set_up_link() is None


def test_a_refused_first_user_leaves_no_organisation_behind() -> None:
    assert "12 characters" in refusal(*ADMIN, "--password-stdin", stdin="short\n")
    assert "No password came" in refusal(*ADMIN, "--password-stdin", stdin="")
    assert across_tenants.organisations() == []


def test_a_user_without_a_password_is_told_how_to_get_one() -> None:
    assert "tocsin reset-link --email admin@example.org" in printed(*ADMIN)
    url = printed("reset-link", "--email", "admin@example.org")
    address, _, token = url.partition("?token=")
    assert address == "https://tocsin.example.org/new-password"
    assert linked_email(token) == "admin@example.org"


def test_an_integration_is_printed_with_its_address() -> None:
    printed(*ADMIN)
    made = json.loads(printed("create-integration", "--kind", "alertmanager", "--name", "Prometheus", "--json"))
    assert set(made) == {"id", "kind", "key", "url"}
    assert made["url"] == f"https://tocsin.example.org/intake/{made['key']}"
    key_hash = hash_token(made["key"])
    source = sources.by_key([key_hash], clock.now())[key_hash]
    assert (str(source.id), source.kind, source.name) == (made["id"], "alertmanager", "Prometheus")
    assert printed("create-integration", "--kind", "generic", "--name", "Scripts").startswith("https://tocsin.example.org/intake/ti_")


def test_an_api_key_is_printed_once() -> None:
    printed(*ADMIN)
    made = json.loads(printed("create-api-key", "--name", "Deploy bot", "--role", "responder", "--json"))
    assert set(made) == {"id", "token"}
    actor = api_keys.actor_for_key(made["token"])
    assert actor is not None
    assert (actor.name, actor.role, actor.kind) == ("Deploy bot", Role.RESPONDER, ActorKind.SERVICE_ACCOUNT)
    assert printed("create-api-key", "--name", "Other", "--role", "viewer").startswith("tk_")


def test_with_several_organisations_a_command_asks_which() -> None:
    one = json.loads(printed("create-tenant", "--slug", "one", "--name", "One", "--json"))
    printed("create-tenant", "--slug", "two", "--name", "Two")
    assert one["slug"] == "one"
    assert "one, two" in refusal("create-api-key", "--name", "x", "--role", "viewer")
    assert "no organisation three" in refusal("create-api-key", "--name", "x", "--role", "viewer", "--tenant", "three")
    printed(*ADMIN, "--tenant", "two")
    found = across_tenants.person_by_email("admin@example.org")
    assert found is not None
    assert people.organisation_name(people.system_actor(found.tenant_id)) == "Two"


def test_without_an_organisation_a_command_says_how_to_make_one() -> None:
    assert "create-tenant" in refusal("create-integration", "--kind", "generic", "--name", "x")
    assert "create-tenant" in refusal(*ADMIN, "--tenant", "northwind")
    assert "nobody@example.org" in refusal("reset-link", "--email", "nobody@example.org")


def test_what_is_taken_is_refused() -> None:
    printed(*ADMIN)
    assert "admin@example.org already" in refusal(*ADMIN)
    assert "slug default already" in refusal("create-tenant", "--slug", "default", "--name", "Again")


def test_a_wrong_call_exits_with_two() -> None:
    assert run("create-integration", "--kind", "carrier-pigeon", "--name", "x").exit_code == 2
    assert run("create-user", "--email", "a@b.example", "--name", "A", "--role", "king").exit_code == 2
    assert run("create-api-key").exit_code == 2


@pytest.mark.parametrize("command", ["create-tenant", "create-user", "create-integration", "create-api-key", "reset-link"])
def test_each_command_explains_itself(command: str) -> None:
    assert f"{command} [OPTIONS]" in printed(command, "--help")


def test_commands_are_audited_as_the_organisations_system() -> None:
    printed(*ADMIN)
    printed("create-integration", "--kind", "generic", "--name", "Scripts")
    printed("create-api-key", "--name", "Bot", "--role", "viewer")
    printed("reset-link", "--email", "admin@example.org")
    (organisation,) = across_tenants.organisations()
    system = people.system_actor(organisation.id)
    with database.read(organisation.id) as session:
        entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [entry.action for entry in entries] == [
        "organisation.created",
        "person.created",
        "integration.created",
        "api_key.created",
        "password_link.made",
    ]
    assert {entry.actor_id for entry in entries} == {system.id}


def test_no_secret_reaches_the_audit_log() -> None:
    printed(*ADMIN, "--password-stdin", stdin="correct-horse-battery-9\n")
    secrets = [
        json.loads(printed("create-integration", "--kind", "generic", "--name", "Scripts", "--json"))["key"],
        printed("create-api-key", "--name", "Bot", "--role", "viewer"),
        printed("reset-link", "--email", "admin@example.org").partition("=")[2],
        "correct-horse-battery-9",
    ]
    (organisation,) = across_tenants.organisations()
    with database.read(organisation.id) as session:
        everything = str([entry.model_dump() for entry in session.exec(select(AuditEntry))])
    for secret in secrets:
        assert secret not in everything and hash_token(secret) not in everything
