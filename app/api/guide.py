"""The guide for responders as a page: the how-to of the documents, served from the same place as everything else."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from itertools import pairwise
from pathlib import Path

from fastapi import APIRouter, Response
from markdown_it import MarkdownIt

from app.api import plain_page
from app.api.plain_page import Theme
from app.api.routes import Route
from services.errors import NotFoundError

PATH = "/help"
FILE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "respond-to-an-incident.md"

router = APIRouter(route_class=Route, include_in_schema=False)
_STYLE = """
body{max-width:44rem}
header a,nav a,p.top a{display:inline-block;min-height:1.5rem;padding:.25rem 0}
nav ul{columns:16rem;list-style:none;padding:0}
h1{margin:1rem 0}h2{scroll-margin-top:1rem}ol li,main>ul li{margin:.3rem 0}
pre{background:var(--card);padding:.75rem 1rem;border-radius:8px;white-space:pre-wrap}pre code{padding:0}
th{white-space:nowrap}p.top{margin:1rem 0 0;font-size:.9rem}
@media (pointer:coarse){header a,nav a,p.top a{min-height:2.75rem;line-height:2.75rem;padding:0}}
"""


@router.get(PATH)
async def guide(theme: str = "system") -> Response:
    """The guide for responders. `theme` is light or dark where the device's own is not meant."""
    shown: Theme = "light" if theme == "light" else "dark" if theme == "dark" else "system"
    return Response(plain_page.page("Help", _body(), _STYLE, shown), media_type="text/html; charset=utf-8")


@lru_cache(maxsize=1)
def _body() -> str:
    """Everything between the tags of the body. Raises: NotFoundError."""
    try:
        text = FILE.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"The guide is not part of this installation: it should be in docs/how-to/{FILE.name}.") from error
    return to_html(text)


def to_html(text: str) -> str:
    """A document of ours as HTML: a contents list below what stands before the first chapter, and places that links can name."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    chapters: list[tuple[str, str]] = []
    for opening, inner in pairwise(tokens):
        if opening.type == "heading_open":
            place = _place(inner.content)
            opening.attrSet("id", place)
            chapters += [(place, inner.content)] if opening.tag == "h2" else []
        elif opening.type == "table_open":
            opening.attrSet("tabindex", "0")  # it scrolls sideways where it is too wide
    shown = str(parser.renderer.render(tokens, parser.options, {}))
    lead, first, rest = shown.partition("<h2 ")
    contents = "".join(f'<li><a href="#{place}">{escape(words)}</a></li>' for place, words in chapters)
    top = '<p class="top"><a href="#contents">To the contents</a></p>\n'
    return (
        '<header><a href="/incidents">Back to Tocsin</a></header>'
        f'<main>{lead}<nav id="contents" aria-label="Contents"><ul>{contents}</ul></nav>'
        f"{first}{rest.replace('<h2 ', f'{top}<h2 ')}{top}</main>"
    )


def _place(heading: str) -> str:
    """What a link calls the heading, as viewers of Markdown do."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
