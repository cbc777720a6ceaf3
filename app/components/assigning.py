"""The dialog that gives an incident to somebody: a field that narrows, and one button for each who can have it."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.forms import text_field
from app.components.labels import icon
from app.components.marks import Text
from app.components.people import person_avatar


def assign_dialog(
    number: Text, *, people: Any, holder: Any, me: Any, open: Any, on_open_change: Any, on_assign: Any, refusal: Any
) -> rx.Component:
    """Asks who is to have the incident, oneself first.

    `people` is a Var of a list of PersonView, `holder` and `me` are one each; `on_assign(number, user_id, before)` is called with an
    empty id for nobody. The handler closes the dialog when it did what was asked; `refusal` says why it did not.
    """

    def choice(words: Any, user_id: Any, *content: Any) -> rx.Component:
        return rx.el.li(
            rx.el.button(
                *content,
                type="button",
                data_choice=words,
                data_needs_connection="",
                data_acts="",
                on_click=on_assign(number, user_id, holder.id),
            )
        )

    def somebody(one: Any) -> rx.Component:
        has_it = rx.cond(one.id == holder.id, rx.el.span("has it", class_name="dimmer push"))
        name = rx.el.span(rx.el.b(one.name, dir="auto"), rx.el.span(f" @{one.handle}", class_name="dimmer"), class_name="cut")
        return rx.cond(
            one.id != me.id, rx.fragment(choice(f"{one.name} {one.handle}", one.id, person_avatar(one), name, has_it), key=one.id)
        )

    take = choice(f"take it me {me.name} {me.handle}", me.id, person_avatar(me), rx.el.b("Take it"))
    nobody = choice("nobody", "", icon("circle-user-round", 20), rx.el.b("Nobody"))
    return rx.dialog.root(
        rx.dialog.content(
            rx.el.div(
                rx.el.header(rx.dialog.title(f"Assign {number}", custom_attrs={"as": "h2"})),
                rx.el.div(
                    text_field(
                        "who",
                        "Who has it from now on?",
                        help="Type to narrow, Enter takes the first.",
                        auto_complete=False,
                        auto_focus=True,
                        spell_check=False,
                        data_narrows="",
                    ),
                    rx.el.ul(
                        rx.cond(holder.id != me.id, take),
                        rx.foreach(people, somebody),
                        rx.cond(holder.id != "", nobody),
                        class_name="choices",
                        role="list",
                        aria_label="People",
                    ),
                    rx.el.p("Nobody is called that, or they are viewers: viewers only read.", class_name="dim", data_no_choice=""),
                    rx.el.p(refusal, class_name="wrong", role="alert"),
                    class_name="body",
                ),
                rx.el.footer(rx.el.span(rx.dialog.close(button("Cancel", hint="Esc")), class_name="push line")),
                data_chooser="",
            ),
            class_name="dlg",
            style={"--w": "440px"},
            aria_describedby="",
        ),
        open=open,
        on_open_change=on_open_change,
    )
