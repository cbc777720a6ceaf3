"""The keys by which programs use the API."""

from typing import Any

import reflex as rx

from app.components.ages import age, moment
from app.components.controls import button
from app.components.dialogs import confirm, dialog, shown_once
from app.components.empty import empty, skeleton_rows
from app.components.forms import select, text_field
from app.components.labels import tag
from app.components.people import ROLES
from app.components.settings import settings
from app.components.shell import shell
from app.states.api_keys import ApiKeys


def _ends(row: Any) -> rx.Component:
    return rx.match(
        row.state,
        ("revoked", rx.el.span("revoked ", moment(row.ends_at), class_name="dim")),
        ("expired", rx.el.span("ended ", moment(row.ends_at), class_name="dim")),
        ("left", tag("its person is not active", tone="warn")),
        rx.cond(row.ends_at != "", rx.el.span("until ", moment(row.ends_at)), rx.el.span("no end", class_name="dim")),
    )


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.div(
                rx.el.span(
                    rx.el.b(row.name, class_name=rx.cond(row.state == "works", "", "dimmer")),
                    rx.cond(row.acts_as != "", rx.el.span(f" · acts as {row.acts_as}", class_name="dim")),
                ),
                rx.el.span(f"{row.prefix}…", class_name="mono dimmer"),
                class_name="stack",
            ),
            class_name="words",
        ),
        rx.el.td(row.role),
        rx.el.td(
            rx.el.div(
                moment(row.made_at, class_name="num"),
                rx.cond(row.made_by != "", rx.el.span("by ", row.made_by)),
                class_name="stack dim",
            ),
            class_name="words",
        ),
        rx.el.td(
            rx.cond(
                row.last_used_at != "",
                rx.el.span("used ", age(row.last_used_at, coarse=True), " ago"),
                rx.el.span("never used", class_name="dim"),
            )
        ),
        rx.el.td(_ends(row)),
        rx.el.td(
            rx.cond(
                row.state != "revoked",
                button(
                    "Revoke",
                    size="1",
                    on_click=ApiKeys.ask_to_revoke(row.id),  # type: ignore[operator]
                    needs_connection=True,
                    aria_label=f"Revoke {row.name}",
                ),
            ),
            class_name="r",
        ),
        key=row.id,
    )


def _table() -> rx.Component:
    heads = ("Name", "Role", "Made", "Last used", "Ends", rx.el.span("Actions", class_name="sr"))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in heads])),
            rx.el.tbody(rx.foreach(ApiKeys.rows, _row)),
            class_name="tbl",
        ),
        class_name="cardlist people-list keys-list",
    )


def _nothing() -> rx.Component:
    return empty(
        "key-round",
        "No program has a key yet",
        "A script, a deployment or a chat bot that uses the API needs one. It gets a name, a role and, where you like, a last day.",
        button("Make the first key", kind="solid", icon_name="plus", on_click=ApiKeys.ask_for_key(True), needs_connection=True),  # type: ignore[operator]
    )


def _new_key() -> rx.Component:
    errors = ApiKeys.errors
    return dialog(
        "New API key",
        text_field(
            "name",
            "Name",
            error=errors["name"],
            id="key-name",
            max_length=120,
            auto_complete="off",
            help="What uses it. Its changes stand under this name in timelines and in the audit log.",
        ),
        select("role", "Role", ROLES, error=errors["role"], id="key-role"),
        text_field(
            "expires_at",
            "Last day",
            type="date",
            error=errors["expires_at"],
            id="key-end",
            optional=True,
            help="It works until this day is over. Without one it works until it is revoked.",
        ),
        open=ApiKeys.is_making,
        on_open_change=ApiKeys.ask_for_key,
        on_submit=ApiKeys.make,
        verb="Make",
        refusal=ApiKeys.refusal,
        note="You then see the key, once.",
        width="440px",
    )


def _token() -> rx.Component:
    return shown_once(
        f"The key {ApiKeys.token_for}",
        "Only its first letters are kept. Whoever has it may do what its role may, so put it where your program keeps secrets.",
        ApiKeys.token,
        "API key",
        rx.el.p("A program sends it with each request, as ", rx.el.code("Authorization: Bearer …"), ".", class_name="dim"),
        open=ApiKeys.token != "",
        on_open_change=ApiKeys.close_token,
        width="560px",
    )


def _revoking() -> rx.Component:
    return confirm(
        f"Revoke {ApiKeys.revoking_name}?",
        "Whatever uses it is refused from now on. This cannot be undone, but you can make a new key.",
        open=ApiKeys.revoking != "",
        on_open_change=ApiKeys.set_revoking,
        on_confirm=ApiKeys.revoke(ApiKeys.revoking),  # type: ignore[operator]
        verb="Revoke",
    )


def page() -> rx.Component:
    """The keys of the organisation's programs."""
    content = rx.cond(ApiKeys.rows.length() > 0, _table(), _nothing())  # type: ignore[attr-defined]
    return shell(
        "API keys",
        settings(ApiKeys.nav, "api-keys", rx.cond(ApiKeys.is_loaded, content, skeleton_rows(5))),
        _new_key(),
        _token(),
        _revoking(),
        for_admins=True,
        nav=ApiKeys.nav,
        notice=ApiKeys.notice,
        current="profile",
        actions=(
            rx.cond(
                ApiKeys.nav.is_admin,
                button("New key", icon_name="plus", on_click=ApiKeys.ask_for_key(True), needs_connection=True),  # type: ignore[operator]
            ),
        ),
        on_theme=ApiKeys.keep_theme,
    )
