"""Whatever bytes come in: alerts or a refusal, never another error, and never many times the body's size in memory."""

from __future__ import annotations

import json
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vocabulary import IntegrationKind
from services.errors import RefusedError
from services.formats import Received, decode, read
from tests.unit.intake_bodies import FOLDER

MIB = 1 << 20
KINDS = list(IntegrationKind)
RECORDED = sorted(FOLDER.glob("*.json"))


def taken_or_refused(kind: IntegrationKind, body: bytes) -> Received | RefusedError:
    try:
        return read(kind, decode(body))
    except RefusedError as refusal:
        return refusal


def understand(kind: IntegrationKind, body: bytes) -> None:
    """Read the body; whatever comes of it must be fit to store and to send."""
    understood = taken_or_refused(kind, body)
    if isinstance(understood, RefusedError):
        assert 400 <= understood.status < 500
        assert understood.field
        assert len(understood.message) < 500
        orjson.dumps([understood.message, understood.field])
        return
    for alert in understood.alerts:
        assert 0 < len(alert.title) <= 300
        assert 0 < len(alert.fingerprint) <= 64
        assert 0 < len(alert.group_key) <= 200
        stored = (alert.title, alert.description, alert.fingerprint, alert.group_key, alert.dedup_key, alert.raw, alert.severity_said)
        texts = [*filter(None, stored), *alert.labels, *alert.labels.values(), *(link.url for link in alert.links)]
        assert not any("\x00" in text for text in texts)
        orjson.dumps(texts)
        json.loads(alert.raw)
        assert all(time is None or time.utcoffset() is not None for time in (alert.starts_at, alert.ends_at))
    for refused in understood.refused:
        assert refused.field
        assert len(refused.reason) < 500
        orjson.dumps([refused.field, refused.reason])
    assert understood.alerts or understood.refused


@contextmanager
def watched(seconds: int = 30) -> Iterator[None]:
    """Ends the test when what is inside hangs; how long it takes is measured elsewhere."""

    def stop(*_: object) -> None:
        raise AssertionError(f"still not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@given(st.binary(max_size=200))
@settings(deadline=None)
@pytest.mark.parametrize("kind", KINDS)
def test_any_bytes_are_understood_or_refused(kind: IntegrationKind, body: bytes) -> None:
    understand(kind, body)


odd_text = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Co", "Zs", "Lu"]), max_size=5),
    st.sampled_from(["firing", "resolved", "critical", "http://a/", "2026-11-24T18:08:19Z", "0001-01-01T00:00:00Z", "\x00", "\ud800"]),
)
odd_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), odd_text),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_text, inner, max_size=4),
    max_leaves=8,
)


def maybe(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return right | odd_value


odd_labels = maybe(
    st.dictionaries(odd_text | st.sampled_from(["alertname", "severity", "summary", "runbook_url"]), maybe(odd_text), max_size=5)
)
odd_plain = st.fixed_dictionaries(
    {},
    optional={name: maybe(odd_text) for name in ("title", "status", "severity", "dedup_key", "description", "url", "starts_at")}
    | {"labels": odd_labels},
)
odd_alert = st.fixed_dictionaries(
    {},
    optional={name: maybe(odd_text) for name in ("status", "startsAt", "endsAt", "generatorURL", "fingerprint", "panelURL")}
    | {"labels": odd_labels, "annotations": odd_labels, "values": odd_value},
)
odd_envelope = st.fixed_dictionaries(
    {"alerts": maybe(st.lists(maybe(odd_alert), max_size=4))},
    optional={name: maybe(odd_text) for name in ("groupKey", "status", "externalURL", "title")}
    | {"groupLabels": odd_labels, "truncatedAlerts": odd_value},
)


@given(maybe(odd_plain) | st.lists(maybe(odd_plain), max_size=4) | odd_envelope)
@settings(deadline=None)
@pytest.mark.parametrize("kind", KINDS)
def test_any_document_is_understood_or_refused(kind: IntegrationKind, document: object) -> None:
    understand(kind, json.dumps(document).encode("utf-8", "surrogatepass"))


@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_a_recorded_body_with_its_bytes_changed_is_understood_or_refused(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(RECORDED))
    body = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body) - 1))
        body[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))
        if not body:
            break
    understand(IntegrationKind(file.stem.partition("-")[0]), bytes(body))


def filled(head: bytes, unit: bytes, tail: bytes, most: int = 10**9) -> bytes:
    """A body of at most 1 MiB (and at most `most` units) between a head and a tail."""
    return head + unit * min(most, (MIB - len(head) - len(tail)) // len(unit)) + tail


HOSTILE = {
    "numbers": filled(b'{"title":"x","e":[', b"0,", b"0]}"),
    "as many numbers as allowed and a NUL": filled(b'{"title":"x","e":[', b"0,", b'"\\u0000"]}', 99_000),
    "empty lists": filled(b"[", b"[],", b"[]]"),
    "objects": filled(b"[", b'{"":0},', b"{}]"),
    "as many objects as allowed and a NUL": filled(b'{"title":"x","e":[', b'{"":0},', b'"\\u0000"]}', 49_000),
    "deep lists": filled(b"", b"[", b""),
    "deep objects": filled(b"", b'{"a":', b""),
    "as deep as allowed, closed": b'{"title":"x","e":' + b'{"a":' * 1_000 + b"1" + b"}" * 1_000 + b"}",
    "deep groups": filled(b'{"title":"x","e":[', b"[" * 249 + b"]" * 249 + b",", b'"\\u0000"]}', 390),
    "a long name over many values": b'{"title":"x","' + b"k" * 500_000 + b'":[' + b"0," * 90_000 + b'"\\u0000"]}',
    "a long title": filled(b'{"title":"', b"word\\n ", b'"}'),
    "a title of control characters": filled(b'{"title":"', b"\\u0001", b'"}'),
    "a title of backslashes": filled(b'{"title":"', b"\\\\", b'"}'),
    "an unclosed title of backslashes": filled(b'{"title":"', b"\\", b""),
    "half surrogates": filled(b'{"title":"', b"\\ud800", b'"}'),
    "many alerts with half a surrogate": filled(b"[", b'{"title":"\\ud800"},', b"0]", 30_000),
    "many labels": json.dumps({"title": "x", "labels": {f"l{n}": "v" for n in range(60_000)}}).encode(),
    "a long label": filled(b'{"title":"x","labels":{"', b"l", b'":"v"}}'),
    "a long dedup key": filled(b'{"title":"x","dedup_key":"', b"k", b'"}'),
    "a long address": filled(b'{"title":"x","url":"http://', b"a", b'"}'),
    "an address of at signs": filled(b'{"title":"x","url":"http://', b"a@", b'"}'),
    "a long time": filled(b'{"title":"x","starts_at":"2026-11-24T18:08:19.', b"9", b'Z"}'),
    "a long status": filled(b'{"title":"x","status":"', b"f", b'"}'),
    "a long severity": filled(b'{"title":"x","severity":"', b"s ", b'"}'),
    "a huge number": filled(b'{"title":', b"9", b"}"),
    "a huge fraction": filled(b'{"title":"x","n":0.', b"9", b"}"),
    "a huge exponent": filled(b'{"title":"x","n":1e', b"9", b"}"),
    "alerts that are numbers": filled(b"[", b"0,", b"0]", 90_000),
    "alerts that are nothing but a title": filled(b"[", b'{"title":"a"},', b"0]", 45_000),
    "quotes": b'"' * MIB,
    "spaces": b" " * MIB,
    "bytes": bytes(range(256)) * (MIB // 256),
    "many annotations with addresses": json.dumps(
        {"alerts": [{"status": "firing", "labels": {"a": "b"}, "annotations": {f"u{n}_url": f"http://x/{n}" for n in range(25_000)}}]}
    ).encode(),
    "a long group key": filled(b'{"alerts":[{"status":"firing","labels":{"a":"b"}}],"groupKey":"', b"k", b'"}'),
    "many alerts beside many group labels": json.dumps(
        {"groupLabels": {f"l{n}": "v" * 100 for n in range(3_000)}, "alerts": [{"labels": {"a": "b"}, "status": "firing"}] * 8_000}
    ).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_body_is_answered_and_memory_stays_flat(kind: IntegrationKind, name: str) -> None:
    body = HOSTILE[name]
    assert len(body) <= MIB
    tracemalloc.start()
    try:
        with watched():
            understand(kind, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50 * MIB
