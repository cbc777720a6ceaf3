"""What is wrong with this installation, each in a sentence, with what to do. For the command line: no actor is asked for."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from services import across_tenants, clock, database, mail, other_processes, schema, settings, whole_files
from services.errors import RefusedError, StorageBusyError
from services.mail import MailError
from services.storage import why_unusable
from services.whole_files import DamagedError, shown_size

_LITTLE_ROOM = 1 << 30
_NO_ROOM = 100 << 20
_BIG_LOG = 256 << 20
_SKEW = timedelta(seconds=2)
_LATE = timedelta(minutes=5)


class Verdict(StrEnum):
    """How a part is."""

    WELL = "well"
    WARNING = "warning"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part, and what to do about it where something is to do."""

    part: str
    verdict: Verdict
    detail: str
    advice: str = ""


Check = Callable[[], Finding]


def _well(part: str, detail: str) -> Finding:
    return Finding(part, Verdict.WELL, detail)


def _warning(part: str, detail: str, advice: str) -> Finding:
    return Finding(part, Verdict.WARNING, detail, advice)


def _ill(part: str, detail: str, advice: str) -> Finding:
    return Finding(part, Verdict.ILL, detail, advice)


def examine(more: Sequence[Check] = ()) -> Iterator[Finding]:
    """Look at each part in turn; `more` are checks of parts that services do not know. Changes nothing."""
    yield _check_settings()
    reached = _guarded(_check_database)
    yield reached
    if reached.verdict is not Verdict.ILL:
        for check in (_check_schema, _check_writable, _check_whole, _check_admin, _check_jobs, _check_clock):
            yield _guarded(check)
    if _file() is not None:
        yield _guarded(_check_write_ahead_log)
    for check in (_check_room, _check_secrets, _check_address, _check_mail, *more):
        yield _guarded(check)


def _guarded(check: Check) -> Finding:
    """A check that breaks is a finding, too."""
    part = check.__name__.removeprefix("_check_").replace("_", " ")
    try:
        return check()
    except RefusedError as refusal:
        return _ill(part, refusal.message, "Mend this first, then look again.")
    except (DBAPIError, OSError) as error:
        return _ill(part, f"This could not be looked at: {_said(error)}.", "Mend what the message names.")


def _said(error: DBAPIError | OSError) -> str:
    """The first line of what the driver or the system said."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__


def _check_settings() -> Finding:
    strange = settings.unknown()
    if not strange:
        return _well("settings", "Every TOCSIN_ variable is known.")
    listed = ", ".join(f"{name} (meant {meant}?)" if meant else name for name, meant in strange.items())
    return _warning("settings", f"These variables mean nothing to Tocsin: {listed}.", "Mend their names, or take them away.")


def _file() -> Path | None:
    """The file of a SQLite database, as the settings name it."""
    found = settings.current()
    return Path(str(make_url(found.database_url).database)) if found.is_sqlite else None


def _check_database() -> Finding:
    file = _file()
    if file is not None and not file.exists():
        return _ill("database", f"There is no database at {file} yet.", "Run tocsin migrate, or start the server: that makes it.")
    try:
        seconds = database.ping()
    except StorageBusyError as busy:
        return _ill(
            "database",
            f"The database does not answer. {why_unusable(database.storage().url, busy.__cause__)}",
            "Look at TOCSIN_DATABASE_URL, and whether the database runs.",
        )
    kind = "PostgreSQL" if file is None else "SQLite"
    return _well("database", f"{kind} answered in {seconds * 1000:.1f} ms.")


def _check_schema() -> Finding:
    found = schema.current()
    if found is None:
        return _ill("schema", "The database is empty.", "Run tocsin migrate, or start the server: that does it, too.")
    if found != schema.HEAD:
        schema.require_known(found, "The database")
        return _ill("schema", f"The database has schema {found}, and this version needs {schema.HEAD}.", "Run tocsin migrate.")
    differences = schema.differences()
    if differences:
        kinds = ", ".join(sorted({str(each[0] if isinstance(each, tuple) else each[0][0]) for each in differences}))
        return _ill("schema", f"Tables differ from schema {found} ({kinds}).", "Restore a backup, or undo what was changed by hand.")
    return _well("schema", f"Schema {found}, as this version needs it.")


def _check_writable() -> Finding:
    try:
        with database.storage().engine.connect() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num WHERE version_num = ''"))
            connection.rollback()
    except DBAPIError as error:
        advice = "Look at the room on the disk, at who owns the database, and whether somebody holds it for long."
        return _ill("writable", f"The database takes no changes: {_said(error)}.", advice)
    return _well("writable", "The database takes changes.")


def _check_whole() -> Finding:
    place = database.storage()
    if place.is_sqlite:
        with whole_files.opened(schema.file_of(place)) as connection:
            try:
                whole_files.check(connection, "The database")
            except DamagedError as error:
                advice = "Stop the server, keep the files as they are, and restore a backup with tocsin restore."
                return _ill("integrity", error.message, advice)
        return _well("integrity", "Pages, indexes and references between rows are whole.")
    broken = text("SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready")
    with place.read_engine.connect() as reading:
        count = reading.execute(broken).scalar_one()
    if count:
        return _ill("integrity", f"{count} indexes are not valid.", "Run REINDEX DATABASE.")
    return _well("integrity", "All indexes are valid.")


def _check_admin() -> Finding:
    if across_tenants.any_admin_exists():
        return _well("admin", "Somebody is an admin.")
    advice = "Open the set-up link that tocsin serve prints, or run tocsin create-user --role admin."
    return _warning("admin", "Nobody is an admin yet.", advice)


def _check_jobs() -> Finding:
    counts = across_tenants.job_counts()
    late = clock.now() - counts.longest_due_at if counts.longest_due_at is not None else timedelta()
    if late > _LATE:
        minutes = int(late.total_seconds() // 60)
        if other_processes.is_served():
            return _ill("jobs", f"Work has been due for {minutes} minutes.", "Look at /readyz and at the log: the engine stands still.")
        return _warning("jobs", f"Work has been due for {minutes} minutes, and no server runs.", "Start tocsin serve: its engine does it.")
    if counts.dead:
        advice = "Look for 'job failed' in the log. A dead job is not tried again; it is deleted in time."
        return _warning("jobs", f"{counts.dead} jobs were given up.", advice)
    return _well("jobs", f"{counts.pending} jobs wait for their time, {counts.running} run, none is late or dead.")


def _check_clock() -> Finding:
    place = database.storage()
    if place.is_sqlite:
        return _well("clock", "One machine, one clock.")
    with place.read_engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        before = clock.now()
        theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = clock.now()
    skew = max(before - theirs, theirs - after, timedelta())
    if skew > _SKEW:
        seconds = skew.total_seconds()
        return _ill("clock", f"This machine and the database differ by {seconds:.0f} s.", "Let both keep time, by NTP.")
    return _well("clock", "This machine and the database agree on the time.")


def _check_write_ahead_log() -> Finding:
    file = _file()
    assert file is not None
    wal = file.with_name(file.name + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > _BIG_LOG:
        advice = "Something reads without an end, such as an open sqlite3 shell: end it. A restart of the server takes the log in."
        return _warning("write-ahead log", f"{wal.name} has {shown_size(size)}, which have not been taken into the database.", advice)
    return _well("write-ahead log", f"{shown_size(size)}.")


def _check_room() -> Finding:
    file = _file()
    folder = settings.current().data_dir if file is None else file.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _NO_ROOM:
        return _ill("room", f"Only {shown_size(free)} are free on the disk of {folder}.", "Make room now: soon nothing can be stored.")
    if free < _LITTLE_ROOM:
        return _warning("room", f"Only {shown_size(free)} are free on the disk of {folder}.", "Make room, or take a larger disk.")
    return _well("room", f"{shown_size(free)} are free on the disk of {folder}.")


def _check_secrets() -> Finding:
    found = settings.current()
    key = found.data_dir / "secret.key"
    for path in (key, _file()):
        if path is not None and path.exists() and _is_open_to_others(path):
            return _ill("secrets", f"Others on this machine can read {path}.", f"Run chmod 600 {path}")
    if found.secret_key is None and not key.exists():
        return _well("secrets", "The secret key is made when it is first needed.")
    where = "in the environment" if found.secret_key is not None else f"in {key}"
    return _well("secrets", f"The secret key is {where}, and only its owner can read what is stored.")


def _is_open_to_others(path: Path) -> bool:
    """Whether somebody else may read the file: its own mode lets them, and no folder above keeps them out."""
    others = stat.S_IRGRP | stat.S_IROTH
    if not path.stat().st_mode & others:
        return False
    return all(folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH) for folder in path.resolve().parents)


def _check_address() -> Finding:
    found = settings.current()
    parts = urlsplit(found.base_url)
    host = parts.hostname or ""
    if not _is_local(found.host) and _is_local(host):
        advice = "Set TOCSIN_BASE_URL to the address that people and senders use."
        return _warning("address", f"Tocsin listens on {found.host}, and says that it is at {found.base_url}.", advice)
    if parts.scheme == "http" and not _is_local(host):
        advice = "Put a proxy with TLS before it, and set TOCSIN_BASE_URL to its https address."
        return _warning("address", f"{found.base_url} is not encrypted: passwords and keys can be read on the way.", advice)
    if parts.scheme == "https" and not found.cookies_are_secure:
        advice = "Take TOCSIN_SECURE_COOKIES away: it is right by itself."
        return _warning("address", "Pages are served over TLS, and their cookie is not kept to TLS.", advice)
    return _well("address", f"People and senders reach Tocsin at {found.base_url}.")


def _check_mail() -> Finding:
    if mail.server() is None:
        return _well("mail", "No mail server is set (TOCSIN_SMTP_URL): people are told in their inbox alone.")
    advice = "Look at TOCSIN_SMTP_URL: its host, port, user and password, and whether this machine may connect there."
    try:
        return _well("mail", f"The mail server answers: {mail.greet()}. tocsin doctor --mail ADDRESS sends a test.")
    except MailError as error:
        return _ill("mail", error.message, advice)


def test_of_mail(to: str) -> Check:
    """A check that sends a mail to this address."""

    def check() -> Finding:
        try:
            return _well("test mail", f"The mail server took a test for {to} and answered: {mail.send_test(to)}.")
        except MailError as error:
            return _ill("test mail", error.message, "Mend what the mail server complains about, then send a test again.")

    return check


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
