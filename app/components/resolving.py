"""What the dialogs that resolve an incident ask, and what they become when somebody else was first."""

from typing import Any

import reflex as rx

from app.components.dialogs import callout
from app.components.forms import hidden, text_area
from app.components.marks import Text


def already_resolved(line: Any) -> rx.Component:
    """Says who was first, as "Rob Lindqvist resolved it at 03:07.", and what can become of the words."""
    return callout(
        rx.el.b(line),
        rx.el.span(" What you write here goes on the timeline as a comment.", class_name="dim"),
        tone="info",
        icon_name="circle-check",
    )


def what_fixed_it(incident_id: Any, refusal: Text, is_over: Any) -> rx.Component:
    """The field `notes`, and `as_comment`, which is "on" when `is_over`: then the words are sent as a comment."""
    return rx.fragment(
        hidden("as_comment", rx.cond(is_over, "on", "")),
        text_area(
            "notes",
            "What fixed it?",
            help="Goes on the timeline. Markdown.",
            error=refusal,
            is_spoken=True,
            draft=rx.cond(incident_id != "", f"notes:{incident_id}", ""),
            auto_focus=True,
        ),
    )
