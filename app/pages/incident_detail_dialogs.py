"""The dialogs of an incident's page; on phones they are sheets."""

from typing import Any

import reflex as rx

from app.components.assigning import assign_dialog
from app.components.dialogs import callout, dialog
from app.components.forms import hidden, text_area, text_field
from app.components.labels import label
from app.components.marks import severity_choices
from app.components.merging import merge_dialog, split_dialog
from app.components.resolving import already_resolved, cause, unticked, what_fixed_it
from app.components.snoozing import snooze_dialog
from app.pages.incident_detail_service import service_dialog
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from app.states.incident_detail_calls import IncidentCalls

_HEAD = IncidentDetail.head
_IS_OVER = (_HEAD.state == "resolved") & (IncidentActs.dialog == "resolve")

_TIMEOUTS = {"": "As the organisation says", "0": "Never", "1800": "30 min", "3600": "1 h", "14400": "4 h"}


def dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(
        _resolve(),
        _reopen(),
        _comment(),
        _edit(),
        _severity(),
        _assign(),
        _merge(),
        _split(),
        _snooze(),
        _timeout(),
        service_dialog(**_is("service")),
    )


def _is(name: str) -> dict[str, Any]:
    return {"open": IncidentActs.dialog == name, "on_open_change": IncidentActs.set_dialog_open}


def _number() -> rx.Component:
    return hidden("number", _HEAD.number)


def _resolve() -> rx.Component:
    firing = rx.el.ul(
        rx.foreach(
            IncidentDetail.alerts,
            lambda alert: rx.cond(
                alert.status == "firing",
                rx.el.li(
                    rx.el.i(class_name="dot"),
                    rx.el.span(alert.title, class_name="cut", dir="auto"),
                    rx.foreach(alert.labels[:1], lambda one: label(one.name, one.value)),
                    class_name="line",
                ),
            ),
        ),
        role="list",
    )
    count = _HEAD.firing_count
    warning = callout(
        rx.el.b(rx.cond(count == 1, "1 alert still fires.", f"{count} alerts still fire.")),
        rx.el.span(f" {_HEAD.refires_reopen}", class_name="dim"),
        firing,
        icon_name="bell-ring",
    )
    return dialog(
        rx.cond(_IS_OVER, f"{_HEAD.number} is resolved", f"Resolve {_HEAD.number}"),
        _number(),
        rx.cond(_IS_OVER, already_resolved(_HEAD.resolved_line), rx.cond(_HEAD.refires_reopen != "", warning)),
        rx.cond(_IS_OVER, rx.fragment(), unticked(_HEAD.checklist, _HEAD.ticked_count)),
        what_fixed_it(_HEAD.id, IncidentActs.refusal, _IS_OVER),
        rx.cond(_IS_OVER, rx.fragment(), cause(_HEAD.causes)),
        on_submit=IncidentActs.resolve,
        verb=rx.cond(_IS_OVER, "Comment", "Resolve"),
        width="560px",
        **_is("resolve"),
    )


def _reopen() -> rx.Component:
    return dialog(
        f"Reopen {_HEAD.number}",
        _number(),
        text_area(
            "reason",
            "Why?",
            help="Goes on the timeline. Its history stays, and a new occurrence is counted.",
            draft=rx.cond(_HEAD.id != "", f"reason:{_HEAD.id}", ""),
            error=IncidentActs.refusal,
            is_spoken=True,
            auto_focus=True,
        ),
        on_submit=IncidentActs.reopen,
        verb="Reopen",
        icon_name="rotate-ccw",
        **_is("reopen"),
    )


def _comment() -> rx.Component:
    """The comment box of phones, where the page has no room for it."""
    return dialog(
        f"Comment on {_HEAD.number}",
        _number(),
        text_area(
            "body",
            "What do you see or do?",
            id="field-comment",
            data_mentions="",
            data_writes="",
            help="Markdown. The draft is kept on this device.",
            draft=rx.cond(_HEAD.id != "", f"comment:{_HEAD.id}", ""),
            preview=True,
            error=IncidentActs.comment_refusal,
            is_spoken=True,
            auto_focus=True,
        ),
        on_submit=IncidentActs.comment,
        verb="Comment",
        **_is("comment"),
    )


def _edit() -> rx.Component:
    return dialog(
        f"Edit {_HEAD.number}",
        _number(),
        text_field("title", "Title", default_value=_HEAD.title, auto_focus=True),
        text_area("description", "Description", help="Markdown.", preview=True, optional=True, default_value=_HEAD.description),
        on_submit=IncidentActs.edit,
        verb="Save",
        refusal=IncidentActs.refusal,
        **_is("edit"),
    )


def _severity() -> rx.Component:
    return dialog(
        f"Severity of {_HEAD.number}",
        _number(),
        rx.el.fieldset(rx.el.legend("How bad is it?", class_name="sr"), *severity_choices(_HEAD.severity), class_name="pick"),
        on_submit=IncidentActs.change_severity,
        verb="Change severity",
        refusal=IncidentActs.refusal,
        **_is("severity"),
    )


def _assign() -> rx.Component:
    return assign_dialog(
        _HEAD.number,
        people=IncidentActs.candidates,
        holder=_HEAD.assignee,
        me=IncidentDetail.nav.me,
        on_assign=IncidentActs.assign,
        refusal=IncidentActs.refusal,
        **_is("assign"),
    )


def _snooze() -> rx.Component:
    return snooze_dialog(
        _HEAD.number,
        offered=IncidentCalls.snoozes,
        zone=IncidentDetail.nav.zone,
        on_choose=IncidentCalls.snooze,
        on_submit=IncidentCalls.snooze_as_typed,
        refusal=IncidentActs.refusal,
        **_is("snooze"),
    )


def _timeout() -> rx.Component:
    def choice(seconds: str, words: str) -> rx.Component:
        own = _HEAD.acknowledgement_timeout
        return rx.el.label(rx.el.input(type="radio", name="seconds", value=seconds, default_checked=own == seconds), words)

    return dialog(
        f"Acknowledgement timeout of {_HEAD.number}",
        _number(),
        rx.el.p(
            "Who acknowledged it and does nothing about it for so long loses it: it is open again, and people are called.", class_name="dim"
        ),
        rx.el.fieldset(
            rx.el.legend("After how long?", class_name="sr"),
            *[choice(seconds, words) for seconds, words in _TIMEOUTS.items()],
            class_name="pick",
        ),
        on_submit=IncidentCalls.set_timeout,
        verb="Set timeout",
        refusal=IncidentActs.refusal,
        **_is("timeout"),
    )


def _merge() -> rx.Component:
    return merge_dialog(
        _HEAD.number,
        offers=IncidentActs.offers,
        on_look=IncidentActs.look_for_others,
        on_merge=IncidentActs.merge,
        refusal=IncidentActs.refusal,
        **_is("merge"),
    )


def _split() -> rx.Component:
    return split_dialog(
        _HEAD.number, alerts=IncidentActs.parts, on_split=IncidentActs.split_alerts, refusal=IncidentActs.refusal, **_is("split")
    )
