"""A line of the incident list, with the head of its group above the group's first line."""

from typing import Any

import reflex as rx

from app.components.ages import age, moment
from app.components.labels import icon, tag
from app.components.links import page_link
from app.components.marks import severity_mark, snoozed_pill, state_mark, state_pill
from app.components.people import assignee, avatar

_GROUP_MARK = {"attention": "open", "working": "investigating", "resolved": "resolved"}


def _group_head(row: Any) -> rx.Component:
    """The head of the group that starts with this row. It stands in the row's own list item, so that each item is one incident."""
    return rx.el.div(
        rx.match(
            row.group,
            *[(group, state_mark(state)) for group, state in _GROUP_MARK.items()],
            ("snoozed", icon("moon", 14)),
            state_mark("open"),
        ),
        rx.el.h2(row.head),
        rx.el.span(row.head_count, class_name="n"),
        rx.el.p(row.head_hint),
        class_name="group",
    )


def _alerts(row: Any) -> rx.Component:
    spoken = f"{row.firing_count} of {row.alert_count} alerts firing"
    return rx.cond(
        row.alert_count > 0,
        rx.el.span(
            rx.cond(row.firing_count > 0, icon("bell-ring", 13), icon("bell", 13)),
            rx.cond(row.firing_count > 0, rx.fragment(rx.el.b(row.firing_count), f"/{row.alert_count}"), row.alert_count),
            class_name="alerts",
            role="img",
            aria_label=spoken,
            title=spoken,
        ),
        rx.el.span(class_name="alerts"),
    )


def _last(row: Any, *before: Any) -> rx.Component:
    return rx.el.span(
        *before,
        rx.cond(row.snoozed_until != "", rx.fragment("Until ", moment(row.snoozed_until), " · ")),
        rx.cond(row.last_actor != "", rx.el.b(f"{row.last_actor} ")),
        rx.el.span(row.last_activity),
        rx.cond(row.last_activity_at != "", rx.fragment(" · ", age(row.last_activity_at, coarse=True))),
        class_name="last cut",
    )


def incident_row(row: Any, *, on_move: Any = None, on_take: Any = None) -> rx.Component:
    """One IncidentRow. `on_move(number, verb)` is called by the keys a, i, r, m and z on the row and by the button on phones.

    `on_take(number, before)`, with the id of who has it, is called by Shift+M.
    """
    return rx.el.li(
        rx.cond(row.head != "", _group_head(row)),
        rx.el.div(
            severity_mark(row.severity),
            rx.el.span(row.number, class_name="id", aria_hidden="true"),
            page_link(
                rx.el.span(row.number, " ", class_name="sr"),
                rx.el.span(row.title, class_name="cut", title=row.title, dir="auto"),
                rx.cond(row.occurrence > 1, tag(row.occurrence_text, icon_name="rotate-ccw")),
                rx.cond(row.merged_text != "", tag(row.merged_text, icon_name="merge")),
                rx.cond(row.parent != "", tag(f"merged into {row.parent}", icon_name="merge")),
                to=f"/incidents/{row.number}",
                data_row=row.number,
            ),
            rx.el.span(row.service, class_name="svc cut dim"),
            rx.el.span(rx.cond(row.snoozed_until != "", snoozed_pill(), state_pill(row.state)), class_name="st"),
            rx.el.span(
                assignee(row.assignee_initials, row.assignee_colour, row.assignee, row.is_mine, short=row.assignee_short), class_name="who"
            ),
            _alerts(row),
            age(row.created_at, until=row.age_until, coarse=True, class_name="age"),
            _last(row),
            rx.el.span(
                rx.cond(row.assignee != "", avatar(row.assignee_initials, row.assignee_colour, row.assignee)),
                _last(row, rx.cond(row.service != "", f"{row.service} · ", "")),
                *([_phone_acknowledge(row, on_move)] if on_move else []),
                class_name="phone-foot only-phone",
            ),
            *([_row_keys(row, on_move, on_take)] if on_move else []),
            class_name=rx.cond(row.state == "resolved", "inc is-done", "inc"),
        ),
        key=row.id,
        class_name="entry",
        role="listitem",
    )


def _phone_acknowledge(row: Any, on_move: Any) -> rx.Component:
    return rx.cond(
        row.moves.contains("acknowledge") & row.is_mine,
        rx.button("Acknowledge", type="button", on_click=on_move(row.number, "acknowledge"), data_needs_connection="", data_acts=""),
    )


def _row_keys(row: Any, on_move: Any, on_take: Any) -> rx.Component:
    """What the keys a, i, r, m, z and Shift+M click while the cursor is on the row; the incident's page offers the same to the pointer."""
    keys = {"a": "acknowledge", "i": "investigate", "r": "resolve"}
    return rx.el.span(
        *[
            rx.cond(
                row.moves.contains(move),
                _row_key(key, move, on_move(row.number, move), **({"data_opens": ""} if move == "resolve" else {})),
            )
            for key, move in keys.items()
        ],
        rx.cond(
            row.moves.contains("resolve"),
            rx.fragment(
                _row_key("m", "assign", on_move(row.number, "assign"), data_opens=""),
                _row_key("z", "snooze", on_move(row.number, "snooze"), data_opens=""),
                *([_row_key("Shift+M", "assign to me", on_take(row.number, row.assignee_id))] if on_take else []),
            ),
        ),
        hidden=True,
    )


def _row_key(key: str, words: str, on_click: Any, **props: Any) -> rx.Component:
    return rx.el.button(words, type="button", tab_index=-1, data_key=key, data_needs_connection="", on_click=on_click, **props)


def incident_list(*rows: Any, on_move: Any = None, on_take: Any = None) -> rx.Component:
    """The list named Incidents, of one or more lists of rows that follow each other."""
    return rx.el.ul(
        *[rx.foreach(part, lambda row: incident_row(row, on_move=on_move, on_take=on_take)) for part in rows],
        aria_label="Incidents",
        role="list",
        data_list="",
        class_name="list",
    )


def column_heads() -> rx.Component:
    """The names of the columns above the list, on wide screens."""
    names = {
        "id": "Number",
        "": "Title",
        "svc": "Service",
        "st": "State",
        "who": "Assignee",
        "alerts": "Alerts",
        "age": "Age",
        "last": "Last activity",
    }
    return rx.el.div(
        rx.el.span(), *[rx.el.span(text, class_name=column) for column, text in names.items()], class_name="inc cols", aria_hidden="true"
    )


def fresh(count: Any, on_show: Any) -> rx.Component:
    """The button "3 new" over the list, where rows wait because somebody reads it."""
    return rx.cond(
        count > 0,
        rx.el.button(
            icon("arrow-up", 14),
            f"{count} new",
            rx.el.kbd(".", class_name="key", aria_hidden="true"),
            type="button",
            class_name="fresh",
            data_key=".",
            on_click=on_show,
        ),
    )


def list_watch(on_busy: Any) -> rx.Component:
    """Tells the state whether somebody reads the list: `on_busy(bool)`, clicked by tocsin.js as pointer, focus and scrolling change."""
    return rx.el.span(
        rx.el.button("busy", type="button", tab_index=-1, data_busy_switch="true", on_click=on_busy(True)),
        rx.el.button("free", type="button", tab_index=-1, data_busy_switch="false", on_click=on_busy(False)),
        hidden=True,
    )
