"""The teams of the organisation."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import dialog
from app.components.empty import empty, skeleton_rows
from app.components.forms import text_field
from app.components.labels import tag
from app.components.people import person_avatar
from app.components.settings import settings
from app.components.shell import shell
from app.states.teams import Teams

_EDITED = Teams.edited


def _member(person: Any) -> rx.Component:
    return rx.el.li(person_avatar(person), rx.el.span(person.name), class_name="line", key=person.id)


def _former(person: Any) -> rx.Component:
    return rx.el.li(
        person_avatar(person), rx.el.span(person.name, class_name="dimmer"), tag("not active"), class_name="line", key=person.id
    )


def _members(row: Any) -> rx.Component:
    return rx.cond(
        row.members.length() + row.former.length() > 0,
        rx.el.ul(rx.foreach(row.members, _member), rx.foreach(row.former, _former), class_name="members", role="list"),
        rx.el.span("nobody yet", class_name="dim"),
    )


def _row(row: Any) -> rx.Component:
    count = row.members.length()
    return rx.el.tr(
        rx.el.td(
            rx.el.div(
                rx.el.b(row.name),
                rx.el.span(f"@{row.handle}", class_name="dim"),
                rx.cond(row.description != "", rx.el.span(row.description, class_name="dim words-below")),
                class_name="stack",
            ),
            class_name="words",
        ),
        rx.el.td(_members(row), class_name="words"),
        rx.el.td(rx.cond(count == 1, "1 person", f"{count} people"), class_name="num dim opt"),
        rx.el.td(
            rx.cond(
                Teams.nav.may_manage,
                button(
                    "Edit",
                    size="1",
                    icon_name="pencil",
                    on_click=Teams.ask_for_team(row.id),  # type: ignore[operator]
                    needs_connection=True,
                    aria_label=f"Edit {row.name}",
                ),
            ),
            class_name="r",
        ),
        key=row.id,
    )


def _table() -> rx.Component:
    heads = (("Team", ""), ("Who is in it", ""), ("Count", "opt"), (rx.el.span("Actions", class_name="sr"), ""))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words, class_name=look) for words, look in heads])),
            rx.el.tbody(rx.foreach(Teams.rows, _row)),
            class_name="tbl tall",
        ),
        class_name="cardlist people-list teams-list",
    )


def _new(kind: str = "plain") -> rx.Component:
    return button("New team", kind=kind, icon_name="plus", on_click=Teams.ask_for_team(""), needs_connection=True)  # type: ignore[operator]


def _nothing() -> rx.Component:
    return rx.cond(
        Teams.nav.may_manage,
        empty(
            "users-round",
            "There is no team yet",
            "A team has a handle, by which a comment reaches all who are in it, and it can own services.",
            _new("solid"),
        ),
        empty("users-round", "There is no team yet", "Managers and admins make teams."),
    )


def _candidate(one: Any) -> rx.Component:
    person = one.person
    return rx.el.li(
        rx.el.label(
            rx.el.input(
                type="checkbox", name=f"member-{person.id}", default_checked=one.is_in, data_choice=f"{person.name} {person.handle}"
            ),
            person_avatar(person),
            rx.el.span(rx.el.b(person.name), rx.el.span(f" @{person.handle}", class_name="dimmer"), class_name="cut"),
            rx.cond(one.active, rx.fragment(), tag("not active")),
        ),
        key=person.id,
    )


def _chooser() -> rx.Component:
    error = Teams.errors["members"]
    return rx.el.div(
        text_field(
            "narrow",
            "Who is in it",
            id="team-members",
            help="Type to narrow, Enter ticks the first.",
            error=error,
            auto_complete=False,
            spell_check=False,
            data_narrows="",
        ),
        rx.el.ul(rx.foreach(Teams.candidates, _candidate), class_name="choices", role="list", aria_label="People"),
        rx.el.p("Nobody active is called that.", class_name="dim", data_no_choice=""),
        class_name="stack",
        data_chooser="",
    )


def _dialog() -> rx.Component:
    errors = Teams.errors
    handle: dict[str, Any] = {"auto_complete": "off", "auto_capitalize": "none", "spell_check": False}
    return dialog(
        rx.cond(_EDITED.id != "", f"Edit {_EDITED.name}", "New team"),
        text_field(
            "name",
            "Name",
            default_value=_EDITED.name,
            error=errors["name"],
            id="team-name",
            max_length=120,
            auto_complete="off",
            auto_focus=True,
        ),
        text_field(
            "handle",
            "Handle",
            before="@",
            default_value=_EDITED.handle,
            error=errors["handle"],
            id="team-handle",
            help=rx.cond(_EDITED.id != "", "How others mention it.", "How others mention it. Made of the name when it is empty."),
            max_length=41,
            **handle,
        ),
        text_field(
            "description",
            "Description",
            default_value=_EDITED.description,
            error=errors["description"],
            id="team-description",
            optional=True,
            max_length=500,
            auto_complete="off",
        ),
        _chooser(),
        open=Teams.is_editing,
        on_open_change=Teams.set_editing,
        on_submit=Teams.save,
        verb=rx.cond(_EDITED.id != "", "Save", "Make"),
        refusal=Teams.refusal,
        width="480px",
    )


def page() -> rx.Component:
    """All teams."""
    content = rx.cond(Teams.rows.length() > 0, _table(), _nothing())  # type: ignore[attr-defined]
    return shell(
        "Teams",
        settings(Teams.nav, "teams", rx.cond(Teams.is_loaded, content, skeleton_rows(5))),
        _dialog(),
        nav=Teams.nav,
        notice=Teams.notice,
        current="profile",
        actions=(rx.cond(Teams.nav.may_manage, _new()),),
        on_theme=Teams.keep_theme,
    )
