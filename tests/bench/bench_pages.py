"""Pages in Chromium: how soon the list is there and how it answers, and a timeline of 10,000 lines while somebody reads back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Browser, Page

from app import bundle
from app.session import COOKIE
from models.vocabulary import Role
from tests.bench.load import summary
from tests.bench.rows import Row
from tests.fixtures.browsers import chromium
from tests.fixtures.northwind import Northwind, settle
from tests.fixtures.servers import Server

INCIDENTS = 200
LOADS = 7
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


_VITALS = """
    window.vitals = { lcp: 0, cls: 0, event: 0 };
    new PerformanceObserver((list) => { vitals.lcp = list.getEntries().at(-1).startTime; })
        .observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => { for (const each of list.getEntries()) if (!each.hadRecentInput) vitals.cls += each.value; })
        .observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => { for (const each of list.getEntries()) vitals.event = Math.max(vitals.event, each.duration); })
        .observe({ type: "event", durationThreshold: 16, buffered: true });
"""


def main(long: bool) -> Iterator[Row]:
    """How soon the list stands and how it answers; from the click to older lines, and the longest frame while one scrolls."""
    bundle.ensure()
    with tempfile.TemporaryDirectory(prefix="tocsin-pages-") as name:
        northwind = settle(Server(Path(name)))
        northwind.server.start()
        try:
            for place in range(INCIDENTS):
                northwind.fire(f"pages {place}", title=f"Connection pool {place} is exhausted")
            number = northwind.fire("timeline")
            northwind.write_lines(number, LINES)
            with chromium() as browser:
                cookie = {"name": COOKIE, "value": northwind.tokens[Role.RESPONDER], "url": northwind.server.address}
                yield from _list(browser, northwind.server.address, cookie)
                context = browser.new_context(base_url=northwind.server.address, viewport={"width": 1440, "height": 900})
                empty = context.new_page()
                still, _, _ = empty.evaluate(_SCROLL.replace('document.querySelector("[data-seq]")', "null"), SCROLL_SECONDS)
                context.add_cookies([cookie])  # type: ignore[list-item]
                page = context.new_page()
                page.goto(f"/incidents/{number}")
                yield from _timeline(page, _by_api(northwind, number), still)
        finally:
            northwind.server.stop()


def _list(browser: Browser, address: str, cookie: dict[str, str]) -> Iterator[Row]:
    """A browser that was never here, again and again, and what one who steps through the list waits for."""
    found: list[dict[str, float]] = []
    bare: list[float] = []
    for _ in range(LOADS):
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        context.add_init_script(_VITALS)
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto("data:text/html,<h1>One line</h1>")
        page.wait_for_timeout(300)
        bare.append(page.evaluate("vitals.lcp"))
        page.goto("/incidents")
        page.wait_for_selector("[data-row]")
        page.wait_for_timeout(1_500)
        for key in ("j", "j", "k", "/", "x", "Escape"):
            page.keyboard.press(key)
            page.wait_for_timeout(100)
        page.get_by_role("button", name="Filter").click()
        page.wait_for_timeout(500)
        found.append(page.evaluate("vitals"))
        context.close()
    largest = [each["lcp"] for each in found]
    note = f"{LOADS} browsers that were never here, {INCIDENTS} incidents; worst {max(largest):.0f} ms"
    yield Row("list, largest contentful paint", median(largest), "ms", median(bare), "a page of one line", bar=1_500, note=note)
    yield Row("list, cumulative layout shift, worst", max(each["cls"] for each in found), "", bar=0.1)
    yield Row("list, slowest answer to a key or click, worst", max(each["event"] for each in found), "ms", bar=200)


def _timeline(page: Page, floor: float, still: float) -> Iterator[Row]:
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
