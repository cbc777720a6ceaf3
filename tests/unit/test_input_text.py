"""A person's text is trimmed, whole, and refused by the name of its field."""

from __future__ import annotations

import pytest

from services.errors import InvalidInputError
from services.input_text import check_line, check_optional_text, check_text, left_to_right, one_line, unstorable


def refusal(text: object, limit: int = 20) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        check_text(text, "resolution_notes", limit)
    assert caught.value.field == "resolution_notes"
    assert caught.value.message.startswith("Resolution notes ")
    return caught.value


def test_a_text_is_trimmed_and_keeps_its_lines() -> None:
    assert check_text("  first\r\nsecond\rthird \n", "body", 100) == "first\nsecond\nthird"


@pytest.mark.parametrize("empty", ["", "   ", "\n\t\r\n", "\u200b", " \ufeff\u2060", None])
def test_an_empty_text_is_missing(empty: str | None) -> None:
    assert "is missing" in refusal(empty).message
    assert check_optional_text(empty, "resolution_notes", 20) == ""


@pytest.mark.parametrize("wrong", [5, True, ["text"], {"text": 1}, b"text"])
def test_what_is_not_text_is_refused(wrong: object) -> None:
    assert "must be text" in refusal(wrong).message


def test_a_nul_and_half_a_surrogate_pair_are_refused() -> None:
    assert "NUL" in refusal("a\x00b").message
    assert "surrogate" in refusal("a\ud800b").message
    assert unstorable("a\udc00b") is not None
    assert unstorable("whole 😀 characters") is None


def test_a_line_with_a_nul_is_refused_and_not_mended() -> None:
    with pytest.raises(InvalidInputError, match="NUL"):
        check_line("a\x00b", "title", 20)


def test_the_limit_counts_characters_after_trimming() -> None:
    assert check_text("  " + "é" * 20 + "  ", "body", 20) == "é" * 20
    assert "21 characters; at most 20" in refusal("é" * 21).message


def test_a_line_has_no_line_breaks_and_no_hidden_marks() -> None:
    assert check_line(" Disk\r\n full\ton\x07 db-1 ", "title", 100) == "Disk full on db-1"
    assert one_line("safe\u202egnp.exe") == "safegnp.exe"


def test_emoji_joined_by_an_invisible_character_stay_whole() -> None:
    assert one_line("👩‍🚒 fire") == "👩‍🚒 fire"


def test_a_sentence_that_begins_with_a_name_in_hebrew_or_arabic_is_marked_as_ours() -> None:
    assert left_to_right("7 דנה took it") == "\u200e7 דנה took it"
    assert left_to_right("محمد took it").startswith("\u200e")
    for sentence in ("Rob gave it to דנה", "", "42", "(!) Ørsted took it"):
        assert left_to_right(sentence) == sentence
