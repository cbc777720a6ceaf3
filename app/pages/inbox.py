"""The own inbox: what one was told of, and why."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.controls import button
from app.components.dialogs import callout
from app.components.empty import empty, skeleton_rows
from app.components.labels import icon
from app.components.links import page_link
from app.components.marks import by_value, severity_mark, state_pill
from app.components.people import person_avatar
from app.components.shell import shell
from app.states.inbox import Inbox

_ICONS = {
    "opened": "phone-call",
    "reopened": "phone-call",
    "unacknowledged": "phone-call",
    "quiet_incident": "moon",
}


def _node(row: Any) -> rx.Component:
    drawn = by_value(row.reason, {reason: icon(name, 14) for reason, name in _ICONS.items()}, icon("bell", 14))
    return rx.cond(row.who.id != "", person_avatar(row.who, size=24), rx.el.span(drawn, class_name="inbox-node"))


def _mail(row: Any) -> rx.Component:
    looks = by_value(row.mail_tone, {"bad": "inbox-mail is-bad", "warn": "inbox-mail is-warn"}, "inbox-mail")
    marks = by_value(row.mail_tone, {"bad": icon("mail-x", 13), "warn": icon("mail-warning", 13)}, icon("mail", 13))
    return rx.cond(row.mail != "", rx.el.span(marks, row.mail, class_name=looks))


def _mark(row: Any) -> rx.Component:
    def switch(words: str, icon_name: str, is_read: bool) -> rx.Component:
        return rx.el.button(
            icon(icon_name, 15),
            type="button",
            class_name="inbox-mark",
            aria_label=f"{words}: {row.number} {row.title}",
            title=f"{words} (e)",
            data_key="e",
            data_key_name="Mark as read or unread",
            data_needs_connection="",
            data_acts="",
            on_click=Inbox.mark(row.id, is_read),  # type: ignore[operator]
        )

    return rx.cond(row.is_unread, switch("Mark as read", "check", True), switch("Mark as unread", "undo-2", False))


def _row(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            _node(row),
            page_link(
                rx.cond(row.is_unread, rx.el.span("Unread. ", class_name="sr")),
                rx.cond(row.who.id != "", rx.fragment(rx.el.b(row.who.name, dir="auto"), " ")),
                rx.el.span(row.text, " "),
                rx.el.b(row.title, dir="auto"),
                to=row.place,
                data_row=row.id,
            ),
            rx.el.span(age(row.at, coarse=True), title=row.at_title, class_name="inbox-age"),
            _mark(row),
            rx.cond(row.quote != "", rx.el.p(row.quote, class_name="inbox-quote")),
            rx.el.p(
                severity_mark(row.severity),
                rx.el.span(row.number, class_name="mono"),
                state_pill(row.state),
                rx.el.span(row.why),
                _mail(row),
                class_name="inbox-facts",
            ),
            class_name=rx.cond(row.is_unread, "inbox-row is-new", "inbox-row"),
        ),
        key=row.id,
    )


def _tools() -> rx.Component:
    def tab(name: str, to: str, here: Any, count: Any = None) -> rx.Component:
        def words(look: str, **props: Any) -> rx.Component:
            shown = rx.cond(count > 0, rx.el.span(count, class_name="n")) if count is not None else ""
            return rx.el.span(name, " ", shown, class_name=f"rt-BaseTabListTrigger{look} rt-TabsTrigger{look}", **props)

        return page_link(
            words("Inner"),
            words("InnerHidden", aria_hidden="true"),  # keeps the width that the bold words have
            to=to,
            class_name="rt-reset rt-BaseTabListTrigger rt-TabsTrigger",
            data_state=rx.cond(here, "active", "inactive"),
            aria_current=rx.cond(here, "page", "false"),
        )

    return rx.el.nav(
        rx.el.div(
            tab("All", "/inbox", ~Inbox.is_unread_only),
            tab("Unread", "/inbox?show=unread", Inbox.is_unread_only, Inbox.nav.unread),
            class_name="rt-BaseTabList rt-TabsList rt-r-size-1",
        ),
        class_name="tools tabs",
        aria_label="Views",
    )


def _nothing() -> rx.Component:
    how = page_link("What reaches me, and how", to="/settings/profile", class_name="link")
    return rx.cond(
        Inbox.is_unread_only,
        empty(
            "check-check",
            "Everything is read",
            "What comes next stands here at once.",
            page_link("Show all", to="/inbox", class_name="link"),
        ),
        empty(
            "bell",
            "Nothing yet",
            "Calls, incidents that you are given, mentions of you and changes of what you follow come here, each with the reason why.",
            how,
        ),
    )


def _pages() -> rx.Component:
    def link(words: str, icon_name: str, to: Any) -> rx.Component:
        return rx.cond(to != "", page_link(icon(icon_name, 14), words, to=to, class_name="page-link"))

    return rx.el.nav(
        link("Newest", "arrow-up-to-line", Inbox.newest), link("Older", "arrow-down", Inbox.older), class_name="pages", aria_label="Pages"
    )


def _content() -> rx.Component:
    rows = rx.el.ul(rx.foreach(Inbox.rows, _row), aria_label="Inbox", role="list", class_name="inbox")
    hints = (("j k", "move"), ("Enter", "open"), ("e", "read or unread"))
    return rx.fragment(
        _tools(),
        rx.cond(Inbox.wrong != "", rx.el.div(callout(rx.el.p(Inbox.wrong), icon_name="circle-alert"), class_name="untold", role="alert")),
        rx.cond(Inbox.rows.length() > 0, rows, _nothing()),  # type: ignore[attr-defined]
        _pages(),
        rx.el.p(
            *[rx.el.span(rx.el.kbd(keys, class_name="key"), words) for keys, words in hints],
            page_link("What reaches me, and how", to="/settings/profile", class_name="push link"),
            class_name="hints",
        ),
    )


def page() -> rx.Component:
    """What one was told of, the newest first."""
    return shell(
        "Inbox",
        rx.cond(Inbox.is_loaded, _content(), skeleton_rows(8)),
        nav=Inbox.nav,
        notice=Inbox.notice,
        actions=(
            rx.cond(
                Inbox.nav.unread > 0,
                button("Mark all read", on_click=Inbox.mark_all, needs_connection=True, icon_name="check-check", size="1"),
            ),
        ),
        current="inbox",
        tab_title=Inbox.tab_title,
        on_theme=Inbox.keep_theme,
    )
