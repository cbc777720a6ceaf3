"""The settings of the organisation: what they may be, who is on call, and that nobody overwrites what they have not seen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models.columns import new_id
from models.vocabulary import Role
from services import audit_log, database, incidents, live_updates, membership, people
from services import organisation as settings
from services.errors import InvalidFieldsError, NotAllowedError, StaleError
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story


def test_everybody_reads_and_only_admins_change(organisation: Organisation) -> None:
    found = settings.get(organisation.viewer)
    assert (found.name, found.timezone, found.default_on_call_id, found.version) == ("Northwind", "UTC", None, 1)
    assert found.reminder_seconds == {"critical": 300, "high": 300, "medium": 300, "low": 300}
    assert (found.quiet_days, found.reopen_window_seconds, found.acknowledgement_timeout_seconds) == (7, 1800, None)
    assert found.post_mortem_severities == ["critical"]
    assert "False alarm" in found.causes
    for actor in (organisation.viewer, organisation.responder, organisation.manager):
        with pytest.raises(NotAllowedError):
            settings.change(actor, name="Mine")


def test_what_is_not_given_stays_and_other_organisations_do(organisation: Organisation) -> None:
    changed = settings.change(organisation.admin, reminder_seconds={"critical": 60}, acknowledgement_timeout_seconds=7200)
    assert changed.reminder_seconds == {"critical": 60, "high": 300, "medium": 300, "low": 300}
    assert (changed.acknowledgement_timeout_seconds, changed.name, changed.version) == (7200, "Northwind", 2)
    assert settings.change(organisation.admin, quiet_days=7) == changed
    assert settings.change(organisation.admin, acknowledgement_timeout_seconds=None).acknowledgement_timeout_seconds is None
    assert settings.get(organisation.stranger).version == 1
    assert settings.get(organisation.stranger).name == "Southwind"


WRONG: dict[str, list[Any]] = {
    "name": ["", " \u200b", "x" * 121],
    "timezone": ["", "Nowhere/Town"],
    "default_on_call_id": [new_id()],
    "reminder_seconds": [{"critical": 0}, {"low": 86_460}, {"high": 90}, {"worst": 60}, {"medium": -60}],
    "acknowledgement_timeout_seconds": [0, 59, 90, 2_592_060, -60],
    "quiet_days": [366, -1],
    "reopen_window_seconds": [-60, 61, 2_592_060],
    "post_mortem_severities": [["critical", "worst"]],
    "causes": [["Bug", " bug "], [""], ["x" * 81], [str(number) for number in range(51)]],
}


def test_each_wrong_value_is_refused_by_its_name(organisation: Organisation) -> None:
    for field, values in WRONG.items():
        for value in values:
            with pytest.raises(InvalidFieldsError) as refused:
                settings.change(organisation.admin, **{field: value})
            assert set(refused.value.fields) == {field}, value
            assert refused.value.fields[field].endswith("."), value


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(organisation: Organisation) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        settings.change(organisation.admin, **{field: values[0] for field, values in WRONG.items()})
    assert set(refused.value.fields) == set(WRONG)
    with pytest.raises(InvalidFieldsError):
        settings.change(organisation.admin, name="Eastwind", quiet_days=366)
    assert settings.get(organisation.admin).name == "Northwind"


def test_on_call_is_somebody_who_may_act(organisation: Organisation) -> None:
    for wrong, why in ((organisation.viewer, "Vera Novak is a viewer"), (organisation.stranger, "nobody"), (organisation.system, "system")):
        with pytest.raises(InvalidFieldsError, match=why):
            settings.change(organisation.admin, default_on_call_id=wrong.id)
    assert settings.change(organisation.admin, default_on_call_id=organisation.responder.id).default_on_call_id == organisation.responder.id
    assert [choice.label for choice in settings.on_call_choices(organisation.admin)] == [
        "Nobody: the admins are told",
        "Alice Moreau (@alice)",
        "Mina Okafor (@mina)",
        "Rob Lindqvist (@rob)",
    ]


def test_who_becomes_a_viewer_is_on_call_no_longer(organisation: Organisation) -> None:
    settings.change(organisation.admin, default_on_call_id=organisation.responder.id)
    membership.change(organisation.admin, organisation.responder.id, role=Role.MANAGER)
    assert settings.get(organisation.admin).default_on_call_id == organisation.responder.id
    membership.change(organisation.admin, organisation.responder.id, role=Role.VIEWER)
    found = settings.get(organisation.admin)
    assert (found.default_on_call_id, found.version) == (None, 3)


def test_who_is_deactivated_is_on_call_no_longer(organisation: Organisation) -> None:
    settings.change(organisation.admin, default_on_call_id=organisation.responder.id)
    membership.change(organisation.admin, organisation.responder.id, active=False)
    assert settings.get(organisation.admin).default_on_call_id is None
    membership.change(organisation.admin, organisation.responder.id, active=True)
    assert settings.get(organisation.admin).default_on_call_id is None


def test_the_settings_are_what_happens(story: Story) -> None:
    alice, rob = story.organisation.admin, story.organisation.responder
    settings.change(alice, default_on_call_id=rob.id, reminder_seconds={"critical": 120}, reopen_window_seconds=0)
    (number,) = story.fire()
    found = incidents.get(rob, number)
    assert found.assigned_to == rob.id
    incidents.resolve(rob, number, "Rolled back")
    story.pass_time(minutes=1)
    assert story.fire() != [number]


def test_who_saves_second_is_told(organisation: Organisation) -> None:
    settings.change(organisation.admin, name="Eastwind", version=1)
    with pytest.raises(StaleError, match="Somebody has changed these settings meanwhile"):
        settings.change(organisation.admin, name="Westwind", version=1)
    assert settings.change(organisation.admin, name="Westwind", version=2).version == 3


def test_two_save_at_the_same_moment(organisation: Organisation) -> None:
    async def race() -> list[object]:
        calls = [database.run(settings.change, organisation.admin, name=name, version=1) for name in ("Eastwind", "Westwind")]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    assert sum(isinstance(one, StaleError) for one in asyncio.run(race())) == 1


def test_an_admin_who_left_meanwhile_changes_nothing(organisation: Organisation) -> None:
    second = people.create_person(organisation.admin, email="a2@northwind.example", name="Ada", role=Role.ADMIN)
    membership.change(organisation.admin, second.id, role=Role.VIEWER)
    actor = type(organisation.admin)(second.id, organisation.tenant_id, organisation.admin.kind, Role.ADMIN, "Ada")
    with pytest.raises(NotAllowedError):
        settings.change(actor, name="Mine")


def test_the_audit_log_says_what_it_was_in_words(organisation: Organisation) -> None:
    settings.change(
        organisation.admin,
        default_on_call_id=organisation.responder.id,
        reminder_seconds={"critical": 60},
        acknowledgement_timeout_seconds=1800,
        reopen_window_seconds=0,
        causes=["Bug"],
    )
    (row, *_) = audit_log.read(organisation.admin, audit_log.wanted_by(organisation.admin, "what=organisation", "UTC"), "UTC").rows
    assert (row.did, row.about) == ("changed the settings of the organisation", "")
    told = {change.name: (change.before, change.after) for change in row.changes}
    assert told.pop("Causes")[1] == "Bug"
    assert told == {
        "On call by default": ("nothing", "Rob Lindqvist"),
        "Reminder of critical incidents": ("5 minutes", "1 minute"),
        "Acknowledgement timeout": ("off", "30 minutes"),
        "Reopen window": ("30 minutes", "never"),
    }


def test_open_pages_are_told(organisation: Organisation) -> None:
    topic = live_updates.organisation_topic(organisation.tenant_id)

    async def told() -> set[str]:
        with live_updates.hub.subscribe(topic) as subscription:
            await database.run(settings.change, organisation.admin, name="Eastwind")
            return await subscription.wait(2)

    assert asyncio.run(told()) == {topic}
