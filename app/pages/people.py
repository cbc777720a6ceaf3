"""The people of the organisation."""

from typing import Any

import reflex as rx

from app.components.ages import moment
from app.components.controls import button, icon_button
from app.components.empty import skeleton_rows
from app.components.labels import tag
from app.components.people import person_avatar
from app.components.settings import settings
from app.components.shell import shell
from app.pages import people_dialogs
from app.states.people import People


def _state(row: Any) -> rx.Component:
    """Whether they came in yet, and the link that waits for them."""
    until = rx.el.span("link until ", moment(row.link_until), class_name="dim")
    withdraw = button(
        "Withdraw",
        kind="ghost",
        size="1",
        on_click=People.withdraw_link(row.person.id),
        needs_connection=True,
        aria_label=f"Withdraw the link for {row.person.name}",
    )
    waiting = rx.cond(row.link_until != "", rx.fragment(until, withdraw))
    arrived = rx.cond(
        row.came_in,
        rx.fragment(),
        rx.cond(row.link_until != "", tag("invited", tone="accent"), tag("never signed in", tone="warn")),
    )
    return rx.cond(row.active, rx.el.span(arrived, waiting, class_name="line wrap"), tag("deactivated"))


def _manager(row: Any) -> rx.Component:
    return rx.cond(
        row.manager != "",
        rx.el.span(
            rx.el.span("reports to ", class_name="only-phone dimmer"),
            rx.el.span(row.manager),
            rx.cond(row.manager_left, tag("deactivated", tone="warn")),
            class_name="line wrap",
        ),
    )


def _actions(row: Any) -> rx.Component:
    person = row.person
    change = icon_button(f"Change {person.name}", "pencil", on_click=People.ask_to_change(person.id))
    link = icon_button(f"Password link for {person.name}", "key-round", on_click=People.make_link(person.id), needs_connection=True)
    leave = icon_button(f"Deactivate {person.name}", "user-x", on_click=People.ask_to_deactivate(person.id), needs_connection=True)
    come_back = icon_button(f"Activate {person.name}", "user-check", on_click=People.activate(person.id), needs_connection=True)
    return rx.el.span(change, rx.cond(row.active, rx.fragment(link, leave), come_back), class_name="line row-actions")


def _row(row: Any) -> rx.Component:
    person = row.person
    return rx.el.tr(
        rx.el.td(
            rx.el.span(
                person_avatar(person, size=24),
                rx.el.span(
                    rx.el.span(
                        rx.el.b(person.name, dir="auto", class_name=rx.cond(row.active, "", "dimmer")),
                        rx.cond(row.is_me, rx.el.span(" · you", class_name="dimmer")),
                        class_name="cut",
                    ),
                    rx.el.span(f"@{person.handle}", class_name="dimmer cut"),
                    class_name="stack",
                ),
                class_name="line",
            )
        ),
        rx.el.td(row.email, class_name="dim words"),
        rx.el.td(row.role),
        rx.el.td(_manager(row)),
        rx.el.td(_state(row)),
        rx.el.td(_actions(row), class_name="r"),
        key=person.id,
    )


def _table() -> rx.Component:
    heads = ("Name", "E-mail", "Role", "Manager", rx.el.span("State", class_name="sr"), rx.el.span("Actions", class_name="sr"))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in heads])),
            rx.el.tbody(rx.foreach(People.rows, _row)),
            class_name="tbl",
        ),
        class_name="cardlist people-list",
    )


def page() -> rx.Component:
    """Everybody who can sign in."""
    return shell(
        "People",
        settings(People.nav, "people", rx.cond(People.is_loaded, _table(), skeleton_rows(5))),
        *people_dialogs.all_of_them(),
        for_admins=True,
        nav=People.nav,
        notice=People.notice,
        current="profile",
        actions=(
            rx.cond(
                People.nav.is_admin,
                button("Invite", icon_name="user-plus", on_click=People.ask_to_invite(True), needs_connection=True),
            ),
        ),
        on_theme=People.keep_theme,
    )
