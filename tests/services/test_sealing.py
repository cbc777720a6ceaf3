"""Sealed values: read with the key that sealed them, also after that key was replaced, and with no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from services import sealing, settings

OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets the secret key, and the one before."""

    def use(key: str, previous: str = "") -> None:
        monkeypatch.setenv("TOCSIN_SECRET_KEY", key)
        monkeypatch.setenv("TOCSIN_PREVIOUS_SECRET_KEY", previous)
        settings.current.cache_clear()

    yield use
    settings.current.cache_clear()


def test_what_is_sealed_is_read_again_and_looks_like_nothing(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = sealing.seal("https://hooks.example.org/T0/ä")
    assert "hooks" not in sealed
    assert sealing.unseal(sealed) == "https://hooks.example.org/T0/ä"
    assert sealing.seal("x") != sealing.seal("x")


def test_a_replaced_key_still_reads_and_a_forgotten_one_does_not(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = sealing.seal("secret")
    keys(NEW, previous=OLD)
    assert sealing.unseal(sealed) == "secret"
    anew = sealing.seal("secret")
    keys(NEW)
    assert sealing.unseal(anew) == "secret"
    with pytest.raises(sealing.UnreadableError, match="another secret key"):
        sealing.unseal(sealed)


def test_a_changed_letter_is_noticed(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = sealing.seal("secret")
    with pytest.raises(sealing.UnreadableError):
        sealing.unseal(sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:])
