"""Refusals: errors whose sentence may be shown to whoever asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class RefusedError(Exception):
    """What was asked for is refused. `message` is safe to show; `status` is the HTTP status; `field` names the input at fault."""

    status = 400
    title = "Refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotSignedInError(RefusedError):
    """Nobody is signed in, or the session or key has ended."""

    status = 401
    title = "Not signed in"


class NotAllowedError(RefusedError):
    """The actor's role is too low."""

    status = 403
    title = "Not allowed"


class NotFoundError(RefusedError):
    """There is no such thing in the actor's organisation."""

    status = 404
    title = "Not found"


class ConflictError(RefusedError):
    """Somebody was first, or the move is not one that this state allows; `allowed` lists the moves that are."""

    status = 409
    title = "Conflict"

    def __init__(self, message: str, *, allowed: Sequence[str] | None = None, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.allowed = list(allowed) if allowed is not None else None


class StaleError(ConflictError):
    """It has changed since the caller looked, who asked to be told so."""

    status = 412
    title = "Changed since"


class TooLargeError(RefusedError):
    """The body is over the limit."""

    status = 413
    title = "Too large"


class InvalidInputError(RefusedError):
    """A value is missing or wrong; `field` names it and the message says what would be right."""

    status = 422
    title = "Invalid input"


class InvalidFieldsError(InvalidInputError):
    """Values of a form are wrong; `fields` has a sentence for each, so that all can be mended at once."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()), field=next(iter(fields)))
        self.fields = dict(fields)


class SlowDownError(RefusedError):
    """Too many tries; `retry_after_seconds` says when to come back."""

    status = 429
    title = "Too many tries"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StorageBusyError(RefusedError):
    """The database is away or did not answer in time; the same request may be sent again."""

    status = 503
    title = "Storage is not answering"

    def __init__(self, message: str = "The database did not answer in time. Send this again.", *, retry_after_seconds: int = 2) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
