"""The audit log: who changed what, when, from where, and what it was before."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import callout
from app.components.empty import empty, skeleton_rows
from app.components.forms import bare_select
from app.components.labels import icon
from app.components.links import page_link
from app.components.people import person_avatar
from app.components.settings import settings
from app.components.shell import shell
from app.states.audit_log import ANY, SPANS, AuditLog


def _filters() -> rx.Component:
    def day(name: str, words: str, chosen: Any) -> rx.Component:
        return rx.el.label(words, rx.text_field(name=name, type="date", default_value=chosen, size="2"), class_name="line dim")

    return rx.el.form(
        bare_select(AuditLog.whos, name="who", aria_label="Who", default_value=AuditLog.chosen_who),
        bare_select(AuditLog.whats, name="what", aria_label="What", default_value=AuditLog.chosen_what),
        bare_select([(ANY, "All the time"), *SPANS], name="span", aria_label="When", default_value=AuditLog.chosen_span),
        day("since", "since", AuditLog.chosen_since),
        day("before", "before", AuditLog.chosen_before),
        button("Show these", type="submit"),
        rx.cond(AuditLog.is_filtered, page_link("Show all", to="/settings/audit", class_name="link")),
        on_submit=AuditLog.apply,
        key=AuditLog.query,  # drawn anew with another address, so that Back shows what was chosen there
        class_name="tools audit-tools",
        role="search",
        aria_label="Filters",
    )


def _change(change: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(change.name, scope="row"),
        rx.el.td(change.before, class_name="dim"),
        rx.el.td(change.after),
        key=change.name,
    )


def _what(row: Any) -> rx.Component:
    changes = rx.el.table(
        rx.el.thead(rx.el.tr(rx.el.th(rx.el.span("Value", class_name="sr")), rx.el.th("Before"), rx.el.th("After"))),
        rx.el.tbody(rx.foreach(row.changes, _change)),
        class_name="changes",
    )
    return rx.cond(
        row.changes.length() > 0,
        rx.el.details(rx.el.summary(icon("chevron-right", 13), row.did), changes),
        rx.el.span(row.did, class_name="plain-summary"),
    )


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.when, class_name="num dim", title=row.when_title),
        rx.el.td(
            rx.el.span(
                rx.cond(row.is_person, person_avatar(row.who), rx.el.span(icon("bot", 15), class_name="dimmer bot")),
                row.who.name,
                class_name="line",
            ),
            class_name="words",
        ),
        rx.el.td(_what(row), class_name="words"),
        rx.el.td(
            rx.cond(row.place != "", page_link(row.about, to=row.place, class_name="quiet"), row.about),
            class_name="words",
        ),
        rx.el.td(rx.cond((row.address == "") & ~row.is_person, "on the server", row.address), class_name="mono dimmer words"),
        key=row.id,
    )


def _table() -> rx.Component:
    heads = ("When", "Who", "Did", "To", "From address")
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in heads])),
            rx.el.tbody(rx.foreach(AuditLog.rows, _row)),
            class_name="tbl audit",
        ),
        class_name="cardlist audit-list",
    )


def _pages() -> rx.Component:
    def link(words: str, icon_name: str, to: Any) -> rx.Component:
        return rx.cond(to != "", page_link(icon(icon_name, 14), words, to=to, class_name="page-link"))

    return rx.el.nav(
        link("Newest", "arrow-up-to-line", AuditLog.newest),
        link("Older", "arrow-down", AuditLog.older),
        class_name="pages",
        aria_label="Pages",
    )


def _content() -> rx.Component:
    everything = page_link("Show all", to="/settings/audit", class_name="link")
    nothing = empty("search-x", "Nothing matches", "Nobody did such a thing in this time.", everything)
    return rx.el.div(
        rx.el.p("Who changed what, and from where. Kept for 400 days; nobody can change it.", class_name="dim audit-head"),
        _filters(),
        rx.cond(
            AuditLog.wrong.length() > 0,  # type: ignore[attr-defined]
            rx.el.div(callout(rx.foreach(AuditLog.wrong, rx.el.p), icon_name="circle-alert"), class_name="untold", role="alert"),
        ),
        rx.cond(AuditLog.rows.length() > 0, _table(), nothing),  # type: ignore[attr-defined]
        _pages(),
        class_name="audit-page",
    )


def page() -> rx.Component:
    """The audit log of the organisation."""
    return shell(
        "Audit log",
        settings(AuditLog.nav, "audit", rx.cond(AuditLog.is_loaded, _content(), skeleton_rows(8))),
        for_admins=True,
        nav=AuditLog.nav,
        notice=AuditLog.notice,
        current="profile",
        on_theme=AuditLog.keep_theme,
    )
