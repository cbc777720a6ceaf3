"""What stands in the place of a page that the browser could not draw."""

import reflex as rx
from reflex_components_core.base.error_boundary import ErrorBoundary

from app.components.empty import empty


def _page() -> rx.Component:
    """Says that nothing was lost, and offers what is nearly always the cure."""
    return rx.el.main(
        rx.el.h1("This page broke", class_name="sr"),
        empty(
            "circle-x",
            "This page broke, and it is our fault",
            "Nothing was changed, and what you wrote is kept in this browser.",
            rx.el.a("Load it again", href="", class_name="link"),
            rx.el.a("Go to incidents", href="/incidents", class_name="link"),
        ),
        role="alert",
    )


def boundary(_has_state: bool) -> rx.Component:
    """Goes round every page, and shows this in its place when it cannot be drawn."""
    return ErrorBoundary.create(fallback_render=rx.Var.create(_page()))
