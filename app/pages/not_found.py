"""The page for an address that leads nowhere."""

import reflex as rx


def page() -> rx.Component:
    """Says so, and leads back to the incidents."""
    return rx.el.main(
        rx.el.h1("There is no such page"),
        rx.el.p("The address may be mistyped, or what was here is gone."),
        rx.el.p(rx.el.a("Go to the incidents", href="/incidents")),
        class_name="empty",
    )
