"""A timeline of 10,000 lines: how long older lines take to come, and how smoothly the page scrolls meanwhile, in Chromium."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Page

from app import bundle
from app.session import COOKIE
from models.vocabulary import Role
from tests.bench.load import summary
from tests.bench.rows import Row
from tests.fixtures.browsers import chromium
from tests.fixtures.northwind import Northwind, settle
from tests.fixtures.servers import Server

LINES = 10_000
STEPS = 60
SCROLL_SECONDS = 10
_OLDER = """() => new Promise((done) => {
    const first = () => Number(document.querySelector("[data-seq]").dataset.seq);
    const before = first(), button = [...document.querySelectorAll("button")].find((each) => each.textContent.includes("Show earlier"));
    const began = performance.now();
    new MutationObserver((_, watcher) => {
        if (first() < before) { watcher.disconnect(); requestAnimationFrame(() => done(performance.now() - began)); }
    }).observe(document.body, { childList: true, subtree: true, attributes: true });
    button.click();
})"""
_SCROLL = """async (seconds) => {
    const frame = () => new Promise(requestAnimationFrame), gaps = [];
    let box = document.querySelector("[data-seq]");
    while (box && !(box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "visible")) box = box.parentElement;
    box ??= document.scrollingElement;
    let last = await frame(), clicks = 0, step = -80;
    const until = last + seconds * 1000;
    while (last < until) {
        const place = box.scrollTop;
        box.scrollBy({ top: step, behavior: "instant" });
        const now = await frame();
        gaps.push(now - last);
        last = now;
        if (box.scrollTop !== place) continue;
        const button = [...document.querySelectorAll("button")].find((each) => each.textContent.includes("Show earlier"));
        if (step < 0 && button) { button.click(); clicks += 1; }
        step = -step;
    }
    return [Math.max(...gaps), gaps.length, clicks];
}"""


def main(long: bool) -> Iterator[Row]:
    """From the click to the older lines on the page, and the longest frame while somebody scrolls through them."""
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-timeline-") as name:
        northwind = settle(Server(Path(name)))
        northwind.server.start()
        try:
            number = northwind.fire("timeline")
            northwind.write_lines(number, LINES)
            floor = _by_api(northwind, number)
            with chromium() as browser:
                context = browser.new_context(base_url=northwind.server.address, viewport={"width": 1440, "height": 900})
                empty = context.new_page()
                still, _, _ = empty.evaluate(_SCROLL.replace('document.querySelector("[data-seq]")', "null"), SCROLL_SECONDS)
                context.add_cookies([{"name": COOKIE, "value": northwind.tokens[Role.RESPONDER], "url": northwind.server.address}])
                page = context.new_page()
                page.goto(f"/incidents/{number}")
                yield from _of(page, floor, still)
        finally:
            northwind.server.stop()


def _of(page: Page, floor: float, still: float) -> Iterator[Row]:
    page.wait_for_selector("[data-seq]")
    page.wait_for_load_state("networkidle")
    found = summary([page.evaluate(_OLDER) / 1000 for _ in range(STEPS)], {}, 1)
    note = f"p50 {found.p50:.0f}, max {found.worst:.0f} ms of {STEPS}; at most 200 lines are on the page"
    yield Row(f"older lines of {LINES:,} on the page, p95", found.p95, "ms", floor, "as many lines by the API", bar=150, note=note)
    worst, frames, clicks = page.evaluate(_SCROLL, SCROLL_SECONDS)
    note = f"{frames} frames in {SCROLL_SECONDS} s, older lines came {clicks} times"
    yield Row("longest frame while scrolling there", worst, "ms", still, "an empty page", bar=100, note=note)


def _by_api(northwind: Northwind, number: str) -> float:
    """The median milliseconds of a request for lines of the middle."""
    took = []
    with httpx.Client(base_url=northwind.server.address, cookies={COOKIE: northwind.tokens[Role.RESPONDER]}) as client:
        cursor: dict[str, str] = {}
        for _ in range(STEPS):
            began = time.perf_counter()
            answer = client.get(f"/api/v1/incidents/{number}/timeline", params={"limit": "50", **cursor})
            took.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
            cursor = {"cursor": answer.json()["next"]}
    return median(took)
