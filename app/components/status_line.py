"""What came of the last action, and the banner that says when the connection is gone."""

from typing import Any

import reflex as rx

from app.components.labels import icon


def status_line(notice: Any, on_undo: Any = None) -> rx.Component:
    """A NoticeView in an element of role status. A good one goes after 5 s, a bad one stays until it is dismissed."""
    sentence = rx.el.div(
        rx.cond(notice.tone == "bad", icon("circle-x"), icon("circle-check")),
        rx.el.span(notice.text),
        *([rx.cond(notice.may_undo, rx.el.button("Undo", type="button", on_click=on_undo, data_needs_connection=""))] if on_undo else []),
        rx.el.button(icon("x", 14), type="button", aria_label="Dismiss", class_name="dismiss", data_dismiss=""),
        class_name=rx.cond(notice.tone == "bad", "said is-bad", "said"),
        data_said=notice.seq,
        key=notice.seq,
    )
    return rx.el.div(rx.cond(notice.text != "", sentence), class_name="statusline", role="status", aria_live="polite")


def live_light() -> rx.Component:
    """Whether the page is live; tocsin.js writes the word."""
    return rx.el.span(rx.el.i(), rx.el.span(data_live=""), class_name="live")


def connection_banner() -> rx.Component:
    """Filled by tocsin.js while what is seen is stale."""
    return rx.el.div(class_name="banner is-bad", role="alert", data_banner="")
