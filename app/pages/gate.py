"""The pages before sign-in: sign-in itself, the first set-up, a new password by a one-time link. Their forms are the browser's own."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import callout
from app.components.forms import browser_zone, hidden, native_form, text_field
from app.components.labels import icon
from app.components.links import leaving_link, page_link
from app.components.marks import state_mark
from app.components.shell import gate, logo
from app.states.gate import Gate


def _field(name: str, label: str, **props: Any) -> rx.Component:
    """A field that is shown again with what was typed, and with what is wrong about it."""
    if props.get("type") != "password":
        props["default_value"] = Gate.values[name]
    return text_field(name, label, error=Gate.errors[name], size="3", **props)


def _whole_form() -> rx.Component:
    return rx.cond(Gate.errors["form"] != "", rx.el.div(callout(Gate.errors["form"], tone="bad", icon_name="circle-alert"), role="alert"))


def _page(*content: Any, aside: rx.Component | None = None) -> rx.Component:
    return gate(
        rx.el.div(logo(), rx.el.b("Tocsin"), class_name="line brand"),
        rx.cond(Gate.is_loaded, rx.el.div(*content, class_name="gate-fields")),
        aside=aside,
    )


def _line(time: str, node: rx.Component, look: str, *words: Any) -> rx.Component:
    return rx.el.li(rx.el.time(time), rx.el.span(node, class_name=f"node {look}"), rx.el.div(*words, class_name="say"))


def _what_it_is_for() -> rx.Component:
    """An example of a timeline, beside the form on wide screens."""
    lines = (
        _line("03:07", icon("siren", 14), "is-fire", "Alert fired: ", rx.el.b("Error rate above 5 %")),
        _line("03:09", state_mark("acknowledged"), "is-state is-acknowledged", rx.el.b("Bob"), " acknowledged"),
        _line("03:24", icon("message-square", 14), "", rx.el.b("Carol:"), " pool is exhausted, 200/200 in use"),
        _line("03:48", state_mark("resolved"), "is-state is-resolved", rx.el.b("Bob"), " resolved after 41m"),
    )
    return rx.el.div(
        rx.el.div(rx.el.ol(*lines, class_name="tl"), class_name="card example"),
        rx.el.p("One timeline from the first alert to what was learned.", class_name="dim"),
        class_name="stack example-frame",
    )


def _where_the_link_is() -> rx.Component:
    return rx.el.p(
        "Tocsin waits for its first administrator. The set-up link stands in the terminal or the log where Tocsin was started; "
        "a restart prints a new one.",
        class_name="dim",
    )


def sign_in_page() -> rx.Component:
    """E-mail and password, then on to the page that was asked for."""
    return _page(
        rx.el.div(
            rx.el.h1("Sign in"),
            rx.cond(Gate.goes_on_to != "", rx.el.p("You then go straight on to ", rx.el.b(Gate.goes_on_to), ".", class_name="dim")),
            rx.cond(Gate.waits_for_first, _where_the_link_is()),
        ),
        native_form(
            _whole_form(),
            _field("email", "E-mail", type="email", auto_complete="username", required=True, auto_focus=True),
            _field("password", "Password", type="password", auto_complete="current-password", required=True),
            hidden("next", Gate.next_path),
            browser_zone(),
            button("Sign in", kind="solid", type="submit", size="3"),
            action="/auth/sign-in",
            method="post",
            class_name="gate-fields",
        ),
        rx.cond(
            Gate.provider != "",
            leaving_link(icon("log-in", 15), f"Sign in with {Gate.provider}", href=Gate.provider_path, class_name="button-link wide-link"),
        ),
        rx.el.p("Forgotten it? An administrator can make you a link for a new one.", class_name="dimmer meta"),
        aside=_what_it_is_for(),
    )


def _link_is_over(what: str, how: rx.Component) -> rx.Component:
    return rx.fragment(
        rx.el.h1("This link does not work any more"),
        rx.el.p(what, class_name="dim"),
        how,
        page_link("Go to sign-in", to="/login", class_name="link"),
    )


def set_up_page() -> rx.Component:
    """The organisation and its first administrator, through the link that the server prints."""
    form = rx.fragment(
        rx.el.div(
            rx.el.h1("Create the administrator"),
            rx.el.p("This link works once, for 24 hours, and not at all once an administrator exists.", class_name="dim"),
        ),
        native_form(
            _whole_form(),
            _field("organisation", "Organisation", help="Shown in the corner of every page.", required=True, auto_focus=True),
            rx.el.div(
                _field("name", "Your name", auto_complete="name", required=True),
                _field("handle", "Handle", before="@", help="How others mention you.", required=True, auto_capitalize="none"),
                class_name="grid2",
            ),
            _field("email", "E-mail", type="email", auto_complete="username", required=True),
            _field("password", "Password", type="password", auto_complete="new-password", help="12 characters or more.", required=True),
            hidden("token", Gate.token),
            browser_zone(),
            button("Create and sign in", kind="solid", type="submit", size="3"),
            rx.el.p("Next: one command sends the first alert.", class_name="dimmer meta"),
            action="/auth/set-up",
            method="post",
            class_name="gate-fields",
        ),
    )
    over = _link_is_over(
        "It was used, it is older than 24 hours, or there is an administrator already.",
        rx.el.p("Without an administrator, the server prints a new link each time that it starts.", class_name="dim"),
    )
    missing = rx.fragment(
        rx.el.h1("Open the set-up link"), _where_the_link_is(), page_link("Go to sign-in", to="/login", class_name="link")
    )
    closed = rx.cond(Gate.waits_for_first & (Gate.token == ""), missing, over)
    return _page(rx.cond(Gate.is_open, form, closed))


def new_password_page() -> rx.Component:
    """A password, through the link that an administrator made: the first one for somebody who was invited."""
    welcome = rx.el.div(
        rx.el.h1(f"Welcome to {Gate.welcome_to}"),
        rx.el.p(f"{Gate.name}, choose a password. You sign in with it and ", rx.el.b(Gate.email), ".", class_name="dim"),
    )
    again = rx.el.div(
        rx.el.h1("Choose a new password"), rx.el.p("For ", rx.el.b(Gate.email), ". Every other session ends.", class_name="dim")
    )
    form = rx.fragment(
        rx.cond(Gate.welcome_to != "", welcome, again),
        native_form(
            _whole_form(),
            rx.el.input(
                type="email", name="email", auto_complete="username", value=Gate.email, read_only=True, class_name="sr", tab_index=-1,
                aria_hidden="true",
            ),
            _field("password", "Password", type="password", auto_complete="new-password", help="12 characters or more.", required=True),
            hidden("token", Gate.token),
            browser_zone(),
            button("Save and sign in", kind="solid", type="submit", size="3"),
            action="/auth/password",
            method="post",
            class_name="gate-fields",
        ),
    )  # fmt: skip
    over = _link_is_over(
        "It was used, withdrawn, replaced by a newer one, or is too old.",
        rx.el.p("Ask an administrator for a new one.", class_name="dim"),
    )
    return _page(rx.cond(Gate.is_open, form, over))
