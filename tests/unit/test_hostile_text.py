"""Every hostile text through everything that renders one, in each field that it can stand in: it is shown, and it does nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app import refused_forms
from app.session import HOME, local_path
from models.incidents import Incident
from models.notifications import Notification, OutgoingMessage
from models.timeline import TimelineEvent
from models.vocabulary import ChannelEvent, EventType, IncidentState, Reason, Severity
from services import line_text, mail_text, markdown, settings
from services.account_input import check_email
from services.audit_log import wording
from services.channels import forms
from services.errors import InvalidFieldsError, InvalidInputError
from services.formats import fields
from services.incident_page.lines import Reading, lines, pin_views
from services.input_text import check_line
from services.records import EventRecord, IncidentRecord
from tests.fixtures.hostile import HARMLESS, HOSTILE, check_written, is_one_line, tree

BASE = "https://tocsin.example.org"
AT = datetime(2026, 11, 24, 3, 7, 11, tzinfo=UTC)
SOMEBODY = UUID(int=7)
UTC_ZONE = ZoneInfo("UTC")
MESSAGE, EVENT, THREAD = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOCSIN_BASE_URL", BASE)
    monkeypatch.setenv("TOCSIN_MAIL_FROM", "tocsin@example.org")
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "k" * 40)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def events(text: str) -> Iterator[EventRecord]:
    """A line of each type, and of each way in which it can be told, with the text wherever somebody's words stand."""
    moved = {"reason": text, "skipped": [], "parent": None}
    edited = [{"field": name, "from": text, "to": text} for name in ("title", "description", "service")]
    one_of_two = [{"parent": None, "child": "INC-2"}, {"parent": "INC-2", "child": None}]
    data: dict[EventType, list[dict[str, Any]]] = {
        EventType.ALERT_FIRED: [
            {"alert_id": str(SOMEBODY), "title": text, "severity": "high", "labels": {text: text}, "occurrence": n} for n in (1, 2)
        ],
        EventType.ALERT_RESOLVED: [
            {"alert_id": str(SOMEBODY), "title": text, "still_firing": 0, "asks": asks} for asks in (False, True)
        ],
        EventType.COMMENT: [{"body": text, "mentioned": [text], "automatic": False}],
        EventType.STATE_CHANGE: [{"from": "open", "to": to, **moved} for to in ("acknowledged", "investigating", "open")],
        EventType.ASSIGNMENT: [{"from": None, "to": str(SOMEBODY), "reason": text}, {"from": str(SOMEBODY), "to": None, "reason": text}],
        EventType.RESOLUTION: [{"notes": text, "ttr_seconds": 60, "by_rule": False, "cause": text, "parent": None}],
        EventType.REOPENED: [{"reason": text, "occurrence": 2, "alert_id": None, "sibling": None, "parent": None}],
        EventType.SEVERITY_CHANGE: [{"from": "low", "to": "high"}],
        EventType.MERGE: [
            {"title": text, "alert_count": 1, "to": "open", "before": {"state": "open"}, "along": None, **one} for one in one_of_two
        ],
        EventType.SPLIT: [
            {"title": text, "is_child": child, "alert_count": 1, "alerts": [text], "to": None, "undone": False, **one}
            for one in one_of_two
            for child in (False, True)
        ],
        EventType.EDIT: edited,
        EventType.CHECKLIST: [{"item_id": str(SOMEBODY), "text": text, "ticked": True}],
        EventType.NOTIFICATION: [{"to": [str(SOMEBODY)], "reason": "opened", "why": text}],
    }  # fmt: skip
    assert set(data) == set(EventType), "a new type of line is tried here, too"
    for kind, ways in data.items():
        for one in ways:
            yield EventRecord(
                EVENT, THREAD, 2, kind.value, SOMEBODY, text, one, AT, AT, version=2, edited_at=AT, edited_by=uuid4(),
                pinned=True, pinned_by=SOMEBODY, hidden=True, hidden_by=SOMEBODY, hidden_reason=text,
            )  # fmt: skip


def check_markdown(text: str) -> None:
    check_written(markdown.render(text, mentioned=frozenset({"rob", text})))


def check_lines(text: str) -> None:
    """The lines of a timeline: their HTML holds what Markdown may, and what shares a line with other words leaves them alone."""
    told = list(events(text))
    reading = Reading(UTC_ZONE, {SOMEBODY: text}, AT)
    for line in lines(told, reading):
        row = line.row
        check_written(row.html)
        parts = (row.actor, row.text, row.strong, row.rest, row.after, row.link.name, row.edited, row.pinned, row.hidden, row.announce)
        labels = [part for label in row.labels for part in (label.name, label.value)]
        assert all(is_one_line(part) for part in (*parts, *labels)), row
        assert re.fullmatch(r"(/incidents/INC-2)?", row.link.url)
        assert len(row.strong) <= max(300, len(text))
    assert all(is_one_line(pin.text) for pin in pin_views(told[:1], reading))


def check_export(text: str) -> None:
    for event in events(text):
        assert is_one_line(line_text.as_text(event)), event


def check_audit(text: str) -> None:
    for value in (text, [text, text], {text: text}):
        said = wording.shown(value, lambda _: None, UTC_ZONE)
        assert said
        assert is_one_line(said)
        assert len(said) <= 601


def mails(text: str) -> Iterator[EmailMessage]:
    """A mail for each reason and each kind of line that it may tell of, and a letter, with the text in every field."""
    incident = Incident(id=THREAD, number=42, title=text, severity=Severity.HIGH, state=IncidentState.OPEN, created_at=AT)
    written = {one.type: one for one in events(text)}
    told = (
        (Reason.STATE_CHANGE, EventType.RESOLUTION),
        (Reason.MENTION, EventType.COMMENT),
        (Reason.REOPENED, EventType.REOPENED),
        (Reason.ASSIGNMENT, EventType.ASSIGNMENT),
    )
    for reason, kind in told:
        line = TimelineEvent(
            id=EVENT, incident_id=THREAD, seq=2, type=kind, actor_id=SOMEBODY, data=written[kind].data, occurred_at=AT, recorded_at=AT
        )
        notification = Notification(user_id=SOMEBODY, incident_id=THREAD, reason=reason, cause="x", why=text, created_at=AT)
        message = OutgoingMessage(id=MESSAGE, channel="email", kind=reason, created_at=AT)
        yield mail_text.write(mail_text.Mail(message, notification, incident, "rob@example.org", "UTC", text, (line, text)))
    yield mail_text.letter("rob@example.org", text, [f"{text} invites you to {text}.", f"{BASE}/new-password?token=x"], MESSAGE)


def parts_of(mail: EmailMessage, quoted: str) -> tuple[EmailMessage, list[str], str]:
    """The mail as its reader gets it, the lines of its text that quote nobody, and its HTML."""
    got = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert isinstance(got, EmailMessage)
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None
    assert html is not None
    lines = text.get_content().replace("\r\n", "\n").split("\n")
    quote = {f"> {line}" for line in quoted.splitlines()}
    return got, [line for line in lines if line not in quote], html.get_content()


def test_a_mail_has_the_headers_and_the_elements_of_a_harmless_one() -> None:
    usual = [parts_of(mail, HARMLESS) for mail in mails(HARMLESS)]
    for text in HOSTILE:
        for mail, (other, other_lines, other_html) in zip(mails(text), usual, strict=True):
            got, lines, html = parts_of(mail, text)
            assert sorted(got.keys()) == sorted(other.keys()), text
            assert [address.addr_spec for address in got["To"].addresses] == ["rob@example.org"], text
            assert [address.addr_spec for address in got["From"].addresses] == ["tocsin@example.org"], text
            assert is_one_line(got["Subject"]), text
            assert tree(html).elements == tree(other_html).elements, text
            assert len(lines) == len(other_lines), text
            assert all(is_one_line(line) for line in lines), text


def news(kind: ChannelEvent, text: str) -> forms.News:
    wanted: dict[str, Any] = dict.fromkeys(IncidentRecord.__dataclass_fields__) | {
        "number": "INC-42", "title": text, "severity": Severity.HIGH, "state": IncidentState.OPEN, "mttr": 60,
    }  # fmt: skip
    data = {"reason": text, "body": text, "notes": text, "from": "low", "to": "high"}
    event = EventRecord(EVENT, THREAD, 2, "comment", SOMEBODY, text, data, AT, AT)
    return forms.News(kind, AT, IncidentRecord(**wanted), event, f"{BASE}/incidents/INC-42", assignee=text, service=text, by=text)


def check_chat(text: str) -> None:
    """A chat gets its lines and its one link, and nobody is called."""
    for kind in ChannelEvent:
        said = json.loads(forms.chat(news(kind, text)))["text"]
        assert said.count("\n") == json.loads(forms.chat(news(kind, HARMLESS)))["text"].count("\n") == 1
        assert re.findall("<[^>]*>?", said) == [f"<{BASE}/incidents/INC-42|INC-42>"]
        assert all(is_one_line(line) for line in said.split("\n"))
        assert "](" not in said
        assert not re.search(r"(?<![A-Za-z0-9])@(?=[^\s\u200b])", said)
    assert json.loads(forms.chat_test(text))["text"].count("<") == 0


def check_webhook(text: str) -> None:
    """A program gets the text itself, as a text."""
    document = json.loads(forms.webhook(news(ChannelEvent.COMMENTED, text)))
    assert document["data"]["incident"]["title"] == document["data"]["event"]["data"]["body"] == text


def check_form(text: str) -> None:
    """A refused form comes back as it was typed, by a cookie that no text in it can leave."""
    refusal = InvalidFieldsError({"name": f"{text} is taken."})
    cookie = refused_forms.seal(refused_forms.of("/setup", {"name": text}, refusal))
    assert re.fullmatch(r"[\w.-]+", cookie, re.ASCII)
    shown = refused_forms.unseal(f"{refused_forms.COOKIE}={cookie}", "/setup")
    assert shown.values == {"name": text[:300]}
    assert shown.errors == refusal.fields


def check_addresses(text: str) -> None:
    """Nobody is led away by signing in, and an alert's link leads where it says, by http."""
    local = local_path(text)
    assert local == HOME or (local.startswith("/") and not urlsplit(local).netloc)
    link = fields.link("Runbook", text)
    assert link is None or re.match(r"https?://[^/@\\]", link.url, re.IGNORECASE)


def check_names(text: str) -> None:
    """A name is refused, or is one that leaves its neighbours alone and can be seen."""
    names = [fields.title(text)]
    with suppress(InvalidInputError):
        names.append(check_line(text, "name", 300))
    assert all(is_one_line(name) and len(name) <= 300 for name in names)


CHECKS = (check_markdown, check_lines, check_export, check_audit, check_chat, check_webhook, check_form, check_addresses, check_names)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_hostile_text_does_nothing(check: Callable[[str], None]) -> None:
    for text in HOSTILE:
        try:
            check(text)
        except AssertionError as failure:
            raise AssertionError(f"with {text!r}") from failure


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 300


@pytest.mark.parametrize("text", ["=?utf-8?q?x=0d=0aBcc:_all?=@evil.example", "a,b@evil.example", "<all@evil.example", "a@evil.example;b"])
def test_an_address_that_a_mail_would_take_for_more_than_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="E-mail must be an address"):
        check_email(text)


@pytest.mark.parametrize("text", ["\u3164", "\u2800", "\u200e", "\u034f", "\uffa0\u115f", "\u202e", " \u00ad "])
def test_a_name_that_nobody_sees_is_missing(text: str) -> None:
    with pytest.raises(InvalidInputError, match="Name is missing"):
        check_line(text, "name", 100)
