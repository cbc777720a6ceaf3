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


PARTS: dict[str, Callable[[], str]] = {"settings.md": settings, "cli.md": commands}
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
