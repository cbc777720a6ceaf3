"""Small things in a line: labels of alerts, tags, filter chips and keys."""

from typing import Any

import reflex as rx

from app.components.marks import Text


def icon(name: str, size: int = 16, class_name: str = "") -> rx.Component:
    """A lucide icon; decoration, so a word stands beside it or in its button's name."""
    return rx.icon(name, size=size, class_name=f"i {class_name}".strip())


def key_hint(keys: str) -> rx.Component:
    """The keys that do the same as the control it stands in; not part of the control's name."""
    return rx.el.kbd(keys, class_name="key", aria_hidden="true")


def label(name: Text, value: Text) -> rx.Component:
    """One label of an alert, cut when it is long, whole in its title."""
    return rx.el.span(rx.el.i(name), value, class_name="lab", title=f"{name}={value}")


def labels(shown: Any, more: Any = 0) -> rx.Component:
    """A list of LabelView, and how many are not shown."""
    return rx.fragment(
        rx.foreach(shown, lambda one: label(one.name, one.value)),
        rx.cond(more > 0, rx.el.span(f"+{more} more", class_name="dimmer")) if isinstance(more, rx.Var) or more else rx.fragment(),
    )


def tag(words: Any, *, tone: str = "", icon_name: str = "") -> rx.Component:
    """A short word about something: `tone` is bad, warn, good, accent or plain."""
    return rx.el.span(
        *([icon(icon_name, 11)] if icon_name else []),
        words,
        class_name=f"tag is-{tone}" if tone else "tag",
    )


def chip(name: Text, operator: Text, value: Text, on_remove: Any) -> rx.Component:
    """A filter that is set, with the button that removes it."""
    return rx.el.span(
        rx.el.span(name, class_name="chip-k"),
        rx.el.span(operator, class_name="chip-op"),
        rx.el.b(value),
        rx.el.button(icon("x", 12), type="button", aria_label=f"Remove filter {name}", on_click=on_remove),
        class_name="chip",
    )
