"""Alertmanager's webhook, version 4."""

from __future__ import annotations

from services.formats import envelope
from services.formats.received import Received

_SENDER = envelope.Sender(name="Alertmanager", links=(("Source", "generatorURL"),))


def read(document: object) -> Received:
    """The alerts of one notification.

    Raises: InvalidInputError when the body as a whole can't be understood.
    """
    return envelope.read(document, _SENDER)
