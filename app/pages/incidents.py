"""The incident list."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.assigning import assign_dialog
from app.components.controls import button
from app.components.dialogs import callout, dialog
from app.components.empty import empty, skeleton_rows
from app.components.forms import hidden, sent_draft
from app.components.incident_rows import column_heads, fresh, incident_list, list_watch
from app.components.kinds import kinds
from app.components.labels import icon
from app.components.links import page_link
from app.components.resolving import already_resolved, cause, unticked, what_fixed_it
from app.components.shell import shell
from app.components.snoozing import snooze_dialog
from app.pages.incidents_tools import filters, strip, views
from app.states.incidents import Incidents
from app.states.incidents_acts import IncidentsActs
from app.states.integrations import Integrations


def page() -> rx.Component:
    """Everything that is broken, what waits for somebody first."""
    shown = rx.fragment(
        strip(),
        views(),
        filters(),
        rx.cond(Incidents.wrong.length() > 0, _wrong()),  # type: ignore[attr-defined]
        rx.cond(Incidents.nothing == "", _list(), _nothing()),
        _pages(),
        list_watch(Incidents.set_read),
        _resolve(),
        _assign(),
        snooze_dialog(
            Incidents.snoozing,
            offered=IncidentsActs.snoozes,
            zone=Incidents.nav.zone,
            open=Incidents.snoozing != "",
            on_open_change=IncidentsActs.set_snoozing,
            on_choose=IncidentsActs.snooze,
            on_submit=IncidentsActs.snooze_as_typed,
            refusal=IncidentsActs.refusal,
        ),
        sent_draft(IncidentsActs.sent_draft),
    )
    return shell(
        "Incidents",
        rx.cond(Incidents.is_loaded, rx.cond(Incidents.nothing == "first", _first_run(), shown), skeleton_rows()),
        nav=Incidents.nav,
        notice=Incidents.notice,
        tab_title=Incidents.tab_title,
        actions=(rx.cond(Incidents.nav.may_act, _new()),),
        on_theme=Incidents.keep_theme,
        on_undo=IncidentsActs.undo,
    )


def _new() -> rx.Component:
    return button("New incident", kind="solid", icon_name="plus", key="c", on_click=rx.redirect("/incidents/new"))


def _list() -> rx.Component:
    return rx.el.div(
        column_heads(),
        rx.el.div(fresh(Incidents.waiting, Incidents.show_new), class_name="fresh-place"),
        incident_list(Incidents.attention, Incidents.working, Incidents.rest, on_move=IncidentsActs.move, on_take=_take),
    )


def _take(number: Any, before: Any) -> Any:
    return IncidentsActs.assign(number, Incidents.nav.me.id, before)


def _wrong() -> rx.Component:
    return rx.el.div(
        callout(rx.foreach(Incidents.wrong, rx.el.p), icon_name="circle-alert"),
        class_name="untold",
        role="alert",
    )


def _pages() -> rx.Component:
    worst_first = Incidents.attention.length() > 0  # type: ignore[attr-defined]

    def link(words: Any, icon_name: str, to: Any) -> rx.Component:
        return rx.cond(to != "", page_link(icon(icon_name, 14), words, to=to, class_name="page-link"))

    return rx.el.nav(
        link(rx.cond(worst_first, "From the top", "Newest"), "arrow-up-to-line", Incidents.newest),
        link("All of these", "list", Incidents.all_of_it),
        link(rx.cond(worst_first, "More", "Older"), "arrow-down", Incidents.older),
        class_name="pages",
        aria_label="Pages",
    )


# ── when there is nothing ──


def _nothing() -> rx.Component:
    last = Incidents.figures.last_number
    quiet = rx.el.span(
        rx.cond(
            last != "",
            rx.fragment(
                "Last incident: ",
                page_link(last, to=f"/incidents/{last}", class_name="link"),
                ", resolved ",
                age(Incidents.figures.last_at, coarse=True),
                " ago.",
            ),
            "No incident was resolved yet.",
        )
    )
    everywhere = rx.cond(
        (Incidents.everywhere != "") & (Incidents.newest == ""),
        page_link(f"Search everything for “{Incidents.words}”", to=Incidents.everywhere, class_name="button-link"),
    )
    return rx.match(
        Incidents.nothing,
        ("quiet", empty("circle-check", "Nobody is waiting", quiet)),
        ("mine", empty("circle-check", "Nothing is yours", "What you acknowledge, or what is given to you, stands here until it is over.")),
        empty("search-x", "No incident matches", "Remove a filter, or look in another view.", everywhere),
    )


def _first_run() -> rx.Component:
    def step(number: Any, heading: str, *text: Any, done: bool = False) -> rx.Component:
        return rx.el.li(
            rx.el.span(number, class_name="no done" if done else "no"),
            rx.el.div(rx.el.h2(heading), rx.el.p(*text, class_name="dim")),
            class_name="step",
        )

    connect = rx.cond(
        Incidents.nav.is_admin,
        rx.fragment(kinds(Integrations.make), page_link("All integrations", to="/integrations", class_name="link")),
        rx.el.p("An admin of your organisation connects what sends the alerts.", class_name="dim"),
    )
    return rx.el.div(
        rx.el.div(
            rx.el.i(class_name="bulb waiting", aria_hidden="true"), rx.el.h2("Waiting for your first alert…"), class_name="line first"
        ),
        rx.el.p(
            "Nothing has reached Tocsin yet. Pick what sends your alerts, send one, and watch it become an incident, without a reload.",
            class_name="dim lead",
        ),
        connect,
        rx.el.ol(
            step(icon("check", 14), "Make the organisation", f"{Incidents.nav.organisation} is there, and you are signed in.", done=True),
            step("2", "Connect a sender", "Alertmanager, Grafana, or anything that can send JSON: one click makes its address and key."),
            step("3", "Send a first alert", "The integration's page has the line to paste. The incident appears here by itself."),
            class_name="steps",
        ),
        class_name="first-run",
    )


# ── resolving and assigning ──


def _resolve() -> rx.Component:
    is_over = IncidentsActs.resolved_line != ""
    count = IncidentsActs.firing_count
    warning = callout(
        rx.el.b(rx.cond(count == 1, "1 alert still fires.", f"{count} alerts still fire.")),
        rx.el.span(f" {IncidentsActs.refires_reopen}", class_name="dim"),
        icon_name="bell-ring",
    )
    return dialog(
        rx.cond(is_over, f"{Incidents.resolving} is resolved", f"Resolve {Incidents.resolving}"),
        hidden("number", Incidents.resolving),
        rx.el.p(IncidentsActs.resolving_title, class_name="dim"),
        rx.cond(is_over, already_resolved(IncidentsActs.resolved_line), rx.cond(IncidentsActs.refires_reopen != "", warning)),
        rx.cond(is_over, rx.fragment(), unticked(IncidentsActs.resolving_checklist, IncidentsActs.ticked_count)),
        what_fixed_it(IncidentsActs.resolving_id, IncidentsActs.refusal, is_over),
        rx.cond(is_over, rx.fragment(), cause(IncidentsActs.causes)),
        open=Incidents.resolving != "",
        on_open_change=IncidentsActs.set_resolving,
        on_submit=IncidentsActs.resolve,
        verb=rx.cond(is_over, "Comment", "Resolve"),
        icon_name="circle-check",
        width="560px",
    )


def _assign() -> rx.Component:
    return assign_dialog(
        Incidents.assigning,
        people=IncidentsActs.candidates,
        holder=IncidentsActs.holder,
        me=Incidents.nav.me,
        open=Incidents.assigning != "",
        on_open_change=IncidentsActs.set_assigning,
        on_assign=IncidentsActs.assign,
        refusal=IncidentsActs.refusal,
    )
