"""What the dialogs that resolve an incident ask, and what they become when somebody else was first."""

from typing import Any

import reflex as rx

from app.components.dialogs import callout
from app.components.forms import field, hidden, text_area
from app.components.labels import icon
from app.components.marks import Text


def already_resolved(line: Any) -> rx.Component:
    """Says who was first, as "Rob Lindqvist resolved it at 03:07.", and what can become of the words."""
    return callout(
        rx.el.b(line),
        rx.el.span(" What you write here goes on the timeline as a comment.", class_name="dim"),
        tone="info",
        icon_name="circle-check",
    )


def unticked(checklist: Any, ticked_count: Any) -> rx.Component:
    """Names what of the checklist nobody has ticked: a warning, and no bar."""
    left = checklist.length() - ticked_count
    items = rx.el.ul(
        rx.foreach(checklist, lambda one: rx.cond(one.is_ticked, rx.fragment(), rx.el.li(icon("square", 14), one.text, class_name="line"))),
        role="list",
    )
    words = rx.cond(left == 1, "1 item of the checklist is not ticked.", f"{left} items of the checklist are not ticked.")
    return rx.cond(left > 0, callout(rx.el.b(words), items, icon_name="list-checks"))


def cause(causes: Any) -> rx.Component:
    """The field `cause`: one of the organisation's, or nothing."""
    options = rx.el.select(
        rx.el.option("Not said", value=""),
        rx.foreach(causes, lambda one: rx.el.option(one, value=one)),
        name="cause",
        id="field-cause",
        aria_describedby="field-cause-help",
    )
    shown = field("field-cause", "Cause", rx.el.span(options, icon("chevron-down", 14), class_name="select"), optional=True)
    return rx.cond(causes.length() > 0, shown)


def what_fixed_it(incident_id: Any, refusal: Text, is_over: Any) -> rx.Component:
    """The field `notes`, and `as_comment`, which is "on" when `is_over`: then the words are sent as a comment."""
    return rx.fragment(
        hidden("as_comment", rx.cond(is_over, "on", "")),
        text_area(
            "notes",
            "What fixed it?",
            help="Goes on the timeline. Markdown.",
            preview=True,
            error=refusal,
            is_spoken=True,
            draft=rx.cond(incident_id != "", f"notes:{incident_id}", ""),
            auto_focus=True,
        ),
    )
