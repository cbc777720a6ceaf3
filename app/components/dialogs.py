"""Dialogs. They are controlled by the state, so that a refusal leaves them open with what was typed; on phones they are sheets."""

from typing import Any

import reflex as rx

from app.components.controls import button, copy_button
from app.components.labels import icon
from app.components.marks import Text


def callout(*content: Any, tone: str = "warn", icon_name: str = "triangle-alert") -> rx.Component:
    """A note inside a dialog or a page: `tone` is warn, info or bad."""
    return rx.el.div(icon(icon_name), rx.el.div(*content), class_name=f"callout is-{tone}")


def dialog(
    title: Any,
    *body: Any,
    open: Any,
    on_open_change: Any,
    on_submit: Any,
    verb: Text,
    kind: str = "solid",
    icon_name: str = "",
    note: Any = "",
    refusal: Any = "",
    width: str = "520px",
) -> rx.Component:
    """A dialog that asks for something and does `verb`.

    `open` is a bool of the state that `on_open_change(bool)` and the handler of `on_submit(form_data)` change; the handler closes it
    only when it did what was asked. `refusal` is the sentence that says why it did not, unless a field of the body has it. Esc and
    Cancel close it.
    """
    return rx.dialog.root(
        rx.dialog.content(
            rx.el.form(
                rx.el.header(rx.dialog.title(title, custom_attrs={"as": "h2"})),
                rx.el.div(*body, *_refusal(refusal), class_name="body"),
                rx.el.footer(
                    rx.el.span(note, class_name="dimmer meta"),
                    rx.el.span(
                        rx.dialog.close(button("Cancel", hint="Esc")),
                        button(verb, kind=kind, icon_name=icon_name, hint="Ctrl ↵", type="submit", needs_connection=True),
                        class_name="push line",
                    ),
                ),
                on_submit=on_submit,
            ),
            class_name="dlg",
            style={"--w": width},
            aria_describedby="",
        ),
        open=open,
        on_open_change=on_open_change,
    )


def _refusal(sentence: Any) -> list[rx.Component]:
    if not isinstance(sentence, rx.Var):
        return []
    shown = rx.el.span(icon("circle-alert", 14), sentence, class_name="line")
    return [rx.el.p(rx.cond(sentence != "", shown), class_name="wrong", role="alert")]


def shown_once(
    title: Any, explanation: Any, secret: Any, name: str, *more: rx.Component, open: Any, on_open_change: Any, width: str = "520px"
) -> rx.Component:
    """Shows a `secret` that is told this once, to be copied. `name` says what it is, `more` follows it."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.el.header(rx.dialog.title(title, custom_attrs={"as": "h2"})),
            rx.el.div(
                callout(rx.el.b("Shown once. "), explanation, tone="info", icon_name="key-round"),
                rx.el.div(
                    rx.el.div(secret, class_name="code", tab_index=0, role="region", aria_label=name),
                    copy_button(secret, words="Copy", size="2"),
                    class_name="line",
                ),
                *more,
                class_name="body",
            ),
            rx.el.footer(rx.el.span(rx.dialog.close(button("Done", kind="solid")), class_name="push line")),
            class_name="dlg",
            style={"--w": width},
            aria_describedby="",
        ),
        open=open,
        on_open_change=on_open_change,
    )


def confirm(
    title: Any,
    text: Any,
    *more: Any,
    open: Any,
    on_open_change: Any,
    on_confirm: Any,
    verb: Text,
    refusal: Any = "",
    width: str = "440px",
) -> rx.Component:
    """Asks before what cannot be undone, `more` under the `text`. The verb is in the red button, the safe button has the focus.

    Where there is a `refusal`, a Var, it cannot be done: the sentence stands there instead, and there is no verb.
    """
    acts = button(verb, kind="danger", on_click=on_confirm, needs_connection=True)
    asked = rx.fragment(rx.alert_dialog.description(text), *more)
    if isinstance(refusal, rx.Var):
        acts = rx.cond(refusal == "", acts)
        asked = rx.cond(refusal == "", asked, rx.alert_dialog.description(refusal))
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.el.header(rx.alert_dialog.title(title, custom_attrs={"as": "h2"})),
            rx.el.div(asked, class_name="body"),
            rx.el.footer(
                rx.el.span(
                    rx.alert_dialog.cancel(button("Cancel", hint="Esc")),
                    acts,
                    class_name="push line",
                ),
            ),
            class_name="dlg",
            style={"--w": width},
        ),
        open=open,
        on_open_change=on_open_change,
    )
