"""Severity is a level meter, state is a filling circle; each is a shape and a word, never colour alone."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

Text = str | rx.Var[str]

SEVERITIES = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
STATES = {"open": "Open", "acknowledged": "Acknowledged", "investigating": "Investigating", "resolved": "Resolved"}


def by_value(value: Text, cases: Mapping[str, Any], other: Any) -> Any:
    """The case for `value`: chosen here for a plain text, in the browser for a Var."""
    if isinstance(value, str):
        return cases.get(value, other)
    return rx.match(value, *cases.items(), other)


def _bar(x: float, y: float, height: float, lit: bool) -> rx.Component:
    return rx.el.svg.rect(
        x=str(x), y=str(y), width="3", height=str(height), rx="1", fill="currentColor", custom_attrs={} if lit else {"opacity": ".28"}
    )


def _meter(level: int) -> rx.Component:
    return rx.el.svg(
        _bar(1, 8.5, 4, True),
        _bar(5.5, 5.25, 7.25, level > 1),
        _bar(10, 2, 10.5, level > 2),
        view_box="0 0 14 14",
        aria_hidden="true",
    )


def _alarm() -> rx.Component:
    return rx.el.svg(
        rx.el.svg.rect(width="14", height="14", rx="3.5", fill="currentColor"),
        rx.el.svg.path(d="M7 3.1v4.6", stroke="var(--on-critical)", stroke_width="1.9", stroke_linecap="round"),
        rx.el.svg.circle(cx="7", cy="10.6", r="1.1", fill="var(--on-critical)"),
        view_box="0 0 14 14",
        aria_hidden="true",
    )


def _severity_shape(severity: Text) -> Any:
    return by_value(severity, {"critical": _alarm(), "high": _meter(3), "medium": _meter(2)}, _meter(1))


def severity_name(severity: Text) -> Any:
    """The word for a severity: "Critical"."""
    return by_value(severity, SEVERITIES, "")


def severity_mark(severity: Text, class_name: str = "") -> rx.Component:
    """The mark alone, for rows and counts; it names itself to a screen reader."""
    return rx.el.span(
        _severity_shape(severity),
        class_name=f"sev is-{severity} {class_name}",
        role="img",
        aria_label=f"Severity: {severity}",
        title=severity_name(severity),
    )


def severity_word(severity: Text) -> rx.Component:
    """The mark with its word."""
    return rx.el.span(_severity_shape(severity), severity_name(severity), class_name=f"sev is-{severity}")


_MEANINGS = {
    "critical": "customers cannot use it",
    "high": "a part is down, no way around",
    "medium": "worse than usual, a way around",
    "low": "no customer notices",
}


def severity_choices(chosen: Text) -> list[rx.Component]:
    """A radio button for each severity, sent as `severity`, with what it means. They stand in an element of class `pick`."""
    return [
        rx.el.label(
            rx.el.input(type="radio", name="severity", value=severity, default_checked=chosen == severity),
            severity_word(severity),
            rx.el.small(meaning),
        )
        for severity, meaning in _MEANINGS.items()
    ]


def _circle(*inside: rx.Component) -> list[rx.Component]:
    return [rx.el.svg.circle(cx="7", cy="7", r="5.6", fill="none", stroke="currentColor", stroke_width="1.7"), *inside]


def _tick() -> list[rx.Component]:
    return [
        rx.el.svg.circle(cx="7", cy="7", r="6.4", fill="currentColor"),
        rx.el.svg.path(
            d="M4.3 7.2 6.2 9l3.6-3.9",
            fill="none",
            stroke="var(--panel)",
            stroke_width="1.7",
            stroke_linecap="round",
            stroke_linejoin="round",
        ),
    ]


def _state_svg(state: str, shape: list[rx.Component]) -> rx.Component:
    return rx.el.svg(*shape, class_name=f"smark is-{state}", view_box="0 0 14 14", aria_hidden="true")


def state_mark(state: Text) -> Any:
    """The circle alone; a word stands beside it wherever it is used."""
    shapes = {
        "open": _circle(rx.el.svg.circle(cx="7", cy="7", r="2.1", fill="currentColor")),
        "acknowledged": _circle(rx.el.svg.path(d="M7 3.5a3.5 3.5 0 0 1 0 7z", fill="currentColor")),
        "investigating": _circle(rx.el.svg.path(d="M7 7V3.5A3.5 3.5 0 1 1 3.5 7z", fill="currentColor")),
    }
    return by_value(state, {name: _state_svg(name, shape) for name, shape in shapes.items()}, _state_svg("resolved", _tick()))


def state_name(state: Text) -> Any:
    """The word for a state: "Investigating"."""
    return by_value(state, STATES, "")


def state_pill(state: Text) -> rx.Component:
    """The state as rows and phone headers show it."""
    return rx.el.span(state_mark(state), state_name(state), class_name=f"state is-{state}")


def snoozed_pill() -> rx.Component:
    """What stands in the place of the state while it is snoozed."""
    return rx.el.span(rx.icon("moon", size=13, class_name="i"), "Snoozed", class_name="state is-snoozed")
