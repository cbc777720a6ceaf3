"""Channels as admins set them up: what they are told, who may do it, and that addresses and secrets are told to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.channels import Channel
from models.columns import new_id
from models.vocabulary import ChannelEvent, Severity
from services import channels, database, settings
from services.channels.managing import OVERLAP
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation

HOOK = "http://127.0.0.1:9/hooks/s3cret?token=s3cret"
EVERYTHING = [event.value for event in ChannelEvent]


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is looked up: all addresses are those of this machine."""
    monkeypatch.setenv("TOCSIN_OUTGOING_ALLOW", "127.0.0.1")
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "k" * 40)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def made(organisation: Organisation, kind: str = "webhook", **more: Any) -> channels.NewChannel:
    return channels.create(organisation.admin, kind, more.pop("name", "Ops"), more.pop("url", HOOK), **more)


def entries(organisation: Organisation) -> list[AuditEntry]:
    with database.read(organisation.tenant_id) as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.subject_kind == "channel").order_by(col(AuditEntry.id))))


def test_a_webhook_is_told_everything_and_a_chat_what_matters_in_a_room(organisation: Organisation) -> None:
    hook, chat = made(organisation), made(organisation, "slack", name="#ops")
    assert hook.secret is not None and hook.secret.startswith("whsec_")
    assert chat.secret is None
    assert hook.channel.events == EVERYTHING
    assert chat.channel.events == ["opened", "acknowledged", "resolved", "reopened"]
    assert hook.channel.severities == [severity.value for severity in Severity]
    assert hook.channel.enabled and hook.channel.off_reason is None
    assert channels.list_all(organisation.admin) == [hook.channel, chat.channel]
    assert channels.get(organisation.admin, chat.channel.id) == chat.channel


def test_only_so_much_of_an_address_is_shown_as_holds_no_secret(organisation: Organisation) -> None:
    hook, chat = made(organisation, url="http://127.0.0.1:9/in?token=s3cret"), made(organisation, "slack", name="#ops")
    assert (hook.channel.place, chat.channel.place) == ("http://127.0.0.1:9/…", "http://127.0.0.1:9/…")
    channels.change(organisation.admin, chat.channel.id, url="http://127.0.0.1:9/other/s3cret")
    channels.renew_secret(organisation.admin, hook.channel.id)
    shown = [channels.list_all(organisation.admin), channels.rows(organisation.admin), entries(organisation)]
    assert "s3cret" not in str(shown) and "whsec_" not in str(shown)
    with database.read(organisation.tenant_id) as session:
        stored = str([row.model_dump() for row in session.exec(select(Channel))])
    assert "s3cret" not in stored and "whsec_" not in stored


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "pager"}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "ops"}, "url"),
        ({"severities": []}, "severities"),
        ({"severities": ["critical", "worst"]}, "severities"),
        ({"events": ["opened", "closed"]}, "events"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(organisation: Organisation, given: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {"kind": "webhook", "name": "Ops", "url": HOOK}
    with pytest.raises(InvalidInputError) as refused:
        channels.create(organisation.admin, **(right | given))
    assert refused.value.field == field
    channel = made(organisation).channel
    if field != "kind":
        with pytest.raises(InvalidInputError) as refused:
            channels.change(organisation.admin, channel.id, **given)
        assert refused.value.field == field
    assert channels.list_all(organisation.admin) == [channel]


def test_a_name_is_taken_once(organisation: Organisation) -> None:
    made(organisation)
    other = made(organisation, name="Other").channel
    with pytest.raises(ConflictError, match="called Ops already"):
        made(organisation)
    with pytest.raises(ConflictError, match="called Ops already"):
        channels.change(organisation.admin, other.id, name="Ops")
    channels.create(organisation.stranger, "webhook", "Ops", HOOK)


def test_changes_are_told_in_the_audit_log_and_what_stays_is_not(organisation: Organisation) -> None:
    channel = made(organisation).channel
    changed = channels.change(organisation.admin, channel.id, name="Room", severities=["high", "critical"], events=["resolved", "opened"])
    assert (changed.name, changed.severities, changed.events) == ("Room", ["critical", "high"], ["opened", "resolved"])
    channels.change(organisation.admin, channel.id, name="Room", url=HOOK, events=["opened", "resolved"], enabled=True)
    channels.change(organisation.admin, channel.id, enabled=False)
    channels.change(organisation.admin, channel.id, url="http://127.0.0.1:9/new")
    channels.remove(organisation.admin, channel.id)
    told = entries(organisation)
    assert [entry.action.removeprefix("channel.") for entry in told] == ["created", "changed", "disabled", "changed", "removed"]
    assert told[1].before is not None and told[1].before["name"] == "Ops"
    assert told[1].after == {"name": "Room", "severities": ["critical", "high"], "events": ["opened", "resolved"]}
    assert told[3].after == {"new_address": True}
    assert channels.list_all(organisation.admin) == []


def test_the_secret_before_a_new_one_signs_for_another_day(organisation: Organisation, clock: MovableClock) -> None:
    first = made(organisation)
    second = channels.renew_secret(organisation.admin, first.channel.id)
    assert second.secret not in (None, first.secret)
    assert (second.channel.previous_secret_until or clock.now) - clock.now == OVERLAP
    with pytest.raises(ConflictError, match="checks no signature"):
        channels.renew_secret(organisation.admin, made(organisation, "slack", name="#ops").channel.id)


def test_only_admins_of_the_organisation_reach_a_channel(organisation: Organisation) -> None:
    channel = made(organisation).channel
    calls: list[Any] = [
        lambda actor: channels.change(actor, channel.id, name="Mine"),
        lambda actor: channels.renew_secret(actor, channel.id),
        lambda actor: channels.remove(actor, channel.id),
        lambda actor: channels.get(actor, channel.id),
        lambda actor: channels.deliveries(actor, channel.id),
        lambda actor: channels.send_test(actor, channel.id),
    ]
    everybody: list[Any] = [channels.list_all, channels.rows, channels.latest, lambda actor: channels.create(actor, "webhook", "My", HOOK)]
    for actor in (organisation.manager, organisation.responder, organisation.viewer):
        for call in (*calls, *everybody):
            with pytest.raises(NotAllowedError):
                call(actor)
    for call in calls:
        with pytest.raises(NotFoundError, match="no such channel"):
            call(organisation.stranger)
    for call in everybody[:3]:
        assert call(organisation.stranger) == []
    with pytest.raises(NotFoundError):
        channels.get(organisation.admin, new_id())
    assert channels.get(organisation.admin, channel.id) == channel


def test_the_page_says_what_a_channel_is_told(organisation: Organisation) -> None:
    made(organisation, severities=["critical", "high", "medium"], events=["opened", "severity_changed"])
    made(organisation, name="All")
    assert [row.told for row in channels.rows(organisation.admin)] == [
        "Critical, high and medium incidents: opened, severity changed",
        "All incidents: everything",
    ]
