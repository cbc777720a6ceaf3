"""The guide for responders as a page: whole, readable without anything from outside, and its links lead somewhere."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from app.api import application, guide
from models.vocabulary import Move

ROUTES = application.create()


def get(path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ROUTES), base_url="http://tocsin.test") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_it_is_served_to_whoever_asks_from_whatever_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    guide._body.cache_clear()
    answer = get("/help")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Help · Tocsin</title>" in answer.text


def test_every_chapter_is_there_and_in_the_contents() -> None:
    written = re.findall(r"^## (.*)$", guide.FILE.read_text(encoding="utf-8"), re.MULTILINE)
    page = get("/help").text
    assert re.findall(r"<h2 id=[^>]*>([^<]*)</h2>", page) == written
    contents = re.findall(r'<nav id="contents".*?</nav>', page)
    assert re.findall(r'<a href="#[^"]*">([^<]*)</a>', contents[0]) == written


def test_its_links_lead_somewhere() -> None:
    page = get("/help").text
    ids = re.findall(r'\bid="([^"]+)"', page)
    links = re.findall(r'href="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} == {"/incidents"}


def test_its_headings_skip_no_level() -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", get("/help").text)]
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in zip([0, *levels], levels, strict=False))


def test_it_loads_nothing() -> None:
    assert not re.findall(r"<(?:script|link|img|iframe)\b|@import|url\(|\bsrc=|https?://", get("/help").text)


@pytest.mark.parametrize(
    ("asked", "shown"), [("", "system"), ("?theme=dark", "dark"), ("?theme=light", "light"), ('?theme="><b>', "system")]
)
def test_it_has_the_theme_that_the_page_before_had(asked: str, shown: str) -> None:
    assert re.findall(r"<html[^>]*>", get(f"/help{asked}").text) == [f'<html lang="en" data-theme="{shown}">']


def test_without_the_document_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "FILE", tmp_path / "respond-to-an-incident.md")
    guide._body.cache_clear()
    answer = get("/help")
    assert answer.status_code == 404
    assert "docs/how-to/respond-to-an-incident.md" in answer.json()["detail"]


def test_what_stands_in_a_document_is_text() -> None:
    shown = guide.to_html("# A <b>\n\n## B & <i>\n\n<script>alert(1)</script>\n")
    assert "<script" not in shown
    assert '<a href="#b--i">B &amp; &lt;i&gt;</a>' in shown


@pytest.mark.parametrize("move", Move)
def test_it_tells_of_every_move(move: Move) -> None:
    words = {Move.UNACKNOWLEDGE: "Give back", Move.INVESTIGATE: "Start investigating"}.get(move, move.value.capitalize())
    assert f"**{words}" in guide.FILE.read_text(encoding="utf-8")
