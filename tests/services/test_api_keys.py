"""API keys: what they may do, what ends them, and that they are shown once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from models.access import ApiKey
from models.audit import AuditEntry
from models.people import User
from models.vocabulary import ActorKind, Role
from services import access, api_keys, database, live_updates
from services.access import Actor
from services.errors import InvalidInputError, NotAllowedError, NotFoundError
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation


def change(organisation: Organisation, user_id: UUID, **values: object) -> None:
    with database.write(organisation.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == user_id).values(**values))


def test_a_key_acts_as_a_service_account_with_its_role(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Deploy bot", Role.RESPONDER)
    actor = api_keys.actor_for_key(key.token, "203.0.113.8")
    assert actor is not None
    assert (actor.kind, actor.name, actor.role, actor.tenant_id, actor.address) == (
        ActorKind.SERVICE_ACCOUNT,
        "Deploy bot",
        Role.RESPONDER,
        organisation.tenant_id,
        "203.0.113.8",
    )


def test_a_key_of_a_person_acts_as_that_person(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Scripts", Role.MANAGER, as_myself=True)
    actor = api_keys.actor_for_key(key.token)
    assert actor is not None
    assert (actor.id, actor.kind, actor.role) == (organisation.admin.id, ActorKind.PERSON, Role.MANAGER)


def test_a_key_loses_what_its_person_loses(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Scripts", Role.ADMIN, as_myself=True)
    change(organisation, organisation.admin.id, role=Role.VIEWER)
    actor = api_keys.actor_for_key(key.token)
    assert actor is not None and actor.role is Role.VIEWER
    change(organisation, organisation.admin.id, active=False)
    assert api_keys.actor_for_key(key.token) is None


def test_only_an_admin_makes_sees_and_ends_keys(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        for call in (lambda a: api_keys.create(a, "Mine", Role.VIEWER), api_keys.keys, lambda a: api_keys.revoke(a, key.id)):
            with pytest.raises(NotAllowedError):
                call(actor)


def test_a_key_never_has_more_rights_than_its_maker(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "require", lambda *_: None)  # as if managers were let to make keys
    with pytest.raises(NotAllowedError, match="more rights"):
        api_keys.create(organisation.manager, "Climber", Role.ADMIN)


def test_a_revoked_key_is_dead_at_once(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    api_keys.revoke(organisation.admin, key.id)
    assert api_keys.actor_for_key(key.token) is None
    assert api_keys.keys(organisation.admin) == []
    with pytest.raises(NotFoundError):
        api_keys.revoke(organisation.admin, key.id)


def test_another_organisations_key_is_not_there(organisation: Organisation) -> None:
    key = api_keys.create(organisation.stranger, "Theirs", Role.VIEWER)
    assert api_keys.keys(organisation.admin) == []
    with pytest.raises(NotFoundError):
        api_keys.revoke(organisation.admin, key.id)
    assert api_keys.actor_for_key(key.token) is not None


def test_a_key_ends_when_it_was_made_to_end(organisation: Organisation, clock: MovableClock) -> None:
    key = api_keys.create(organisation.admin, "Short", Role.VIEWER, expires_at=clock.now + timedelta(hours=1))
    clock.pass_time(minutes=59)
    assert api_keys.actor_for_key(key.token) is not None
    clock.pass_time(minutes=1)
    assert api_keys.actor_for_key(key.token) is None
    with pytest.raises(InvalidInputError):
        api_keys.create(organisation.admin, "Over", Role.VIEWER, expires_at=clock.now)


def test_only_the_beginning_of_a_key_can_be_seen_again(organisation: Organisation) -> None:
    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    (shown,) = api_keys.keys(organisation.admin)
    assert key.token.startswith(shown.prefix) and len(shown.prefix) < 15
    with database.read(organisation.tenant_id) as session:
        assert key.token not in str(session.exec(select(ApiKey)).one().model_dump())


def test_use_is_noted_at_most_once_a_minute(organisation: Organisation, clock: MovableClock) -> None:
    def last_used(actor: Actor) -> object:
        return api_keys.keys(actor)[0].last_used_at

    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER)
    assert last_used(organisation.admin) is None
    began = clock.now
    api_keys.actor_for_key(key.token)
    clock.pass_time(seconds=59)
    api_keys.actor_for_key(key.token)
    assert last_used(organisation.admin) == began
    clock.pass_time(seconds=1)
    api_keys.actor_for_key(key.token)
    assert last_used(organisation.admin) == clock.now


@pytest.mark.parametrize("token", ["", "tk_", "ts_abc", "tk_" + "a" * 43, "tk_\x00", "tk_" + "a" * 10_000])
def test_what_is_no_key_is_nobody(organisation: Organisation, token: str) -> None:
    assert api_keys.actor_for_key(token) is None


def test_the_page_lists_what_works_before_what_has_ended(organisation: Organisation, clock: MovableClock) -> None:
    revoked = api_keys.create(organisation.admin, "Revoked", Role.VIEWER)
    api_keys.create(organisation.admin, "Expired", Role.VIEWER, expires_at=clock.now + timedelta(hours=1))
    api_keys.create(organisation.admin, "Lasting", Role.RESPONDER)
    mine = api_keys.create(organisation.system, "By a command", Role.ADMIN)
    clock.pass_time(hours=2)
    assert api_keys.revoke(organisation.admin, revoked.id) == "Revoked"
    rows = api_keys.key_rows(organisation.admin)
    assert [(row.name, row.state, row.made_by) for row in rows] == [
        ("By a command", "works", "Tocsin"),
        ("Lasting", "works", "Alice Moreau"),
        ("Expired", "expired", "Alice Moreau"),
        ("Revoked", "revoked", "Alice Moreau"),
    ]
    assert rows[0].id == mine.id.hex
    assert rows[3].ends_at == f"{clock.now:%Y-%m-%dT%H:%M:%S.000Z}"
    clock.pass_time(days=30, hours=3)
    assert [row.name for row in api_keys.key_rows(organisation.admin)] == ["By a command", "Lasting"]


def test_the_page_says_whose_key_it_is_and_that_they_left(organisation: Organisation) -> None:
    api_keys.create(organisation.admin, "Scripts", Role.MANAGER, as_myself=True)
    (row,) = api_keys.key_rows(organisation.admin)
    assert (row.acts_as, row.state) == ("Alice Moreau", "works")
    change(organisation, organisation.admin.id, active=False)
    (row,) = api_keys.key_rows(organisation.admin)
    assert row.state == "left"


def test_the_page_shows_no_keys_of_another_organisation_and_none_to_others(organisation: Organisation) -> None:
    api_keys.create(organisation.stranger, "Theirs", Role.VIEWER)
    assert api_keys.key_rows(organisation.admin) == []
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        with pytest.raises(NotAllowedError):
            api_keys.key_rows(actor)


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("UTC", "2026-11-25T00:00:00+00:00"),
        ("Europe/Stockholm", "2026-11-24T23:00:00+00:00"),
        ("America/Lima", "2026-11-25T05:00:00+00:00"),
    ],
)
def test_a_key_works_until_its_last_day_is_over_where_its_maker_is(clock: MovableClock, zone: str, end: str) -> None:
    found = api_keys.end_of_day("2026-11-24", zone)
    assert found is not None and found.isoformat() == end
    assert api_keys.end_of_day(" ", zone) is None


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "24.11.2026", "9999-12-31", "2026-11-24T10:00"])
def test_a_last_day_that_is_none_is_refused_at_its_field(clock: MovableClock, day: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        api_keys.end_of_day(day, "UTC")
    assert refused.value.field == "expires_at"


def test_open_pages_are_told_of_keys_that_are_made_used_and_ended(organisation: Organisation, clock: MovableClock) -> None:
    async def told() -> list[set[str]]:
        found = []
        with live_updates.hub.subscribe(live_updates.api_keys_topic(organisation.tenant_id)) as subscription:
            key = await database.run(api_keys.create, organisation.admin, "Bot", Role.VIEWER)
            found.append(await subscription.wait(2))
            await database.run(api_keys.actor_for_key, key.token)
            found.append(await subscription.wait(2))
            await database.run(api_keys.revoke, organisation.admin, key.id)
            found.append(await subscription.wait(2))
        return found

    assert asyncio.run(told()) == [{live_updates.api_keys_topic(organisation.tenant_id)}] * 3


def test_the_audit_log_says_what_a_key_was_and_holds_no_token(organisation: Organisation, clock: MovableClock) -> None:
    key = api_keys.create(organisation.admin, "Bot", Role.VIEWER, expires_at=clock.now + timedelta(days=1))
    api_keys.revoke(organisation.admin, key.id)
    with database.read(organisation.tenant_id) as session:
        found = session.exec(select(AuditEntry).where(col(AuditEntry.subject_id) == key.id).order_by(col(AuditEntry.action))).all()
    created, revoked = found
    assert (created.action, revoked.action) == ("api_key.created", "api_key.revoked")
    assert created.after is not None and created.after["expires_at"] == f"{clock.now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert (created.before, created.after["role"], key.token.startswith(created.after["prefix"])) == (None, "viewer", True)
    assert revoked.before == {"revoked_at": None}
    assert revoked.after == {"revoked_at": f"{clock.now:%Y-%m-%dT%H:%M:%SZ}"}
    assert {entry.address for entry in found} == {"192.0.2.7"}
    assert key.token not in str([entry.model_dump() for entry in found])
