"""Bytes become a document, or a sentence that says what is wrong and where."""

from __future__ import annotations

import pytest

from services.errors import InvalidInputError, RefusedError
from services.formats.document import MAX_DEPTH, MAX_VALUES, compact, decode, shown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"Error rate is high", "line 1, column 1"),
        (b"title=Disk+full", "not readable as JSON"),
        (b"{'title': 'x'}", "single quotes"),
        (b'{"title": "x"', "ends too early"),
        (b'{"title":\n "x"} and more', "more text follows"),
        (b'{"title": NaN}', "NaN"),
        (b'{"title": Infinity}', "Infinity"),
        (b'{"title": "a\x00b"}', "control character"),
        (b'{"title": "a\nb"}', "control character"),
        (b'{"title": "caf\xe9"}', "not UTF-8: byte 15"),
        (b'{"title": "\xed\xa0\x80"}', "not UTF-8"),
        ('{"title": "x"}'.encode("utf-16"), "not UTF-8"),
        (b"\x1f\x8b\x08\x00\x00", "not UTF-8"),
        (b"[" * 60_000, "nested too deep"),
        (b'{"a":' * 40_000, "nested too deep"),
        (b"[" * 60_000 + b"1" * 30 + b"]" * 60_000, "nested too deep"),
        (b"[" + b"0," * MAX_VALUES + b"0]", "more than 100,000 values"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(body: bytes, said: str) -> None:
    with pytest.raises(RefusedError) as caught:
        decode(body)
    assert caught.value.status == 400
    assert caught.value.field == "body"
    assert said in caught.value.message


def test_a_byte_order_mark_is_forgiven() -> None:
    assert decode(b'\xef\xbb\xbf{"title": "x"}') == {"title": "x"}


@pytest.mark.parametrize(
    ("part", "field", "said"),
    [
        (b'{"labels": {"host": "a\\u0000b"}}', "labels.host", "NUL"),
        (b'{"labels": {"a\\u0000b": "host"}}', "labels.a\\x00b", "NUL"),
        (b'{"notes": [["x"], ["y", "\\ud800"]]}', "notes[1][1]", "surrogate"),
        (b'{"\\udfff": 1}', "\\udfff", "surrogate"),
        (b'{"n": 18446744073709551616}', "n", "64 bits"),
        (b'{"n": -9223372036854775809}', "n", "64 bits"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "n", "64 bits"),
        (b'{"n": [1e999]}', "n[0]", "64 bits"),
        (b'{"n": -1e400}', "n", "64 bits"),
    ],
)
def test_what_no_database_keeps_is_refused_by_its_place(part: bytes, field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        compact(decode(part))
    assert caught.value.field == field
    assert caught.value.message.startswith(field)
    assert said in caught.value.message


def test_the_largest_whole_numbers_are_kept_to_the_last_digit() -> None:
    body = b'{"n":[18446744073709551615,-9223372036854775808,1795540699123456789]}'
    assert compact(decode(body)) == body.decode()


def test_a_double_may_be_large() -> None:
    assert decode(b'{"n": 2.5e300}') == {"n": 2.5e300}


def test_escaped_text_that_only_looks_like_a_nul_is_kept() -> None:
    assert compact(decode(rb'{"pattern":"\\u0000"}')) == r'{"pattern":"\\u0000"}'


def test_an_alert_nested_too_deep_is_refused_by_its_place() -> None:
    part: object = 1
    for _ in range(MAX_DEPTH + 50):
        part = {"a": part}
    with pytest.raises(InvalidInputError, match="nested more than 250 levels") as caught:
        compact({"title": "x", "extra": part})
    assert caught.value.field is not None
    assert caught.value.field.startswith("extra.a.a.")
    assert len(caught.value.field) <= 300


def test_names_in_sentences_are_short_and_printable() -> None:
    assert shown("k" * 5_000) == "k" * 79 + "…"
    assert shown("a\nb\ud800") == "a\\nb\\ud800"
