"""The senders of alerts: the list, and what can be connected."""

from typing import Any

import reflex as rx

from app.components.ages import age
from app.components.empty import empty, skeleton_rows
from app.components.kinds import kinds
from app.components.labels import icon, tag
from app.components.links import page_link
from app.components.shell import shell
from app.states.integrations import Integrations


def bulb(light: Any) -> rx.Component:
    """The light of an integration; a word stands beside it."""
    return rx.el.i(
        class_name=rx.match(light, ("lit", "bulb lit small"), ("waiting", "bulb waiting small"), "bulb small"), aria_hidden="true"
    )


def _last_alert(row: Any) -> rx.Component:
    return rx.match(
        row.light,
        ("off", tag("off")),
        ("waiting", rx.el.span("waiting for the first alert…", class_name="dim")),
        ("trouble", rx.el.span("refused ", age(row.last_refused_at, coarse=True), " ago", class_name="late", title=row.last_refusal)),
        rx.el.span(age(row.last_alert_at, coarse=True), " ago"),
    )


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            page_link(bulb(row.light), row.name, to=f"/integrations/{row.id}", class_name="line strong", data_row=""),
        ),
        rx.el.td(row.kind_name, class_name="dim"),
        rx.el.td(f"{row.key_prefix}…", class_name="mono dimmer opt"),
        rx.el.td(_last_alert(row)),
        rx.el.td(row.alert_count_text, class_name="r"),
        key=row.id,
    )


def _table() -> rx.Component:
    heads = (("Name", ""), ("Kind", ""), ("Key", "opt"), ("Last alert", ""), ("Alerts", "r"))
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[rx.el.th(words, class_name=look) for words, look in heads])),
            rx.el.tbody(rx.foreach(Integrations.rows, _row)),
            class_name="tbl",
        ),
        class_name="cardlist lead1",
    )


def page() -> rx.Component:
    """The list of integrations."""
    return shell(
        "Integrations",
        rx.cond(
            Integrations.is_loaded,
            rx.cond(
                Integrations.rows.length() > 0,  # type: ignore[attr-defined]
                _table(),
                empty(
                    "plug",
                    "Nothing sends alerts yet",
                    "Connect Alertmanager, Grafana or anything that can send JSON. It takes one click and one line to paste.",
                    page_link("Connect a sender", to="/integrations/new", class_name="link"),
                ),
            ),
            skeleton_rows(5),
        ),
        for_admins=True,
        nav=Integrations.nav,
        notice=Integrations.notice,
        current="integrations",
        on_theme=Integrations.keep_theme,
        actions=(
            rx.cond(
                Integrations.nav.is_admin,
                page_link(icon("plus", 15), "New integration", to="/integrations/new", class_name="button-link"),
            ),
        ),
    )


def new_page() -> rx.Component:
    """What can be connected: one click makes the integration."""
    return shell(
        "New integration",
        rx.el.div(
            rx.el.h1("What sends your alerts?", class_name="page-head"),
            rx.el.p("One click makes the integration. You then get its address, ready to paste.", class_name="dim"),
            kinds(Integrations.make),
            class_name="narrow",
        ),
        for_admins=True,
        nav=Integrations.nav,
        notice=Integrations.notice,
        current="integrations",
        crumbs=(("Integrations", "/integrations"),),
        on_theme=Integrations.keep_theme,
    )
