"""The page of the organisation's settings: what is typed is checked and kept, and what others change comes by itself."""

import asyncio
from typing import Any

import pytest

from app.states.organisation import Organisation as OrganisationPage
from services import organisation as settings
from services.access import Actor
from tests.fixtures.organisations import Organisation, audited
from tests.fixtures.tabs import begin_session, call, follow, open_tab


def opened(actor: Actor) -> Any:
    page = open_tab(OrganisationPage, begin_session(actor).token, url="http://localhost/settings/organisation")
    asyncio.run(OrganisationPage.event_handlers["load"].fn(page))
    return page


def form(page: Any, **typed: str) -> dict[str, Any]:
    """What the browser sends of the page as it is drawn, with this typed into it."""
    shown = page.settings
    drawn = {
        "name": shown.name, "timezone": shown.timezone, "on_call": shown.on_call, "timeout": shown.timeout, "causes": shown.causes,
        "timeout_unit": shown.timeout_unit, "quiet_days": shown.quiet_days, "reopen_window": shown.reopen_window,
        "version": str(shown.version), **{f"reminder-{severity}": minutes for severity, minutes in shown.reminders.items()},
        **{f"post-mortem-{severity}": "on" for severity, is_needed in shown.post_mortems.items() if is_needed},
    }  # fmt: skip
    return drawn | {name.replace("__", "-"): value for name, value in typed.items()}


def test_what_is_drawn_and_sent_unchanged_changes_nothing(organisation: Organisation) -> None:
    before = settings.change(organisation.admin, acknowledgement_timeout_seconds=5400, default_on_call_id=organisation.responder.id)
    page = opened(organisation.admin)
    assert (page.settings.timeout, page.settings.timeout_unit) == ("90", "minutes")
    call(page, "save", form=form(page))
    assert page.notice.text == "Saved."
    assert settings.get(organisation.admin) == before


def test_an_admin_sets_everything(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    typed = form(
        page, name=" Eastwind ", timezone="Europe/Stockholm", on_call=organisation.manager.id.hex, reminder__critical="2", timeout="2",
        timeout_unit="hours", quiet_days="14", reopen_window="0", causes="Bug\r\n\r\n  False alarm \r\nWeather", post__mortem__high="on",
    )  # fmt: skip
    typed.pop("post-mortem-critical")
    call(page, "save", form=typed | {"post-mortem-high": "on"})
    found = settings.get(organisation.admin)
    assert (found.name, found.timezone, found.default_on_call_id) == ("Eastwind", "Europe/Stockholm", organisation.manager.id)
    assert (found.reminder_seconds["critical"], found.reminder_seconds["high"]) == (120, 300)
    assert (found.acknowledgement_timeout_seconds, found.quiet_days, found.reopen_window_seconds) == (7200, 14, 0)
    assert (found.causes, found.post_mortem_severities) == (["Bug", "False alarm", "Weather"], ["high"])
    assert (page.nav.organisation, page.settings.timeout, page.settings.timeout_unit) == ("Eastwind", "2", "hours")


@pytest.mark.parametrize("typed", ["", " ", "0"])
def test_each_time_that_may_be_off_is_switched_off_by_nothing_or_0(organisation: Organisation, typed: str) -> None:
    settings.change(organisation.admin, acknowledgement_timeout_seconds=1800)
    page = opened(organisation.admin)
    call(page, "save", form=form(page, timeout=typed, quiet_days=typed, reopen_window=typed))
    found = settings.get(organisation.admin)
    assert (found.acknowledgement_timeout_seconds, found.quiet_days, found.reopen_window_seconds) == (None, 0, 0)
    assert (page.settings.timeout, page.settings.quiet_days, page.settings.reopen_window) == ("", "", "")
    assert "never" in str(audited(organisation.admin)[-1].after)
    call(page, "save", form=form(page))
    assert settings.get(organisation.admin) == found, "sent as it is drawn it stays off"
    call(page, "save", form=form(page, reminder__low=typed))
    assert page.errors["reminder_seconds"], "a reminder is never off"


def test_what_is_wrong_is_told_at_each_field_and_nothing_is_kept(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    wrong = {
        "name": " ", "timezone": "Nowhere", "reminder-low": "soon", "timeout": "1.5", "quiet_days": "999999999999", "reopen_window": "-1",
        "causes": "Bug\nbug",
    }  # fmt: skip
    call(page, "save", form=form(page) | wrong)
    assert {field for field, sentence in page.errors.items() if sentence} == {
        "name", "timezone", "reminder_seconds", "acknowledgement_timeout_seconds", "quiet_days", "reopen_window_seconds", "causes",
    }  # fmt: skip
    assert (page.notice.text, page.notice.tone) == ("Not saved: see the fields that are marked.", "bad")
    for made_up in ("somebody", organisation.stranger.id.hex, organisation.viewer.id.hex):
        call(page, "save", form=form(page, on_call=made_up))
        assert page.errors["default_on_call_id"]
        assert page.errors["name"] == ""
    assert settings.get(organisation.admin).version == 1


def test_who_saves_second_sees_what_was_saved_first(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    typed = form(page, quiet_days="3")
    settings.change(organisation.admin, name="Eastwind")
    call(page, "save", form=typed)
    assert page.notice.text.startswith("Somebody has changed these settings meanwhile")
    assert page.settings.name == "Eastwind"
    call(page, "save", form=form(page, quiet_days="3"))
    found = settings.get(organisation.admin)
    assert (found.name, found.quiet_days) == ("Eastwind", 3)


def test_others_are_refused(organisation: Organisation) -> None:
    page = opened(organisation.manager)
    assert page.settings.name == ""
    call(page, "save", form={"name": "Mine"})
    assert page.notice.text == "Only admins may do this."
    assert settings.get(organisation.admin).name == "Northwind"


@pytest.mark.usefixtures("open_sockets")
def test_what_another_admin_changes_comes_by_itself(organisation: Organisation) -> None:
    page = opened(organisation.admin)
    said = "These settings were changed elsewhere just now. The page shows what they are."
    assert follow(page, lambda: settings.change(organisation.admin, name="Eastwind"), lambda: page.notice.text == said)
    assert page.settings.name == "Eastwind"
