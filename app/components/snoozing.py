"""The dialog that asks until when nobody is to be called for an incident, for the list and for its page."""

from typing import Any

import reflex as rx

from app.components.dialogs import dialog
from app.components.forms import hidden, text_field
from app.components.labels import icon
from app.components.marks import Text


def snooze_dialog(
    number: Text, *, offered: Any, zone: Any, open: Any, on_open_change: Any, on_choose: Any, on_submit: Any, refusal: Any
) -> rx.Component:
    """One click on one of the `offered` times (ChoiceView), or a time that is typed. `on_choose(number, words)` takes the first."""

    def choice(one: Any) -> rx.Component:
        return rx.el.li(
            rx.el.button(
                icon("moon", 15),
                rx.el.b(one.value),
                rx.el.span(f" {one.label}", class_name="dimmer push"),
                type="button",
                data_needs_connection="",
                data_acts="",
                on_click=on_choose(number, one.value),
            ),
            key=one.value,
        )

    return dialog(
        f"Snooze {number}",
        hidden("number", number),
        rx.el.p("Nobody is called until then, unless one of its alerts fires anew.", class_name="dim"),
        rx.el.ul(rx.foreach(offered, choice), class_name="choices", role="list", aria_label="For how long"),
        text_field(
            "until",
            "Or until when?",
            help=rx.fragment("Such as 45 min, 14:30, Friday 09:00 or 2026-12-04 09:00, on the clock of ", zone, "."),
            error=refusal,
            auto_complete=False,
            spell_check=False,
        ),
        open=open,
        on_open_change=on_open_change,
        on_submit=on_submit,
        verb="Snooze",
        icon_name="moon",
        width="440px",
    )
