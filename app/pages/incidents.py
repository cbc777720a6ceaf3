"""The incident list."""

import reflex as rx

from app.components.status_line import status_line
from app.states.status import Status


def page() -> rx.Component:
    """Everything that is broken, what needs somebody first."""
    return rx.el.main(rx.el.h1("Incidents"), status_line(Status.notice))
