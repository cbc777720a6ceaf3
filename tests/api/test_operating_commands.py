"""The commands of whoever runs Tocsin: what they print, how they refuse, and that they work beside a running server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url, text
from typer.testing import CliRunner, Result

from app import cli as command_line
from services import database, people, schema, settings
from services.database import Storage
from services.errors import RefusedError
from tests.fixtures.servers import Server, free_port


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, storage: Storage) -> Iterator[None]:
    """Settings of this test alone, and a migrated database of each kind."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TOCSIN_DATABASE_URL", storage.url)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line.cli, arguments)


def printed(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def refusal(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, RefusedError), error
    return error.message


def test_migrate_says_which_schema_the_database_has(own_settings: None) -> None:
    assert printed("migrate") == f"The database has schema {schema.HEAD}."
    assert json.loads(printed("migrate", "--json")) == {"schema": schema.HEAD, "copy": None}


def test_migrate_refuses_a_newer_schema_with_a_sentence(own_settings: None, storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert refusal("migrate").startswith("This database has schema 9999, which this version of Tocsin does not know")


def test_a_database_that_is_not_there_is_named_with_the_reason(
    own_settings: None, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = make_url(storage.url)
    missing = there.set(database=f"{there.database}/no.db" if storage.is_sqlite else "no-such-database")
    monkeypatch.setenv("TOCSIN_DATABASE_URL", missing.render_as_string(hide_password=False))
    settings.current.cache_clear()
    database.use(None)
    said = refusal("migrate")
    assert said.startswith("TOCSIN_DATABASE_URL: ")
    assert ("cannot be made" if storage.is_sqlite else 'database "no-such-database" does not exist') in said


def test_a_backup_is_written_and_put_back(own_settings: None, tmp_path: Path) -> None:
    people.create_organisation("Northwind")
    file = tmp_path / "tocsin.backup"
    made = json.loads(printed("backup", str(file), "--json"))
    assert made == {"file": str(file), "bytes": file.stat().st_size, "schema": schema.HEAD}
    assert "is there already" in refusal("backup", str(file))
    assert printed("backup", str(file), "--overwrite").startswith(f"The backup is in {file}, ")
    people.create_organisation("Southwind")
    assert "--replace" in refusal("restore", str(file))
    done = json.loads(printed("restore", str(file), "--replace", "--json"))
    assert done["file"] == str(file)
    with database.read_everywhere() as session:
        assert session.connection().execute(text("SELECT name FROM tenant")).scalars().all() == ["Northwind"]


def test_doctor_tells_of_each_part_and_what_to_do(own_settings: None) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "ok    schema: " in result.output
    assert "WARN  admin: Nobody is an admin yet.\n      Open the set-up link" in result.output


def test_doctor_exits_with_one_when_a_part_is_ill(own_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    monkeypatch.setenv("TOCSIN_DATABASE_URL", away)
    settings.current.cache_clear()
    database.use(away)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["well"] is False
    (database_part,) = [part for part in said["parts"] if part["part"] == "database"]
    assert database_part["verdict"] == "ill"
    assert database_part["advice"]
    assert {part["part"] for part in said["parts"]} >= {"settings", "room", "secrets", "address", "bundle", "bun"}


def test_config_prints_what_is_in_force_and_no_secret(own_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "TOCSIN_SECRET_KEY": "k" * 40,
        "TOCSIN_METRICS_TOKEN": "token-of-the-scraper",
        "TOCSIN_DATABASE_URL": "postgresql://tocsin:hunter2@db.example:5432/tocsin?sslpassword=hunter3",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TOCSIN_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    settings.current.cache_clear()
    values = json.loads(printed("config", "--json"))
    assert set(values) == {settings.variable(name) for name in settings.Settings.model_fields}
    assert values["TOCSIN_DATABASE_URL"] == "postgresql://tocsin:********@db.example:5432/tocsin?sslpassword=********"
    assert values["TOCSIN_TRUSTED_PROXIES"] == "10.0.0.0/8, ::1/128"
    assert values["TOCSIN_SECURE_COOKIES"] is None
    for text_of in (printed("config"), printed("config", "--json")):
        assert "hunter" not in text_of
        assert "kkkk" not in text_of
        assert "token-of-the-scraper" not in text_of


# With a running server


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    """A running server with an organisation."""
    server.person("admin")
    return server


def integration(server: Server, kind: str) -> str:
    made = json.loads(server.command("create-integration", "--kind", kind, "--name", f"Test {kind}", "--json"))
    return str(made["url"])


def send(server: Server, url: str, *more: str) -> Any:
    return json.loads(server.command("send-test-alert", "--url", url, "--json", *more))


@pytest.mark.parametrize("kind", ["generic", "alertmanager", "grafana"])
def test_a_test_alert_makes_an_incident_whatever_the_integration_understands(prepared: Server, kind: str) -> None:
    url = integration(prepared, kind)
    first = send(prepared, url)
    assert first["accepted"] == 1
    (number,) = first["incidents"]
    assert send(prepared, url)["incidents"] == [number], "sent again it is a repeat"
    assert send(prepared, url, "--resolve")["accepted"] == 1
    said = prepared.command("send-test-alert", "--url", url)
    assert said == f"The test alert was stored; it belongs to {number}. End it with --resolve.\n", "it fires again"
    with httpx.Client(base_url=prepared.address, headers={"Authorization": f"Bearer {prepared.key()}"}) as api:
        assert api.get(f"/api/v1/incidents/{number}").json()["state"] == "open"


BROKEN = ("http://[bad/intake/x", "http://x:abc/intake/y", "http://x:0/intake/y", "http://x/intake/a b", "http://x/intake/\u00e9")


def test_a_test_alert_that_cannot_arrive_says_why(prepared: Server) -> None:
    assert "refused (404)" in refusal("send-test-alert", "--url", f"{prepared.address}/intake/unknown")
    nowhere = f"http://127.0.0.1:{free_port()}/intake/k-secret"
    said = refusal("send-test-alert", "--url", nowhere)
    assert said.startswith("Nobody answers at 127.0.0.1:")
    assert "k-secret" not in said
    for wrong in ("", "tocsin.example.org/intake/x", "ftp://x/intake/y", f"{prepared.address}/incidents", "file:///etc/passwd", *BROKEN):
        assert "--url must be" in refusal("send-test-alert", "--url", wrong)


def test_backup_and_restore_work_beside_a_running_server(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server()
    server.start()
    server.command("create-tenant", "--slug", "before", "--name", "Before")
    url = json.loads(server.command("create-integration", "--tenant", "before", "--kind", "generic", "--name", "x", "--json"))["url"]
    alert = {"title": "Disk full", "severity": "critical", "dedup_key": "a"}
    assert httpx.post(url, json=alert).json()["incidents"] == ["INC-1"]
    server.command("backup", str(tmp_path / "b"))
    assert httpx.post(url, json={**alert, "dedup_key": "b"}).json()["incidents"] == ["INC-2"]
    with pytest.raises(AssertionError, match="--while-serving"):
        server.command("restore", str(tmp_path / "b"), "--replace")
    server.command("restore", str(tmp_path / "b"), "--replace", "--while-serving")
    assert httpx.get(f"{server.address}/readyz").status_code == 200
    assert httpx.post(url, json=alert).json()["incidents"] == ["INC-1"], "a repeat, as the backup knows it"
    assert httpx.post(url, json={**alert, "dedup_key": "c"}).json()["incidents"] == ["INC-2"], "what came since the backup is gone"
    assert server.stop() == 0
