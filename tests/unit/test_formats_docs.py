"""The reference page says what the adapters do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.vocabulary import IntegrationKind
from services.formats import batch, document, fields

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "intake.md").read_text()


def test_every_word_for_a_severity_is_on_the_page_and_no_other() -> None:
    rows = re.findall(r"^\| (critical|high|medium|low) \| (.*) \|$", PAGE, re.MULTILINE)
    told = {word: meant for meant, words in rows for word in re.findall(r"`(\w+)`", words)}
    assert told == {word: severity.value for word, severity in fields.SEVERITIES.items()}


@pytest.mark.parametrize("kind", IntegrationKind)
def test_every_kind_is_on_the_page(kind: IntegrationKind) -> None:
    assert f"`{kind.value}`" in PAGE


@pytest.mark.parametrize(
    "row",
    [
        f"| commas and brackets in a body | {document.MAX_VALUES:,} |",
        f"| alerts in a body | {batch.MAX_ALERTS:,} |",
        f"| nesting of a body, of an alert | 1,024 and {document.MAX_DEPTH} levels |",
        f"| title | {fields.TITLE_LENGTH} characters |",
        f"| description | {fields.DESCRIPTION_LENGTH:,} characters |",
        f"| labels of an alert | {fields.MAX_LABELS}, names of {fields.LABEL_NAME_LENGTH} and texts of {fields.LABEL_LENGTH:,} ",
        f"| links of an alert | {fields.MAX_LINKS}, each of {fields.URL_LENGTH:,} characters |",
        f"| identity | {fields.FINGERPRINT_LENGTH} characters |",
        f"| group key, dedup key | {fields.KEY_LENGTH} characters |",
    ],
)
def test_every_limit_is_on_the_page(row: str) -> None:
    assert row in PAGE
