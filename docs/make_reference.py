"""`python docs/make_reference.py`: write the parts of the reference that the code knows best, between their marks.

`tests/test_docs.py` fails when a page and the code differ; run this then, and read what changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
REFERENCE = ROOT / "docs" / "reference"
BEGIN = "<!-- made by docs/make_reference.py -->"
END = "<!-- end of what was made -->"
_COLUMNS = 100


def settings() -> str:
    """The table of all settings."""
    from services.settings import Settings, variable

    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "–" if default in (None, "", ()) else f"`{default}`"
        lines.append(f"| `{variable(name)}` | {shown} | {field.description} |")
    return "\n".join(lines)


def commands() -> str:
    """What each command says of itself."""
    import typer
    from typer.testing import CliRunner

    from app.cli import cli

    runner = CliRunner(env={"COLUMNS": str(_COLUMNS), "TERM": "dumb", "NO_COLOR": "1"})
    parts = []
    for words in _commands(typer.main.get_command(cli)):
        said = runner.invoke(cli, [*words, "--help"], prog_name="tocsin", terminal_width=_COLUMNS, max_content_width=_COLUMNS)
        text = "\n".join(line.rstrip() for line in said.output.strip().splitlines())
        parts.append(f"### tocsin {' '.join(words)}\n\n```text\n{text}\n```")
    return "\n\n".join(parts)


def _commands(group: Any, *words: str) -> Iterator[list[str]]:
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from _commands(command, *words, name)
        elif not command.hidden:
            yield [*words, name]


def api() -> str:
    """The calls of the API and the shapes that they take and give, as its own description has them."""
    from app.api import application, description

    document = description.document(application.create())
    calls = [(path, method.upper(), call) for path, operations in document["paths"].items() for method, call in operations.items()]
    lines = ["| call | does | sends | is answered |", "|---|---|---|---|"]
    for path, method, call in calls:
        if not path.startswith("/api/v1/"):
            continue
        query = [each["name"] for each in call.get("parameters", ()) if each["in"] == "query"]
        sends = [_type(_schema(call["requestBody"]))] if "requestBody" in call else [f"`?{'&'.join(query)}`"] if query else []
        status, answer = next(iter(call["responses"].items()))
        told = f"{status} {_type(_schema(answer))}".strip()
        lines.append(f"| `{method} {path}` | {_one_line(call['description'])} | {' '.join(sends)} | {told} |")
    asked = {each["name"]: each for _, _, call in calls for each in call.get("parameters", ()) if each["in"] == "query"}
    lines += ["", "### Parameters", "", "| parameter | type | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {_type(each['schema'])} | {_one_line(each.get('description', ''))} |" for name, each in asked.items()]
    shapes = [(name, shape) for name, shape in sorted(document["components"]["schemas"].items()) if shape.get("properties")]
    parts = [_shape(name, shape) for name, shape in shapes if not name.startswith("Part_")]
    return "\n".join(lines) + "\n\n## Shapes\n\n" + "\n\n".join(parts)


def _shape(name: str, shape: dict[str, Any]) -> str:
    required = shape.get("required", ())
    sentence = [_one_line(shape["description"]), ""] if shape.get("description") else []
    lines = [f"### {name}", "", *sentence, "| field | type | meaning |", "|---|---|---|"]
    for field, kind in shape["properties"].items():
        optional = "" if field in required else "; may be left out"
        lines.append(f"| `{field}` | {_type(kind)}{optional} | {_one_line(kind.get('description', ''))} |")
    return "\n".join(lines)


def _schema(part: dict[str, Any]) -> dict[str, Any]:
    return next((dict(content.get("schema", {})) for content in part.get("content", {}).values()), {})


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        if name.startswith("Part_"):
            of = name.removeprefix("Part_").strip("_")
            return f"a part of a list of [{of}](#{of.lower()})"
        return f"`{name}`" if name in _WORDS else "nothing" if name == "Nothing" else f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str({"uuid": "id", "date-time": "time"}.get(schema.get("format", ""), schema.get("type", "")))
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


_WORDS = (
    "AlertStatus",
    "ChannelEvent",
    "ChannelKind",
    "DeliveryStatus",
    "EventType",
    "IncidentState",
    "IntegrationKind",
    "Move",
    "NotificationState",
    "Reason",
    "Role",
    "Severity",
    "Verdict",
)
PARTS: dict[str, Callable[[], str]] = {"settings.md": settings, "cli.md": commands, "api.md": api}
"""What is made for which page."""


def with_part(page: str, part: str) -> str:
    """The page with its made part replaced. Raises: ValueError when it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def main() -> None:
    """Write the pages that differ."""
    for name, make in PARTS.items():
        path = REFERENCE / name
        page = path.read_text(encoding="utf-8")
        made = with_part(page, make())
        if made != page:
            path.write_text(made, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: written", file=sys.stderr)


if __name__ == "__main__":
    main()
