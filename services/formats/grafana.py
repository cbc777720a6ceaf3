"""Grafana's webhook contact point: Alertmanager's envelope with a title and more links."""

from __future__ import annotations

from services.formats import envelope
from services.formats.received import Received

_EXACT = 2**63 - 1

_SENDER = envelope.Sender(
    name="Grafana",
    links=(
        ("Dashboard", "dashboardURL"),
        ("Panel", "panelURL"),
        ("Alert rule", "generatorURL"),
        ("Silence", "silenceURL"),
        ("Image", "imageURL"),
    ),
    title_field="title",
)


def read(document: object) -> Received:
    """The alerts of one notification.

    Raises: InvalidInputError when the body as a whole can't be understood.
    """
    return envelope.read(_with_doubles(document), _SENDER)


def _with_doubles(document: object) -> object:
    """The document with the `values` of its alerts as the doubles that they are: Grafana writes 2e20 as a whole number."""
    if not isinstance(document, dict) or not isinstance(document.get("alerts"), list):
        return document
    return {**document, "alerts": [_with_double_values(alert) for alert in document["alerts"]]}


def _with_double_values(alert: object) -> object:
    if not isinstance(alert, dict) or not isinstance(alert.get("values"), dict):
        return alert
    values: dict[str, object] = alert["values"]
    if not any(isinstance(value, int) and abs(value) > _EXACT for value in values.values()):
        return alert
    return {**alert, "values": {name: float(value) if isinstance(value, int) else value for name, value in values.items()}}
