"""The people of the organisation."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import dialog, shown_once
from app.components.empty import skeleton_rows
from app.components.forms import select, text_field
from app.components.labels import tag
from app.components.people import person_avatar
from app.components.settings import settings
from app.components.shell import shell
from app.states.people import People
from models.vocabulary import Role

_ROLES = (
    (Role.RESPONDER, "Responder: acts on incidents"),
    (Role.VIEWER, "Viewer: reads"),
    (Role.MANAGER, "Manager: also sets up services and rules"),
    (Role.ADMIN, "Admin: also people, integrations and keys"),
)


def _row(row: Any) -> rx.Component:
    person = row.person
    return rx.el.tr(
        rx.el.td(
            rx.el.span(
                person_avatar(person, size=24),
                rx.el.span(rx.el.b(person.name), rx.cond(row.is_me, rx.el.span(" · you", class_name="dimmer")), class_name="cut"),
                class_name="line",
            )
        ),
        rx.el.td(f"@{person.handle}", class_name="dim"),
        rx.el.td(row.email, class_name="dim"),
        rx.el.td(row.role),
        rx.el.td(rx.cond(row.active, rx.cond(row.has_password, "", tag("no password yet", tone="warn")), tag("not active"))),
        rx.el.td(
            rx.cond(
                row.active,
                button(
                    "Password link",
                    icon_name="key-round",
                    size="1",
                    on_click=People.make_link(person.id),  # type: ignore[operator]
                    needs_connection=True,
                    aria_label=f"Password link for {person.name}",
                ),
            ),
            class_name="r",
        ),
        key=person.id,
    )


def _table() -> rx.Component:
    heads = ("Name", "Handle", "E-mail", "Role", rx.el.span("State", class_name="sr"), rx.el.span("Actions", class_name="sr"))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in heads])),
            rx.el.tbody(rx.foreach(People.rows, _row)),
            class_name="tbl",
        ),
        class_name="cardlist people-list",
    )


def _new_person() -> rx.Component:
    errors = People.errors
    return dialog(
        "New person",
        text_field("name", "Name", error=errors["name"], id="person-name", max_length=120, auto_complete="off"),
        text_field("email", "E-mail", type="email", error=errors["email"], id="person-email", max_length=254, auto_complete="off"),
        text_field(
            "handle",
            "Handle",
            before="@",
            error=errors["handle"],
            id="person-handle",
            optional=True,
            help="Made of the name when it is empty.",
            max_length=41,
            auto_complete="off",
            auto_capitalize="none",
        ),
        select("role", "Role", [(role.value, words) for role, words in _ROLES], error=errors["role"], id="person-role"),
        open=People.is_making,
        on_open_change=People.ask_for_person,
        on_submit=People.make_person,
        verb="Make",
        refusal=People.refusal,
        note="You then get a link to send to them.",
        width="440px",
    )


def _link() -> rx.Component:
    return shown_once(
        f"A password link for {People.link_for}",
        "It works once, for 24 hours, and replaces links made before. Whoever opens it chooses the password, so send it to them alone.",
        People.link,
        "Password link",
        open=People.link != "",
        on_open_change=People.close_link,
    )


def page() -> rx.Component:
    """Everybody who can sign in."""
    return shell(
        "People",
        settings(People.nav, "people", rx.cond(People.is_loaded, _table(), skeleton_rows(5))),
        _new_person(),
        _link(),
        for_admins=True,
        nav=People.nav,
        notice=People.notice,
        current="profile",
        actions=(
            rx.cond(
                People.nav.is_admin,
                button("New person", icon_name="user-plus", on_click=People.ask_for_person(True), needs_connection=True),  # type: ignore[operator]
            ),
        ),
        on_theme=People.keep_theme,
    )
