"""What doctor finds: each part that can be ill, in a sentence, with what to do."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from models.vocabulary import Role
from services import clock, database, doctor, jobs, other_processes, people, schema, settings
from services.database import Storage
from services.doctor import Finding, Verdict

Setting = Callable[..., None]


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """Sets variables for this test."""

    def take(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"TOCSIN_{name}", value)
        settings.current.cache_clear()

    yield take
    settings.current.cache_clear()


@pytest.fixture
def installed(storage: Storage, setting: Setting, tmp_path: Path) -> Storage:
    """An installation in which nothing is wrong, on each kind of database."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    setting(DATA_DIR=str(data), DATABASE_URL=storage.url, BASE_URL="http://127.0.0.1:8000")
    system = people.create_organisation("Northwind")
    people.create_person(system, email="ada@example.org", name="Ada", role=Role.ADMIN)
    settings.secret_key()
    if storage.is_sqlite:
        schema.file_of(storage).chmod(0o600)
    return storage


def find(part: str) -> Finding:
    (found,) = [finding for finding in doctor.examine() if finding.part == part]
    return found


def test_a_sound_installation_is_well_in_every_part(installed: Storage) -> None:
    found = list(doctor.examine())
    assert [finding for finding in found if finding.verdict is not Verdict.WELL] == []
    assert all(finding.detail.endswith(".") for finding in found)


def test_what_is_not_well_says_what_to_do(setting: Setting) -> None:
    setting(DATABASE_URL="postgresql://nobody@127.0.0.1:1/x", BASE_URL="http://tocsin.example.org", HOST="0.0.0.0")
    database.use("postgresql://nobody@127.0.0.1:1/x")
    try:
        found = list(doctor.examine())
    finally:
        database.use(None)
    assert all(finding.advice for finding in found if finding.verdict is not Verdict.WELL)
    assert [finding.part for finding in found if finding.verdict is Verdict.ILL] == ["database"]


def test_a_misspelt_variable(installed: Storage, setting: Setting) -> None:
    setting(BASE_ULR="https://tocsin.example.org")
    assert find("settings").verdict is Verdict.WARNING
    assert "TOCSIN_BASE_ULR (meant TOCSIN_BASE_URL?)" in find("settings").detail


def test_a_database_that_is_not_there_yet_is_not_made(setting: Setting, tmp_path: Path) -> None:
    setting(DATA_DIR=str(tmp_path / "new"), DATABASE_URL="")
    assert find("database").verdict is Verdict.ILL
    assert "tocsin migrate" in find("database").advice
    assert not (tmp_path / "new").exists()


def test_an_old_schema(installed: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "HEAD", "9001")
    assert find("schema").verdict is Verdict.ILL
    assert find("schema").advice == "Run tocsin migrate."


def test_a_newer_schema(installed: Storage) -> None:
    with installed.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert find("schema").verdict is Verdict.ILL
    assert "does not know" in find("schema").detail


def test_a_table_that_was_changed_by_hand(installed: Storage) -> None:
    with installed.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_job_due"))
    assert find("schema").verdict is Verdict.ILL
    assert "add_index" in find("schema").detail


def test_a_database_that_takes_no_changes(installed: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if installed.is_sqlite:
        with closing(sqlite3.connect(schema.file_of(installed), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert find("writable").verdict is Verdict.ILL
    else:
        with installed.engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        installed.engine.dispose()
        assert find("writable").verdict is Verdict.ILL
        assert "read-only" in find("writable").detail


def test_rows_that_point_nowhere(installed: Storage) -> None:
    if not installed.is_sqlite:
        return  # PostgreSQL lets nobody do that
    with closing(sqlite3.connect(schema.file_of(installed))) as other, other:
        other.execute("DELETE FROM tenant")
    assert find("integrity").verdict is Verdict.ILL
    assert "point at rows that are not there" in find("integrity").detail
    assert "restore a backup" in find("integrity").advice


def test_nobody_is_an_admin(installed: Storage) -> None:
    with installed.engine.begin() as connection:
        connection.execute(text("""UPDATE "user" SET role = 'manager'"""))
    assert find("admin").verdict is Verdict.WARNING


def test_work_that_is_late_and_work_that_was_given_up(installed: Storage) -> None:
    with database.write(people.create_organisation("Southwind").tenant_id) as tx:
        jobs.add(tx, "note", {}, clock.now() - timedelta(minutes=17))
    assert find("jobs").verdict is Verdict.WARNING
    assert "due for 17 minutes, and no server runs" in find("jobs").detail
    if installed.is_sqlite:
        with other_processes.serving():
            assert find("jobs").verdict is Verdict.ILL
    with installed.engine.begin() as connection:
        connection.execute(text("UPDATE job SET status = 'dead' WHERE kind = 'note'"))
    assert find("jobs").verdict is Verdict.WARNING
    assert "1 jobs were given up" in find("jobs").detail


def test_clocks_that_differ(installed: Storage) -> None:
    ahead = clock.now() + timedelta(minutes=3)
    clock.use(lambda: ahead)
    try:
        found = find("clock")
    finally:
        clock.use(None)
    assert found.verdict is (Verdict.WELL if installed.is_sqlite else Verdict.ILL)


def test_a_large_log(installed: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if installed.is_sqlite:
        monkeypatch.setattr(doctor, "_BIG_LOG", -1)
        assert find("write-ahead log").verdict is Verdict.WARNING


@pytest.mark.parametrize(("free", "verdict"), [(1 << 40, Verdict.WELL), (1 << 29, Verdict.WARNING), (1 << 20, Verdict.ILL)])
def test_room_on_the_disk(installed: Storage, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert find("room").verdict is verdict


def test_secrets_that_others_can_read(installed: Storage, setting: Setting) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        setting(DATA_DIR=folder)
        settings.secret_key()
        (data / "secret.key").chmod(0o644)
        data.chmod(0o700)
        assert find("secrets").verdict is Verdict.WELL, "a folder above keeps others out"
        data.chmod(0o755)
        assert find("secrets").verdict is Verdict.ILL
        assert find("secrets").advice == f"Run chmod 600 {data / 'secret.key'}"


@pytest.mark.parametrize(
    ("host", "url", "verdict"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", Verdict.WELL),
        ("127.0.0.1", "https://tocsin.example.org", Verdict.WELL),
        ("0.0.0.0", "https://tocsin.example.org", Verdict.WELL),
        ("0.0.0.0", "http://localhost:8000", Verdict.WARNING),
        ("0.0.0.0", "http://tocsin.example.org", Verdict.WARNING),
        ("127.0.0.1", "http://192.0.2.1", Verdict.WARNING),
    ],
)
def test_an_address_that_is_not_plausible(installed: Storage, setting: Setting, host: str, url: str, verdict: Verdict) -> None:
    setting(HOST=host, BASE_URL=url)
    assert find("address").verdict is verdict


def test_a_cookie_that_goes_without_tls_though_pages_come_with_it(installed: Storage, setting: Setting) -> None:
    setting(BASE_URL="https://tocsin.example.org", SECURE_COOKIES="false")
    assert find("address").verdict is Verdict.WARNING


def test_a_check_that_breaks_is_a_finding(installed: Storage) -> None:
    def _check_something() -> Finding:
        raise OSError(13, "Permission denied", "/x")

    (found,) = [finding for finding in doctor.examine([_check_something]) if finding.part == "something"]
    assert found.verdict is Verdict.ILL
    assert "Permission denied" in found.detail
