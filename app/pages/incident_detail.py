"""The page of one incident: what it is, what happened, and what to do next."""

from typing import Any

import reflex as rx

from app.components.controls import button, copy_button, icon_button, segmented
from app.components.forms import sent_draft
from app.components.labels import icon
from app.components.links import page_link
from app.components.marks import state_pill
from app.components.shell import shell
from app.components.timeline import composer, event_row, pins, sight_watch, timeline
from app.pages.incident_detail_dialogs import dialogs
from app.pages.incident_detail_head import head, phone_bar
from app.pages.incident_detail_lines import line_dialogs
from app.pages.incident_detail_rail import rail
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from app.states.incident_detail_lines import IncidentLines

_HEAD = IncidentDetail.head
_KINDS = [("everything", "Everything"), ("comments", "Comments"), ("state", "State"), ("alerts", "Alerts")]


def page() -> rx.Component:
    """An incident, or that there is none of this number."""
    found = rx.el.div(
        rx.el.div(head(), pins(IncidentDetail.pins), _tools(), _timeline(), _composer(), class_name="col"),
        rail(),
        class_name="split",
    )
    return shell(
        rx.el.span(rx.cond(IncidentDetail.absent != "", IncidentDetail.absent, _HEAD.number), class_name="mono"),
        rx.cond(IncidentDetail.absent != "", _absent(), rx.fragment(found, phone_bar(), dialogs(), line_dialogs())),
        _neighbours(),
        _finder(),
        sight_watch(IncidentDetail.set_in_sight),
        rx.el.span(hidden=True, data_address=rx.cond(_HEAD.id != "", f"{_HEAD.number}?{IncidentDetail.address}", "")),
        sent_draft(IncidentActs.sent_draft),
        nav=IncidentDetail.nav,
        notice=IncidentDetail.notice,
        current="incidents",
        crumbs=(("Incidents", "/incidents"),),
        beside=rx.cond(_HEAD.id != "", rx.el.span(state_pill(_HEAD.state), class_name="only-phone")),
        tab_title=rx.cond(_HEAD.number != "", f"{_HEAD.tab_mark} {_HEAD.number} {_HEAD.title}", ""),
        on_theme=IncidentDetail.keep_theme,
        on_undo=IncidentActs.undo,
    )


def _absent() -> rx.Component:
    return rx.el.div(
        rx.el.span(icon("search-x", 26), class_name="dimmer"),
        rx.el.h1(f"There is no {IncidentDetail.absent}."),
        rx.el.p(
            rx.cond(
                IncidentDetail.last_number != "",
                f"The last incident here is {IncidentDetail.last_number}. Check the number, or look in the list.",
                "There is no incident here yet.",
            )
        ),
        rx.el.div(page_link(button("Go to incidents", kind="solid", hint="g i", tab_index=-1), to="/incidents"), class_name="line wrap"),
        class_name="empty",
    )


def _neighbours() -> rx.Component:
    """Switches for `j` and `k`; the list is where the pointer finds its way."""
    return rx.el.span(
        *[
            rx.el.button(words, type="button", data_key=key, on_click=handler(_HEAD.number))
            for words, key, handler in (
                ("Next unresolved incident", "j", IncidentDetail.go_next),
                ("Previous unresolved incident", "k", IncidentDetail.go_previous),
            )
        ],
        hidden=True,
    )


def _tools() -> rx.Component:
    newest_first = IncidentDetail.newest_first
    return rx.el.div(
        segmented("show", "Show", _KINDS, IncidentDetail.show, IncidentDetail.show_only),
        _writers(),
        rx.el.span(
            copy_button(source_url=f"/api/v1/incidents/{_HEAD.number}/timeline.txt", words="Copy as text", variant="ghost"),
            rx.cond(
                _HEAD.may_act,
                icon_button("Add what happened earlier", "clock-plus", data_opens="", on_click=IncidentActs.open_dialog("line-add")),
            ),
            button(
                rx.cond(newest_first, "Newest first", "Oldest first"),
                kind="ghost",
                icon_name="arrow-up-down",
                size="1",
                title="Turn the order of the timeline",
                on_click=IncidentDetail.turn_order,
            ),
            class_name="push line",
        ),
        class_name="tl-tools",
    )


def _writers() -> rx.Component:
    """Whose lines are shown. The options come with the page and with each choice."""
    options = rx.foreach(IncidentDetail.writers, lambda one: rx.el.option(one.label, value=one.value))
    return rx.el.span(
        rx.el.select(
            rx.el.option("By everybody", value=""),
            options,
            value=IncidentDetail.by,
            on_change=IncidentDetail.show_of,
            aria_label="By whom",
        ),
        icon("chevron-down", 14),
        class_name="select",
    )


def _finder() -> rx.Component:
    """Sent by tocsin.js when an address names a line that is not on the page."""
    return rx.el.form(
        rx.el.input(type="text", name="event", aria_label="Line"),
        on_submit=IncidentDetail.find_line,
        hidden=True,
        custom_attrs={"data-find-line": ""},
    )


def _timeline() -> rx.Component:
    newest_first = IncidentDetail.newest_first

    def row(event: Any) -> rx.Component:
        return event_row(
            event,
            on_menu=lambda ident: IncidentLines.open_line(_HEAD.number, ident),
            on_versions=lambda ident: IncidentLines.open_versions(_HEAD.number, ident),
            newest_first=newest_first,
        )

    tail = rx.foreach(IncidentDetail.tail, row)
    return timeline(
        rx.cond(newest_first, _later(), _earlier()),
        rx.cond(IncidentDetail.top_day != "", rx.el.li(IncidentDetail.top_day, class_name="day")),
        rx.cond(newest_first, tail),
        rx.foreach(IncidentDetail.rows, row),
        rx.cond(newest_first, rx.fragment(), tail),
        rx.cond(newest_first, _earlier(), _later()),
        _nothing(),
        of=_HEAD.id,
        revealed=IncidentActs.revealed,
    )


def _earlier() -> rx.Component:
    return rx.cond(
        IncidentDetail.has_earlier,
        rx.el.li(_step("Show earlier", "chevron-up", IncidentDetail.show_earlier), class_name="beyond"),
    )


def _later() -> rx.Component:
    beyond = IncidentDetail.beyond
    return rx.cond(
        IncidentDetail.has_later,
        rx.el.li(
            _step("Show later", "chevron-down", IncidentDetail.show_later),
            _step(
                rx.cond(beyond > 0, f"To the end, {beyond} new", "To the end"),
                "chevrons-down",
                IncidentDetail.show_newest,
            ),
            class_name="beyond",
        ),
    )


def _step(words: Any, icon_name: str, handler: Any) -> rx.Component:
    return button(words, icon_name=icon_name, size="1", on_click=handler, needs_connection=True, data_keeps_place="")


def _nothing() -> rx.Component:
    empty = (IncidentDetail.rows.length() + IncidentDetail.tail.length() == 0) & (_HEAD.number != "")
    words = rx.match(
        IncidentDetail.show,
        ("comments", rx.fragment("No comments yet. ", rx.el.kbd("c", class_name="key"), " writes the first.")),
        ("state", rx.fragment("Its state has not changed yet.")),
        ("alerts", rx.fragment("No alert belongs to it.")),
        rx.fragment("Nothing has happened yet."),
    )
    return rx.cond(empty, rx.el.li(words, class_name="nothing"))


def _composer() -> rx.Component:
    return composer(
        IncidentActs.comment,
        draft=rx.cond(_HEAD.id != "", f"comment:{_HEAD.id}", ""),
        about=_HEAD.number,
        error=IncidentActs.comment_refusal,
        may_write=_HEAD.may_act,
        others=IncidentDetail.writing,
        on_writing=IncidentDetail.set_writing,
    )
