"""The frame of the settings pages: their own navigation beside the page."""

from typing import Any

import reflex as rx

from app.components.labels import tag
from app.components.links import help_link, page_link


def settings(nav: Any, current: str, *content: Any) -> rx.Component:
    """The content of a settings page; `current` is the last part of its path."""

    def place(name: str, words: str, *more: Any) -> rx.Component:
        return page_link(words, *more, to=f"/settings/{name}", **({"aria_current": "page", "data_in_sight": ""} if name == current else {}))

    return rx.el.div(
        rx.el.nav(
            rx.el.h2("You"),
            place("profile", "Profile"),
            help_link("Help"),
            rx.el.h2(nav.organisation),
            place("teams", "Teams"),
            rx.cond(
                nav.is_admin,
                rx.fragment(
                    place("organisation", "Organisation"),
                    place("people", "People"),
                    place("channels", "Channels"),
                    place("mail", "Mail", rx.cond(nav.mails_late, tag("late", tone="warn"))),
                    place("api-keys", "API keys"),
                    place("audit", "Audit log"),
                ),
            ),
            aria_label="Settings",
        ),
        rx.el.div(*content, class_name="settings"),
        class_name="subnav",
    )
