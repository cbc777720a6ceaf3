"""The page bundle: when it is stale, what a failing build leaves, and whom its scripts talk to."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import bundle
from app.bundle import BuildError

FILES = (
    "app/app.py",
    "app/pages/incidents.py",
    "app/components/shell.py",
    "app/states/incidents.py",
    "app/api/intake.py",
    "app/tasks/engine.py",
    "app/asgi.py",
    "app/cli.py",
    "app/commands/operating.py",
    "app/headers.py",
    "app/logs.py",
    "app/serve.py",
    "app/bundle.py",
    "services/views.py",
    "services/incidents.py",
    "models/vocabulary.py",
    "models/incidents.py",
    "assets/tocsin.css",
    "assets/fonts/inter.woff2",
    "reflex.lock/bun.lock",
    "rxconfig.py",
    "uv.lock",
    "README.md",
)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "app/app.py",
        "app/pages/incidents.py",
        "app/components/shell.py",
        "app/states/incidents.py",
        "app/bundle.py",
        "services/views.py",
        "models/vocabulary.py",
        "assets/tocsin.css",
        "assets/fonts/inter.woff2",
        "reflex.lock/bun.lock",
        "rxconfig.py",
        "uv.lock",
    ],
)
def test_a_change_of_what_a_page_is_made_of_makes_the_bundle_stale(sources: Path, name: str) -> None:
    before = bundle.fingerprint(sources)
    (sources / name).write_text("changed")
    assert bundle.fingerprint(sources) != before


@pytest.mark.parametrize(
    "name",
    [
        "app/api/intake.py",
        "app/tasks/engine.py",
        "app/asgi.py",
        "app/cli.py",
        "app/commands/operating.py",
        "app/headers.py",
        "app/logs.py",
        "app/serve.py",
        "services/incidents.py",
        "models/incidents.py",
        "README.md",
    ],
)
def test_a_change_of_anything_else_does_not(sources: Path, name: str) -> None:
    before = bundle.fingerprint(sources)
    (sources / name).write_text("changed")
    assert bundle.fingerprint(sources) == before


def test_a_new_a_renamed_and_a_removed_page_make_it_stale(sources: Path) -> None:
    names = [bundle.fingerprint(sources)]
    page = sources / "app/pages/incidents.py"
    (sources / "app/pages/search.py").write_text("new")
    names.append(bundle.fingerprint(sources))
    page.rename(sources / "app/pages/list.py")
    names.append(bundle.fingerprint(sources))
    (sources / "app/pages/list.py").unlink()
    names.append(bundle.fingerprint(sources))
    assert len(set(names)) == 4


def test_compiled_and_hidden_files_and_times_do_not_count(sources: Path) -> None:
    before = bundle.fingerprint(sources)
    cache = sources / "app/pages/__pycache__"
    cache.mkdir()
    (cache / "incidents.cpython-311.pyc").write_bytes(b"x")
    (sources / "app/pages/.incidents.py.swp").write_bytes(b"x")
    os.utime(sources / "app/pages/incidents.py", (1, 1))
    assert bundle.fingerprint(sources) == before


def test_the_fingerprint_is_found_without_importing_reflex() -> None:
    program = "import sys; from app import bundle; bundle.fingerprint(); sys.exit('reflex' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=bundle.ROOT, check=False).returncode == 0


Exporter = Callable[[Path], None]


@pytest.fixture
def workshop(sources: Path, monkeypatch: pytest.MonkeyPatch) -> Exporter:
    """A build that writes what a real one leaves behind; gives the function that changes what it does."""
    fingerprint = bundle.fingerprint
    monkeypatch.setattr(bundle, "BUNDLES", sources / ".bundle")
    monkeypatch.setattr(bundle, "WORKSHOP", sources / ".web")
    monkeypatch.setattr(bundle, "fingerprint", lambda: fingerprint(sources))

    def export(log: Path) -> None:
        for name in ("build/client/index.html", "backend/stateful_pages.json", "routes.json"):
            path = sources / ".web" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((sources / "app/pages/incidents.py").read_text())

    monkeypatch.setattr(bundle, "_run_reflex_export", export)
    return export


def test_a_bundle_is_built_once_and_found_again(workshop: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    place = bundle.ensure(said)
    assert (place / "build" / "client" / "index.html").read_text() == "app/pages/incidents.py"
    assert "Building the pages" in said.getvalue()

    def again(log: Path) -> None:
        pytest.fail("it was built again")

    monkeypatch.setattr(bundle, "_run_reflex_export", again)
    assert bundle.ensure(said) == place


def test_a_failing_build_leaves_the_old_bundle_and_nothing_half_done(
    workshop: Exporter, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = bundle.ensure(io.StringIO())
    page = sources / "app/pages/incidents.py"
    page.write_text("broken")

    def fail(log: Path) -> None:
        raise BuildError("no")

    monkeypatch.setattr(bundle, "_run_reflex_export", fail)
    with pytest.raises(BuildError):
        bundle.ensure(io.StringIO())
    assert (old / "build" / "client" / "index.html").read_text() == "app/pages/incidents.py"
    page.write_text("app/pages/incidents.py")
    assert bundle.ensure(io.StringIO()) == old
    assert [path for path in bundle.BUNDLES.iterdir() if path.is_dir()] == [old]


def test_a_build_that_leaves_a_part_out_is_no_bundle(workshop: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_run_reflex_export", lambda log: workshop(log) or (bundle.WORKSHOP / "routes.json").unlink())
    with pytest.raises(OSError, match=r"routes\.json"):
        bundle.ensure(io.StringIO())
    assert [path for path in bundle.BUNDLES.iterdir() if path.is_dir()] == []


def test_a_source_that_changes_while_it_is_built_is_built_again(workshop: Exporter, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = sources / "app/pages/incidents.py"

    def export(log: Path) -> None:
        workshop(log)
        page.write_text("later")  # the first time it is a change, the second time it is not

    monkeypatch.setattr(bundle, "_run_reflex_export", export)
    place = bundle.ensure(io.StringIO())
    assert (place / "build" / "client" / "index.html").read_text() == "later"


def test_a_few_old_bundles_are_kept(workshop: Exporter, sources: Path) -> None:
    made = []
    for number in range(5):
        (sources / "app/pages/incidents.py").write_text(f"version {number}")
        made.append(bundle.ensure(io.StringIO()))
        os.utime(made[-1], (number, number))
    left = {path for path in bundle.BUNDLES.iterdir() if path.is_dir()}
    assert left == set(made[-3:])


def test_a_real_build_of_a_broken_page_ends_with_what_is_wrong(tmp_path: Path) -> None:
    tracked = (
        subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=bundle.ROOT, capture_output=True, check=True
        )
        .stdout.decode()
        .split("\0")
    )
    for name in filter(None, tracked):
        source, target = bundle.ROOT / name, tmp_path / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (tmp_path / "app/pages/not_found.py").write_text("def page():\n    return broken_on_purpose()\n")
    done = subprocess.run(
        [sys.executable, "-m", "app.bundle"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "The pages could not be built." in done.stderr
    assert "broken_on_purpose" in done.stderr
    assert "Traceback" not in done.stderr.splitlines()[0]


@pytest.fixture
def fresh_build(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "reflex-env-DGcQZ4T6.js").write_text(
        f"var e={{PING:`http://{bundle.NO_HOST}/ping`,EVENT:`ws://{bundle.NO_HOST}/_event`,T:`websocket`}};export{{e as t}};"
    )
    (assets / "state-Dm5zzEa1.js").write_text("var a=1,SAME_DOMAIN_HOSTNAMES=[`localhost`,`::`],b;")
    return tmp_path


def test_the_scripts_talk_to_the_origin_that_they_came_from(fresh_build: Path) -> None:
    bundle.talk_to_own_origin(fresh_build)
    env = (fresh_build / "assets/reflex-env-DGcQZ4T6.js").read_text()
    assert bundle.NO_HOST not in env
    assert 'PING:(location.origin+"/ping")' in env
    assert 'EVENT:(location.origin.replace("http","ws")+"/_event")' in env
    assert "SAME_DOMAIN_HOSTNAMES=[]," in (fresh_build / "assets/state-Dm5zzEa1.js").read_text()


def test_scripts_that_are_built_otherwise_fail_the_build(fresh_build: Path) -> None:
    (fresh_build / "assets/state-Dm5zzEa1.js").write_text("var a=1")
    with pytest.raises(BuildError, match="SAME_DOMAIN_HOSTNAMES"):
        bundle.talk_to_own_origin(fresh_build)


def test_what_browsers_get_is_patched_compressed_or_not(page_bundle: Path) -> None:
    import gzip

    scripts = list((page_bundle / "build" / "client" / "assets").glob("reflex-env-*.js"))
    assert scripts
    for script in scripts:
        plain, packed = script.read_bytes(), gzip.decompress(Path(f"{script}.gz").read_bytes())
        assert plain == packed
        assert b"location.origin" in plain
        assert bundle.NO_HOST.encode() not in plain


def test_a_build_leaves_the_lock_in_its_layout_unless_it_says_something_new(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "ROOT", sources)
    lock = sources / "reflex.lock" / "package.json"
    lock.write_text('{\n  "name": "reflex"\n}\n')
    with bundle._lock_in_its_layout():
        lock.write_text('{"name": "reflex"}')
    assert lock.read_text() == '{\n  "name": "reflex"\n}\n'
    with bundle._lock_in_its_layout():
        lock.write_text('{"name": "reflex", "dependencies": {}}')
    assert lock.read_text() == '{"name": "reflex", "dependencies": {}}'
