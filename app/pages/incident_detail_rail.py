"""What stands beside the timeline: the alerts, other incidents, and the facts."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.labels import icon, labels, tag
from app.components.links import outside_link, page_link
from app.components.marks import state_mark
from app.components.people import person_avatar
from app.pages.incident_detail_service import checklist, service
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from app.states.incident_detail_calls import IncidentCalls

_HEAD = IncidentDetail.head
_HERE = IncidentDetail.here


def rail() -> rx.Component:
    """The complementary part of the page."""
    return rx.el.aside(
        checklist(),
        rx.cond((_HEAD.calls.length() > 0) | (_HEAD.next_call != "") | _HEAD.nobody_on_call, _calls()),
        rx.cond(_HEAD.alert_count > 0, _alerts()),
        service(),
        rx.cond(_HEAD.merged.length() > 0, _merged()),
        rx.cond((IncidentDetail.related.length() > 0) & (_HEAD.state != "resolved") & (_HEAD.parent_number == ""), _related()),
        rx.cond(_HEAD.previous_number != "", _seen_before()),
        rx.cond(_HEAD.number != "", _people()),
        rx.el.section(rx.el.h2("Facts"), rx.el.dl(rx.foreach(_HEAD.facts, _fact), class_name="dl")),
        class_name="col rail",
        aria_label="About this incident",
    )


def _calls() -> rx.Component:
    """Who was called for it, and when it calls next."""

    def call(one: Any) -> rx.Component:
        return rx.el.li(
            icon("phone-call"),
            rx.el.span(rx.el.span(one.name, dir="auto"), f" told {one.at}", class_name="cut"),
            rx.el.small(one.mail),
            class_name="item",
        )

    nobody = rx.el.p(
        "Nobody is on call by default, so the admins are told. ",
        rx.cond(
            IncidentDetail.nav.is_admin,
            page_link("Say who is on call", to="/settings/organisation", class_name="link"),
            "An admin can say who is.",
        ),
        class_name="dim",
    )
    return rx.el.section(
        rx.el.h2("Calls ", rx.cond(_HEAD.next_call != "", rx.el.span(f"again at {_HEAD.next_call}", class_name="n"))),
        rx.cond(_HEAD.nobody_on_call, nobody),
        rx.el.ul(rx.foreach(_HEAD.calls, call), role="list"),
    )


def _people() -> rx.Component:
    """Who has it, who follows it and who looks at it now, and the switch of following for whoever reads."""
    me, follows = IncidentDetail.nav.me.id, IncidentDetail.follows
    switch = rx.el.button(
        rx.cond(follows, "Unfollow", "Follow"),
        type="button",
        class_name="link",
        data_needs_connection="",
        data_acts="",
        on_click=IncidentCalls.follow_it(_HEAD.number, ~follows),
    )

    def person(one: Any, *about: rx.Component) -> rx.Component:
        is_here = _HERE.ids.contains(one.id)
        name = rx.el.span(one.name, dir="auto")
        return rx.el.li(
            person_avatar(one, is_here=is_here),
            rx.el.span(
                name,
                rx.cond(one.id == me, rx.el.span(" you", class_name="dimmer")),
                rx.cond(is_here, rx.el.span(", looking now", class_name="sr")),
                class_name="cut",
                title=rx.cond(is_here, f"{one.name}, looking now", one.name),
            ),
            rx.el.span(*about, rx.cond(_HERE.writing.contains(one.id), tag("writing…", tone="accent")), class_name="line"),
            class_name="item",
            key=one.id,
        )

    def follower(one: Any) -> rx.Component:
        whose = rx.cond(one.of_service, tag("follows service"), tag("follows"))
        return rx.cond(one.person.id != _HEAD.assignee.id, person(one.person, whose))

    def looker(one: Any) -> rx.Component:
        return rx.cond(~_HEAD.people_ids.contains(one.id), person(one))

    more = _HEAD.follower_count - _HEAD.followers.length()
    everybody = rx.el.ul(
        rx.cond(_HEAD.assignee.id != "", person(_HEAD.assignee, tag("assignee"))),
        rx.foreach(_HEAD.followers, follower),
        rx.cond(more > 0, rx.el.li(rx.el.span(), f"and {more} more who follow it", class_name="item dim")),
        rx.foreach(_HERE.people, looker),
        rx.cond(_HERE.more > 0, rx.el.li(rx.el.span(), f"and {_HERE.more} more looking now", class_name="item dim")),
        role="list",
    )
    by_service = f"You follow {_HEAD.service}, so you are told of each of its moves. "
    told = rx.cond(IncidentDetail.follows_service, by_service, "Be told of each of its moves. ")
    return rx.el.section(
        rx.el.h2("People ", rx.cond(_HERE.count > 0, rx.el.span(f"{_HERE.count} looking now", class_name="n"))),
        everybody,
        rx.el.p(rx.cond(follows, "You are told of each of its moves. ", told), switch, class_name="dim"),
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
        rx.el.span(alert.title, class_name="cut", title=alert.title, dir="auto"),
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
    title = _HEAD.previous_title
    return rx.el.section(
        rx.el.h2("Seen before"),
        rx.el.div(
            icon("history"),
            page_link(title, to=f"/incidents/{_HEAD.previous_number}", class_name="cut", title=title, dir="auto"),
            rx.el.span(_HEAD.previous_number, class_name="mono dimmer"),
            rx.el.small("The incident of this group before this one"),
            class_name="item",
        ),
    )


def _merged() -> rx.Component:
    """What was merged into this incident, each with the way out."""

    def child(one: Any) -> rx.Component:
        split_out = rx.el.button(
            "Split out",
            type="button",
            class_name="link",
            aria_label=f"Split {one.number} out",
            data_needs_connection="",
            data_acts="",
            on_click=IncidentActs.split_child(_HEAD.number, one.number),
        )
        return rx.el.li(
            icon("merge"),
            page_link(one.title, to=f"/incidents/{one.number}", class_name="cut", title=one.title, dir="auto"),
            rx.el.span(one.number, class_name="mono dimmer"),
            rx.cond(_HEAD.may_act, rx.el.small(split_out)),
            class_name="item",
            key=one.number,
        )

    return rx.el.section(
        rx.el.h2("Merged into this ", rx.el.span(_HEAD.merged.length(), class_name="n")),
        rx.el.ul(rx.foreach(_HEAD.merged, child), role="list"),
    )


def _related() -> rx.Component:
    """Other incidents that may be the same trouble, each with why and one click that makes one of both: the newer part of the older."""

    def merge(one: Any) -> rx.Component:
        words = rx.cond(one.is_older, f"Merge this into {one.number}", f"Merge {one.number} into this")
        return rx.el.button(
            rx.cond(one.is_older, "Merge into it", "Merge into this"),
            type="button",
            class_name="link",
            aria_label=words,
            title=words,
            data_needs_connection="",
            data_acts="",
            on_click=IncidentActs.merge(rx.cond(one.is_older, _HEAD.number, one.number), rx.cond(one.is_older, one.number, _HEAD.number)),
        )

    def other(one: Any) -> rx.Component:
        return rx.el.li(
            state_mark(one.state),
            page_link(one.title, to=f"/incidents/{one.number}", class_name="cut", title=one.title, dir="auto"),
            rx.el.span(one.number, class_name="mono dimmer"),
            rx.el.small(one.reason),
            rx.cond(_HEAD.may_act, rx.el.small(merge(one))),
            class_name="item",
            key=one.number,
        )

    return rx.el.section(rx.el.h2("Related"), rx.el.ul(rx.foreach(IncidentDetail.related, other), role="list"))


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
