"""The frame of every page behind sign-in: navigation, bar, status line, and the bottom bar on phones."""

from typing import Any

import reflex as rx
from reflex.style import color_mode, set_color_mode

from app.components.controls import button, icon_button
from app.components.empty import empty
from app.components.forms import native_form
from app.components.labels import icon
from app.components.links import help_link, page_link, place_link
from app.components.marks import Text
from app.components.people import person_avatar
from app.components.status_line import connection_banner, live_light, status_line


def logo(size: int = 20) -> rx.Component:
    """The bell, drawn in the colour of the text."""
    return rx.el.span(
        rx.el.svg(
            rx.el.svg.path(
                d="M12 2.6c-4 0-6.4 3-6.4 6.9v4.1L3.7 17.2c-.4.8.1 1.7 1 1.7h14.6c.9 0 1.4-.9 1-1.7l-1.9-3.6V9.5c0-3.9-2.4-6.9-6.4-6.9Z",
                fill="currentColor",
            ),
            rx.el.svg.path(d="M9.4 20.6a2.7 2.7 0 0 0 5.2 0", stroke="currentColor", stroke_width="1.9", stroke_linecap="round"),
            rx.el.svg.path(d="M12 7v5.2", stroke="var(--canvas,#fff)", stroke_width="2", stroke_linecap="round"),
            rx.el.svg.circle(cx="12", cy="15.4", r="1.2", fill="var(--canvas,#fff)"),
            width=size,
            height=size,
            view_box="0 0 24 24",
            fill="none",
            aria_hidden="true",
        ),
        class_name="logo",
    )


def _nav_link(words: str, icon_name: str, to: str, *, here: bool, keys: str = "", count: Any = None, size: int = 16) -> rx.Component:
    current = {"aria_current": "page"} if here else {}
    wiring = {"data_key": keys} if keys else {}
    return page_link(
        icon(icon_name, size),
        rx.el.span(words),
        *([rx.cond(count > 0, rx.el.em(count))] if count is not None else []),
        to=to,
        title=words,
        **wiring,
        **current,
    )


_PLACES = (
    ("incidents", "Incidents", "siren", "/incidents", "g i"),
    ("services", "Services", "box", "/services", "g s"),
    ("integrations", "Integrations", "plug", "/integrations", "g n"),
    ("profile", "Profile", "circle-user-round", "/settings/profile", "g ,"),
)


_INBOX = "/inbox"


def _inbox_name(nav: Any) -> Any:
    return rx.cond(nav.unread > 0, f"Inbox, {nav.unread} unread", "Inbox")


def _pip(count: Any) -> rx.Component:
    """How many, beside an icon; above 99 only that it is more. The name of the control says it in words."""
    return rx.cond(count > 0, rx.el.span(rx.cond(count > 99, "99+", count), class_name="pip", aria_hidden="true"))


def _bell(nav: Any, current: str) -> rx.Component:
    """Leads to the inbox, and counts what is unread there."""
    return page_link(
        icon("bell", 16),
        _pip(nav.unread),
        to=_INBOX,
        class_name="bell only-wide",
        aria_label=_inbox_name(nav),
        title=_inbox_name(nav),
        data_key="g b",
        data_key_name="Inbox",
        **({"aria_current": "page"} if current == "inbox" else {}),
    )


def _side(nav: Any, current: str) -> rx.Component:
    incidents, services, integrations, profile = (
        rx.el.li(_nav_link(words, icon_name, to, here=place == current, keys=keys, count=nav.attention if place == "incidents" else None))
        for place, words, icon_name, to, keys in _PLACES
    )
    return rx.el.nav(
        page_link(logo(), rx.el.b(nav.organisation), to="/incidents", class_name="org"),
        rx.el.ul(incidents, services, rx.cond(nav.is_admin, integrations)),
        rx.el.ul(profile, class_name="side-end"),
        class_name="side",
        aria_label="Main",
    )


def _dock(nav: Any, current: str) -> rx.Component:
    incidents, services, integrations, profile = (
        page_link(
            rx.el.span(
                icon(icon_name, 21),
                *([rx.cond(nav.attention > 0, rx.el.span(nav.attention, class_name="pip"))] if place == "incidents" else []),
            ),
            words,
            to=to,
            **({"aria_current": "page"} if place == current else {}),
        )
        for place, words, icon_name, to, _keys in _PLACES
    )
    inbox = page_link(
        rx.el.span(icon("bell", 21), _pip(nav.unread)),
        "Inbox",
        to=_INBOX,
        aria_label=_inbox_name(nav),
        **({"aria_current": "page"} if current == "inbox" else {}),
    )
    return rx.el.nav(incidents, inbox, services, rx.cond(nav.is_admin, integrations), profile, class_name="dock", aria_label="Main, phone")


def theme_button(on_theme: Any = None) -> rx.Component:
    """Steps from the system's theme to light to dark. `on_theme(theme)` keeps the choice with the person."""

    def step(words: str, icon_name: str, following: str) -> rx.Component:
        chosen = [set_color_mode(following)] + ([on_theme(following)] if on_theme else [])  # type: ignore[arg-type]
        return icon_button(words, icon_name, class_name="wide", on_click=chosen, data_chooses_theme="")

    return rx.match(
        color_mode,
        ("light", step("Theme: light", "sun", "dark")),
        ("dark", step("Theme: dark", "moon", "system")),
        step("Theme: follows the system", "sun-moon", "light"),
    )


def _theme_switches() -> rx.Component:
    """What tocsin.js clicks when the person's own theme differs from this browser's."""
    return rx.el.span(
        *[
            rx.el.button(theme, type="button", tab_index=-1, data_set_theme=theme, on_click=set_color_mode(theme))  # type: ignore[arg-type]
            for theme in ("system", "light", "dark")
        ],
        hidden=True,
    )


def sign_out_form(size: str = "2") -> rx.Component:
    """Ends this session by a full page navigation."""
    return native_form(button("Sign out", type="submit", icon_name="log-out", size=size), action="/auth/sign-out", method="post")


def _me(nav: Any) -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(person_avatar(nav.me, size=24), type="button", class_name="me", aria_label=f"{nav.me.name}, your menu")
        ),
        rx.popover.content(
            rx.el.p(rx.el.b(nav.me.name), rx.el.span(f"@{nav.me.handle} · {nav.role}", class_name="dimmer"), class_name="stack"),
            page_link(icon("circle-user-round"), "Profile", to="/settings/profile", class_name="item"),
            help_link(icon("circle-help"), "Help", class_name="item"),
            native_form(
                rx.el.button(icon("log-out"), "Sign out", type="submit", class_name="item"), action="/auth/sign-out", method="post"
            ),
            class_name="me-menu",
            aria_label="Your menu",
            align="end",
        ),
    )


def _crumbs(page_title: Any, crumbs: tuple[tuple[str, str], ...], beside: Any) -> list[rx.Component]:
    if not crumbs:
        return [rx.el.h1(page_title)]
    parent, to = crumbs[-1]
    return [
        page_link(icon("arrow-left", 20), to=to, class_name="only-phone back", aria_label=f"Back to {parent.lower()}"),
        rx.el.nav(
            *[
                part
                for text, where in crumbs
                for part in (
                    page_link(text, to=where, class_name="only-wide", data_key="u"),
                    rx.el.span(icon("chevron-right", 13), class_name="only-wide"),
                )
            ],
            rx.el.b(page_title),
            beside,
            class_name="crumb",
            aria_label="Breadcrumb",
        ),
    ]


def shell(
    page_title: Any,
    *content: Any,
    nav: Any,
    notice: Any,
    actions: tuple[Any, ...] = (),
    current: str = "incidents",
    crumbs: tuple[tuple[str, str], ...] = (),
    beside: Any = "",
    tab_title: Text = "",
    on_theme: Any = None,
    on_undo: Any = None,
    main_class: str = "",
    for_admins: bool = False,
) -> rx.Component:
    """A page behind sign-in. One that is `for_admins` says so to anybody else, instead of its content.

    `nav` is a NavView and `notice` a NoticeView of the state. Without `crumbs` the title is the page's h1 and stands in the bar; with
    them (name, path) the bar shows the way here and the content brings its own h1. `beside` follows the title in the bar, `actions`
    stand at its end. `tab_title` replaces the title of the browser's tab. `current` is incidents, inbox, services,
    integrations or profile.
    """
    if for_admins:
        refusal = empty("lock", "This page is for admins", "Ask an admin of your organisation to do it, or to change your role.")
        content = (rx.cond((nav.me.id != "") & ~nav.is_admin, refusal, rx.fragment(*content)),)
    return rx.fragment(
        place_link("Skip to content", place="main", class_name="skip"),
        rx.el.div(
            _side(nav, current),
            rx.el.div(
                rx.el.header(
                    *_crumbs(page_title, crumbs, beside),
                    rx.el.div(*actions, live_light(), _bell(nav, current), theme_button(on_theme), _me(nav), class_name="bar-end"),
                    class_name="bar",
                ),
                connection_banner(),
                rx.el.main(*content, id="main", tab_index=-1, class_name=main_class),
                status_line(notice, on_undo),
                class_name="view",
            ),
            _dock(nav, current),
            _theme_switches(),
            class_name="shell",
            data_viewer=nav.me.id,
            data_theme=nav.theme,
            data_zone=nav.zone,
            data_now=nav.now,
            data_shortcuts=rx.cond(nav.shortcuts, "on", "off"),
            data_title=tab_title,
            data_attention=rx.cond(nav.assigned_open, "on", "off"),
            data_news=nav.newest_unread,
            data_news_place=nav.newest_place,
            data_news_call=rx.cond(nav.newest_is_call, "on", "off"),
            data_unread=nav.unread,
        ),
    )


def phone_actions(*buttons: Any) -> rx.Component:
    """The next step and what stands beside it, in reach of the thumb; on phones only."""
    return rx.el.div(*buttons, class_name="act only-phone")


def gate(*form: Any, aside: Any = None) -> rx.Component:
    """A page before sign-in: a form in the middle, and beside it what Tocsin is for. Its content brings the h1."""
    return rx.el.main(
        rx.el.div(*form, class_name="gate-form"),
        *([rx.el.aside(aside, class_name="gate-side")] if aside is not None else []),
        class_name="gate" if aside is not None else "gate is-single",
        id="main",
    )
