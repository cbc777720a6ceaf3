"""The command `tocsin`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.commands import accounts, operating
from services.errors import RefusedError, StorageBusyError

cli = typer.Typer(
    name="tocsin",
    help="Incident management in one Python process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
accounts.add_to(cli)
operating.add_to(cli)


@cli.callback()
def root() -> None:
    """Incident management in one Python process."""


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: TOCSIN_HOST, else 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. [default: TOCSIN_PORT, else 8000]")] = None,
    workers: Annotated[int | None, typer.Option(help="Web processes, several on PostgreSQL. [default: TOCSIN_WORKERS, else 1]")] = None,
) -> None:
    """Serve pages, live updates and the API on one port."""
    from app import serve as server

    server.serve(host, port, workers)


def main() -> None:
    """Run the command line: 0 when it did what was asked, 1 with a sentence when it was refused, 2 when it was called wrongly."""
    try:
        cli()
    except RefusedError as refusal:
        print(_sentence(refusal), file=sys.stderr)
        raise SystemExit(1) from refusal


def _sentence(refusal: RefusedError) -> str:
    """What to tell whoever runs Tocsin, who can mend a database that is away."""
    if type(refusal) is StorageBusyError and refusal.__cause__ is not None:
        from services import storage

        return storage.why_unusable(storage.storage().url, refusal.__cause__)
    return refusal.message


if __name__ == "__main__":
    main()
