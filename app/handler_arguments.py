"""What a client may give to an event handler: Reflex passes on whatever it sends."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_origin, get_type_hints

from services.errors import InvalidInputError

_NOT_OURS = "This page is older than the server, or was tampered with. Load it again."


class Arguments:
    """What a client may give to a handler: all but the state and the actor, each of the type that the handler names."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        signature = inspect.signature(handler)
        self._names = list(signature.parameters)[2:]
        self._signature = signature.replace(parameters=[p for n, p in signature.parameters.items() if n != list(signature.parameters)[1]])
        self._hints = {name: hint for name, hint in get_type_hints(handler).items() if name in self._names}
        self._needed = {n for n in self._names if signature.parameters[n].default is inspect.Parameter.empty}

    def show_on(self, wrapper: Any) -> None:
        """Make the wrapper look as if it took these arguments: Reflex reads them there."""
        wrapper.__signature__ = self._signature
        wrapper.__annotations__ = dict(self._hints)

    def by_name(self, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
        """All that was given, by the names of the arguments."""
        return dict(zip(self._names, args, strict=False)) | given

    def check(self, given: dict[str, Any]) -> dict[str, Any]:
        """Raises: InvalidInputError when a client sends something else."""
        if not self._needed <= given.keys() <= set(self._names):
            raise InvalidInputError(_NOT_OURS)
        for name, value in given.items():
            kind = get_origin(self._hints.get(name)) or self._hints.get(name)
            if isinstance(kind, type) and not isinstance(value, kind):
                raise InvalidInputError(_NOT_OURS, field=name)
        return given


def text_of(form: dict[str, Any], name: str) -> str:
    """A field of a form, empty where a client sends none or something else."""
    value = form.get(name)
    return value if isinstance(value, str) else ""
