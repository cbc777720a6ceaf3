"""What goes over the wire to a channel: signed as the standard says, and text that calls nobody."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.columns import new_id
from models.vocabulary import ChannelEvent, IncidentState, Severity
from services.channels import forms
from services.channels.forms import News, plain
from services.records import EventRecord, IncidentRecord

AT = datetime(2026, 11, 24, 3, 7, 11, tzinfo=UTC)
LINK = "https://tocsin.example.org/incidents/INC-42"


def incident(**more: Any) -> IncidentRecord:
    fields: dict[str, Any] = dict.fromkeys(IncidentRecord.__dataclass_fields__) | {
        "id": new_id(), "tenant_id": new_id(), "number": "INC-42", "title": "Pool exhausted", "description": "", "created_at": AT,
        "updated_at": AT, "severity": Severity.CRITICAL, "state": IncidentState.OPEN, "allowed": [], "version": 3, **more,
    }  # fmt: skip
    return IncidentRecord(**fields)


def news(kind: ChannelEvent, data: dict[str, Any] | None = None, **more: Any) -> News:
    one = incident(**more)
    event = EventRecord(new_id(), one.id, 2, "comment", new_id(), "Rob", data, AT, AT) if data is not None else None
    return News(kind, AT, one, event, LINK, assignee="Mina Okafor", service="Checkout", by="Rob Lindqvist" if event else "")


def test_a_signature_is_that_of_the_published_example() -> None:
    signed = forms.signatures(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_the_how_to_checks_our_signatures() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "send-to-slack-or-a-webhook.md"
    code = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    old, new, other = forms.new_secret(), forms.new_secret(), forms.new_secret()
    now = int(time.time())

    def genuine(secret: str, body: bytes = b"{}", at: int = now) -> bool:
        signed = forms.signatures([new, old], "a", at, b"{}")
        headers = {"webhook-id": "a", "webhook-timestamp": str(at), "webhook-signature": signed}
        return bool(names["is_genuine"](secret, headers, body))

    assert genuine(new) and genuine(old)
    assert not genuine(other) and not genuine(new, b"{ }") and not genuine(new, at=now - 600)


def test_two_secrets_sign_side_by_side() -> None:
    old, new = forms.new_secret(), forms.new_secret()
    assert forms.signatures([new, old], "a", 1, b"{}").split(" ") == [forms.signatures([each], "a", 1, b"{}") for each in (new, old)]


def test_a_secret_has_the_form_of_the_standard() -> None:
    secret = forms.new_secret()
    assert secret.startswith("whsec_") and len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret != forms.new_secret()


def test_a_webhook_holds_what_happened_and_the_incident_as_the_api_has_it() -> None:
    told = news(ChannelEvent.COMMENTED, {"body": "Looking"})
    document = json.loads(forms.webhook(told))
    assert (document["type"], document["timestamp"]) == ("incident.commented", "2026-11-24T03:07:11Z")
    assert set(document["data"]) == {"incident", "event", "url"}
    assert document["data"]["url"] == LINK
    assert set(document["data"]["incident"]) == set(IncidentRecord.__dataclass_fields__)
    assert document["data"]["incident"]["created_at"] == "2026-11-24T03:07:11Z"
    assert document["data"]["event"]["data"] == {"body": "Looking"}
    assert json.loads(forms.webhook(news(ChannelEvent.OPENED)))["data"]["event"] is None


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (news(ChannelEvent.OPENED), f"🚨 *Opened* <{LINK}|INC-42> Pool exhausted\nCritical · Checkout · with Mina Okafor"),
        (
            news(ChannelEvent.OPENED, severity=Severity.HIGH),
            f"🔔 *Opened* <{LINK}|INC-42> Pool exhausted\nHigh · Checkout · with Mina Okafor",
        ),
        (
            news(ChannelEvent.ACKNOWLEDGED, {"from": "open", "to": "acknowledged", "reason": None}),
            f"👤 *Acknowledged* by Rob Lindqvist <{LINK}|INC-42> Pool exhausted\nCritical · Checkout · with Mina Okafor",
        ),
        (
            news(ChannelEvent.RESOLVED, {"notes": "Rolled\nback"}, mttr=729),
            f"✅ *Resolved* by Rob Lindqvist after 12m 09s <{LINK}|INC-42> Pool exhausted\n> Rolled back",
        ),
        (news(ChannelEvent.REOPENED, {"reason": "Again"}), f"🔁 *Reopened* by Rob Lindqvist <{LINK}|INC-42> Pool exhausted\n> Again"),
        (
            news(ChannelEvent.SEVERITY_CHANGED, {"from": "low", "to": "critical"}),
            f"⚖️ *Severity changed* by Rob Lindqvist <{LINK}|INC-42> Pool exhausted\nlow → critical",
        ),
        (
            news(ChannelEvent.ASSIGNED, {"from": None, "to": "x", "reason": "default on-call"}),
            f"👤 *Assigned* by Rob Lindqvist to Mina Okafor <{LINK}|INC-42> Pool exhausted\nCritical · Checkout",
        ),
        (
            replace(news(ChannelEvent.ASSIGNED, {"from": "x", "to": None}), assignee=""),
            f"👤 *Assigned* by Rob Lindqvist to nobody <{LINK}|INC-42> Pool exhausted\nCritical · Checkout",
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, News) else "",
)
def test_a_chat_is_told_in_two_lines(told: News, text: str) -> None:
    document = json.loads(forms.chat(told))
    assert document["text"] == text
    assert document["unfurl_links"] is document["unfurl_media"] is False


@pytest.mark.parametrize("kind", ChannelEvent)
def test_every_kind_has_words(kind: ChannelEvent) -> None:
    for told in (news(kind), news(kind, {})):
        assert "<https://tocsin.example.org/incidents/INC-42|INC-42>" in json.loads(forms.chat(told))["text"]


@pytest.mark.parametrize(
    "title",
    [
        "<!channel> down", "<!here|here>", "<!everyone>", "<!subteam^S012>", "<@U024BE7LH> look", "@channel down", "down @here", "@all",
        "(@rob)", "_@channel_", "<http://evil.example|https://status.example.org>", "[status](http://evil.example)",
        "![](http://evil.example/pixel.png)", "x](http://evil.example) [y", "a\n@channel", "&lt;!channel&gt;", "\u202e@lennahc",
        "@\u200bchannel", "＠channel",
    ],
)  # fmt: skip
def test_a_title_calls_nobody_and_links_to_nothing_under_another_name(title: str) -> None:
    text = json.loads(forms.chat(news(ChannelEvent.OPENED, title=title)))["text"]
    assert text.count("<") == text.count(">") == 1, "the link to the incident is the only one"
    assert text.count("\n") == 1
    said = text.partition("|INC-42> ")[2]
    assert "](" not in said
    for place, sign in enumerate(said):
        if sign == "@":
            assert said[place + 1] == "\u200b"


def test_text_from_outside_is_escaped_as_chats_want_it() -> None:
    assert plain("a & b < c > d", 50) == "a &amp; b &lt; c &gt; d"
    assert plain("mail rob@example.org about foo_bar", 50) == "mail rob@example.org about foo_bar"
    assert plain("x" * 60, 50) == "x" * 50 + "…"
    assert plain("&" * 60, 50) == "&amp;" * 50 + "…"
