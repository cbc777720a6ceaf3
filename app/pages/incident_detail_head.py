"""The upper part of an incident's page: title, facts, track, why, and the one next step."""

from typing import Any

import reflex as rx

from app.components.ages import clock
from app.components.controls import button, icon_button
from app.components.labels import icon
from app.components.links import page_link
from app.components.marks import severity_word, state_mark
from app.components.people import person_avatar
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from app.states.incident_detail_calls import IncidentCalls

_HEAD = IncidentDetail.head
_IS_MERGED = _HEAD.parent_number != ""
_MAY_ASSIGN = _HEAD.may_act & (_HEAD.state != "resolved") & (_HEAD.parent_number == "")
_ACTS: tuple[tuple[str, str, str, str], ...] = (
    ("acknowledge", "Acknowledge", "check", "a"),
    ("investigate", "Start investigating", "search", "i"),
    ("resolve", "Resolve…", "circle-check", "r"),
    ("reopen", "Reopen…", "rotate-ccw", ""),
)


def _handler(verb: str) -> Any:
    return {
        "acknowledge": IncidentActs.acknowledge(_HEAD.number),
        "investigate": IncidentActs.investigate(_HEAD.number),
        "resolve": IncidentActs.open_dialog("resolve"),
        "reopen": IncidentActs.open_dialog("reopen"),
    }[verb]


def _wiring(verb: str) -> dict[str, Any]:
    """What a button of the move does, and that it opens a dialog where it asks for words first."""
    return {"on_click": _handler(verb), **({"data_opens": ""} if verb in ("resolve", "reopen") else {})}


def head() -> rx.Component:
    """Everything above the timeline."""
    return rx.fragment(
        rx.el.header(
            rx.el.div(rx.el.h1(_HEAD.title, dir="auto"), _acts(), class_name="head-top"),
            _facts(),
            _track(),
            class_name="head",
        ),
        _merged_into(),
        _why(),
        _description(),
    )


def _acts() -> rx.Component:
    return rx.el.div(
        rx.match(
            _HEAD.primary,
            *[(verb, _next_step(words, icon_name=icon_name, key=key, **_wiring(verb))) for verb, words, icon_name, key in _ACTS],
            _to_parent(),
        ),
        rx.cond(
            _HEAD.may_act,
            rx.fragment(_more(), _keys_of_other_acts()),
            rx.cond(_HEAD.number != "", rx.el.span("You are a viewer: viewers read. A responder may act.", class_name="dimmer meta")),
        ),
        class_name="head-acts",
    )


def _to_parent(size: str = "2") -> rx.Component:
    """Where the next step of an incident is that moves with another one."""
    words = f"Go to {_HEAD.parent_number}"
    way = button(words, kind="solid", icon_name="arrow-right", size=size, tab_index=-1)
    return rx.cond(_IS_MERGED, page_link(way, to=f"/incidents/{_HEAD.parent_number}", class_name="to-parent", aria_label=words))


def _next_step(words: str, **props: Any) -> rx.Component:
    return button(words, kind="solid", needs_connection=True, data_next_step="", **props)


def _keys_of_other_acts() -> rx.Component:
    """Switches for the keys of moves that are not the next step; the menu has them for the pointer."""
    return rx.el.span(
        *[
            rx.cond(
                _HEAD.moves.contains(verb) & (_HEAD.primary != verb),
                rx.el.button(words, type="button", data_key=key, data_needs_connection="", **_wiring(verb)),
            )
            for verb, words, _icon_name, key in _ACTS
            if key
        ],
        rx.cond(
            _MAY_ASSIGN,
            rx.el.button("Snooze", type="button", data_key="z", data_opens="", data_needs_connection="", on_click=IncidentCalls.ask_until),
        ),
        rx.cond(
            _MAY_ASSIGN,
            rx.el.button(
                "Assign to me",
                type="button",
                data_key="Shift+M",
                data_needs_connection="",
                on_click=IncidentActs.assign(_HEAD.number, IncidentDetail.nav.me.id, _HEAD.assignee.id),
            ),
        ),
        hidden=True,
    )


def _more(size: int = 16) -> rx.Component:
    items = [
        rx.cond(_HEAD.moves.contains(verb) & (_HEAD.primary != verb), _item(words, icon_name, _handler(verb)))
        for verb, words, icon_name, _key in _ACTS
    ]
    return rx.popover.root(
        rx.popover.trigger(icon_button("More", "ellipsis", kind="plain", size=size)),
        rx.popover.content(
            *items,
            rx.cond(_HEAD.moves.contains("unacknowledge"), _item("Give back", "undo-2", IncidentActs.give_back(_HEAD.number))),
            rx.cond(_MAY_ASSIGN, _item("Snooze…", "moon", IncidentCalls.ask_until)),
            _item("Change severity…", "signal", IncidentActs.open_dialog("severity")),
            _item("Edit title and description…", "pencil", IncidentActs.open_dialog("edit")),
            _item("Acknowledgement timeout…", "timer-reset", IncidentActs.open_dialog("timeout")),
            rx.cond(_HEAD.moves.contains("resolve"), _item("Merge…", "merge", IncidentActs.ask_to_merge)),
            rx.cond(
                _HEAD.moves.contains("resolve") & (_HEAD.alert_count > 1),
                _item("Split…", "split", IncidentActs.ask_to_split),
            ),
            class_name="me-menu",
            align="end",
        ),
    )


def _item(words: str, icon_name: str, handler: Any) -> rx.Component:
    return rx.popover.close(
        rx.el.button(icon(icon_name), words, type="button", class_name="item", data_needs_connection="", on_click=handler)
    )


def _facts() -> rx.Component:
    severity = rx.cond(
        _HEAD.may_act,
        rx.el.button(
            severity_word(_HEAD.severity),
            type="button",
            title="Change severity",
            data_key="s",
            data_opens="",
            data_key_name="Change severity",
            data_needs_connection="",
            on_click=IncidentActs.open_dialog("severity"),
        ),
        severity_word(_HEAD.severity),
    )
    return rx.el.div(
        rx.cond(_HEAD.snoozed != "", _snoozed()),
        severity,
        rx.el.span(icon("timer", 15), _running_clock()),
        _assignee(),
        rx.cond(_HEAD.service != "", rx.el.span(icon("box", 15), rx.el.b(_HEAD.service))),
        rx.cond(_HEAD.occurrence_text != "", rx.el.span(icon("repeat-2", 15), _HEAD.occurrence_text)),
        class_name="facts",
    )


def _snoozed() -> rx.Component:
    end = rx.el.button(
        "End snooze",
        type="button",
        class_name="link",
        data_needs_connection="",
        data_acts="",
        on_click=IncidentCalls.snooze(_HEAD.number, ""),
    )
    return rx.el.span(
        rx.el.span(icon("moon", 13), f"Snoozed until {_HEAD.snoozed}", class_name="state is-snoozed"),
        rx.cond(_MAY_ASSIGN, end),
        class_name="line",
    )


def _assignee() -> rx.Component:
    """Who has it. As a button it is called by what it does, and described by whose it is."""
    who = rx.cond(
        _HEAD.assignee.name != "",
        rx.fragment(
            person_avatar(_HEAD.assignee),
            rx.el.b(_HEAD.assignee.name),
            rx.cond(_HEAD.assignee.id == IncidentDetail.nav.me.id, rx.el.span("you", class_name="dimmer")),
        ),
        rx.fragment(icon("circle-user-round", 15), rx.el.span("Nobody has it", class_name="dimmer")),
    )
    return rx.cond(
        _MAY_ASSIGN,
        rx.el.button(
            rx.el.span(who, class_name="line", id="assignee"),
            type="button",
            title="Assign",
            aria_label="Assign",
            aria_describedby="assignee",
            data_key="m",
            data_opens="",
            data_needs_connection="",
            on_click=IncidentActs.ask_whom,
        ),
        rx.el.span(who),
    )


def _running_clock() -> rx.Component:
    return rx.cond(
        _HEAD.resolved_at != "",
        rx.fragment(rx.el.b(_HEAD.resolved_after, class_name="clock"), " until it was resolved"),
        rx.fragment(rx.el.b(clock(_HEAD.created_at)), " since opened"),
    )


def _track() -> rx.Component:
    def step(one: Any) -> rx.Component:
        return rx.el.li(
            rx.el.b(state_mark(one.state), one.name),
            one.text,
            rx.cond(one.after != "", rx.el.small(f" · {one.after}", class_name="dimmer")),
            class_name=rx.cond(one.reached == "ahead", f"is-{one.state}", f"{one.reached} is-{one.state}"),
            aria_current=rx.cond(one.reached == "now", "step", "false"),
            key=one.state,
        )

    return rx.el.ol(rx.foreach(_HEAD.steps, step), class_name="track", aria_label="State", role="list")


def _merged_into() -> rx.Component:
    """Where an incident that is part of another one leads to, and the way out of it."""
    split_out = rx.el.button(
        "Split it out",
        type="button",
        class_name="link",
        data_needs_connection="",
        data_acts="",
        on_click=IncidentActs.split_child(_HEAD.parent_number, _HEAD.number),
    )
    return rx.cond(
        _IS_MERGED,
        rx.el.section(
            icon("merge"),
            rx.el.p(
                "Merged into ",
                _other(_HEAD.parent_number, _HEAD.parent_title),
                ". It moves with that one, which gets its alerts. What is written here stands here alone: the others read on there.",
            ),
            rx.cond(_HEAD.may_act, split_out),
            class_name="why is-merged",
            aria_label="Merged",
        ),
    )


def _why() -> rx.Component:
    return rx.cond(
        (_HEAD.why != "") | (_HEAD.sibling_number != "") | (_HEAD.truncated_count > 0),
        rx.el.section(
            rx.cond(_HEAD.why != "", rx.fragment(icon("split"), rx.el.p(_HEAD.why))),
            rx.cond(
                _HEAD.truncated_count > 0,
                rx.fragment(
                    icon("scissors"),
                    rx.el.p(f"The sender left {_HEAD.truncated_count} alerts out of its last message: there are more than are shown here."),
                ),
            ),
            rx.cond(
                _HEAD.sibling_number != "",
                rx.fragment(icon("git-fork"), rx.el.p("Alerts of this group go to ", _other(_HEAD.sibling_number, _HEAD.sibling_title))),
            ),
            class_name="why",
            aria_label="Why this incident exists",
        ),
    )


def _other(shown_number: Any, title: Any) -> rx.Component:
    return page_link(f"{shown_number} {title}", to=f"/incidents/{shown_number}", class_name="link")


def _description() -> rx.Component:
    return rx.cond(
        _HEAD.description_html != "",
        rx.el.section(rx.html(_HEAD.description_html, class_name="prose"), class_name="about", aria_label="Description", tab_index=0),
    )


def phone_bar() -> rx.Component:
    """The next step in reach of the thumb, with comment and more beside it."""
    return rx.cond(
        _HEAD.may_act,
        rx.el.div(
            rx.match(
                _HEAD.primary,
                *[
                    (verb, _next_step(words, icon_name=icon_name, size="3", on_click=_handler(verb)))
                    for verb, words, icon_name, _key in _ACTS
                ],
                _to_parent(size="3"),
            ),
            icon_button("Write on the timeline", "message-square", kind="plain", size=20, on_click=IncidentActs.open_dialog("comment")),
            _more(20),
            class_name="act only-phone",
        ),
    )
