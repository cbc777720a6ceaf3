"""Single fields are read alike whoever sent them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.vocabulary import Severity
from services.errors import InvalidInputError
from services.formats import Link, fields


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("critical", "fatal", "P1", "disaster", "CRITICAL", "Crit", "emergency"), Severity.CRITICAL),
        (("error", "high", "P2", "err"), Severity.HIGH),
        (("warning", "P3", "average", "medium", "WARN"), Severity.MEDIUM),
        (("info", "notice", "P4", "p5", "low", "debug", "none"), Severity.LOW),
    ],
)
def test_senders_words_for_a_severity(words: tuple[str, ...], meant: Severity) -> None:
    assert [fields.severity(word) for word in words] == [(meant, word, True) for word in words]


def test_an_unknown_or_missing_severity_counts_as_medium_and_says_so() -> None:
    assert fields.severity("page") == (Severity.MEDIUM, "page", False)
    assert fields.severity("") == (Severity.MEDIUM, None, False)
    assert fields.severity("x" * 500) == (Severity.MEDIUM, "x" * 59 + "…", False)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-24T18:08:19.322983724Z", datetime(2026, 11, 24, 18, 8, 19, 322983, UTC)),
        ("2026-11-24T18:08:19Z", datetime(2026, 11, 24, 18, 8, 19, 0, UTC)),
        ("2026-11-24t18:08:19z", datetime(2026, 11, 24, 18, 8, 19, 0, UTC)),
        ("2026-11-24 18:08:19.5+01:00", datetime(2026, 11, 24, 17, 8, 19, 500000, UTC)),
        ("2026-01-01T00:30:00+05:45", datetime(2025, 12, 31, 18, 45, 0, 0, UTC)),
        ("2026-11-24T18:08:19-00:00", datetime(2026, 11, 24, 18, 8, 19, 0, UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times_of_any_offset_become_utc(said: str | None, meant: datetime | None) -> None:
    assert fields.moment({"startsAt": said}, "startsAt") == meant


@pytest.mark.parametrize(
    "wrong",
    [
        "yesterday",
        "2026-11-24",
        "2026-11-24T18:08:19",
        "20261124T180819Z",
        "2026-W48-2T18:08:19Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T18:08:61Z",
        "2026-11-24T18:08:19+99:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:60Z",
        "٢٠٢٦-11-24T18:08:19Z",
        "2026-11-24T18:08:19." + "9" * 5_000 + "Z",
        "-2026-11-24T18:08:19Z",
    ],
)
def test_what_is_no_time_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(InvalidInputError, match="RFC 3339") as caught:
        fields.moment({"startsAt": wrong}, "startsAt")
    assert caught.value.field == "startsAt"
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "url",
    [
        "https://grafana.example.com/d/abc?from=1&to=2#panel",
        "http://prometheus:9090/graph?g0.expr=up%3D%3D0",
        "HTTPS://EXAMPLE.COM",
        "http://[2001:db8::1]:9090/",
        "https://example.com/käse",
        r"https://example.com/?q=a\b@c",
    ],
)
def test_web_addresses_become_links(url: str) -> None:
    assert fields.link("Source", url) == Link("Source", url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//example.com/x",
        "example.com/x",
        "http:/example.com",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com@evil.example/",
        "https://example.com\\@evil.example/",
        "https://exam ple.com/",
        "https://example.com/a b",
        "https://example.com/\nSet-Cookie: a",
        "https://example.com/\u202egnp",
        " https://example.com/",
        "https://example.com/" + "x" * 8_000,
    ],
)
def test_an_address_that_is_not_safe_to_follow_is_no_link(url: str) -> None:
    assert fields.link("Source", url) is None


def test_keys_are_kept_as_sent_until_they_are_long_or_unprintable() -> None:
    assert fields.identity('{}:{alertname="Käse"}', 200) == '{}:{alertname="Käse"}'
    long = fields.identity("k" * 201, 200)
    assert len(long) == 200
    assert long.startswith("k" * 135 + "…")
    assert fields.identity("k" * 202, 200) != long
    assert len(fields.identity("k" * 65, 64)) == 64
    assert fields.identity("two\nlines", 200).isalnum()


def test_labels_are_cut_and_never_silently_merged_away() -> None:
    kept = fields.labels_to_keep({f"label{n}": "v" * 3_000 for n in range(150)})
    assert list(kept) == [f"label{n}" for n in range(100)]
    assert set(map(len, kept.values())) == {2_000}
    assert fields.labels_to_keep({"k" * 300: "v"}) == {"k" * 199 + "…": "v"}


def test_numbers_and_switches_become_text_as_json_writes_them() -> None:
    labels = {"a": 3, "b": 2.5, "c": True, "d": None, "e": "x"}
    assert fields.texts({"labels": labels}, "labels") == {"a": "3", "b": "2.5", "c": "true", "e": "x"}


def test_digests_do_not_depend_on_the_order_of_labels() -> None:
    assert fields.digest_of("t", {"a": "1", "b": "2"}) == fields.digest_of("t", {"b": "2", "a": "1"})
    assert fields.digest_of("t", {"a": "1"}) != fields.digest_of("ta", {"": "1"})
