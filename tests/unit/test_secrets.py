"""Tokens cannot be guessed, and passwords are hashed with argon2id at a cost that slows a thief."""

from argon2 import extract_parameters
from argon2.low_level import Type

from services import secrets


def test_passwords_are_hashed_with_argon2id_at_full_cost() -> None:
    hashed = secrets.hash_password("correct horse battery")
    parameters = extract_parameters(hashed)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024  # KiB
    assert secrets.password_matches(hashed, "correct horse battery")
    assert not secrets.password_matches(hashed, "correct horse battery ")


def test_nobody_has_no_password() -> None:
    assert not secrets.password_matches(None, "")
    assert not secrets.password_matches("", "")


def test_tokens_differ_and_show_only_their_beginning() -> None:
    tokens = {secrets.new_token("tk") for _ in range(1000)}
    assert len(tokens) == 1000
    token = tokens.pop()
    assert token.startswith("tk_")
    assert len(token) >= 46
    assert len(secrets.visible_prefix(token)) <= 12
    assert len(secrets.hash_token(token)) == 64


def test_a_look_for_nobody_costs_what_a_look_for_somebody_does() -> None:
    assert not secrets._hasher.check_needs_rehash(secrets._nobody)
