"""The page of the audit log: only admins see it, and its filters and pages are addresses."""

import asyncio
from typing import Any

from app.states.audit_log import AuditLog
from models.vocabulary import Role
from services import api_keys, audit, database
from services.access import Actor
from services.audit_log.reading import PAGE
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, open_tab


def opened(actor: Actor, query: str = "") -> Any:
    page = open_tab(AuditLog, begin_session(actor).token, url=f"http://localhost/settings/audit{query}")
    asyncio.run(AuditLog.event_handlers["load"].fn(page))
    return page


def led_to(page: Any, **form: str) -> str:
    return str(asyncio.run(AuditLog.event_handlers["apply"].fn(page, form=form)).args[0][1])


def test_an_admin_sees_what_was_done_and_by_whom(organisation: Organisation) -> None:
    api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    page = opened(organisation.admin)
    assert [(row.who.name, row.did, row.about) for row in page.rows][:2] == [
        ("Alice Moreau", "signed in", ""),
        ("Alice Moreau", "made", "API key Bot"),
    ]
    assert (page.older, page.newest, page.wrong, page.is_filtered) == ("", "", [], False)


def test_others_see_nothing_of_it(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        page = opened(actor)
        assert (page.rows, page.whos, page.notice.text) == ([], [], "Only admins may do this.")


def test_what_is_chosen_becomes_an_address_and_is_shown_as_chosen(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    assert 'who=alice&what=api_key&after=7d"' in led_to(page, who="alice", what="api_key", span="7d", since="", before="")
    assert '/settings/audit"' in led_to(page, who="", what="", span="", since="", before="")
    assert 'after=2026-11-01&before=2026-11-20"' in led_to(page, span="7d", since="2026-11-01", before="2026-11-20")
    page = opened(organisation.admin, "?who=Alice&what=api_key&after=7d&before=2036-01-01")
    chosen = (page.chosen_who, page.chosen_what, page.chosen_span, page.chosen_since, page.chosen_before)
    assert chosen == ("alice", "api_key", "7d", "", "2036-01-01")
    assert page.is_filtered


def test_what_is_wrong_in_the_address_is_told(organisation: Organisation) -> None:
    page = opened(organisation.admin, "?who=nobody&what=cats")
    assert [sentence[:20] for sentence in page.wrong] == ["There is nobody with", "“cats” is no kind of"]
    assert page.rows


def test_older_entries_are_a_page_of_their_own_that_keeps_the_filters(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        for number in range(PAGE + 1):
            audit.record(tx, organisation.admin, "test.wrote", "test", None, after={"number": number})
    page = opened(organisation.admin, "?what=test.wrote")
    assert (len(page.rows), page.newest) == (PAGE, "")
    older = opened(organisation.admin, page.older.removeprefix("/settings/audit"))
    assert [change.after for row in older.rows for change in row.changes] == ["0"]
    assert (older.older, older.newest) == ("", "/settings/audit?what=test.wrote")
