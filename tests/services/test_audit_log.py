"""The audit log as admins read it: in words, by filters, a page at a time, and never another organisation's."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from models.vocabulary import Role
from services import api_keys, audit, audit_log, catalog, database, incidents, integrations, live_updates, one_time_links, people
from services.access import Actor
from services.audit_log import AuditPage
from services.errors import NotAllowedError
from services.views import AuditRow
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session


def page(actor: Actor, query: str = "", *, zone: str = "UTC", limit: int = 50) -> AuditPage:
    return audit_log.read(actor, audit_log.wanted_by(actor, query, zone), zone, limit)


def rows(actor: Actor, query: str = "", *, zone: str = "UTC") -> list[AuditRow]:
    return page(actor, query, zone=zone).rows


def told(row: AuditRow) -> str:
    return f"{row.who.name} {row.did} {row.about}".strip()


def test_an_entry_says_who_did_what_to_what_when_and_from_where(organisation: Organisation, clock: MovableClock) -> None:
    clock.now = datetime.fromisoformat("2026-11-24T02:12:40+00:00")
    key = api_keys.create(organisation.admin, "Deploy bot", Role.RESPONDER)
    api_keys.revoke(organisation.admin, key.id)
    ended, made = rows(organisation.admin, "what=api_key", zone="Europe/Stockholm")
    assert (told(made), told(ended)) == ("Alice Moreau made API key Deploy bot", "Alice Moreau revoked API key Deploy bot")
    assert (made.when, made.address, made.is_person) == ("Tue 24 Nov 03:12:40", "192.0.2.7", True)
    assert made.when_title == "Tue 24 Nov 2026 03:12:40 CET · 02:12:40 UTC"
    changes = {change.name: (change.before, change.after) for change in made.changes}
    assert changes["Role"] == ("nothing", "responder")
    assert changes["Acts as"] == ("nothing", "Deploy bot")
    assert [(change.name, change.before, change.after) for change in ended.changes] == [
        ("Revoked at", "nothing", "24 Nov 2026 03:12:40"),
    ]


def test_what_people_do_to_an_incident_stands_with_what_it_was(story: Story) -> None:
    (number,) = story.fire(title="Pool exhausted", severity="high")
    admin, rob = story.organisation.admin, story.organisation.responder
    incidents.acknowledge(rob, number)
    incidents.change_severity(rob, number, "low")
    changed, acknowledged = rows(admin, "what=incident")
    assert told(changed) == f"Rob Lindqvist changed the severity of {number} Pool exhausted"
    assert [(change.name, change.before, change.after) for change in changed.changes] == [("Severity", "high", "low")]
    assert changed.place == f"/incidents/{number}"
    assert ("Assignee", "nothing", rob.name) in [(change.name, change.before, change.after) for change in acknowledged.changes]


def test_each_verb_that_is_audited_has_words_of_its_own(organisation: Organisation) -> None:
    admin = organisation.admin
    made = integrations.create(admin, "generic", "Checks", service_id=catalog.create(admin, "Checkout").id)
    integrations.change(admin, made.id, name="Probes")
    integrations.change(admin, made.id, enabled=False)
    integrations.rotate(admin, made.id)
    one_time_links.make_password_link(admin, organisation.viewer.id)
    people.change_profile(admin, handle="alice.m")
    begin_session(admin)
    assert [told(row) for row in rows(admin, f"who={admin.id}")] == [
        "Alice Moreau signed in",
        "Alice Moreau changed the profile of Alice Moreau",
        "Alice Moreau made a password link for Vera Novak",
        "Alice Moreau made a new key for integration Probes",
        "Alice Moreau switched off integration Probes",
        "Alice Moreau renamed integration Probes",
        "Alice Moreau made integration Probes",
        "Alice Moreau made service Checkout",
    ]
    by_name = {row.did: {change.name: (change.before, change.after) for change in row.changes} for row in rows(admin)}
    assert by_name["signed in"] == {"Browser": ("nothing", "A browser")}
    assert by_name["changed the profile of"] == {"Handle": ("alice", "alice.m")}
    assert by_name["renamed"] == {"Name": ("Checks", "Probes")}
    assert by_name["switched off"] == {"Enabled": ("yes", "no")}
    assert all(row.changes for row in rows(admin))


def test_what_was_done_on_the_server_has_no_address_and_is_no_persons(organisation: Organisation) -> None:
    (row,) = [row for row in rows(organisation.admin, "what=person") if row.about == "Vera Novak"]
    assert (row.who.name, row.is_person, row.address) == ("Tocsin", False, "")


def test_filters_take_away_what_is_not_asked_for(organisation: Organisation, clock: MovableClock) -> None:
    began = clock.now
    api_keys.create(organisation.admin, "Old", Role.VIEWER)
    clock.pass_time(days=3)
    other = people.create_person(organisation.admin, email="nia@northwind.example", name="Nia Berg", role=Role.ADMIN)
    nia = Actor(other.id, organisation.tenant_id, organisation.admin.kind, Role.ADMIN, "Nia Berg", "198.51.100.9")
    key = api_keys.create(nia, "New", Role.VIEWER)
    api_keys.revoke(nia, key.id)

    def found(query: str) -> list[str]:
        return [told(row) for row in rows(organisation.admin, query)]

    new = ["Nia Berg revoked API key New", "Nia Berg made API key New"]
    assert found("who=nia") == found("who=@Nia") == found(f"who={other.id}") == new
    assert found("what=api_key") == [*new, "Alice Moreau made API key Old"]
    assert found("what=api_key.revoked") == new[:1]
    assert found("what=api_key&after=24h") == found(f"what=api_key&after={clock.now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}") == new
    assert found(f"what=api_key&before={began + timedelta(days=1):%Y-%m-%d}") == ["Alice Moreau made API key Old"]
    assert found("who=nia&what=person") == []


def test_a_day_begins_where_the_reader_is(organisation: Organisation, clock: MovableClock) -> None:
    clock.now = datetime.fromisoformat("2026-11-24T23:30:00+00:00")
    api_keys.create(organisation.admin, "Late", Role.VIEWER)
    for zone, count in (("UTC", 0), ("Europe/Stockholm", 1)):
        assert len(rows(organisation.admin, "what=api_key&after=2026-11-25", zone=zone)) == count


def test_pages_hold_each_entry_once_also_while_more_come(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:  # all at the same moment
        for number in range(12):
            audit.record(tx, organisation.admin, "test.wrote", "test", None, after={"number": number})
    query, numbers = "what=test.wrote", []
    for _ in range(3):
        found = page(organisation.admin, query, limit=5)
        numbers += [change.after for row in found.rows for change in row.changes]
        query = urlsplit(found.older).query
        with database.write(organisation.tenant_id) as tx:
            audit.record(tx, organisation.admin, "test.wrote", "test", None, after={"number": 99})
    assert numbers == [str(number) for number in range(11, -1, -1)]
    assert found.older == ""


def test_another_organisations_entries_are_not_there(organisation: Organisation) -> None:
    theirs = api_keys.create(organisation.stranger, "Theirs", Role.VIEWER)
    with database.write(organisation.tenant_id) as tx:  # as if an id of theirs stood in an entry of ours
        audit.record(tx, organisation.admin, "test.wrote", "api_key", theirs.id, after={"actor_id": organisation.stranger.id})
    whole = rows(organisation.admin)
    assert not [row for row in whole if "Theirs" in str(row) or "Sten" in str(row)]
    wanted = audit_log.wanted_by(organisation.admin, f"who={organisation.stranger.id}", "UTC")
    assert wanted.actor is None and len(wanted.wrong) == 1
    there = rows(organisation.stranger)
    ours = {actor.name for actor in organisation.by_role().values()}
    assert {row.who.name for row in there} == {"Tocsin", "Sten Stranger"} and not [row for row in there if row.about in ours]
    beyond = page(organisation.admin, limit=1).older
    assert all(row.who.name in ("Tocsin", "Sten Stranger") for row in rows(organisation.stranger, urlsplit(beyond).query))
    whos, _ = audit_log.choices(organisation.admin, wanted)
    assert "Sten Stranger" not in [who.label for who in whos]


def test_only_admins_read_it(organisation: Organisation) -> None:
    wanted = audit_log.wanted_by(organisation.admin, "", "UTC")
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        for call in (
            lambda a: audit_log.wanted_by(a, "", "UTC"),
            lambda a: audit_log.read(a, wanted, "UTC"),
            lambda a: audit_log.choices(a, wanted),
        ):
            with pytest.raises(NotAllowedError):
                call(actor)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("who=nobody", "There is nobody with the handle “nobody” here."),
        ("who=%00", "There is nobody with the handle “” here."),
        (f"who={UUID(int=7)}", "There is nobody"),
        ("what=cats", "“cats” is no kind of thing."),
        ("after=soon", "“soon” is no day and no time."),
        ("before=24h", "“24h” is no day and no time."),
        ("after=0001-01-01", "“0001-01-01” is no day and no time."),
        ("older=1-2", "This page of the log is not known"),
    ],
)
def test_what_is_wrong_in_an_address_is_left_out_and_told(organisation: Organisation, query: str, sentence: str) -> None:
    wanted = audit_log.wanted_by(organisation.admin, f"{query}&x=1", "Asia/Tokyo")
    assert [said[: len(sentence)] for said in wanted.wrong] == [sentence]
    assert wanted.parameters == {}
    assert rows(organisation.admin, query) == rows(organisation.admin)


def test_what_can_be_chosen_holds_people_first_and_programs(organisation: Organisation) -> None:
    api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    integrations.create(organisation.admin, "generic", "Checks")
    whos, whats = audit_log.choices(organisation.admin, audit_log.wanted_by(organisation.admin, "what=api_key.revoked", "UTC"))
    assert [who.label for who in whos] == ["Anyone", "Alice Moreau", "Mina Okafor", "Rob Lindqvist", "Vera Novak", "Bot", "Tocsin"]
    assert [who.value for who in whos][:2] == ["", "alice"]
    assert whats[-1].value == "api_key.revoked"


def test_open_pages_are_told_of_each_entry(organisation: Organisation) -> None:
    async def topics() -> set[str]:
        with live_updates.hub.subscribe(live_updates.audit_topic(organisation.tenant_id)) as subscription:
            await database.run(api_keys.create, organisation.admin, "Bot", Role.VIEWER)
            return await subscription.wait(2)

    assert asyncio.run(topics()) == {live_updates.audit_topic(organisation.tenant_id)}
