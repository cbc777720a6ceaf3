"""How a person wants to be told of what, and their quiet hours."""

from __future__ import annotations

import pytest

from models.vocabulary import Reason
from services import wishes
from services.errors import InvalidFieldsError, NotAllowedError
from tests.fixtures.organisations import Organisation, audited


def test_at_first_all_comes_by_both_and_no_hour_is_quiet(organisation: Organisation) -> None:
    found = wishes.wishes(organisation.responder)
    assert {wish.told_by for wish in found.each} == {"both"}
    assert {wish.reason for wish in found.each} == set(Reason), "each reason has its words"
    assert (found.quiet_from, found.quiet_until) == ("", "")
    assert [wish.reason for wish in found.each if wish.can_wait] == ["reassigned", "mention", "state_change", "quiet_incident"]


def test_what_is_chosen_is_kept_and_audited_and_the_rest_stays(organisation: Organisation) -> None:
    rob = organisation.responder
    wishes.change(rob, {"mention": "inbox", "opened": "email"}, "22:00", "07:30")
    wishes.change(rob, {"mention": "both"}, "22:00", "07:30")
    wishes.change(rob, {}, "22:00", "07:30")
    found = wishes.wishes(rob)
    assert {wish.reason: wish.told_by for wish in found.each if wish.told_by != "both"} == {"opened": "email"}
    assert (found.quiet_from, found.quiet_until) == ("22:00", "07:30")
    kept = [entry for entry in audited(rob) if entry.action == "profile.changed"]
    assert [entry.after for entry in kept] == [
        {"told_by": {"mention": "inbox", "opened": "email"}, "quiet_hours": "22:00 to 07:30"},
        {"told_by": {"opened": "email"}},
    ]
    wishes.change(rob, {}, "", "")
    assert wishes.wishes(rob).quiet_from == ""
    assert {wish.told_by for wish in wishes.wishes(organisation.manager).each} == {"both"}


@pytest.mark.parametrize(
    ("told", "begins", "ends", "fields"),
    [
        ({"mention": "pigeon"}, "", "", {"told_mention"}),
        ({"rumour": "inbox"}, "", "", {"told_rumour"}),
        ({}, "22:00", "", {"quiet_until"}),
        ({}, "", "07:00", {"quiet_from"}),
        ({}, "24:00", "late", {"quiet_from", "quiet_until"}),
        ({}, "07:00", "07:00", {"quiet_until"}),
        ({"mention": "inbox"}, "7", "08:00", {"quiet_from"}),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    organisation: Organisation, told: dict[str, str], begins: str, ends: str, fields: set[str]
) -> None:
    with pytest.raises(InvalidFieldsError) as refusal:
        wishes.change(organisation.responder, told, begins, ends)
    assert set(refusal.value.fields) == fields
    assert {wish.told_by for wish in wishes.wishes(organisation.responder).each} == {"both"}


def test_a_viewer_only_reads_them(organisation: Organisation) -> None:
    assert wishes.wishes(organisation.viewer).each
    with pytest.raises(NotAllowedError):
        wishes.change(organisation.viewer, {"mention": "inbox"})
