"""What people write becomes HTML that is safe to show, keeps the page's outline and costs little."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.errors import InvalidInputError
from services.markdown import MAX_CHARACTERS, render
from tests.fixtures.hostile import HOSTILE, check_written

REL = ' rel="noopener noreferrer nofollow"'


def shown(text: str) -> str:
    """The HTML without what every link has; what it holds is inspected."""
    html = render(text)
    check_written(html)
    return html.replace(REL, "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    assert shown(text)


@given(st.text(max_size=300) | st.text(st.sampled_from("<>[]()!`*_~#|-+.:/\\\"'&;= \n\tax1INC"), max_size=300))
@settings(deadline=None, max_examples=300)
@example("[]()")
def test_any_text_is_shown_safely_or_refused(text: str) -> None:
    if "\x00" in text:
        with pytest.raises(InvalidInputError):
            render(text)
    else:
        shown(text)


@given(st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=4), st.sampled_from(["", " ", "\n", "\n\n", "> ", "- "]))
@settings(deadline=None)
def test_hostile_texts_together_are_no_worse(texts: list[str], between: str) -> None:
    shown(between.join(texts))


def test_what_a_responder_writes() -> None:
    assert shown("Pool is **exhausted** on `checkout-db`:\n- draining *now*\n- ~~restarting~~") == (
        "<p>Pool is <strong>exhausted</strong> on <code>checkout-db</code>:</p>\n"
        "<ul>\n<li>draining <em>now</em></li>\n<li><s>restarting</s></li>\n</ul>"
    )


def test_line_breaks_stay() -> None:
    assert shown("one\ntwo") == "<p>one<br>\ntwo</p>"


def test_code_stays_as_it_is_and_can_be_scrolled_by_keyboard() -> None:
    assert shown("```sql\nSELECT 1 <\n  2\n```") == '<pre class="code" tabindex="0"><code>SELECT 1 &lt;\n  2\n</code></pre>'


def test_incident_numbers_become_links() -> None:
    assert shown("INC-42, (INC-7) and **INC-8**.") == (
        '<p><a href="/incidents/INC-42">INC-42</a>, (<a href="/incidents/INC-7">INC-7</a>)'
        ' and <strong><a href="/incidents/INC-8">INC-8</a></strong>.</p>'
    )


@pytest.mark.parametrize(
    "text",
    ["XINC-4", "INC-0", "INC-12a", "INC-", "inc-4", "INC-1234567890", "INC-4-b", "`INC-5`", "    INC-5", "INC-007", "#INC-4", "a/INC-4"],
)
def test_what_only_looks_like_an_incident_number_is_no_link(text: str) -> None:
    assert "<a" not in shown(text)


def test_an_incident_number_inside_a_link_is_left_alone() -> None:
    assert shown("[INC-9](https://a.example/x)") == '<p><a href="https://a.example/x">INC-9</a></p>'
    assert shown("https://a.example/INC-3") == '<p><a href="https://a.example/INC-3">https://a.example/INC-3</a></p>'


def test_addresses_become_links_and_file_names_do_not() -> None:
    assert shown("see https://a.example/x_y?z=1&b=2.") == (
        '<p>see <a href="https://a.example/x_y?z=1&amp;b=2">https://a.example/x_y?z=1&amp;b=2</a>.</p>'
    )
    assert "<a" not in shown("main.py on 10.0.0.1 or db.example.com, ftp://a.example and //b.example")
    assert '<a href="mailto:bob@example.com">' in shown("ask bob@example.com")


def test_the_title_of_a_link_is_left_out() -> None:
    assert shown("[x](https://a.example 'hidden words')") == '<p><a href="https://a.example">x</a></p>'


def test_an_image_becomes_a_link_to_it() -> None:
    assert shown("![the graph](https://a.example/g.png)") == '<p><a href="https://a.example/g.png">the graph</a></p>'
    assert shown("![](https://a.example/g.png)") == '<p><a href="https://a.example/g.png">https://a.example/g.png</a></p>'
    assert shown("[![graph](https://a.example/g.png)](https://a.example/d)") == '<p><a href="https://a.example/d">graph</a></p>'


@pytest.mark.parametrize("words", ["", " ", "\u200b", "&nbsp;"])
def test_a_link_without_words_shows_its_address(words: str) -> None:
    assert "https://a.example/x</a>" in shown(f"[{words}](https://a.example/x)")


@pytest.mark.parametrize("text", ["[]()", "[x]()", "![]()", "![x]()", "[![]()]()", "[x](<>)"])
def test_a_link_to_nowhere_is_no_link(text: str) -> None:
    assert "<a" not in shown(text)
    assert ("x" in shown(text)) == ("x" in text)


def test_headings_leave_the_page_its_own_and_skip_no_level() -> None:
    assert re.findall(r"<(h\d)>", shown("# A\n## B\n#### C\n##### D\n###### E\n# F\n### G\n## H")) == [
        *("h2", "h3", "h4", "h5", "h6", "h2", "h3", "h3")
    ]
    assert re.findall(r"<(h\d)>", shown("### deep first\n\n> # quoted\n\nTitle\n=====")) == ["h2", "h2", "h2"]
    assert "<h" not in shown("#\n\n##  ##")


def test_tasks_say_what_is_done() -> None:
    assert shown("- [x] fix\n- [ ] tell") == (
        '<ul class="contains-task-list">\n'
        '<li class="task-list-item"><input type="checkbox" disabled="" aria-label="Done" checked=""> fix</li>\n'
        '<li class="task-list-item"><input type="checkbox" disabled="" aria-label="Not done"> tell</li>\n</ul>'
    )


def test_a_table_has_a_frame_to_scroll_in_and_no_empty_header() -> None:
    html = shown("| |now|\n|-|-:|\n|p99|1.2 s|")
    assert html.startswith('<div class="wide" tabindex="0"><table>')
    assert "<tr>\n<td></td>\n<th>now</th>\n</tr>" in html


def test_a_text_over_the_limit_is_refused_by_its_field() -> None:
    assert shown("x" * MAX_CHARACTERS)
    with pytest.raises(InvalidInputError, match="20,001 characters; at most 20,000") as caught:
        render("x" * (MAX_CHARACTERS + 1), "body")
    assert caught.value.field == "body"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_a_text_that_cannot_be_stored_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        render(text, "root_cause")
    assert caught.value.field == "root_cause"


@contextmanager
def watched(seconds: int = 30) -> Iterator[None]:
    """Ends the test when what is inside hangs; how long it takes is measured elsewhere."""

    def stop(*_: object) -> None:
        raise AssertionError(f"still not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


REPEATED = [
    *(">", "> ", "- ", "1. ", "> - ", "[", "![", "](", "[a](", "![a", "*", "_", "*_", "**a", "*a **b ", "~~a", "`", "<", "<a", "<!--"),
    *("<![CDATA[", "&", "&#1;", "\\", "#", "# a\n", "a\n=\n", "- [ ] a\n", "|", "|\n", "|-", "    a\n", "```\n", "[a]: b\n", "[a][b]"),
    *("http://", "http://a ", "http://a/(", 'http://a/"', "ftp://a/", "a://", "mailto:", "a@", "@a.com", "a@b.com ", "www.a.b/"),
    *("INC-1 ", "INC-", "\n", "\t", "é", "😀", "::", "* a\n\n", "> a\n", "<http://a>", "[http://a]("),
]


@pytest.mark.parametrize("part", REPEATED)
def test_a_part_repeated_up_to_the_limit_is_rendered_without_bursting(part: str) -> None:
    with watched():
        html = shown(part * (MAX_CHARACTERS // len(part)))
    assert len(html) < 20 * MAX_CHARACTERS


@pytest.mark.parametrize(
    "text",
    [
        "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 9_000,
        "|" * 999 + "\n" + "|-" * 499 + "\n" + "a\n" * 8_000,
        "".join("`" * n + " " for n in range(1, 199)),
        "".join(" " * n + "- a\n" for n in range(190)),
        "[" * 9_999 + "]" * 9_999,
        "*" * 9_999 + "a" + "*" * 9_999,
        "a" * 10_000 + "://" * 3_000,
    ],
    ids=["short rows", "shorter rows", "backticks", "deep list", "brackets", "stars", "schemes"],
)
def test_a_text_made_to_be_slow_is_rendered_without_bursting(text: str) -> None:
    with watched():
        html = shown(text)
    assert len(html) < 20 * MAX_CHARACTERS


def test_threads_share_the_parser() -> None:
    texts = [f"see https://a{n}.example/ **b** INC-{n} [x](http://c{n})\n- [ ] t\n\n|a|\n|-|\n|{n}|" for n in range(1, 200)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(render, texts))
    render.__globals__["_render_short"].cache_clear()
    assert together == [render(text) for text in texts]
