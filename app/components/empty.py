"""What a page says when there is nothing to list, or while it loads."""

from typing import Any

import reflex as rx

from app.components.labels import icon


def empty(icon_name: str, heading: Any, text: Any, *actions: rx.Component) -> rx.Component:
    """Nothing here: why, and what to do about it."""
    return rx.el.div(
        rx.el.span(icon(icon_name, 26), class_name="dimmer"),
        rx.el.h2(heading),
        rx.el.p(text),
        *([rx.el.div(*actions, class_name="line wrap")] if actions else []),
        class_name="empty",
    )


def skeleton_rows(count: int = 8) -> rx.Component:
    """Rows in the shape of those that come; visible after 150 ms only."""
    return rx.el.div(
        *[rx.el.div(rx.el.span(class_name="skeleton"), class_name="skeleton-row") for _ in range(count)],
        class_name="skeleton-rows",
        role="presentation",
    )
