"""The own profile."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.controls import button
from app.components.dialogs import callout
from app.components.empty import skeleton_rows
from app.components.forms import checkbox, select, text_field
from app.components.labels import icon, tag
from app.components.settings import settings
from app.components.shell import shell, sign_out_form
from app.components.zones import places
from app.states.profile import Profile
from models.vocabulary import Theme, ToldBy

_THEMES = ((Theme.SYSTEM, "Follows the system"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark"))


def _about() -> rx.Component:
    profile, errors = Profile.profile, Profile.errors
    return rx.el.form(
        rx.el.h2("You"),
        rx.el.div(
            text_field("name", "Name", default_value=profile.name, error=errors["name"], max_length=120, auto_complete="name"),
            text_field(
                "handle",
                "Handle",
                before="@",
                default_value=profile.handle,
                error=errors["handle"],
                help="How others mention you.",
                max_length=41,
                auto_capitalize="none",
                spell_check=False,
            ),
            class_name="grid2",
        ),
        rx.el.div(
            select(
                "timezone",
                "Time zone",
                (("", "As this browser says"), *places()),
                also=profile.timezone,
                default_value=profile.timezone,
                error=errors["timezone"],
                help="Times are shown in it.",
            ),
            select(
                "theme", "Theme", [(theme.value, words) for theme, words in _THEMES], default_value=profile.theme, error=errors["theme"]
            ),
            class_name="grid2",
        ),
        checkbox("shortcuts", "Keyboard shortcuts", hint=" · ? lists them", default_checked=profile.shortcuts),
        checkbox("timeline_newest_first", "Timelines begin with the newest line", default_checked=profile.timeline_newest_first),
        rx.el.div(button("Save", kind="solid", type="submit", needs_connection=True), class_name="line"),
        on_submit=Profile.save,
    )


_WAYS = ((ToldBy.BOTH, "inbox and e-mail"), (ToldBy.INBOX, "inbox"), (ToldBy.EMAIL, "e-mail"))


def _wish(wish: Any) -> rx.Component:
    identity = f"told-{wish.reason}"
    options = [rx.el.option(words, value=way.value) for way, words in _WAYS]
    return rx.el.li(
        rx.el.label(wish.words, html_for=identity),
        rx.cond(wish.can_wait, tag("can wait")),
        rx.el.span(
            rx.el.select(*options, name=f"told_{wish.reason}", id=identity, default_value=wish.told_by),
            icon("chevron-down", 14),
            class_name="select push",
        ),
        class_name="line",
        key=wish.reason,
    )


def _wishes() -> rx.Component:
    wishes, errors = Profile.wishes, Profile.errors
    no_mail = "No mail server is set, so all of it comes to the inbox alone. Whoever runs Tocsin sets TOCSIN_SMTP_URL."
    return rx.el.form(
        rx.el.h2("How you are told of what"),
        rx.cond(wishes.has_mail, rx.fragment(), callout(rx.el.p(no_mail), icon_name="mail-x")),
        rx.el.ul(rx.foreach(wishes.each, _wish), class_name="card plain-list wishes"),
        rx.el.div(
            text_field("quiet_from", "Quiet hours from", type="time", default_value=wishes.quiet_from, error=errors["quiet_from"]),
            text_field("quiet_until", "until", type="time", default_value=wishes.quiet_until, error=errors["quiet_until"]),
            class_name="grid2",
        ),
        rx.el.p(
            f"In quiet hours, on the clock of {wishes.zone}, the mails marked “can wait” wait until they end. Calls, and what is given to "
            "you, never wait. The inbox has everything at once. Leave both empty for no quiet hours.",
            class_name="dim",
        ),
        rx.el.div(
            button("Save", kind="solid", type="submit", needs_connection=True, aria_label="Save how you are told"), class_name="line"
        ),
        on_submit=Profile.save_wishes,
        id="told",
    )


def _this_browser() -> rx.Component:
    """What this browser does when something comes; tocsin.js does it, and keeps what is switched on."""

    def switch(way: str, words: str, hint: str) -> rx.Component:
        identity = f"alert-{way}"
        return rx.el.div(
            rx.el.input(type="checkbox", id=identity, data_alert_switch=way),
            rx.el.label(words, rx.el.span(hint, class_name="dimmer"), html_for=identity),
            class_name="line check",
        )

    return rx.el.section(
        rx.el.h2("In this browser"),
        switch("notify", "Show a notification", " · while no page of Tocsin is in sight; the browser asks whether it may"),
        switch("sound", "Ring for calls", " · once you have clicked or typed on the page"),
        rx.el.div(
            button("Try it", data_alert_try=""),
            rx.el.span(role="status", data_alert_said="", class_name="dim"),
            class_name="line wrap",
        ),
    )


def _password() -> rx.Component:
    errors = Profile.errors
    return rx.el.form(
        rx.el.h2("Password"),
        # password managers look for the name that a password belongs to
        rx.el.input(type="hidden", name="username", auto_complete="username", value=Profile.profile.email, read_only=True),
        rx.el.div(
            text_field(
                "old_password",
                "Old password",
                type="password",
                auto_complete="current-password",
                error=errors["old_password"],
                required=True,
            ),
            text_field(
                "new_password",
                "New password",
                type="password",
                auto_complete="new-password",
                error=errors["new_password"],
                help="12 characters or more.",
                required=True,
            ),
            class_name="grid2",
        ),
        rx.el.div(
            button("Change password", type="submit", needs_connection=True),
            rx.el.span("You are then signed out everywhere else.", class_name="dim"),
            class_name="line wrap",
        ),
        on_submit=Profile.change_password,
        key=f"password-{Profile.saved}",
    )


def _read_only() -> rx.Component:
    return rx.el.section(
        rx.el.h2("You"),
        rx.el.p(rx.el.b(Profile.profile.name), f" (@{Profile.profile.handle}), {Profile.profile.email}"),
        rx.el.p("Viewers only read. An admin can change this.", class_name="dim"),
    )


def _session(one: Any) -> rx.Component:
    ends = button(
        "Sign out",
        on_click=Profile.end_session(one.id),  # type: ignore[operator]
        needs_connection=True,
        size="1",
        aria_label=f"Sign out {one.browser}",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.b(one.browser),
            rx.el.span(one.address, " · used ", age(one.last_seen_at, coarse=True), " ago", class_name="dim"),
            class_name="stack",
        ),
        rx.el.span(rx.cond(one.is_current, tag("this one", tone="good"), ends), class_name="push"),
        class_name="line",
        key=one.id,
    )


def _sessions() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Where you are signed in"),
        rx.el.ul(rx.foreach(Profile.sessions, _session), class_name="card plain-list", aria_label="Where you are signed in"),
        rx.el.p("A session ends 30 days after it was last used.", class_name="dimmer meta"),
        sign_out_form(),
    )


def page() -> rx.Component:
    """What a person says of themselves, their password, and where they are signed in."""
    may_act = Profile.nav.may_act
    content = rx.fragment(
        rx.el.p("Signed in as ", rx.el.b(Profile.profile.email), f", {Profile.profile.role}.", class_name="dim"),
        rx.cond(may_act, rx.fragment(_about(), _wishes(), _this_browser(), _password()), rx.fragment(_read_only(), _this_browser())),
        _sessions(),
    )
    return shell(
        "Profile",
        settings(Profile.nav, "profile", rx.cond(Profile.is_loaded, content, skeleton_rows(4))),
        nav=Profile.nav,
        notice=Profile.notice,
        current="profile",
        on_theme=Profile.keep_theme,
    )
