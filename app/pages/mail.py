"""The mail server: whether mails go out, and a test of it."""

import reflex as rx

from app.components.ages import age
from app.components.controls import button
from app.components.dialogs import callout
from app.components.empty import skeleton_rows
from app.components.settings import settings
from app.components.shell import shell
from app.states.mail import MailServer

_MAIL = MailServer.mail


def _server() -> rx.Component:
    facts = rx.el.dl(
        rx.el.div(rx.el.dt("Server"), rx.el.dd(rx.el.code(_MAIL.server), rx.el.span(f" · {_MAIL.security}", class_name="dim"))),
        rx.el.div(rx.el.dt("Sender"), rx.el.dd(_MAIL.sender)),
        class_name="facts",
    )
    missing = callout(
        rx.el.b("No mail server is set. "),
        "People are told in their inbox alone. Whoever runs Tocsin sets ",
        rx.el.code("TOCSIN_SMTP_URL"),
        " and starts it anew.",
    )
    return rx.el.section(rx.el.h2("The mail server"), rx.cond(_MAIL.server != "", facts, missing))


def _waiting() -> rx.Component:
    late = callout(
        rx.el.b(_MAIL.waiting, " could not be handed over, the first ", age(_MAIL.since, coarse=True), " ago. "),
        "Tocsin goes on trying for more than a day, and keeps them meanwhile.",
    )
    soon = rx.el.p(_MAIL.waiting, " could not be handed over yet, and will be tried again.")
    given_up = rx.el.p(_MAIL.given_up, " of the last 24 hours could not be sent and will not be tried again.")
    nothing = rx.el.p("No mail waits for the server.", class_name="dim")
    return rx.el.section(
        rx.el.h2("Mails that wait"),
        rx.cond(_MAIL.waiting != "", rx.cond(_MAIL.is_late, late, soon), nothing),
        rx.cond(_MAIL.given_up != "", given_up),
        rx.cond(_MAIL.last_error != "", rx.el.p("What the server said last: ", rx.el.q(_MAIL.last_error), class_name="dim words-below")),
    )


def _test() -> rx.Component:
    answer = rx.cond(
        MailServer.is_bad,
        rx.el.div(callout(MailServer.answer, tone="bad", icon_name="circle-alert"), role="alert"),
        callout(MailServer.answer, tone="info", icon_name="circle-check"),
    )
    return rx.el.section(
        rx.el.h2("Test"),
        rx.el.p("A mail to you, at ", rx.el.b(_MAIL.own_address), ", which says that mails arrive.", class_name="dim"),
        rx.el.div(button("Send me a test", icon_name="send", on_click=MailServer.send_test, needs_connection=True), class_name="line"),
        rx.cond(MailServer.answer != "", answer),
    )


def page() -> rx.Component:
    """Whether mails go out."""
    content = rx.fragment(_server(), rx.cond(_MAIL.server != "", rx.fragment(_waiting(), _test())))
    return shell(
        "Mail",
        settings(MailServer.nav, "mail", rx.cond(MailServer.is_loaded, content, skeleton_rows(4))),
        for_admins=True,
        nav=MailServer.nav,
        notice=MailServer.notice,
        current="profile",
        on_theme=MailServer.keep_theme,
    )
