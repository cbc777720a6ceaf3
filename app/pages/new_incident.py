"""The page that declares an incident."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.controls import button, icon_button
from app.components.dialogs import callout
from app.components.empty import empty, skeleton_rows
from app.components.forms import choice, chooser, draft_key, renewed_draft, sent_draft, text_area, text_field
from app.components.labels import icon
from app.components.links import page_link
from app.components.marks import severity_choices, state_name
from app.components.people import person_avatar
from app.components.shell import shell
from app.states.new_incident import NewIncident

_PRESETS = ((5, "5 minutes ago"), (15, "15 minutes ago"), (30, "30 minutes ago"), (60, "1 hour ago"))
_ERRORS = NewIncident.errors
_LONGEST_TITLE = 300


def page() -> rx.Component:
    """What is broken, how bad it is, whose it is; and what is open already."""
    return shell(
        "New incident",
        rx.cond(NewIncident.is_loaded, _form(), rx.cond(_IS_VIEWER, _viewers_only(), skeleton_rows(6))),
        sent_draft(NewIncident.sent_draft),
        renewed_draft(NewIncident.renewed_draft),
        nav=NewIncident.nav,
        notice=NewIncident.notice,
        crumbs=(("Incidents", "/incidents"),),
        on_theme=NewIncident.keep_theme,
    )


_IS_VIEWER = (NewIncident.nav.me.id != "") & ~NewIncident.nav.may_act


def _viewers_only() -> rx.Component:
    return rx.fragment(
        rx.el.h1("New incident", class_name="sr"),
        empty(
            "lock",
            "Viewers only read",
            "A responder opens incidents. Tell one what you see, or ask an admin to change your role.",
            page_link("Back to the incidents", to="/incidents", class_name="link"),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.h1("New incident"),
        _found_again(),
        text_field(
            "title",
            "What is broken?",
            error=_ERRORS["title"],
            size="3",
            auto_focus=True,
            auto_complete=False,
            max_length=_LONGEST_TITLE,
            on_change=NewIncident.consider_title.debounce(250),  # type: ignore[attr-defined]
        ),
        rx.el.div(rx.cond(NewIncident.offers.length() > 0, _offers()), class_name="offers", aria_live="polite"),  # type: ignore[attr-defined]
        _severity(),
        rx.el.div(_service(), _assignee(), class_name="grid2"),
        text_area(
            "description",
            "Description",
            help="Markdown.",
            preview=True,
            placeholder="What you saw, where, since when.",
            min_height="84px",
            error=_ERRORS["description"],
        ),
        _began(),
        draft_key(),
        rx.cond(NewIncident.opened_before != "", _opened_before()),
        rx.el.p(rx.cond(NewIncident.refusal != "", _wrong(NewIncident.refusal)), class_name="wrong", role="alert"),
        rx.el.footer(
            rx.el.span("Kept on this device until it is sent.", class_name="dimmer meta only-wide"),
            rx.el.span(
                button("Cancel", on_click=rx.redirect("/incidents")),
                button("Open incident", kind="solid", icon_name="siren", hint="Ctrl ↵", type="submit", needs_connection=True),
                class_name="push line",
            ),
        ),
        on_submit=NewIncident.declare,
        class_name="new-incident",
        no_validate=True,
        data_draft="new-incident",
    )


def _found_again() -> rx.Component:
    """Shown by tocsin.js while the form holds what was typed earlier."""
    return rx.el.p(
        icon("history", 14),
        rx.el.span("You typed this ", rx.el.time(data_age="coarse", data_draft_at=""), " ago."),
        rx.el.button("Start anew", type="button", class_name="link", data_draft_anew=""),
        class_name="line dim found-again",
        data_draft_found="",
    )


def _wrong(sentence: Any) -> rx.Component:
    return rx.el.span(icon("circle-alert", 14), sentence, class_name="line")


def _severity() -> rx.Component:
    return rx.el.div(
        rx.el.span("Severity", id="severity-label"),
        rx.el.div(*severity_choices("high"), class_name="pick", role="radiogroup", aria_labelledby="severity-label"),
        rx.el.small(rx.cond(_ERRORS["severity"] != "", _wrong(_ERRORS["severity"])), class_name="wrong"),
        class_name="fld",
    )


def _service() -> rx.Component:
    return chooser(
        "service_id",
        "Service",
        rx.foreach(NewIncident.services, lambda name: choice(name, name, icon("box", 15), rx.el.span(name, class_name="cut"), key=name)),
        error=_ERRORS["service_id"],
        nothing="No service is called that.",
        placeholder="None",
        on_change=NewIncident.consider_service.debounce(250),  # type: ignore[attr-defined]
    )


def _assignee() -> rx.Component:
    def somebody(one: Any) -> rx.Component:
        return choice(
            rx.cond(one.id == NewIncident.nav.me.id, f"me {one.name} {one.handle}", f"{one.name} {one.handle}"),
            f"{one.name} @{one.handle}",
            person_avatar(one),
            rx.el.span(
                rx.el.b(one.name, dir="auto"),
                rx.el.span(f" @{one.handle}", class_name="dimmer"),
                rx.cond(one.id == NewIncident.nav.me.id, rx.el.span(" · you", class_name="dimmer")),
                class_name="cut",
            ),
            key=one.id,
        )

    return chooser(
        "assigned_to",
        "Assignee",
        rx.foreach(NewIncident.people, somebody),
        error=_ERRORS["assigned_to"],
        nothing="Nobody is called that, or they are viewers: viewers only read.",
        placeholder=rx.cond(NewIncident.on_call != "", f"{NewIncident.on_call}, on call", "Nobody"),
    )


def _began() -> rx.Component:
    presets = [choice("now", "", "Now"), *(choice(words, "", words, data_ago=minutes) for minutes, words in _PRESETS)]
    picker = rx.el.span(
        icon_button("Pick a time", "calendar-clock", data_picks=""),
        rx.el.input(type="datetime-local", tab_index=-1, aria_hidden="true", data_picked=""),
        class_name="picker",
    )
    return chooser(
        "started_at",
        "Impact began",
        *presets,
        help=f"Such as 15 min, 03:07, or 2026-11-24 03:07, in {NewIncident.nav.zone}.",
        error=_ERRORS["started_at"],
        after=picker,
        placeholder="Now",
    )


def _offers() -> rx.Component:
    def offer(one: Any) -> rx.Component:
        return rx.el.li(
            rx.el.span(rx.el.span(one.number, class_name="mono"), " ", rx.el.b(one.title, dir="auto")),
            rx.el.small(state_name(one.state), " · opened ", age(one.opened_at, coarse=True), f" ago · {one.reason}"),
            page_link("Join it", to=f"/incidents/{one.number}", class_name="link", aria_label=f"Join it: {one.number}"),
            key=one.number,
        )

    return callout(
        rx.el.b("Already open? "),
        rx.el.span("Join it instead of opening another.", class_name="dim"),
        rx.el.ul(rx.foreach(NewIncident.offers, offer), role="list"),
        tone="info",
        icon_name="copy-check",
    )


def _opened_before() -> rx.Component:
    number = NewIncident.opened_before
    return callout(
        rx.el.b("Your first try had arrived: "),
        page_link(number, to=f"/incidents/{number}", class_name="link mono"),
        " is open, with the words that you sent then. Go there, or press Open incident again for another one.",
        icon_name="circle-alert",
    )
