"""Secrets that must be read again, such as the address of a chat's webhook: encrypted with a key of this installation."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services import settings

_PURPOSE = b"tocsin: sealed values"


class UnreadableError(Exception):
    """What was sealed cannot be read: the secret key of this installation is another one than it was."""


def _sealer() -> MultiFernet:
    previous = settings.current().previous_secret_key
    keys = [settings.secret_key(), *([previous.get_secret_value().encode()] if previous else [])]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hmac.new(key, _PURPOSE, hashlib.sha256).digest())) for key in keys])


def seal(text: str) -> str:
    """`text` so that it is stored: nobody reads it without the secret key."""
    return _sealer().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed, with this secret key or the one before. Raises: UnreadableError."""
    try:
        return _sealer().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise UnreadableError("It was encrypted with another secret key.") from None
