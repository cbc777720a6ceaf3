"""Random tokens, their hashes, and passwords."""

from __future__ import annotations

import hashlib
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

# 64 MiB each: two at once keep sign-ins from taking the machine's memory
_few_at_once = threading.Semaphore(2)
_hasher = PasswordHasher()
# of a random password that nobody kept; made beforehand, since hashing takes a start longer. Its cost is that of the others.
_nobody = "$argon2id$v=19$m=65536,t=3,p=4$kFEWZ9rpK3Zt7rMGH38A3g$dlhWVJsa1z7Bkthdo9fhdSx4DgMJs7fmxPQEFg2MUZg"


def new_token(prefix: str) -> str:
    """A random token of 256 bits that begins with `prefix`, fit for URLs and headers."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def visible_prefix(token: str) -> str:
    """The first characters of a token, by which a person tells it from others."""
    return token[:12]


def hash_token(token: str) -> str:
    """What is stored of a random token: SHA-256 in hex. It needs no salt, since the token cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """An argon2id hash. Takes tens of milliseconds: call it in a thread."""
    with _few_at_once:
        return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password. Takes as long when there is no such account, so that the time tells nothing."""
    with _few_at_once:
        try:
            _hasher.verify(password_hash or _nobody, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
    return password_hash is not None
