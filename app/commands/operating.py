"""Commands for whoever runs Tocsin: schema, backups, what is wrong, what is set, and a test alert."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.doctor import Finding

_MARKS = {"well": "ok  ", "warning": "WARN", "ill": "ILL "}
_LINE_SECONDS = 5.0

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(cli: typer.Typer) -> None:
    """Make these commands known."""
    for command in (migrate, backup, restore, doctor, config, send_test_alert):
        cli.command()(command)


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version; a SQLite file is copied first."""
    from services import schema

    with _Progress() as progress:
        copy = schema.migrate(progress)
    kept = f" A copy from before is in {copy}." if copy is not None else ""
    _tell(as_json, {"schema": schema.HEAD, "copy": _name(copy)}, f"The database has schema {schema.HEAD}.{kept}")


def backup(
    file: Annotated[Path, typer.Argument(help="File that the backup goes to.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file when it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that Tocsin stores to one file, while it serves.

    All that was committed before the start is in it. The file appears when it is whole and was checked.
    """
    from services import backups
    from services.whole_files import shown_size

    with _Progress() as progress:
        made = backups.backup(file.absolute(), overwrite=overwrite, progress=progress)
    values = {"file": str(made.path), "bytes": made.size, "schema": made.revision}
    _tell(as_json, values, f"The backup is in {made.path}, {shown_size(made.size)}, checked.")


def restore(
    file: Annotated[Path, typer.Argument(help="File that tocsin backup wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace what the database holds.")] = False,
    while_serving: Annotated[bool, typer.Option("--while-serving", help="Do it under a running server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put back what a backup holds: all of it, or nothing is changed.

    It goes into the database that TOCSIN_DATABASE_URL names, of the kind that the backup was made of. One that holds data needs
    --replace: what came since the backup is gone then. Stop the server first; with --while-serving its pages show the backup's
    state at once, and it answers 503 while the rows are put back.
    """
    from services import backups

    with _Progress() as progress:
        done = backups.restore(file.absolute(), replace=replace, while_serving=while_serving, progress=progress)
    kept = f" What it held before is in {done.before}." if done.before is not None else ""
    values = {"file": str(done.path), "schema": done.revision, "before": _name(done.before)}
    _tell(as_json, values, f"The database holds what {done.path} held.{kept}")


def doctor(
    to: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="Send a test mail to this address, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at every part of this installation and say what to do; changes nothing. Exits with 1 when a part is ill."""
    from services import account_input
    from services import doctor as examination

    tests = [examination.test_of_mail(account_input.check_email(to, "mail"))] if to is not None else []
    found: list[Finding] = []
    for finding in examination.examine((_check_bundle, _check_bun, *tests)):
        found.append(finding)
        if not as_json:
            _print_finding(finding)
    ill = any(finding.verdict == "ill" for finding in found)
    if as_json:
        parts = [{"part": f.part, "verdict": f.verdict.value, "detail": f.detail, "advice": f.advice} for f in found]
        _tell(True, {"well": not ill, "parts": parts}, "")
    if ill:
        raise typer.Exit(1)


def _print_finding(finding: Finding) -> None:
    typer.echo(f"{_MARKS[finding.verdict.value]}  {finding.part}: {finding.detail}")
    if finding.advice:
        typer.echo(f"      {finding.advice}")


def _check_bundle() -> Finding:
    from app import bundle
    from services.doctor import Finding, Verdict

    if (bundle.BUNDLES / bundle.fingerprint()).is_dir():
        return Finding("bundle", Verdict.WELL, "The pages are built, from the sources as they are.")
    advice = "Run make setup, or start the server: both build them, which takes up to half a minute."
    return Finding("bundle", Verdict.WARNING, "The pages are not built from the sources as they are.", advice)


def _check_bun() -> Finding:
    from services.doctor import Finding, Verdict

    place = Path(sys.executable).with_name("bun")
    if place.exists():
        return Finding("bun", Verdict.WELL, f"{place} is there to build the pages.")
    return Finding(
        "bun", Verdict.WARNING, f"{place} is not there: the pages cannot be built.", "Run make setup: it comes with the packages."
    )


def config(as_json: AsJson = False) -> None:
    """Print the settings in force, with secrets masked."""
    from services import settings

    values = settings.shown()
    width = max(map(len, values))
    lines = "\n".join(f"{name:{width}}  {'(not set)' if value is None else value}".rstrip() for name, value in values.items())
    _tell(as_json, values, lines)


def send_test_alert(
    url: Annotated[str, typer.Option(help="Address of an integration, as create-integration prints it.")],
    resolve: Annotated[bool, typer.Option("--resolve", help="Send the end of the test alert.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a test alert to an integration, as a sender would, and tell what came of it.

    Its incident has the severity medium. The same alert sent again is a repeat; --resolve ends it, and
    after that it fires anew.
    """
    from app.commands import test_alert

    answer = test_alert.send(url, resolve=resolve)
    incidents = ", ".join(answer.get("incidents", []))
    came = f"it belongs to {incidents}" if incidents else "it belongs to no incident"
    end = "" if resolve else " End it with --resolve."
    _tell(as_json, answer, f"The {'end of the ' if resolve else ''}test alert was stored; {came}.{end}")


class _Progress:
    """Shows on stderr how far long work is: in place on a terminal, else with a line every few seconds."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown_at = time.monotonic()
        self._shown = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal and self._shown:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")

    def __call__(self, what: str, share: float) -> None:
        line = f"{what} … {share:4.0%}" if share else f"{what} …"
        if self._is_terminal and line != self._shown:
            sys.stderr.write("\r" + line.ljust(len(self._shown)))
            sys.stderr.flush()
            self._shown = line
        elif not self._is_terminal and time.monotonic() - self._shown_at > _LINE_SECONDS:
            typer.echo(line, err=True)
            self._shown_at = time.monotonic()


def _name(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _tell(as_json: bool, values: dict[str, Any], sentence: str) -> None:
    if as_json:
        import orjson

        sentence = orjson.dumps(values).decode()
    typer.echo(sentence)
