"""The Makefile: what it asks for, what it says when that is missing, and what a second start leaves out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.bundle import ROOT

TARGETS = ("setup", "run", "test", "test-long", "check", "dev", "bench", "help")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": str(folder)}
    return subprocess.run(
        [shutil.which("make") or "make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def only(folder: Path, **programs: str) -> str:
    """A PATH with the plain tools that make needs and these programs alone."""
    for tool in ("sh", "awk", "touch", "echo", "id", "cat"):
        found = shutil.which(tool)
        if found:
            (folder / "bin").mkdir(exist_ok=True)
            (folder / "bin" / tool).symlink_to(found)
    for name, script in programs.items():
        program(folder / "bin", name, script)
    return str(folder / "bin")


def test_help_lists_every_target_and_is_what_plain_make_does(clone: Path) -> None:
    said = make(clone, "help").stdout
    assert {line.split()[1] for line in said.splitlines()} == set(TARGETS)
    assert make(clone).stdout == said


def test_a_python_without_its_venv_module_is_told_in_one_sentence(clone: Path) -> None:
    # the first question is after the version, the second after the modules
    path = only(clone, python3='case "$2" in *version_info*) exit 0;; *) exit 1;; esac')
    done = make(clone, "setup", path=path)
    assert done.returncode != 0
    assert "The venv module of python3 is missing: install it (on Debian: sudo apt install python3-venv)" in done.stderr


def test_a_python_that_is_too_old_is_told_in_one_sentence(clone: Path) -> None:
    done = make(clone, "setup", path=only(clone, python3="exit 1"))
    assert done.returncode != 0
    assert "Tocsin needs Python 3.11 or newer" in done.stderr


def test_a_newer_python_beside_an_old_one_is_taken(clone: Path) -> None:
    path = only(clone, python3="exit 1", **{"python3.12": f'exec {sys.executable} "$@"'})
    assert f"exec {sys.executable}" not in make(clone, "-n", "setup", path=path).stderr
    said = make(clone, ".venv/bin/python", path=path)
    assert said.returncode == 0, said.stderr
    assert (clone / ".venv" / "bin" / "python").exists()


def set_up(clone: Path) -> Path:
    """What a finished `make setup` leaves, as far as make looks at it."""
    calls = clone / "calls"
    for name in ("python", "tocsin", "uv"):
        program(clone / ".venv" / "bin", name, f'echo "{name} $*" >> {calls}')
    (clone / ".venv" / ".ready").touch()
    return calls


def test_a_second_start_asks_neither_uv_nor_the_compiler(clone: Path) -> None:
    calls = set_up(clone)
    assert make(clone, "run").returncode == 0
    assert calls.read_text().splitlines() == ["tocsin serve"]


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_and_compiled_before_the_start(clone: Path, name: str) -> None:
    calls = set_up(clone)
    for path, changed_at in ((".venv/bin/python", 1), ("uv.lock", 1), ("pyproject.toml", 1), (".venv/.ready", 2), (name, 3)):
        os.utime(clone / path, (changed_at, changed_at))
    done = make(clone, "run", path=only(clone))
    assert done.returncode == 0, done.stderr
    assert calls.read_text().splitlines() == [
        "uv sync --frozen --quiet --compile-bytecode",
        "python -m compileall -q app services models",
        "tocsin serve",
    ]
    calls.unlink()
    make(clone, "run", path=str(clone / "bin"))
    assert calls.read_text().splitlines() == ["tocsin serve"]


def test_setup_builds_the_pages_and_starts_nothing(clone: Path) -> None:
    calls = set_up(clone)
    make(clone, "setup")
    assert calls.read_text().splitlines() == ["python -m app.bundle"]


def test_a_failing_install_is_tried_again_the_next_time(clone: Path) -> None:
    set_up(clone)
    os.utime(clone / ".venv" / ".ready", (1, 1))
    program(clone / ".venv" / "bin", "uv", "exit 1")
    assert make(clone, "run", path=only(clone)).returncode != 0
    assert (clone / ".venv" / ".ready").stat().st_mtime == 1


def test_missing_tools_of_the_tests_are_named_where_they_cannot_be_installed(clone: Path) -> None:
    path = only(clone, id="echo 1000")
    said = make(clone, "tools", "SBIN=/nowhere", path=path)
    assert said.returncode == 0
    wanted = "chromium-headless-shell prometheus-alertmanager nginx-light"
    assert f"install {wanted} (on Debian: sudo apt install {wanted})" in said.stdout
