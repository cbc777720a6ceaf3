"""What can send alerts: one click makes the integration."""

from typing import Any

import reflex as rx

from app.components.forms import hidden
from app.components.labels import icon
from models.vocabulary import IntegrationKind

_KINDS = (
    (IntegrationKind.ALERTMANAGER, "Alertmanager", "bell-ring", "the webhook of Prometheus' Alertmanager"),
    (IntegrationKind.GRAFANA, "Grafana", "chart-line", "a contact point of type webhook"),
    (IntegrationKind.GENERIC, "Plain webhook", "webhook", "anything that can send JSON: a script, curl, a cron job"),
)


def kinds(on_make: Any) -> rx.Component:
    """A button for each kind of sender. `on_make` gets a form with `kind`."""
    return rx.el.div(*[_kind(kind.value, name, icon_name, what, on_make) for kind, name, icon_name, what in _KINDS], class_name="kinds")


def _kind(kind: str, name: str, icon_name: str, what: str, on_make: Any) -> rx.Component:
    return rx.el.form(
        hidden("kind", kind),
        rx.el.button(
            rx.el.span(icon(icon_name, 18), class_name="dim"),
            rx.el.span(rx.el.b(name), rx.el.small(what, class_name="dimmer")),
            type="submit",
            class_name="card kind",
            data_key_name=name,
            data_needs_connection="",
            data_acts="",
        ),
        on_submit=on_make,
    )
