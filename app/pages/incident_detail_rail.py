"""What stands beside the timeline: the alerts and the facts."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.labels import icon, labels
from app.components.links import outside_link, page_link
from app.states.incident_detail import IncidentDetail

_HEAD = IncidentDetail.head


def rail() -> rx.Component:
    """The complementary part of the page."""
    return rx.el.aside(
        rx.cond(_HEAD.alert_count > 0, _alerts()),
        rx.cond(_HEAD.previous_number != "", _seen_before()),
        rx.el.section(rx.el.h2("Facts"), rx.el.dl(rx.foreach(_HEAD.facts, _fact), class_name="dl")),
        class_name="col rail",
        aria_label="About this incident",
    )


def _alerts() -> rx.Component:
    more = _HEAD.alert_count - IncidentDetail.alerts.length()
    toggle = rx.el.button(
        rx.cond(IncidentDetail.has_all_alerts, "Show fewer", f"{more} more"),
        type="button",
        class_name="link",
        on_click=IncidentDetail.show_all_alerts,
    )
    return rx.el.section(
        rx.el.h2(
            "Alerts ",
            rx.el.span(
                rx.cond(_HEAD.firing_count > 0, f"{_HEAD.firing_count} firing of {_HEAD.alert_count}", f"{_HEAD.alert_count}, none fires"),
                class_name="n",
            ),
        ),
        rx.el.ul(rx.foreach(IncidentDetail.alerts, _alert), role="list"),
        rx.cond((more > 0) | IncidentDetail.has_all_alerts, toggle),
    )


def _alert(alert: Any) -> rx.Component:
    fires = alert.status == "firing"
    told = rx.cond(
        fires,
        rx.cond(
            alert.repeat_count > 0,
            rx.fragment("firing · repeated ", _times(alert.repeat_count), ", last ", age(alert.last_seen_at), " ago"),
            "firing",
        ),
        "stopped",
    )
    return rx.el.li(
        rx.el.i(class_name=rx.cond(fires, "dot", "dot off")),
        rx.el.span(alert.title, class_name="cut", title=alert.title),
        age(alert.age_at),
        rx.el.small(
            told,
            rx.cond(alert.integration != "", f" · {alert.integration}", ""),
            rx.foreach(alert.links, lambda link: rx.fragment(" · ", outside_link(link.name, href=link.url))),
        ),
        rx.cond(alert.labels.length() > 0, rx.el.div(labels(alert.labels, alert.more_labels), class_name="labs")),
        class_name="item",
        key=alert.id,
    )


def _times(count: Any) -> Any:
    return rx.match(count, (1, "once"), (2, "twice"), f"{count} times")


def _seen_before() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Seen before"),
        rx.el.div(
            icon("history"),
            page_link(_HEAD.previous_title, to=f"/incidents/{_HEAD.previous_number}", class_name="cut", title=_HEAD.previous_title),
            rx.el.span(_HEAD.previous_number, class_name="mono dimmer"),
            rx.el.small("The incident of this group before this one"),
            class_name="item",
        ),
    )


def _fact(fact: Any) -> rx.Component:
    return rx.fragment(
        rx.el.dt(fact.name),
        rx.el.dd(
            fact.value,
            rx.cond(fact.hint != "", rx.el.span(f" {fact.hint}", class_name="dimmer")),
            class_name=rx.cond(fact.is_code, "mono cut", ""),
            title=rx.cond(fact.is_code, fact.value, ""),
        ),
        key=fact.name,
    )
