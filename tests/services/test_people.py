"""People: who can be made, how they are called, and what they may change of themselves."""

import asyncio
from collections.abc import Callable

import pytest

from models.vocabulary import Role, Theme
from services import live_updates, people
from services.errors import ConflictError, InvalidFieldsError, NotAllowedError
from tests.fixtures.organisations import Organisation, audited


def test_everybody_of_the_organisation_is_listed_and_nobody_else(organisation: Organisation) -> None:
    assert [person.handle for person in people.people(organisation.viewer)] == ["alice", "mina", "rob", "vera"]
    assert [person.handle for person in people.people(organisation.stranger)] == ["sten"]


def test_only_an_admin_makes_people(organisation: Organisation) -> None:
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            people.create_person(actor, email="new@northwind.example", name="New", role=Role.VIEWER)
    made = people.create_person(organisation.admin, email=" New@Northwind.example ", name="New  Person", role=Role.VIEWER)
    assert (made.email, made.name, made.handle) == ("new@northwind.example", "New Person", "new")


@pytest.mark.parametrize(
    ("name", "email", "handle"),
    [
        ("Alice Cooper", "cooper@northwind.example", "alice.cooper"),
        ("Alice", "a2@northwind.example", "alice2"),
        ("Łukasz Żółć", "l@northwind.example", "lukasz"),
        ("王芳", "fang.wang@northwind.example", "fang"),
        ("王芳", "王@northwind.example", "person"),
    ],
)
def test_a_handle_is_made_of_the_name_and_is_free(organisation: Organisation, name: str, email: str, handle: str) -> None:
    assert people.create_person(organisation.admin, email=email, name=name, role=Role.VIEWER).handle == handle


def test_an_address_signs_in_to_one_organisation_only(organisation: Organisation) -> None:
    with pytest.raises(ConflictError, match=r"sten@southwind\.example already") as refused:
        people.create_person(organisation.admin, email="STEN@southwind.example", name="Sten", role=Role.VIEWER)
    assert refused.value.field == "email"


def test_a_handle_is_unique_in_its_organisation_only(organisation: Organisation) -> None:
    with pytest.raises(ConflictError) as refused:
        people.create_person(organisation.admin, email="r@northwind.example", name="R", role=Role.VIEWER, handle="@Rob")
    assert refused.value.field == "handle"
    assert people.create_person(organisation.admin, email="s@northwind.example", name="S", role=Role.VIEWER, handle="sten").handle == "sten"


def test_all_wrong_fields_are_told_at_once(organisation: Organisation) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        people.create_person(
            organisation.admin, email="nobody", name=" ", role=Role.VIEWER, handle="No One", password="short", timezone="Mars/Base"
        )
    assert set(refused.value.fields) == {"email", "name", "handle", "password", "timezone"}


def test_a_person_changes_their_own_profile(organisation: Organisation) -> None:
    changed = people.change_profile(
        organisation.responder, name="Robert Lindqvist", handle="robert", timezone="Europe/Stockholm", theme=Theme.DARK, shortcuts=False
    )
    assert (changed.name, changed.handle, changed.timezone, changed.theme, changed.shortcuts) == (
        "Robert Lindqvist",
        "robert",
        "Europe/Stockholm",
        Theme.DARK,
        False,
    )
    assert people.own_profile(organisation.responder) == changed
    entry = audited(organisation.admin)[-1]
    assert (entry.action, entry.actor_id, entry.address) == ("profile.changed", organisation.responder.id, "192.0.2.7")
    assert entry.before == {"name": "Rob Lindqvist", "handle": "rob", "timezone": None, "theme": "system", "shortcuts": True}


def test_an_empty_time_zone_means_the_organisations(organisation: Organisation) -> None:
    people.change_profile(organisation.responder, timezone="Asia/Tokyo")
    assert people.change_profile(organisation.responder, timezone="").timezone is None


def test_a_change_that_changes_nothing_is_not_audited(organisation: Organisation) -> None:
    before = len(audited(organisation.admin))
    people.change_profile(organisation.responder, name="Rob Lindqvist")
    assert len(audited(organisation.admin)) == before


def test_a_viewer_only_reads(organisation: Organisation) -> None:
    with pytest.raises(NotAllowedError):
        people.change_profile(organisation.viewer, name="Somebody")
    assert people.own_profile(organisation.viewer).name == "Vera Novak"


def test_a_taken_handle_is_refused_and_nothing_else_changes(organisation: Organisation) -> None:
    with pytest.raises(ConflictError):
        people.change_profile(organisation.responder, name="Other", handle="alice")
    assert people.own_profile(organisation.responder).name == "Rob Lindqvist"


def test_organisations_have_different_slugs(organisation: Organisation) -> None:
    with pytest.raises(ConflictError) as refused:
        people.create_organisation("Northwind Two", "northwind")
    assert refused.value.field == "slug"
    with pytest.raises(InvalidFieldsError):
        people.create_organisation("Bad slug", "No Spaces")


def test_a_profile_is_shown_as_it_is_stored(organisation: Organisation) -> None:
    people.change_profile(organisation.responder, timezone="Asia/Tokyo", theme=Theme.DARK, timeline_newest_first=True)
    view = people.profile_view(organisation.responder)
    assert (view.name, view.handle, view.role, view.timezone, view.theme, view.timeline_newest_first) == (
        "Rob Lindqvist",
        "rob",
        "responder",
        "Asia/Tokyo",
        "dark",
        True,
    )


def test_the_list_of_people_hears_of_new_people_and_new_names(organisation: Organisation) -> None:
    async def told_of(change: Callable[[], object]) -> set[str]:
        with live_updates.hub.subscribe(live_updates.people_topic(organisation.tenant_id)) as subscription:
            await asyncio.to_thread(change)
            return await subscription.wait(2)

    topic = {live_updates.people_topic(organisation.tenant_id)}
    new = {"email": "new@northwind.example", "name": "New", "role": Role.VIEWER}
    assert asyncio.run(told_of(lambda: people.create_person(organisation.admin, **new))) == topic  # type: ignore[arg-type]
    assert asyncio.run(told_of(lambda: people.change_profile(organisation.responder, name="Robert"))) == topic
