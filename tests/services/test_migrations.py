"""The schema's way from nothing to what the models say, and what stands in its way."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from models.vocabulary import Role
from services import database, people, schema
from services.database import Storage
from services.schema import SchemaError
from services.whole_files import NoRoomError
from tests.fixtures.databases import PostgresqlServer
from tests.fixtures.organisations import Organisation, person
from tests.fixtures.tabs import begin_session

ROOT = Path(__file__).parent.parent.parent
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))
    {more}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A database of each kind with nothing in it."""
    if request.param == "sqlite":
        database.use(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database.storage()
        database.use(None)
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    server.run("CREATE DATABASE empty")
    database.use(server.named("empty"))
    yield database.storage()
    database.use(None)
    server.run("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the revisions that a test may add to."""
    copy = tmp_path / "alembic"
    shutil.copytree(ROOT / "alembic", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema, "_SCRIPTS", copy)
    return copy


def add_revision(scripts: Path, monkeypatch: pytest.MonkeyPatch, more: str = "pass") -> None:
    """A newer version of the program, with a revision after the head."""
    (scripts / "versions" / "9001_extra.py").write_text(NEXT.format(before=schema.HEAD, more=more))
    monkeypatch.setattr(schema, "HEAD", "9001")


def table_names() -> set[str]:
    with database.storage().engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def copies(storage: Storage) -> list[Path]:
    return sorted(schema.file_of(storage).parent.glob("*.bak"))


def test_head_is_the_last_revision_and_the_only_one_at_the_end() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_from_nothing_to_what_the_models_say(empty: Storage) -> None:
    assert schema.current() is None
    assert schema.migrate() is None
    assert schema.current() == schema.HEAD
    assert schema.differences() == []


def test_a_second_time_changes_nothing(empty: Storage) -> None:
    schema.migrate()
    before = table_names()
    assert schema.migrate() is None
    assert table_names() == before


def test_two_processes_migrate_at_once(empty: Storage) -> None:
    program = "import sys; from services import database, schema; database.use(sys.argv[1]); schema.migrate()"
    started = [subprocess.Popen([sys.executable, "-c", program, empty.url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert schema.current() == schema.HEAD
    assert schema.differences() == []


def test_a_newer_schema_is_refused_with_what_to_do(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="schema 9999, which this version of Tocsin does not know") as refused:
        schema.migrate()
    assert "Install that version" in refused.value.message
    assert schema.current() == "9999"


def test_an_upgrade_keeps_the_rows_and_copies_the_file_first(storage: Storage, scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = people.create_organisation("Northwind").tenant_id
    before = schema.HEAD
    add_revision(scripts, monkeypatch)
    copy = schema.migrate()
    assert schema.current() == "9001"
    assert "extra" in table_names()
    with database.write(tenant) as tx:
        assert tx.connection.exec_driver_sql("SELECT name FROM tenant").scalar() == "Northwind"
    if storage.is_sqlite:
        assert copy is not None
        assert copies(storage) == [copy]
        assert before in copy.name
        with closing(sqlite3.connect(copy)) as old:
            assert old.execute("SELECT version_num FROM alembic_version").fetchone() == (before,)
            assert old.execute("SELECT name FROM tenant").fetchone() == ("Northwind",)
    else:
        assert copy is None


def test_who_had_signed_in_before_is_known_after_the_upgrade(organisation: Organisation, storage: Storage) -> None:
    for one in (organisation.manager, organisation.responder):
        begin_session(one)
    with_password = person(organisation.system, "Pia", Role.ADMIN, password="correct horse battery")
    with storage.engine.connect() as connection:
        command.downgrade(schema._configuration(connection), "0012")
        connection.commit()
    schema.migrate()
    assert {one.name for one in people.people(organisation.admin) if one.came_in} == {"Mina Okafor", "Rob Lindqvist", "Pia"}
    assert people.person_of(organisation.admin, with_password.id).first_signed_in_at is not None


@pytest.mark.parametrize("more", ["raise RuntimeError('no')", "op.execute('SELECT nonsense FROM nowhere')"])
def test_an_upgrade_that_breaks_changes_nothing(storage: Storage, scripts: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    before, tables = schema.HEAD, table_names()
    add_revision(scripts, monkeypatch, more)
    with pytest.raises(Exception, match="no"):
        schema.migrate()
    assert schema.current() == before
    assert table_names() == tables


def test_an_upgrade_that_loses_rows_changes_nothing(new_sqlite: Storage, scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuilt table of SQLite drops what others refer to without a word; it is looked for at the end."""
    people.create_organisation("Northwind")
    before = schema.HEAD
    add_revision(scripts, monkeypatch, "op.execute('DELETE FROM tenant')")
    with pytest.raises(SchemaError, match="point at rows that are not there; nothing was changed"):
        schema.migrate()
    assert schema.current() == before
    with new_sqlite.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tenant")).scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1, "other connections check as before"


def test_without_room_for_the_copy_nothing_is_upgraded(new_sqlite: Storage, scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.HEAD
    add_revision(scripts, monkeypatch)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(NoRoomError):
        schema.migrate()
    assert schema.current() == before
    assert copies(new_sqlite) == []


@pytest.fixture
def new_sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Storage]:
    """A migrated SQLite database."""
    file = tmp_path / "data" / "tocsin.db"
    file.parent.mkdir()
    shutil.copyfile(sqlite_template, file)
    database.use(f"sqlite:///{file}")
    yield database.storage()
    database.use(None)


def test_the_file_is_for_its_owner_alone(empty: Storage) -> None:
    schema.migrate()
    if empty.is_sqlite:
        file = schema.file_of(empty)
        assert file.stat().st_mode & 0o777 == 0o600
        assert all(path.stat().st_mode & 0o077 == 0 for path in file.parent.glob(f"{file.name}*"))
