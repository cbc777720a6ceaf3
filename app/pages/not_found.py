"""The page for an address that leads nowhere."""

import reflex as rx

from app.components.empty import empty
from app.components.links import page_link


def page() -> rx.Component:
    """Says so, and leads back to the incidents."""
    return rx.el.main(
        rx.el.h1("Not found", class_name="sr"),
        empty(
            "search-x",
            "There is no such page",
            "The address may be mistyped, or what was here is gone.",
            page_link("Go to incidents", to="/incidents", class_name="link"),
        ),
    )
