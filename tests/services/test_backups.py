"""Backup and restore: everything that was committed is in it, as of one moment, and comes back as it was."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from models import tables
from models.audit import AuditEntry
from models.incidents import Incident
from models.vocabulary import Role
from services import api_keys, backups, comments, database, incidents, other_processes, people, schema, whole_files
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotFoundError, StorageBusyError
from services.schema import SchemaError
from services.whole_files import DamagedError, NoRoomError
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story

ODD = "tab\tnewline\nreturn\rbackslash\\ \\N \\. quote\" '; é 日本 🚨 \u2028"


@pytest.fixture
def full(story: Story) -> Story:
    """A database with all kinds of rows in it, and texts that a file format could break."""
    for number in range(3):
        story.fire(f"k{number}", title=f"Alert {number} {ODD}", labels={"odd": ODD})
    story.stop("k1")
    comments.add(story.organisation.responder, "INC-1", ODD)
    story.fire("k1")
    return story


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "tocsin.backup"


@pytest.fixture
def another(storage: database.Storage, new_database: Callable[[str], str]) -> Callable[[], None]:
    """Takes another, empty database of the same kind into use."""
    url = new_database("sqlite" if storage.is_sqlite else "postgresql")
    return lambda: database.use(url)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    found = {}
    with database.storage().engine.connect() as connection:
        for table in tables.METADATA.sorted_tables:
            rows = connection.execute(table.select())
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_comes_back_as_it_was(full: Story, target: Path, another: Callable[[], None]) -> None:
    before = everything()
    assert all(before[name] for name in ("incident", "alert", "alert_firing", "raw_payload", "timeline_event", "search_document", "job"))
    made = backups.backup(target)
    assert made.size == target.stat().st_size > 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert leftovers(target.parent) == [target.name]
    another()
    restored = backups.restore(target)
    assert everything() == before
    assert restored.before is None, "there was nothing to keep"
    assert schema.differences() == []


def test_work_goes_on_after_a_restore(full: Story, target: Path, another: Callable[[], None]) -> None:
    """Numbers that the database gives go on, words are found, keys still fit."""
    backups.backup(target)
    another()
    backups.restore(target)
    assert full.fire("new one") == ["INC-4"]
    comments.add(full.organisation.responder, "INC-4", "words zzyzx")
    with database.storage().engine.connect() as connection:
        if database.storage().is_sqlite:
            find = "SELECT count(*) FROM search_document_fts WHERE search_document_fts MATCH 'zzyzx OR exhausted OR backslash'"
        else:
            find = "SELECT count(*) FROM search_document WHERE words @@ websearch_to_tsquery('simple', 'zzyzx or exhausted or backslash')"
        assert connection.execute(text(find)).scalar_one() >= 3


def test_a_backup_replaces_what_a_database_holds_when_told(full: Story, target: Path) -> None:
    before = everything()
    backups.backup(target)
    full.fire("later")
    people.create_organisation("Later")
    with pytest.raises(ConflictError, match="--replace"):
        backups.restore(target)
    assert everything() != before
    restored = backups.restore(target, replace=True)
    assert everything() == before
    if database.storage().is_sqlite:
        assert restored.before is not None
        with contextlib.closing(sqlite3.connect(restored.before)) as kept:
            assert kept.execute("SELECT count(*) FROM tenant WHERE name = 'Later'").fetchone() == (1,)


def test_a_database_that_was_never_migrated_takes_a_backup(
    full: Story, target: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = everything()
    backups.backup(target)
    if database.storage().is_sqlite:
        database.use(f"sqlite:///{tmp_path / 'never' / 'was.db'}")
        backups.restore(target)
        assert everything() == before
        assert (tmp_path / "never" / "was.db").stat().st_mode & 0o077 == 0
    else:
        server = request.getfixturevalue("postgresql_server")
        server.run("CREATE DATABASE never_migrated")
        try:
            database.use(server.named("never_migrated"))
            backups.restore(target)
            assert everything() == before
        finally:
            database.use(None)
            server.run("DROP DATABASE never_migrated WITH (FORCE)")


class Writer:
    """Commits one audit entry after the other until it is told to stop."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.committed = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        from services import audit

        while not self._stopping.is_set():
            with database.write(self.actor.tenant_id) as tx:
                audit.record(tx, self.actor, "test.wrote", "test", None, after={"number": self.committed + 1, "filling": "x" * 2000})
            self.committed += 1

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()


def numbers() -> list[int]:
    with database.read_everywhere() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "test.wrote"))
        return sorted(entry.after["number"] for entry in entries if entry.after)


def test_what_was_committed_before_a_backup_is_in_it(
    organisation: Organisation, target: Path, another: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody writes without a pause; and nothing is in it whose predecessor is not."""
    monkeypatch.setattr(whole_files, "_PAGES_AT_ONCE", 5)
    with Writer(organisation.admin) as writer:
        while writer.committed < 300:
            pass
        before = writer.committed
        backups.backup(target)
        assert writer.committed > before, "the backup did not hold up the writer"
    another()
    backups.restore(target)
    found = numbers()
    assert len(found) >= before
    assert found == list(range(1, len(found) + 1))


@pytest.mark.parametrize("phase", ["copying", "checking"])
def test_a_backup_that_breaks_off_leaves_no_file(full: Story, target: Path, phase: str) -> None:
    def break_off(what: str, _share: float) -> None:
        if what == phase:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backups.backup(target, progress=break_off)
    assert leftovers(target.parent) == []


def test_an_older_backup_stays_until_the_new_one_is_whole(full: Story, target: Path) -> None:
    backups.backup(target)
    old = target.read_bytes()

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    full.fire("later")
    with pytest.raises(ConflictError, match="--overwrite"):
        backups.backup(target)
    with pytest.raises(KeyboardInterrupt):
        backups.backup(target, overwrite=True, progress=break_off)
    assert target.read_bytes() == old
    backups.backup(target, overwrite=True)
    assert target.read_bytes() != old


def test_progress_is_told_and_ends(full: Story, target: Path, another: Callable[[], None]) -> None:
    told: list[tuple[str, float]] = []
    backups.backup(target, progress=lambda *step: told.append(step))
    another()
    backups.restore(target, progress=lambda *step: told.append(step))
    assert all(0 <= share <= 1 for _, share in told)
    assert {what for what, share in told if share == 1} >= {"copying", "checking", "restoring"}


def test_the_database_itself_is_no_target(storage: database.Storage, organisation: Organisation) -> None:
    if storage.is_sqlite:
        with pytest.raises(ConflictError, match="the database itself"):
            backups.backup(schema.file_of(storage), overwrite=True)


def test_a_target_that_cannot_be_is_refused_in_a_sentence(
    organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError, match="no folder"):
        backups.backup(tmp_path / "not" / "there")
    with pytest.raises(InvalidInputError, match="is a folder"):
        backups.backup(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(NoRoomError, match="no room"):
        backups.backup(tmp_path / "backup")


def test_an_empty_database_is_not_backed_up(storage: database.Storage, target: Path, tmp_path: Path) -> None:
    if storage.is_sqlite:
        database.use(f"sqlite:///{tmp_path / 'empty.db'}")
        with pytest.raises(NotFoundError, match="empty"):
            backups.backup(target)


def broken(path: Path, place: str) -> None:
    """Damage a file: its end is missing, or bytes in the middle are others."""
    content = bytearray(path.read_bytes())
    if place == "end":
        path.write_bytes(content[: len(content) * 2 // 3])
    else:
        middle = len(content) // 2
        content[middle : middle + 3000] = bytes(byte ^ 0x5A for byte in content[middle : middle + 3000])
        path.write_bytes(content)


@pytest.mark.parametrize("place", ["end", "middle"])
def test_a_damaged_backup_changes_nothing(full: Story, target: Path, place: str) -> None:
    backups.backup(target)
    broken(target, place)
    before = everything()
    with pytest.raises(DamagedError):
        backups.restore(target, replace=True)
    assert everything() == before


def test_what_is_no_backup_is_refused(full: Story, target: Path, tmp_path: Path) -> None:
    before = everything()
    target.write_text("a shopping list")
    with pytest.raises(DamagedError, match="no backup of Tocsin"):
        backups.restore(target, replace=True)
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("list.txt", "milk")
    with pytest.raises((DamagedError, ConflictError)):
        backups.restore(target, replace=True)
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises((DamagedError, ConflictError)):
        backups.restore(tmp_path / "other.db", replace=True)
    with pytest.raises(NotFoundError):
        backups.restore(tmp_path / "nothing")
    assert everything() == before


def test_a_backup_of_a_newer_version_is_refused(full: Story, target: Path) -> None:
    with database.storage().engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backups.backup(target)
    with database.storage().engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": schema.HEAD})
    with pytest.raises(SchemaError, match="9999"):
        backups.restore(target, replace=True)


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    full: Story, target: Path, another: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything()
    backups.backup(target)
    old = target.read_bytes()
    scripts = tmp_path / "alembic"
    shutil.copytree(schema._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9001_extra.py").write_text(
        f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "9001"\ndown_revision = "{schema.HEAD}"\n\n\n'
        'def upgrade() -> None:\n    op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))\n'
    )
    monkeypatch.setattr(schema, "_SCRIPTS", scripts)
    monkeypatch.setattr(schema, "HEAD", "9001")
    another()
    backups.restore(target)
    assert schema.current() == "9001"
    assert everything() == before
    with database.storage().engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM extra")).scalar_one() == 0
    assert target.read_bytes() == old, "the backup itself is as it was"


def test_a_backup_of_the_other_kind_is_refused_with_what_to_do(full: Story, target: Path, new_database: Callable[[str], str]) -> None:
    other = "postgresql" if database.storage().is_sqlite else "sqlite"
    backups.backup(target)
    database.use(new_database(other))
    with pytest.raises(ConflictError, match="TOCSIN_DATABASE_URL"):
        backups.restore(target)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server uses the database."""
    if database.storage().is_sqlite:
        with other_processes.serving():
            yield
        return
    with database.storage().engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock_shared(:lock)"), {"lock": other_processes._SERVING_LOCK})
        yield


def test_under_a_running_server_a_restore_must_be_told_twice(full: Story, served: None, target: Path) -> None:
    before = everything()
    backups.backup(target)
    full.fire("later")
    with pytest.raises(ConflictError, match="--while-serving"):
        backups.restore(target, replace=True)
    assert everything() != before
    backups.restore(target, replace=True, while_serving=True)
    assert everything() == before
    full.fire("after")


def test_a_restore_gets_its_turn_under_traffic_and_nobody_sees_an_empty_database(full: Story, target: Path) -> None:
    """Writers and readers of a running server are told to come again; no key is unknown, no incident absent."""
    token = api_keys.create(full.organisation.admin, "reader", Role.VIEWER).token
    backups.backup(target)
    ended, wrong = threading.Event(), list[str]()

    def again_and_again(what: Callable[[], object]) -> None:
        while not ended.is_set():
            try:
                if what() is None:
                    wrong.append("a key was unknown")
            except StorageBusyError:
                continue
            except Exception as error:
                wrong.append(repr(error))

    number = itertools.count()
    work: list[Callable[[], object]] = [
        *[lambda: full.fire(f"busy {next(number)}")] * 3,
        lambda: comments.add(full.organisation.responder, "INC-1", "One more"),
        *[lambda: api_keys.actor_for_key(token)] * 2,
        lambda: incidents.get(full.organisation.viewer, "INC-1"),
    ]
    threads = [threading.Thread(target=again_and_again, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            backups.restore(target, replace=True, while_serving=True)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert incidents.get(full.organisation.viewer, "INC-1").number == "INC-1"


def test_readers_see_the_old_state_or_the_new_one(full: Story, target: Path) -> None:
    """A transaction that began before a restore under a running server is not torn (SQLite); on PostgreSQL the restore waits for it."""
    if not database.storage().is_sqlite:
        return
    backups.backup(target)
    full.fire("later")
    count = select(func.count()).select_from(Incident)
    with database.read(full.organisation.tenant_id) as session:
        assert session.exec(count).one() == 4
        backups.restore(target, replace=True, while_serving=True)
        assert session.exec(count).one() == 4
    with database.read(full.organisation.tenant_id) as session:
        assert session.exec(count).one() == 3
