"""An admin finds out who did what: as it happens, by filters, and on older pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.vocabulary import Role
from services import api_keys, audit, database
from tests.fixtures.northwind import Northwind

AsPerson = Callable[..., Page]
PAGE = "/settings/audit"


def test_what_is_done_appears_with_what_it_was_and_is_found_again(northwind: Northwind, as_person: AsPerson) -> None:
    page = as_person(northwind, Role.ADMIN, PAGE)
    expect(page.get_by_role("table").first).to_be_visible()
    keys = as_person(northwind, Role.ADMIN, "/settings/api-keys")
    keys.get_by_role("button", name=re.compile("New key|Make the first key")).first.click()
    keys.get_by_role("dialog").get_by_label("Name", exact=True).fill("Audited bot")
    keys.get_by_role("button", name="Make").last.click()
    token = keys.get_by_role("region", name="API key").inner_text()

    row = page.get_by_role("row").filter(has_text="API key Audited bot").first
    expect(row).to_contain_text("Alice Moreau")
    expect(row).to_contain_text("127.0.0.1")
    row.locator("summary").click()
    role = row.get_by_role("row", name="Role nothing responder")
    expect(role).to_be_visible()
    assert token not in page.content()

    filters = page.get_by_role("search", name="Filters")
    filters.get_by_label("What").select_option("person")
    filters.get_by_label("Who").select_option("Tocsin")
    filters.get_by_role("button", name="Show these").click()
    page.wait_for_url(re.compile(r"what=person"))
    expect(row).to_have_count(0)
    expect(page.locator("table.audit > tbody > tr").first).to_contain_text(re.compile("Tocsin.*made.*on the server"))
    page.reload()
    expect(filters.get_by_label("What")).to_have_value("person")
    expect(row).to_have_count(0)
    page.go_back()
    expect(row).to_be_visible()
    expect(filters.get_by_label("What")).to_have_value("")
    page.go_forward()
    expect(filters.get_by_label("What")).to_have_value("person")
    filters.get_by_role("link", name="Show all").click()
    expect(row).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]


def test_older_entries_are_pages_that_back_leads_from(northwind: Northwind, as_person: AsPerson) -> None:
    with northwind.database():
        admin = northwind.actors[Role.ADMIN]
        with database.write(northwind.tenant_id) as tx:
            for number in range(60):
                audit.record(tx, admin, "test.counted", "test", None, after={"number": number})
    page = as_person(northwind, Role.ADMIN, f"{PAGE}?what=test.counted")
    entries = page.locator("table.audit > tbody > tr")
    expect(entries).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(entries).to_have_count(10)
    page.reload()
    expect(entries).to_have_count(10)
    with northwind.database():
        api_keys.create(admin, "Meanwhile", Role.VIEWER)
    page.go_back()
    expect(entries).to_have_count(50)
    page.goto(f"{PAGE}?what=api_key&who=alice&after=24h")
    expect(page.get_by_role("row").filter(has_text="Meanwhile")).to_be_visible()
    page.goto(f"{PAGE}?what=cats")
    expect(page.get_by_role("alert").filter(has_text="is no kind of thing")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]
