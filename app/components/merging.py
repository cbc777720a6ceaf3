"""The dialogs that make an incident part of another one, and that split alerts out of it."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.controls import button
from app.components.dialogs import dialog
from app.components.forms import hidden, text_field
from app.components.labels import label
from app.components.marks import Text, severity_mark, state_mark


def merge_dialog(number: Text, *, offers: Any, open: Any, on_open_change: Any, on_look: Any, on_merge: Any, refusal: Any) -> rx.Component:
    """Asks what the incident becomes part of.

    `offers` is a Var of a list of RelatedView for the words that `on_look(words)` was called with last; `on_merge(number, into)` closes
    the dialog when it did what was asked, and `refusal` says why it did not.
    """

    def offer(one: Any) -> rx.Component:
        opened = rx.fragment("opened ", age(one.opened_at, coarse=True), " ago")
        return rx.el.li(
            rx.el.button(
                state_mark(one.state),
                rx.el.span(
                    rx.el.span(one.number, class_name="mono dim"),
                    " ",
                    rx.el.b(one.title, dir="auto"),
                    rx.el.small(opened, rx.cond(one.reason != "", f" · {one.reason}", ""), class_name="dimmer"),
                    class_name="stacked",
                ),
                type="button",
                # the server finds words in more than the title: what it found for them is one of those that they name
                data_choice=f"{one.number} {one.title} {one.found_by}",
                data_needs_connection="",
                data_acts="",
                on_click=on_merge(number, one.number),
            ),
            key=f"{one.number} {one.found_by}",  # drawn anew when the words are others, or it would stay left out
        )

    return rx.dialog.root(
        rx.dialog.content(
            rx.el.div(
                rx.el.header(rx.dialog.title(f"Merge {number}", custom_attrs={"as": "h2"})),
                rx.el.div(
                    text_field(
                        "into",
                        "Which incident is it part of?",
                        help="Type its number or words of it, Enter takes the first.",
                        auto_complete=False,
                        auto_focus=True,
                        spell_check=False,
                        data_narrows="",
                        on_change=on_look.debounce(200),
                    ),
                    rx.el.ul(rx.foreach(offers, offer), class_name="choices", role="list", aria_label="Incidents to merge it into"),
                    rx.el.p("No other incident that is not over says that.", class_name="dim", data_no_choice=""),
                    rx.el.p(
                        f"{number} follows that one's state from then on, and its alerts go there. It can be split out again.",
                        class_name="dimmer meta",
                    ),
                    rx.el.p(refusal, class_name="wrong", role="alert"),
                    class_name="body",
                ),
                rx.el.footer(rx.el.span(rx.dialog.close(button("Cancel", hint="Esc")), class_name="push line")),
                data_chooser="",
            ),
            class_name="dlg",
            style={"--w": "520px"},
            aria_describedby="",
        ),
        open=open,
        on_open_change=on_open_change,
    )


def split_dialog(number: Text, *, alerts: Any, open: Any, on_open_change: Any, on_split: Any, refusal: Any) -> rx.Component:
    """Asks which alerts leave the incident; `alerts` is a Var of a list of AlertRow. The form names each that does."""

    def part(alert: Any) -> rx.Component:
        return rx.el.li(
            rx.el.label(
                rx.el.input(type="checkbox", name=f"alert-{alert.id}"),
                severity_mark(alert.severity),
                rx.el.span(
                    rx.el.b(alert.title, dir="auto"),
                    rx.foreach(alert.labels[:2], lambda one: rx.fragment(" ", label(one.name, one.value))),
                    rx.el.small(rx.cond(alert.status == "firing", "firing", "stopped"), " · ", alert.integration, class_name="dimmer"),
                    class_name="stacked",
                ),
            ),
            key=alert.id,
        )

    return dialog(
        f"Split alerts out of {number}",
        hidden("number", number),
        rx.el.p("They become an incident of their own, and fire there from now on.", class_name="dim"),
        rx.el.ul(rx.foreach(alerts, part), class_name="choices", role="list", aria_label="Alerts"),
        open=open,
        on_open_change=on_open_change,
        on_submit=on_split,
        verb="Split",
        icon_name="split",
        refusal=refusal,
    )
