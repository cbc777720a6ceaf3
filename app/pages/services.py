"""The services of the organisation: what can be broken."""

from typing import Any

import reflex as rx

from app.components.ages import moment
from app.components.controls import button
from app.components.dialogs import dialog
from app.components.empty import empty, skeleton_rows
from app.components.forms import select, text_area, text_field
from app.components.labels import icon
from app.components.links import outside_link, page_link
from app.components.shell import shell
from app.states.services import Services

_EDITED = Services.edited


def _about(row: Any) -> rx.Component:
    count = row.checklist.length()
    items = rx.el.details(
        rx.el.summary(icon("chevron-right", 14), icon("list-checks", 14), rx.cond(count == 1, "1 thing to do", f"{count} things to do")),
        rx.el.ol(rx.foreach(row.checklist, lambda text: rx.el.li(text, key=text))),
        class_name="todo",
    )
    return rx.el.div(
        rx.el.b(row.name, class_name=rx.cond(row.archived_at != "", "dimmer", "")),
        rx.cond(row.description != "", rx.el.span(row.description, class_name="dim written")),
        rx.cond(count > 0, items),
        class_name="stack",
    )


def _incidents(row: Any) -> rx.Component:
    words = rx.cond(row.unresolved == 1, "1 incident", f"{row.unresolved} incidents")
    return rx.cond(
        row.unresolved > 0,
        page_link(words, to=f"/incidents?view=now&service={row.id}", class_name="link", aria_label=f"{words} of {row.name}, unresolved"),
        rx.el.span("no incident", class_name="dim"),
    )


def _acts(row: Any) -> rx.Component:
    act: dict[str, Any] = {"size": "1", "needs_connection": True}
    edit = button("Edit", icon_name="pencil", on_click=Services.ask_for_service(row.id), aria_label=f"Edit {row.name}", **act)  # type: ignore[operator]
    archive = button("Archive", icon_name="archive", on_click=Services.archive(row.id, True), aria_label=f"Archive {row.name}", **act)  # type: ignore[operator]
    restore = button(
        "Restore", icon_name="archive-restore", on_click=Services.archive(row.id, False), aria_label=f"Restore {row.name}", **act
    )  # type: ignore[operator]
    acts = rx.el.span(rx.cond(row.archived_at != "", restore, rx.fragment(edit, archive)), class_name="line acts")
    follows = Services.followed.contains(row.id)  # type: ignore[attr-defined]
    follow = button(
        rx.cond(follows, "Unfollow", "Follow"),
        icon_name="bell",
        on_click=Services.follow_it(row.id, ~follows),  # type: ignore[operator]
        aria_label=rx.cond(follows, f"Unfollow {row.name}", f"Follow {row.name}"),
        **act,
    )
    return rx.el.span(rx.cond((row.archived_at == "") | follows, follow), rx.cond(Services.nav.may_manage, acts), class_name="line acts")


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(_about(row), class_name="words"),
        rx.el.td(
            rx.cond(
                row.owner != "", rx.el.span(icon("users-round", 14), row.owner, class_name="line"), rx.el.span("nobody's", class_name="dim")
            )
        ),
        rx.el.td(
            rx.cond(
                row.runbook_url != "",
                outside_link(
                    icon("book-open", 14), "Runbook", href=row.runbook_url, class_name="link line", aria_label=f"Runbook of {row.name}"
                ),
                rx.el.span("no runbook", class_name="dim"),
            )
        ),
        rx.el.td(
            rx.cond(row.archived_at != "", rx.el.span("archived ", moment(row.archived_at), class_name="dim"), _incidents(row)),
        ),
        rx.el.td(_acts(row), class_name="r"),
        key=row.id,
    )


def _table(rows: Any, name: str, when: str) -> rx.Component:
    heads = ("Service", "Owner", "Runbook", when, rx.el.span("Actions", class_name="sr"))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in heads])),
            rx.el.tbody(rx.foreach(rows, _row)),
            class_name="tbl tall",
            aria_label=name,
        ),
        class_name="cardlist services-list",
    )


def _new(kind: str = "plain") -> rx.Component:
    return button("New service", kind=kind, icon_name="plus", on_click=Services.ask_for_service(""), needs_connection=True)  # type: ignore[operator]


def _nothing() -> rx.Component:
    words = "A service is what can be broken. Its incidents name it, with its runbook, the team that owns it and what is to be done."
    return rx.cond(
        Services.nav.may_manage,
        empty("box", "There is no service yet", words, _new("solid")),
        empty("box", "There is no service yet", f"{words} Managers and admins make services."),
    )


def _dialog() -> rx.Component:
    errors = Services.errors
    return dialog(
        rx.cond(_EDITED.id != "", f"Edit {_EDITED.name}", "New service"),
        text_field(
            "name",
            "Name",
            default_value=_EDITED.name,
            error=errors["name"],
            id="service-name",
            max_length=120,
            auto_complete="off",
            auto_focus=True,
        ),
        rx.el.div(
            select(
                "owner_team_id",
                "Owner",
                Services.owners,
                default_value=_EDITED.owner_id,
                error=errors["owner_team_id"],
                id="service-owner",
                help="A team, made under Settings.",
            ),
            text_field(
                "runbook_url",
                "Runbook",
                default_value=_EDITED.runbook_url,
                error=errors["runbook_url"],
                id="service-runbook",
                optional=True,
                help="A web address.",
                max_length=500,
                input_mode="url",
                auto_complete="off",
                auto_capitalize="none",
            ),
            class_name="grid2",
        ),
        text_area(
            "description",
            "Description",
            default_value=_EDITED.description,
            error=errors["description"],
            id="service-description",
            optional=True,
            max_length=2_000,
            min_height="64px",
        ),
        text_area(
            "checklist",
            "Response checklist",
            default_value=Services.edited_lines,
            error=errors["checklist"],
            id="service-checklist",
            optional=True,
            help="What to do when it is broken, one item a line. Alt ↑ and Alt ↓ move a line. The next incident gets it as it is then.",
            min_height="140px",
            data_lines="",
        ),
        open=Services.is_editing,
        on_open_change=Services.set_editing,
        on_submit=Services.save,
        verb=rx.cond(_EDITED.id != "", "Save", "Make"),
        refusal=Services.refusal,
        width="580px",
    )


def page() -> rx.Component:
    """All services, those that are archived by themselves."""
    archived = rx.cond(
        Services.archived.length() > 0,  # type: ignore[attr-defined]
        rx.fragment(rx.el.h2("Archived", class_name="group-head"), _table(Services.archived, "Archived services", "Since")),
    )
    in_use = rx.cond(Services.rows.length() > 0, _table(Services.rows, "Services", "Unresolved"), _nothing())  # type: ignore[attr-defined]
    return shell(
        "Services",
        rx.cond(Services.is_loaded, rx.fragment(in_use, archived), skeleton_rows(5)),
        _dialog(),
        nav=Services.nav,
        notice=Services.notice,
        current="services",
        actions=(rx.cond(Services.nav.may_manage, _new()),),
        on_theme=Services.keep_theme,
    )
