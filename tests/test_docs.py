"""The documents say what the code does: nothing that a reader can meet is missing, links lead somewhere, examples are sound."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest

from app.api import application, intake
from models import vocabulary
from services import engine, measures, timeline
from tests.fixtures.servers import Server

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"^<!-- runs -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")


def read(name: str) -> str:
    """One page of the reference."""
    return (REFERENCE / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """The text without what stands in fences and between backticks."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The program that writes parts of the reference."""
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# What exists is documented


@pytest.mark.parametrize("name", ["settings.md", "cli.md", "api.md"])
def test_what_is_made_from_the_code_is_as_the_code_says(maker: ModuleType, name: str) -> None:
    page = read(name)
    assert maker.with_part(page, maker.PARTS[name]()) == page, "run: python docs/make_reference.py"


WORDS: list[tuple[str, StrEnum]] = [
    (words_of.__name__, word)
    for words_of in (
        vocabulary.IncidentState,
        vocabulary.Move,
        vocabulary.Role,
        vocabulary.Severity,
        vocabulary.AlertStatus,
        vocabulary.ActorKind,
        vocabulary.JobStatus,
        vocabulary.DeliveryStatus,
        vocabulary.NotificationState,
        vocabulary.Reason,
        vocabulary.ToldBy,
        vocabulary.LinkPurpose,
        vocabulary.Theme,
    )
    for word in words_of
]


@pytest.mark.parametrize(("vocabulary_name", "word"), WORDS)
def test_every_word_of_the_vocabulary_is_explained(vocabulary_name: str, word: StrEnum) -> None:
    assert f"`{word.value}`" in read("states-and-rules.md"), f"{vocabulary_name} {word.value!r} is not in states-and-rules.md"


@pytest.mark.parametrize("move", vocabulary.Move)
def test_every_move_stands_with_the_states_that_it_leads_from_and_to(move: vocabulary.Move) -> None:
    origins, to = vocabulary.MOVES[move]
    row = re.search(rf"^\| `{move.value}` \| ([^|]*) \| `(\w+)` \|", read("states-and-rules.md"), re.MULTILINE)
    assert row is not None, f"no row for {move.value}"
    assert set(re.findall(r"`(\w+)`", row[1])) == {origin.value for origin in origins}
    assert row[2] == to.value


@pytest.mark.parametrize(("event_type", "data"), timeline.known_types())
def test_every_kind_of_line_stands_with_its_data(event_type: vocabulary.EventType, data: type[timeline.EventData]) -> None:
    row = re.search(rf"^\| `{event_type.value}` \| [^|]* \| (.*) \|$", read("states-and-rules.md"), re.MULTILINE)
    assert row is not None, f"no row for {event_type.value}"
    fields = {field.serialization_alias or name for name, field in data.model_fields.items()}
    assert set(re.findall(r"`(\w+)`", row[1])) == fields


@pytest.mark.parametrize("event_type", vocabulary.EventType)
def test_every_kind_of_line_stands_with_its_text(event_type: vocabulary.EventType) -> None:
    assert re.search(rf"^\| `{event_type.value}`[^|]*\| `[^`]+` \|$", read("states-and-rules.md"), re.MULTILINE)


@pytest.mark.parametrize("kind", engine.HANDLERS)
def test_every_kind_of_job_is_explained(kind: str) -> None:
    assert f"| `{kind}` |" in read("states-and-rules.md")


@pytest.mark.parametrize("kind", vocabulary.IntegrationKind)
def test_every_kind_of_integration_is_explained(kind: vocabulary.IntegrationKind) -> None:
    assert f"`{kind.value}`" in read("intake.md")


def metrics() -> list[str]:
    """The names of all figures, as a scraper sees them."""
    text = measures.text(jobs={"pending": 0}, waiting_mails=0, ping_seconds=0.001).decode()
    return sorted(re.findall(r"^# HELP (tocsin_\w+) ", text, re.MULTILINE))


@pytest.mark.parametrize("name", metrics())
def test_every_figure_is_explained(name: str) -> None:
    assert f"`{name}`" in read("metrics.md")


def test_every_route_is_explained() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in REFERENCE.glob("*.md"))
    routes = {(method, route.path) for route in application.create().routes for method in getattr(route, "methods", None) or ()}
    routes.add(("POST", f"{intake.PREFIX}{{key}}"))
    missing = {f"{method} {path}" for method, path in routes if f"`{method} {path}`" not in told and f"`{path}`" not in told}
    assert not missing - {f"HEAD {path}" for _, path in routes}


def test_every_page_is_explained() -> None:
    from app import app as composition  # brings all of Reflex

    told = read("pages-and-keys.md")
    paths = {
        re.sub(r"\[(\w+)\]", r"{\1}", page.path).replace("{number}", "INC-42").replace("{integration}", "{id}")
        for page in composition.PAGES
    }
    assert not {path for path in paths if f"`{path}`" not in told}


# What is written holds together


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = without_code(page.read_text(encoding="utf-8"))
    dead = []
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(target)
    assert not dead


def anchors(page: Path) -> set[str]:
    """The places within a page that a link can name."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_json_in_a_page_is_json(page: Path) -> None:
    for language, code in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "json":
            json.loads(code)


EXAMPLES = [
    pytest.param(code, id=f"{page.relative_to(ROOT).as_posix()} {place}")
    for page in PAGES
    for place, code in enumerate(_MARKED.findall(page.read_text(encoding="utf-8")), 1)
]


@pytest.fixture(scope="module")
def example_environment(server: Server) -> dict[str, str]:
    """What the examples name, as it is called on a running server."""
    server.person("admin")
    integration = server.command("create-integration", "--kind", "generic", "--name", "Examples", "--json")
    return {"ADDRESS": server.address, "KEY": json.loads(integration)["key"], "TOKEN": server.key("responder")}


@pytest.mark.parametrize("code", EXAMPLES)
def test_marked_examples_run(code: str, example_environment: dict[str, str]) -> None:
    names = example_environment
    code = re.sub(r"https?://(tocsin\.example\.(org|com)|127\.0\.0\.1:8000)", names["ADDRESS"], code)
    code = re.sub(r"\b(KEY|TOKEN)\b", lambda found: names[found[1]], code)
    script = 'set -eu; curl() { command curl --silent --show-error --fail-with-body "$@"; }\n' + code
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "README.md"
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in _LINK.findall(index.read_text(encoding="utf-8"))}
    # the records have an index of their own
    missing = [page for page in DOCS.rglob("*.md") if page != index and page.parent.name != "adr" and page.resolve() not in linked]
    assert not missing


def test_every_decision_record_is_in_their_index() -> None:
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    for record in (DOCS / "adr").glob("0*.md"):
        assert f"({record.name})" in index
        headings = re.findall(r"^## (.*)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Enforced by"], record.name
