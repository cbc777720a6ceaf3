"""What stands above the list: the figures, the views, and the filters."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.controls import button
from app.components.forms import checkbox, select, text_field
from app.components.labels import chip, icon
from app.components.links import page_link
from app.components.marks import SEVERITIES, STATES, severity_mark
from app.states.incidents import Incidents
from app.states.incidents_acts import ANY, SPANS, IncidentsActs

_FIGURES = Incidents.figures


def strip() -> rx.Component:
    """How things stand, in five figures."""

    def figure(name: Any, *value: Any) -> rx.Component:
        return rx.el.div(rx.el.dt(name), rx.el.dd(*value))

    def severity(name: str, count: Any) -> rx.Component:
        return rx.el.span(severity_mark(name), count, class_name="sev")

    none = rx.el.span("none", class_name="none")
    figures = rx.el.dl(
        figure("Needs attention", rx.el.span(_FIGURES.attention, class_name=rx.cond(_FIGURES.attention > 0, "waits", ""))),
        figure("Unresolved", _FIGURES.unresolved),
        figure("By severity", *[severity(name, getattr(_FIGURES, name)) for name in SEVERITIES]),
        figure(
            "Oldest open",
            rx.cond(
                _FIGURES.oldest_number != "",
                rx.fragment(
                    age(_FIGURES.oldest_at, coarse=True),
                    page_link(_FIGURES.oldest_number, to=f"/incidents/{_FIGURES.oldest_number}", class_name="quiet"),
                ),
                none,
            ),
        ),
        figure("MTTA, 7 days", rx.cond(_FIGURES.taken_after != "", _FIGURES.taken_after, none), rx.el.small(_FIGURES.taken_hint)),
        class_name="strip",
        tab_index=0,
    )
    return rx.el.div(figures, role="group", aria_label="How things stand")


def _tab(tab: Any) -> rx.Component:
    def words(look: str, **props: Any) -> rx.Component:
        count = rx.cond(tab.count != "", rx.el.span(tab.count, class_name="n"))
        return rx.el.span(tab.name, " ", count, class_name=f"rt-BaseTabListTrigger{look} rt-TabsTrigger{look}", **props)

    return page_link(
        words("Inner"),
        words("InnerHidden", aria_hidden="true"),  # keeps the width that the bold words have
        to=tab.address,
        key=tab.view,
        class_name="rt-reset rt-BaseTabListTrigger rt-TabsTrigger",
        data_state=rx.cond(tab.is_here, "active", "inactive"),
        aria_current=rx.cond(tab.is_here, "page", "false"),
    )


def views() -> rx.Component:
    """The views that have a name."""
    return rx.el.nav(
        rx.el.div(rx.foreach(Incidents.tabs, _tab), class_name="rt-BaseTabList rt-TabsList rt-r-size-1"),
        class_name="tools tabs",
        aria_label="Views",
    )


def filters() -> rx.Component:
    """The field for words, the filters that are set, and the choice of more."""
    field = rx.el.form(
        rx.text_field(
            rx.text_field.slot(icon("search", 15), side="left"),
            rx.text_field.slot(rx.el.kbd("/", class_name="key", aria_hidden="true"), side="right"),
            name="q",
            placeholder="Filter by words or INC-42",
            default_value=Incidents.words,
            key=Incidents.words,
            aria_label="Filter incidents",
            class_name="w-filter",
            size="2",
            spell_check=False,
            auto_complete=False,
            max_length=200,
            data_key="/",
        ),
        on_submit=Incidents.look_for,
        role="search",
    )
    chips = rx.foreach(Incidents.chips, lambda one: chip(one.name, one.operator, one.value, rx.redirect(one.without)))
    return rx.el.div(field, chips, _choice(), class_name="tools")


def _choice() -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(button("Filter", kind="ghost", icon_name="list-filter", size="1")),
        rx.popover.content(
            rx.el.form(
                _boxes("State", "state", STATES, IncidentsActs.chosen_states),
                _boxes("Severity", "severity", SEVERITIES, IncidentsActs.chosen_severities),
                select("assignee", "Assignee", IncidentsActs.people, default_value=IncidentsActs.chosen_assignee),
                select("service", "Service", IncidentsActs.services, default_value=IncidentsActs.chosen_service),
                select("span", "Created in", [(ANY, "all the time"), *SPANS], default_value=IncidentsActs.chosen_span),
                rx.el.div(
                    text_field("since", "Or since", type="date", default_value=IncidentsActs.chosen_since),
                    text_field("before", "And before", type="date", default_value=IncidentsActs.chosen_before),
                    class_name="pair",
                ),
                rx.el.footer(
                    rx.popover.close(button("Cancel", hint="Esc")),
                    button("Show these", kind="solid", type="submit"),
                    class_name="line",
                ),
                on_submit=IncidentsActs.apply,
                class_name="choice",
            ),
            aria_label="Filters",
            align="start",
        ),
        open=IncidentsActs.is_choosing,
        on_open_change=IncidentsActs.choose,
    )


def _boxes(legend: str, name: str, words: Mapping[str, str], chosen: Any) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(legend),
        *[checkbox(f"{name}-{value}", text, default_checked=chosen.contains(value)) for value, text in words.items()],
    )
