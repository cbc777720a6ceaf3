"""What senders say, in Tocsin's words: pure adapters from a request's body to alerts, without a clock and without a database."""

from __future__ import annotations

from collections.abc import Callable

from models.vocabulary import IntegrationKind
from services.formats import alertmanager, generic, grafana
from services.formats.document import decode
from services.formats.received import Link, Received, ReceivedAlert, Refusal

__all__ = ["Link", "Received", "ReceivedAlert", "Refusal", "decode", "read"]

_ADAPTERS: dict[IntegrationKind, Callable[[object], Received]] = {
    IntegrationKind.ALERTMANAGER: alertmanager.read,
    IntegrationKind.GRAFANA: grafana.read,
    IntegrationKind.GENERIC: generic.read,
}


def read(kind: IntegrationKind, document: object) -> Received:
    """The alerts of one decoded body from an integration of this kind.

    One bad alert among others is a refusal that names its field, and the others are kept.

    Raises: InvalidInputError when the body as a whole can't be understood; its `field` says where.
    """
    return _ADAPTERS[kind](document)
