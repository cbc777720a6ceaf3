"""Channels are told of incidents: in the transaction of the change, at least once, under one id, and no longer than it is true."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import col, select, update

from models.audit import AuditEntry
from models.channels import Channel
from models.jobs import Job
from models.notifications import OutgoingMessage
from models.vocabulary import DeliveryStatus, JobStatus, Role
from services import channels, comments, database, engine, incidents, jobs, outgoing, retention, settings
from services.channels import forms, sending
from services.channels.managing import NewChannel
from services.errors import RefusedError
from services.statements import Prepared
from tests.fixtures.busy_databases import busy_after
from tests.fixtures.databases import KINDS
from tests.fixtures.receivers import Receiver, close, garbage
from tests.fixtures.stories import Story

on_both = pytest.mark.parametrize("database_kind", KINDS)


@pytest.fixture
def database_kind() -> str:
    """Most of what is told here is the same on both: those tests run on SQLite alone."""
    return "sqlite"


@pytest.fixture
def database_url(new_database: Callable[[str], str], database_kind: str) -> str:
    return new_database(database_kind)


class Room:
    """A channel of Northwind, whose receiver is `receiver`, and the engine that sends to it."""

    def __init__(self, story: Story, receiver: Receiver) -> None:
        self.story, self.receiver = story, receiver
        self.admin, self.responder = story.organisation.admin, story.organisation.responder

    def make(self, kind: str = "webhook", name: str = "Ops", **more: Any) -> NewChannel:
        return channels.create(self.admin, kind, name, more.pop("url", self.receiver.url), **more)

    def work(self) -> None:
        """Run what is due now, until nothing is."""
        while engine.run_due("worker", {"channel": sending.run}):
            pass

    def kinds(self) -> list[str]:
        """What the receiver was told, in order."""
        return [taken.json.get("type", "") for taken in self.receiver.taken]

    def messages(self) -> list[tuple[str, str, int]]:
        """Kind, state and tries of all messages, the oldest first."""
        return [(one.kind.removeprefix("incident."), one.status.value, one.attempts) for one in self.stored()]

    def stored(self) -> list[OutgoingMessage]:
        with database.read(self.story.organisation.tenant_id) as session:
            query = select(OutgoingMessage).where(col(OutgoingMessage.channel_id).is_not(None))
            return list(session.exec(query.order_by(col(OutgoingMessage.created_at), col(OutgoingMessage.id))))

    def jobs(self) -> list[Job]:
        with database.read(self.story.organisation.tenant_id) as session:
            return list(session.exec(select(Job).where(Job.kind == "channel", col(Job.status).in_([JobStatus.PENDING, JobStatus.RUNNING]))))

    def row(self) -> Any:
        (row,) = channels.rows(self.admin)
        return row


@pytest.fixture
def room(story: Story, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("TOCSIN_BASE_URL", "https://tocsin.example.org")
    monkeypatch.setattr("services.jobs.random.uniform", lambda _a, _b: 1.0)
    settings.current.cache_clear()
    return Room(story, receiver)


# ── what is told ──


@on_both
def test_a_webhook_is_told_of_the_life_of_an_incident(room: Room) -> None:
    secret = room.make().secret
    assert secret is not None
    (number,) = room.story.fire()
    room.work()
    incidents.acknowledge(room.responder, number)
    room.work()
    incidents.unacknowledge(room.responder, number, reason="Not mine")
    room.work()
    incidents.investigate(room.responder, number)
    room.work()
    incidents.change_severity(room.responder, number, "low")
    comments.add(room.responder, number, "It is the pool")
    incidents.assign(room.responder, number, room.admin.id)
    room.work()
    incidents.resolve(room.responder, number, "Restarted")
    room.work()
    incidents.reopen(room.responder, number, "Again")
    room.work()
    kinds = [kind.removeprefix("incident.") for kind in room.kinds()]
    assert [kind for kind in kinds if kind != "assigned"] == [
        "opened", "acknowledged", "unacknowledged", "acknowledged", "investigating", "severity_changed", "commented", "resolved",
        "reopened",
    ]  # fmt: skip
    assert kinds.count("assigned") == 2
    assert {state for _, state, _ in room.messages()} == {"sent"}
    for taken in room.receiver.taken:
        headers = taken.headers
        assert headers["webhook-signature"] == forms.signatures([secret], taken.id, int(headers["webhook-timestamp"]), taken.body)
    assert len({taken.id for taken in room.receiver.taken}) == len(room.receiver.taken)
    assert {taken.id for taken in room.receiver.taken} == {str(one.id) for one in room.stored()}
    comment = next(taken.json for taken in room.receiver.taken if taken.json["type"] == "incident.commented")
    assert comment["data"]["event"]["data"]["body"] == "It is the pool"
    assert comment["data"]["event"]["actor_name"] == "Rob Lindqvist"
    assert comment["data"]["incident"]["number"] == number
    assert comment["data"]["url"] == f"https://tocsin.example.org/incidents/{number}"
    assert room.row().light == "lit"


def test_the_timestamp_is_the_time_of_the_call(room: Room) -> None:
    room.make()
    room.receiver.answers = [503, 204]
    room.story.fire()
    room.work()
    room.story.pass_time(seconds=5)
    room.work()
    first, second = room.receiver.taken
    assert first.id == second.id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5
    assert first.json["timestamp"] == second.json["timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_chat_gets_one_message_when_it_opens_is_acknowledged_and_is_over(room: Room) -> None:
    room.make("slack")
    (number,) = room.story.fire(title="Disk <full> @channel")
    room.story.fire()
    room.work()
    incidents.acknowledge(room.responder, number)
    room.work()
    comments.add(room.responder, number, "Looking")
    incidents.change_severity(room.responder, number, "low")
    incidents.resolve(room.responder, number, "Cleaned")
    room.work()
    texts = [taken.json["text"] for taken in room.receiver.taken]
    assert [text.split("*")[1] for text in texts] == ["Opened", "Acknowledged", "Resolved"]
    link = f"<https://tocsin.example.org/incidents/{number}|{number}>"
    assert texts[0].splitlines()[0] == f"🚨 *Opened* {link} Disk &lt;full&gt; @\u200bchannel"
    assert texts[1].splitlines()[0].startswith("👤 *Acknowledged* by Rob Lindqvist <")
    assert texts[2].splitlines()[1] == "> Cleaned"
    assert "webhook-signature" not in room.receiver.taken[0].headers


def test_a_channel_is_told_what_it_was_set_up_for(room: Room) -> None:
    room.make(severities=["critical"], events=["opened", "severity_changed"])
    room.story.fire("a", severity="critical")
    (number,) = room.story.fire("b", severity="high")
    incidents.acknowledge(room.responder, number)
    incidents.change_severity(room.responder, number, "medium")
    room.work()
    assert room.kinds() == ["incident.opened"]
    incidents.change_severity(room.responder, number, "critical")
    room.work()
    incidents.change_severity(room.responder, number, "low")
    room.work()
    assert room.kinds() == ["incident.opened", "incident.severity_changed", "incident.severity_changed"]


@on_both
def test_one_change_tells_each_channel_that_wants_it_and_no_other_organisation(room: Room) -> None:
    room.make(events=["resolved"])
    room.make(name="Second", events=["opened"])
    off = room.make(name="Off").channel
    channels.change(room.admin, off.id, enabled=False)
    channels.create(room.story.organisation.stranger, "webhook", "Theirs", room.receiver.url)
    room.story.fire()
    assert [(one.channel, one.kind) for one in room.stored()] == [("webhook", "incident.opened")]
    room.work()
    assert len(room.receiver.taken) == 1


def test_what_fails_is_told_to_nobody(room: Room) -> None:
    """The message is part of the change: rolled back, there is neither."""
    room.make()
    (number,) = room.story.fire()
    room.work()
    with pytest.raises(RefusedError):
        incidents.acknowledge(room.responder, number, version=999)
    room.work()
    assert room.kinds() == ["incident.opened"] and len(room.messages()) >= 1


def test_an_organisation_without_channels_pays_one_read_when_incidents_change(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    run = Prepared.run

    def noting(self: Prepared, cursor: Any, values: Any) -> Any:
        if "FROM channel" in self.sql:
            seen.append(self.sql)
        return run(self, cursor, values)

    monkeypatch.setattr(Prepared, "run", noting)
    room.story.post([{"title": "Down", "severity": "high", "dedup_key": str(one)} for one in range(30)])
    assert len(seen) == 1
    for one in range(5):
        room.story.fire(str(one), title="Down")  # repeats
    assert len(seen) == 1


def test_a_database_that_is_busy_when_a_channel_was_told_makes_no_second_message(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make()
    room.story.fire()
    with monkeypatch.context() as away:
        busy_after(away, outgoing, "post", times=jobs.TRIES_TO_NOTE - 1)
        room.work()
    assert room.messages() == [("opened", "sent", 1)]
    assert room.kinds() == ["incident.opened"]


# ── what came back ──


@pytest.mark.parametrize("answer", [503, 408, close, garbage], ids=["503", "408", "close", "garbage"])
def test_what_may_pass_is_tried_again_under_the_same_id(room: Room, answer: Any) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [answer, answer, 204]
    room.story.fire()
    waits = []
    for _ in range(2):
        room.work()
        (waiting,) = room.jobs()
        waits.append((waiting.due_at - room.story.clock.now).total_seconds())
        assert room.row().light == "trouble" and room.row().waiting_count == 1
        assert room.row().last_error.endswith(".")
        room.story.pass_time(seconds=waits[-1])
    room.work()
    assert waits == [2.0, 6.0]
    assert room.messages() == [("opened", "sent", 3)]
    assert len({taken.id for taken in room.receiver.taken}) == 1
    assert (room.row().light, room.row().failing_since, room.row().waiting_count) == ("lit", "", 0)
    assert room.jobs() == []


def test_a_receiver_that_hangs_is_left_after_a_while(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.2)
    room.make(events=["opened"])
    room.receiver.answers = [room.receiver.hang]
    room.story.fire("a")
    room.story.fire("b")
    room.work()
    assert len(room.receiver.taken) == 1, "the others wait, too: it would take a lane of the engine for each"
    assert room.messages() == [("opened", "pending", 1), ("opened", "pending", 0)]


def test_it_comes_back_when_the_receiver_wants_it(room: Room) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [(429, {"retry-after": "90"}, "slow down"), 204]
    room.story.fire()
    room.work()
    assert room.row().last_error == "It answered 429: slow down."
    room.story.pass_time(seconds=89)
    room.work()
    assert len(room.receiver.taken) == 1
    room.story.fire("b")
    room.work()
    assert len(room.receiver.taken) == 1, "a new message does not come sooner"
    room.story.pass_time(seconds=1)
    room.work()
    assert len(room.receiver.taken) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (400, "It answered 400."),
        ((404, {}, "no_service"), "It answered 404: no_service."),
        (413, "It answered 413."),
        ((302, {"location": "http://127.0.0.1:9/"}, ""), "Redirects are not followed"),
    ],
)
def test_what_does_not_pass_fails_at_once_and_the_next_goes_on(room: Room, answer: Any, said: str) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [answer, 204]
    room.story.fire("a")
    room.story.fire("b")
    room.work()
    assert room.messages() == [("opened", "failed", 1), ("opened", "sent", 1)]
    failed = channels.latest(room.admin)[1]
    assert said in failed.error and failed.state == "failed"


def test_an_address_that_became_private_is_refused_at_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make(events=["opened"])
    monkeypatch.setenv("TOCSIN_OUTGOING_ALLOW", "")
    settings.current.cache_clear()
    room.story.fire()
    room.work()
    assert room.receiver.taken == []
    assert room.messages() == [("opened", "failed", 1)]
    assert "TOCSIN_OUTGOING_ALLOW" in room.row().last_error


def test_gone_switches_the_channel_off_and_says_why(room: Room) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [(410, {}, "channel_is_archived")]
    for key in ("a", "b"):
        room.story.fire(key)
    room.work()
    assert len(room.receiver.taken) == 1
    assert room.messages() == [("opened", "failed", 1), ("opened", "cancelled", 0)]
    row = room.row()
    assert (row.enabled, row.light) == (False, "off")
    assert row.off_reason == "It answered 410: channel_is_archived. That means that it does not exist any more."
    with database.read(room.story.organisation.tenant_id) as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "channel.disabled")).all()
    assert entry.actor_id == room.story.organisation.system.id
    room.story.fire("c")
    assert len(room.messages()) == 2
    room.receiver.answers = [204]
    channels.change(room.admin, channels.list_all(room.admin)[0].id, enabled=True)
    room.story.fire("d")
    room.work()
    assert room.row().light == "lit" and room.row().off_reason == ""


def test_it_is_given_up_after_a_day_and_never_untried(room: Room) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [503]
    room.story.fire()
    for _ in range(7):
        room.work()
        room.story.pass_time(minutes=6)
    (job,) = room.jobs()
    assert (job.due_at - room.story.clock.now).total_seconds() <= sending.LONGEST_WAIT_SECONDS
    room.story.pass_time(hours=24)
    room.work()
    assert room.messages() == [("opened", "failed", 8)]
    room.story.fire("late")
    room.story.pass_time(days=3)  # as if Tocsin had been down
    room.receiver.answers = [204]
    room.work()
    assert room.messages()[1] == ("opened", "sent", 1)


@on_both
def test_one_message_that_is_not_taken_does_not_hold_up_the_others(room: Room) -> None:
    room.make(events=["opened"])
    room.receiver.answers = [500, 500, 500, 204, 500]
    room.story.fire("poison")
    for _ in range(3):
        room.work()
        room.story.pass_time(minutes=1)
    room.story.fire("next")
    room.work()
    assert room.messages() == [("opened", "pending", 4), ("opened", "sent", 1)]


# ── what is not so any more ──


@on_both
def test_what_was_overtaken_is_left_out(room: Room) -> None:
    room.make()
    room.receiver.answers = [503, 204]
    (number,) = room.story.fire()
    room.work()
    incidents.acknowledge(room.responder, number)
    incidents.change_severity(room.responder, number, "low")
    incidents.change_severity(room.responder, number, "high")
    incidents.resolve(room.responder, number, "Restarted")
    room.story.pass_time(minutes=5)
    room.work()
    kinds = [kind.removeprefix("incident.") for kind in room.kinds()]
    assert kinds[:2] == ["opened", "opened"]
    assert [kind for kind in kinds[2:] if kind != "assigned"] == ["severity_changed", "resolved"]
    assert room.receiver.taken[1].json["data"]["incident"]["state"] == "resolved", "as it is when it is sent"
    left_out = [one for one in room.stored() if one.status is DeliveryStatus.CANCELLED]
    assert {(one.kind, one.last_error) for one in left_out} == {
        ("incident.acknowledged", "Something else happened before it was sent."),
        ("incident.severity_changed", "Something else happened before it was sent."),
    }


def test_a_resolution_is_not_told_once_it_burns_again(room: Room) -> None:
    room.make("slack")
    (number,) = room.story.fire()
    room.work()
    incidents.resolve(room.responder, number, "Restarted")
    incidents.reopen(room.responder, number, "Again")
    room.work()
    assert [taken.json["text"].split("*")[1] for taken in room.receiver.taken] == ["Opened", "Reopened"]


# ── crashes ──


def test_a_crash_between_sending_and_noting_sends_it_twice_at_most_under_the_same_id(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make(events=["opened"])
    room.story.fire()

    class KilledError(BaseException):
        """The process is gone."""

    def die(*_: Any) -> bool:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_note", die)
        with pytest.raises(KilledError):
            room.work()
    room.work()
    assert len(room.receiver.taken) == 1, "its lease is still held"
    room.story.pass_time(seconds=jobs.LEASE.total_seconds() + 1)
    room.work()
    assert len(room.receiver.taken) == 2
    assert len({taken.id for taken in room.receiver.taken}) == 1
    assert room.messages() == [("opened", "sent", 1)]


def test_a_crash_before_sending_sends_it_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make(events=["opened"])
    room.story.fire()

    class KilledError(BaseException):
        """The process is gone."""

    def die(*_: Any) -> Any:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_call", die)
        with pytest.raises(KilledError):
            room.work()
    room.story.pass_time(seconds=jobs.LEASE.total_seconds() + 1)
    room.work()
    assert (len(room.receiver.taken), room.messages()) == (1, [("opened", "sent", 1)])


@on_both
def test_two_workers_send_each_message_once(room: Room) -> None:
    room.make(events=["opened"])
    for key in range(6):
        room.story.fire(str(key))
    workers = [threading.Thread(target=room.work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    room.work()
    assert [state for _, state, _ in room.messages()] == ["sent"] * 6
    assert len({taken.id for taken in room.receiver.taken}) == len(room.receiver.taken) == 6


def test_what_does_not_fit_into_one_run_follows_in_the_next(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "AT_ONCE", 2)
    room.make(events=["opened"])
    for key in range(5):
        room.story.fire(str(key))
    room.work()
    assert len(room.receiver.taken) == 5
    assert [taken.json["data"]["incident"]["number"] for taken in room.receiver.taken] == [f"INC-{number}" for number in range(1, 6)]


def test_what_was_sent_is_forgotten_after_a_month_and_what_waits_is_not(room: Room) -> None:
    room.make(events=["opened"])
    room.story.fire("a")
    room.work()
    room.story.fire("b")
    room.story.pass_time(days=31)
    engine.run_due("worker", {"retention": retention.run})
    assert room.messages() == [("opened", "pending", 0)]


# ── a change of the channel ──


@on_both
def test_a_channel_that_is_off_or_gone_is_told_nothing_later(room: Room) -> None:
    channel = room.make(events=["opened"]).channel
    room.story.fire("a")
    channels.change(room.admin, channel.id, enabled=False)
    room.story.fire("b")
    channels.change(room.admin, channel.id, enabled=True)
    room.work()
    assert room.receiver.taken == []
    room.story.fire("c")
    channels.remove(room.admin, channel.id)
    room.work()
    assert room.receiver.taken == []
    assert room.messages() == [("opened", "cancelled", 0)] * 2


def test_a_new_address_is_tried_at_once(room: Room, new_receiver: Any) -> None:
    channel = room.make(events=["opened"]).channel
    room.receiver.answers = [503]
    room.story.fire()
    for _ in range(4):
        room.work()
        room.story.pass_time(minutes=2)
    room.work()
    better = new_receiver()
    channels.change(room.admin, channel.id, url=better.url)
    assert room.row().light == "waiting" and room.row().last_error == ""
    room.work()
    assert len(better.taken) == 1 and room.row().light == "lit"


def test_after_a_renewal_both_secrets_sign_for_a_day(room: Room) -> None:
    first = room.make(events=["opened"])
    second = channels.renew_secret(room.admin, first.channel.id)
    for expected in ([second.secret, first.secret], [second.secret]):
        room.story.fire(str(len(expected)))
        room.work()
        taken = room.receiver.taken[-1]
        at = int(taken.headers["webhook-timestamp"])
        assert datetime.fromtimestamp(at, UTC) == room.story.clock.now
        assert taken.headers["webhook-signature"] == forms.signatures([str(each) for each in expected], taken.id, at, taken.body)
        room.story.pass_time(hours=25)


def test_a_lost_secret_key_is_told_and_nothing_is_lost(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make(events=["opened"])
    room.story.fire()
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "n" * 40)
    settings.current.cache_clear()
    room.work()
    assert "TOCSIN_PREVIOUS_SECRET_KEY" in room.row().last_error
    monkeypatch.setenv("TOCSIN_PREVIOUS_SECRET_KEY", "k" * 40)
    settings.current.cache_clear()
    room.story.pass_time(minutes=1)
    room.work()
    assert room.messages() == [("opened", "sent", 2)]


# ── a test ──


def test_a_test_says_what_came_back(room: Room) -> None:
    hook, chat = room.make(), room.make("slack", name="#ops")
    room.receiver.answers = [(200, {}, "ok"), 204, (403, {}, "invalid_token"), close]
    assert channels.send_test(room.admin, hook.channel.id) == sending.Outcome(sending.Verdict.SENT, "It answered 200: ok.")
    channels.change(room.admin, chat.channel.id, enabled=False)
    assert channels.send_test(room.admin, chat.channel.id).verdict is sending.Verdict.SENT
    assert channels.send_test(room.admin, hook.channel.id).sentence == "It answered 403: invalid_token."
    assert channels.send_test(room.admin, hook.channel.id).verdict is sending.Verdict.RETRY
    test, text = room.receiver.taken[:2]
    assert test.json["type"] == "test"
    signed = forms.signatures([str(hook.secret)], test.id, int(test.headers["webhook-timestamp"]), test.body)
    assert test.headers["webhook-signature"] == signed
    assert text.json["text"].startswith("🔔 *Test* of the channel #ops")
    assert room.stored() == []
    assert room.admin.role is Role.ADMIN


def test_a_test_that_arrives_brings_what_waits(room: Room) -> None:
    channel = room.make(events=["opened"]).channel
    room.receiver.answers = [503, 503, 204]
    room.story.fire()
    room.work()
    room.story.pass_time(minutes=1)
    room.work()
    assert room.messages() == [("opened", "pending", 2)]
    channels.send_test(room.admin, channel.id)
    room.work()
    assert room.messages() == [("opened", "sent", 3)]


# ── what is a secret stays one ──


def test_what_a_receiver_says_back_of_its_own_address_is_not_kept(room: Room) -> None:
    secret = "T0K3NT0K3N"
    room.make("slack", name="#ops", url=f"{room.receiver.url}/services/{secret}?key=an%20other%20one")
    room.receiver.answers = [(404, {}, f"No such path: /services/{secret}?key=an%20other%20one, nor {secret} alone, nor an other one")]
    room.story.fire()
    room.work()
    said = room.row().last_error
    assert said.startswith("It answered 404: No such path: ") and secret not in said and "other" not in said


def test_a_secret_that_cannot_be_read_is_told_apart_from_an_address(room: Room) -> None:
    channel = room.make(events=["opened"]).channel
    with database.write(room.admin.tenant_id) as tx:
        tx.session.exec(update(Channel).where(col(Channel.id) == channel.id).values(secret_sealed="v1.unreadable"))
    room.story.fire()
    room.work()
    assert room.row().last_error.startswith("Its secret cannot be read.")
    channels.renew_secret(room.admin, channel.id)
    room.story.pass_time(minutes=1)
    room.work()
    assert room.messages() == [("opened", "sent", 2)]


def test_what_an_old_address_said_is_no_matter_once_there_is_another(room: Room, new_receiver: Any) -> None:
    channel, better = room.make(events=["opened"]).channel, new_receiver()

    def gone_meanwhile(link: socket.socket) -> None:
        channels.change(room.admin, channel.id, url=better.url)
        link.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")

    room.receiver.answers = [gone_meanwhile]
    room.story.fire()
    room.work()
    assert room.row().enabled
    assert room.messages() == [("opened", "sent", 1)] and len(better.taken) == 1


def test_a_slow_receiver_gives_its_turn_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.make(events=["opened"])
    room.story.fire("first", title="First")
    room.story.fire("second", title="Second")
    monkeypatch.setattr(sending, "_TURN_SECONDS", 0.0)
    engine.run_due("worker", {"channel": sending.run})
    assert [state for _, state, _ in room.messages()].count("pending") >= 1
    assert len(room.jobs()) == 1
