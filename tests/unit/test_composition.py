"""What the application tells when something fails."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import capture_logs

from app import app as composition
from services.errors import NotFoundError


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "log", structlog.get_logger("test"))
    composition._browser_failures.clear()


def said(event: object) -> str:
    return str(event.args[0][1])  # type: ignore[attr-defined]


def test_a_refusal_is_told_in_its_own_words_and_is_no_error() -> None:
    with capture_logs() as lines:
        assert "There is no INC-420." in said(composition.tell_of_failure(NotFoundError("There is no INC-420.")))
    assert lines == []


def test_a_failure_is_told_with_the_reference_of_its_log_line_and_nothing_else() -> None:
    with capture_logs() as lines:
        sentence = said(composition.tell_of_failure(ZeroDivisionError("secret of the inside")))
    assert lines[0]["log_level"] == "error"
    assert f"Reference {lines[0]['reference']}." in sentence
    assert "secret of the inside" not in sentence


def test_a_browser_that_complains_without_end_is_heard_twenty_times() -> None:
    with capture_logs() as lines:
        for _ in range(100):
            composition.note_browser_failure(ValueError("x" * 10_000))
    assert len(lines) == 20
    assert len(lines[0]["said"]) == 2000


def test_every_page_has_an_address_and_a_title_of_its_own() -> None:
    assert len({page.path for page in composition.PAGES}) == len(composition.PAGES)
    assert all(page.title for page in composition.PAGES)
