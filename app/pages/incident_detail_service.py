"""What is broken, and what is to be done then: the parts of an incident's page that its service brings."""

from typing import Any

import reflex as rx

from app.components.dialogs import dialog
from app.components.forms import hidden, select
from app.components.labels import icon
from app.components.links import outside_link
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_service import IncidentService

_HEAD = IncidentDetail.head


def service() -> rx.Component:
    """What is broken, whose it is, and its runbook."""
    change = rx.el.button(
        rx.cond(_HEAD.service != "", "Change", "Set"),
        type="button",
        class_name="link push",
        aria_label=rx.cond(_HEAD.service != "", "Change service", "Set service"),
        data_needs_connection="",
        on_click=IncidentService.ask_which_service,
    )
    named = rx.el.div(
        icon("box"),
        rx.el.b(_HEAD.service, class_name="cut", title=_HEAD.service),
        rx.cond(_HEAD.runbook != "", outside_link("Runbook", href=_HEAD.runbook, aria_label=f"Runbook of {_HEAD.service}"), rx.el.span()),
        rx.cond(_HEAD.owner != "", rx.el.small(f"Owned by {_HEAD.owner}")),
        class_name="item",
    )
    return rx.cond(
        (_HEAD.service != "") | _HEAD.may_act,
        rx.el.section(
            rx.el.h2("Service", rx.cond(_HEAD.may_act, change)),
            rx.cond(_HEAD.service != "", named, rx.el.p("No service is named.", class_name="dimmer")),
        ),
    )


def checklist() -> rx.Component:
    """What is to be done, with who did it."""
    return rx.cond(
        _HEAD.checklist.length() > 0,
        rx.el.section(
            rx.el.h2("Checklist ", rx.el.span(f"{_HEAD.ticked_count} of {_HEAD.checklist.length()}", class_name="n")),
            rx.el.ul(rx.foreach(_HEAD.checklist, _check), class_name="checks", role="list"),
        ),
    )


def _check(one: Any) -> rx.Component:
    box = rx.el.input(
        type="checkbox",
        checked=one.is_ticked,
        disabled=~_HEAD.may_act,
        data_needs_connection="",
        on_change=lambda ticked: IncidentService.tick(_HEAD.number, one.id, ticked),  # type: ignore[operator]
    )
    told = rx.cond(one.told != "", rx.el.small(one.told))
    return rx.el.li(rx.el.label(box, rx.el.span(rx.el.span(one.text), told, class_name="stack")), key=one.id)


def service_dialog(**opening: Any) -> rx.Component:
    """Asks what is broken."""
    return dialog(
        f"Service of {_HEAD.number}",
        hidden("number", _HEAD.number),
        select(
            "service",
            "What is broken?",
            IncidentService.services,
            default_value=_HEAD.service_id,
            id="incident-service",
            help="Its runbook and its checklist as it is now come with it.",
        ),
        on_submit=IncidentService.set_service,
        verb="Save",
        refusal=IncidentService.refusal,
        width="440px",
        **opening,
    )
