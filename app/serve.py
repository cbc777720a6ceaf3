"""The server: what it starts with, and the processes that do the work. Imports no Reflex: only those processes do."""

from __future__ import annotations

import gc
import multiprocessing
import os
import socket
import sys
import tempfile
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from app import bundle
from services import settings
from services.errors import RefusedError

if TYPE_CHECKING:
    from granian.server.mp import MPServer
    from granian.server.mt import MTServer

_SECONDS_TO_STOP = 7


def serve(host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """Serve pages, sockets and API on one port until a signal ends it; SIGTERM finishes what was accepted.

    What is not given is taken from the settings. Raises: RefusedError with a sentence when it cannot start.
    """
    gc.disable()  # until a web process has all that it imports: collecting in between finds nothing
    found = _settled(host, port, workers)
    for name, meant in settings.unknown().items():
        print(f"{name} is no setting of Tocsin" + (f": {meant} may be meant." if meant else "."), file=sys.stderr)
    _refuse_taken_port(found.host, found.port)
    preparation = _Preparation(found)
    place = bundle.ensure()
    os.environ.update(
        bundle.REFLEX_SETTINGS,
        REFLEX_WEB_WORKDIR=str(place),
        REFLEX_ENV_MODE="prod",
        __REFLEX_SKIP_COMPILE="true",
        __REFLEX_MOUNT_FRONTEND_COMPILED_APP="true",
    )
    os.chdir(bundle.ROOT)  # Reflex reads rxconfig.py from the working directory alone
    with tempfile.TemporaryDirectory(prefix="tocsin-metrics-") as shared:
        if found.workers > 1:  # whichever process is asked for the metrics answers for all
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        server = _server(found)
        told = preparation.finish()
        print(f"Tocsin {version('tocsin')} at {found.base_url}", told, sep="\n" if told else "", flush=True)
        server.serve()


def _settled(host: str | None, port: int | None, workers: int | None) -> settings.Settings:
    """The settings with what the command line says, put into the environment for the processes that do the work."""
    for name, value in (("TOCSIN_HOST", host), ("TOCSIN_PORT", port), ("TOCSIN_WORKERS", workers)):
        if value is not None:
            os.environ[name] = str(value)
    settings.current.cache_clear()
    found = settings.current()
    os.environ["TOCSIN_DATA_DIR"] = str(found.data_dir)
    os.environ["TOCSIN_DATABASE_URL"] = found.database_url
    return found


def _refuse_taken_port(host: str, port: int) -> None:
    """The server's own sockets share a port with whoever else shares it, so that a second server would take half of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = f"Tocsin cannot listen on {host} port {port}: {error.strerror}. Take another one with --port."
            raise RefusedError(why) from error


def _prepare(found: settings.Settings, answer: Connection) -> None:
    """Bring the database up to date and say what is to be told to whoever started the server.

    Runs in a process of its own: what it imports would stay in the memory of the server's first process for good.
    """
    from services import database, one_time_links, schema

    try:
        settings.secret_key()  # every web process needs it
        copy = schema.migrate()
        token = one_time_links.make_set_up_link()
    except RefusedError as refusal:
        answer.send((False, refusal.message))
        return
    finally:
        database.use(None)
    lines = []
    if copy is not None:
        lines.append(f"The database was brought to the schema of this version. A copy from before is in {copy}.")
    if token is not None:
        link = found.base_url + one_time_links.set_up_path(token)
        lines.append(f"First start: make your organisation and its admin within 24 hours, at\n  {link}")
    answer.send((True, "\n".join(lines)))


class _Preparation:
    """`_prepare` while the pages are looked after."""

    def __init__(self, found: settings.Settings) -> None:
        fork = multiprocessing.get_context("fork")
        self._answer, to_child = fork.Pipe(duplex=False)
        self._process = fork.Process(target=_prepare, args=(found, to_child), name="prepare")
        self._process.start()
        to_child.close()

    def finish(self) -> str:
        """What to tell. Raises: RefusedError when the database cannot be used."""
        try:
            good, message = self._answer.recv()
        except EOFError:
            good, message = False, "The database could not be made ready; the reason stands above."
        self._process.join()
        if not good:
            raise RefusedError(message)
        return str(message)


def _server(found: settings.Settings) -> MPServer | MTServer:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from app import logs

    return Server(
        target="app.asgi:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=found.host,
        port=found.port,
        workers=found.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=_SECONDS_TO_STOP,
        log_level=LogLevels.warning,
        log_dictconfig=logs.configuration(found.log_format, found.log_level),
    )
