"""What people write in Markdown, as HTML that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from services.errors import InvalidInputError
from services.input_text import one_line, unstorable

MAX_CHARACTERS = 20_000
"""How long a text may be to be rendered."""
TOP_HEADING = 2
"""The level that a text's outermost headings get: the page has the first, and a text may be the first thing below it."""

_DEEPEST_HEADING = 6
_SHORT = 2_000
_MOST_CELLS = 20_000
_MOST_ADDRESSES = 300
_INCIDENT = re.compile(r"(?<![\w/.#@&=-])INC-[1-9]\d{0,8}(?![\w/@=-])", re.ASCII)
_INCIDENT_PATH = re.compile(r"/incidents/INC-[1-9]\d{0,8}", re.ASCII)
_ADDRESS = re.compile(r"(?:https?://[^\s/\\]|mailto:\S)", re.IGNORECASE)


_HANDLE = re.compile(r"(?<![\w@.+/&=-])@([\w.@+-]*\w)")


def render(text: str, field: str = "text", mentioned: frozenset[str] = frozenset()) -> str:
    """`text` as HTML without scripts, styles, images or anything that the browser would fetch.

    Line breaks stay, addresses and incident numbers such as INC-42 become links, `- [ ]` a list of tasks. Headings start
    at `TOP_HEADING` and never skip a level. Of the handles such as @alice those `mentioned` are marked.

    Raises: InvalidInputError naming `field` when the text is longer than `MAX_CHARACTERS` or can't be stored.
    """
    if len(text) > MAX_CHARACTERS:
        reason = f"{field} has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be shown. Attach the rest as a link."
        raise InvalidInputError(reason, field=field)
    wrong = unstorable(text)
    if wrong:
        raise InvalidInputError(f"{field} {wrong}.", field=field)
    return _render_short(text, mentioned) if len(text) <= _SHORT else _render_long(text, mentioned)


def handles(text: str) -> Iterator[str]:
    """What is written like a handle, in small letters without the @: not in code, links and addresses."""
    for block in _parser_for(text).parse(text):
        for token in _outside_links(block.children or []):
            if token.type == "text":
                yield from (found[1].lower() for found in _HANDLE.finditer(token.content))


def _to_safe_html(text: str, mentioned: frozenset[str]) -> str:
    return _CLEANER.clean(_parser_for(text).render(text, {"mentioned": mentioned})).strip()


def _parser_for(text: str) -> MarkdownIt:
    return _CAREFUL_PARSER if _is_costly(text) else _PARSER


def _outside_links(tokens: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += (token.type == "link_open") - (token.type == "link_close")
        if depth == 0:
            yield token


def _is_costly(text: str) -> bool:
    """Whether tables, whose short rows are filled up, or addresses, each looked for in all the rest, would take long."""
    widest = max(line.count("|") for line in text.split("\n"))
    return widest * text.count("\n") > _MOST_CELLS or text.count("://") > _MOST_ADDRESSES


_render_short = lru_cache(maxsize=2_048)(_to_safe_html)
_render_long = lru_cache(maxsize=64)(_to_safe_html)


def _own_page(url: str) -> str | None:
    return url if _INCIDENT_PATH.fullmatch(url) else None


class _Html(RendererHTML):
    """The usual HTML, with what a keyboard and a screen reader need: names for task boxes, focus for what scrolls sideways."""

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        item = self.renderToken(tokens, idx, options, env)
        if "checked" not in tokens[idx].meta:
            return item
        done = tokens[idx].meta["checked"]
        return f'{item}<input type="checkbox" disabled aria-label="{"Done" if done else "Not done"}"{" checked" if done else ""}> '

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<pre class="code" tabindex="0"><code>{escapeHtml(tokens[idx].content)}</code></pre>\n'

    code_block = fence

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="wide" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"


def _tidy_blocks(state: StateCore) -> None:
    """Demote headings, drop empty ones, and make empty header cells plain cells: both trip a screen reader."""
    outer: list[tuple[str, int]] = []
    for opening, inner, closing in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if opening.type not in ("heading_open", "th_open"):
            continue
        empty = not inner.content.strip()
        if opening.type == "th_open":
            opening.tag = closing.tag = "td" if empty else "th"
        elif empty:
            opening.hidden = closing.hidden = True
        else:
            while outer and outer[-1][0] >= opening.tag:
                outer.pop()
            level = min(outer[-1][1] + 1 if outer else TOP_HEADING, _DEEPEST_HEADING)
            outer.append((opening.tag, level))
            opening.tag = closing.tag = f"h{level}"


def _tidy_links(state: StateCore) -> None:
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = list(_linked(block.children))


def _mark_mentioned(state: StateCore) -> None:
    mentioned: frozenset[str] = state.env.get("mentioned", frozenset())
    for block in state.tokens if mentioned else ():
        if block.children:
            outside = {id(token) for token in _outside_links(block.children)}
            block.children = [
                part
                for token in block.children
                for part in (_marked(token.content, mentioned) if token.type == "text" and id(token) in outside else (token,))
            ]


def _marked(words: str, mentioned: frozenset[str]) -> Iterator[Token]:
    done = 0
    for found in _HANDLE.finditer(words):
        if found[1].lower() in mentioned:
            yield _text(words[done : found.start()])
            yield Token("mention_open", "span", 1, attrs={"class": "mention"})
            yield _text(found[0])
            yield Token("mention_close", "span", -1)
            done = found.end()
    yield _text(words[done:])


def _linked(tokens: list[Token]) -> Iterator[Token]:
    """Incident numbers become links, images links to where they are, and a link without words shows its address."""
    address = ""
    has_words = False
    for token in tokens:
        if token.type == "link_open":
            address, has_words = str(token.attrs["href"]), False
            yield from [token] if address else []
        elif token.type == "link_close":
            yield from [] if has_words or not address else [_text(address)]
            yield from [token] if address else []
            address = ""
        elif token.type == "image":
            words, source = token.content.strip(), str(token.attrs["src"])
            has_words = has_words or bool(words or source)
            yield from [_text(words or source)] if address or not source else _link(words or source, source)
        elif token.type == "text" and not address:
            yield from _with_incidents(token.content)
        else:
            has_words = has_words or bool(one_line(token.content))
            yield token


def _with_incidents(words: str) -> Iterator[Token]:
    done = 0
    for number in _INCIDENT.finditer(words):
        yield _text(words[done : number.start()])
        yield from _link(number.group(), f"/incidents/{number.group()}")
        done = number.end()
    yield _text(words[done:])


def _link(words: str, address: str) -> list[Token]:
    return [Token("link_open", "a", 1, attrs={"href": address}), _text(words), Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _parser(*switched_off: str) -> MarkdownIt:
    parser = MarkdownIt("gfm-like2", {"html": False, "breaks": True, "alerts": False}, renderer_cls=_Html)
    parser.disable(["html_block", "html_inline", *switched_off])
    parser.core.ruler.push("tidy_blocks", _tidy_blocks)
    parser.core.ruler.push("tidy_links", _tidy_links)
    parser.core.ruler.push("mark_mentioned", _mark_mentioned)
    parser.validateLink = lambda url: bool(_ADDRESS.match(url))  # type: ignore[method-assign]
    if parser.linkify:
        parser.linkify.add("ftp:", None).add("//", None).set({"fuzzy_link": False})  # main.py is no link
    parser.render("[a](https://a) https://b")  # rules are put together at the first use, which threads may not share
    return parser


_PARSER = _parser()
_CAREFUL_PARSER = _parser("table", "linkify")
_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h2", "h3", "h4", "h5", "h6"),
        *("div", "table", "thead", "tbody", "tr", "th", "td", "input", "span"),
    },
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}, "input": {"checked", "disabled", "aria-label"}},
    tag_attribute_values={"pre": {"tabindex": {"0"}}, "div": {"tabindex": {"0"}}, "input": {"type": {"checkbox"}}},
    allowed_classes={
        "ul": {"contains-task-list"},
        "ol": {"contains-task-list"},
        "li": {"task-list-item"},
        "pre": {"code"},
        "div": {"wide"},
        "span": {"mention"},
    },
    url_schemes={"http", "https", "mailto"},
    url_relative=_own_page,
    link_rel="noopener noreferrer nofollow",
)
