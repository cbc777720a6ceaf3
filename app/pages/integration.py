"""One integration: its address, what to paste, and the light that turns on with the first alert."""

from typing import Any

import reflex as rx

from app.components.ages import age, moment
from app.components.controls import button, copy_button
from app.components.dialogs import callout, confirm, dialog
from app.components.empty import empty
from app.components.forms import select, text_field
from app.components.labels import tag
from app.components.links import page_link
from app.components.marks import severity_word
from app.components.shell import shell
from app.pages.integrations import bulb
from app.states.integration import OneIntegration


def _step(number: int, title: Any, *content: Any, done: Any = False) -> rx.Component:
    mark = rx.el.span(number, class_name=rx.cond(done, "no done", "no") if isinstance(done, rx.Var) else "no")
    return rx.el.li(mark, rx.el.div(rx.el.h2(title), *content, class_name="stack"), class_name="step")


def _address() -> rx.Component:
    shown = rx.fragment(
        callout(
            rx.el.b("Shown once. "),
            rx.el.span(
                "The key is in this address; only its first letters are kept. Lost it? Make a new one, the old one works for another day.",
                class_name="dim",
            ),
            tone="info",
            icon_name="key-round",
        ),
        rx.el.div(
            rx.el.div(OneIntegration.url, class_name="code", id="integration-url", tab_index=0, role="region", aria_label="Address"),
            copy_button(OneIntegration.url, words="Copy", size="2"),
            class_name="line",
        ),
    )
    gone = rx.fragment(
        rx.el.p(
            "The key was shown once, when it was made. It begins with ",
            rx.el.code(OneIntegration.row.key_prefix),
            ". Make a new one to see an address again; the old one works for another day.",
            class_name="dim",
        ),
        rx.el.div(
            button("Make a new key", icon_name="refresh-cw", on_click=OneIntegration.ask_to_rotate(True), needs_connection=True),  # type: ignore[operator]
            class_name="line",
        ),
    )
    return rx.cond(OneIntegration.url != "", shown, gone)


def _snippet(one: Any) -> rx.Component:
    return rx.el.div(
        rx.el.span(one.name, class_name="strong"),
        rx.el.div(
            copy_button(one.text),
            rx.el.div(one.text, class_name="code", tab_index=0, role="region", aria_label=one.name),
            class_name="code-box",
        ),
        class_name="fld",
        key=one.name,
    )


def _light() -> rx.Component:
    row = OneIntegration.row
    first = OneIntegration.received[0]
    came = rx.el.div(
        rx.el.b(rx.cond(row.alert_count == 1, "One alert came", f"{row.alert_count_text} alerts came"), ", the last "),
        rx.el.b(age(row.last_alert_at, coarse=True), " ago"),
        rx.el.p("What became of the newest stands below.", class_name="dim"),
    )
    waits = rx.el.div(
        rx.el.b("Waiting for the first alert…"),
        rx.el.p(
            "Paste the line above into a terminal, or the configuration into your sender. This light turns on by itself.", class_name="dim"
        ),
    )
    off = rx.el.div(rx.el.b("Switched off"), rx.el.p("What it sends is refused with 403.", class_name="dim"))
    return rx.el.div(
        bulb(row.light),
        rx.match(row.light, ("off", off), ("waiting", waits), rx.cond(row.alert_count > 0, came, waits)),
        rx.cond(
            OneIntegration.received.length() > 0,  # type: ignore[attr-defined]
            rx.cond(
                first.number != "",
                rx.el.span(page_link(f"Open {first.number}", to=f"/incidents/{first.number}", class_name="button-link"), class_name="push"),
            ),
        ),
        class_name="wait-light",
        role="status",
    )


def _refused() -> rx.Component:
    row = OneIntegration.row
    return rx.cond(
        row.light == "trouble",
        callout(rx.el.b("Refused "), age(row.last_refused_at, coarse=True), " ago: ", row.last_refusal, tone="bad"),
    )


def _received(one: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(moment(one.received_at), class_name="num dim"),
        rx.el.td(one.title),
        rx.el.td(severity_word(one.severity)),
        rx.el.td(
            rx.cond(
                one.number != "",
                page_link(one.number, to=f"/incidents/{one.number}", class_name="link mono"),
                rx.el.span(one.outcome, class_name="dim"),
            )
        ),
        key=one.id,
    )


def _table() -> rx.Component:
    return rx.cond(
        OneIntegration.received.length() > 0,  # type: ignore[attr-defined]
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(rx.el.th("Last seen"), rx.el.th("Alert"), rx.el.th("Severity"), rx.el.th("What became of it"))),
                rx.el.tbody(rx.foreach(OneIntegration.received, _received)),
                class_name="tbl small",
            ),
            class_name="sideways",
            tab_index=0,
            role="region",
            aria_label="The newest alerts",
        ),
    )


def _service() -> rx.Component:
    words = "Incidents that its alerts open name this service, with its runbook and its checklist."
    return rx.el.div(
        select(
            "service",
            "What is broken when it calls",
            OneIntegration.services,
            id="integration-service",
            value=OneIntegration.row.service_id,
            on_change=OneIntegration.set_service,
            help=rx.cond(
                OneIntegration.row.is_service_archived,
                "This service is archived, so incidents name none until it is restored or another one is chosen.",
                words,
            ),
        ),
        class_name="integration-service",
    )


def _content() -> rx.Component:
    row = OneIntegration.row
    return rx.el.div(
        rx.el.div(
            rx.el.h1(row.name),
            rx.cond(row.name != row.kind_name, tag(row.kind_name)),
            rx.cond(row.previous_key_until != "", tag(rx.fragment("old key works until ", moment(row.previous_key_until)), tone="warn")),
            class_name="line wrap page-head",
        ),
        _service(),
        rx.el.ol(
            _step(1, "Its address", _address()),
            _step(2, "Paste it", rx.foreach(OneIntegration.snippets, _snippet)),
            _step(3, "See it arrive", _light(), _refused(), _table(), done=row.light == "lit"),
            class_name="steps",
        ),
        class_name="narrow",
    )


def _what_rotation_ends() -> rx.Component:
    until = OneIntegration.row.previous_key_until
    older = rx.fragment(
        " The key before it ends now: it would have worked until ", moment(until), ". A sender that still uses it is refused from now on."
    )
    return rx.fragment(
        "The address changes. The key that is used now works for another 24 hours, so change the sender before then.",
        rx.cond(until != "", older),
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        confirm(
            "Make a new key?",
            _what_rotation_ends(),
            open=OneIntegration.is_rotating,
            on_open_change=OneIntegration.ask_to_rotate,
            on_confirm=OneIntegration.rotate,
            verb="Make a new key",
        ),
        dialog(
            "Rename",
            text_field("name", "Name", default_value=OneIntegration.row.name, max_length=120),
            open=OneIntegration.is_renaming,
            on_open_change=OneIntegration.ask_to_rename,
            on_submit=OneIntegration.rename,
            verb="Rename",
            refusal=OneIntegration.refusal,
            width="420px",
        ),
    )


def _actions() -> tuple[rx.Component, ...]:
    tools: dict[str, Any] = {"class_name": "only-wide", "needs_connection": True}
    rename = button("Rename", icon_name="pencil", on_click=OneIntegration.ask_to_rename(True), **tools)  # type: ignore[operator]
    rotate = button("New key", icon_name="refresh-cw", on_click=OneIntegration.ask_to_rotate(True), **tools)  # type: ignore[operator]
    words = rx.cond(OneIntegration.row.enabled, "Switch off", "Switch on")
    switch = button(words, on_click=OneIntegration.switch, needs_connection=True)
    return (rx.cond(OneIntegration.row.id != "", rx.fragment(rename, rotate, switch)),)


def page() -> rx.Component:
    """One integration."""
    return shell(
        rx.cond(OneIntegration.is_absent, "Integration", OneIntegration.row.name),
        rx.cond(
            OneIntegration.is_absent,
            empty("plug", "There is no such integration", "It may belong to another organisation, or the address is cut off."),
            rx.cond(OneIntegration.row.id != "", _content()),
        ),
        _dialogs(),
        for_admins=True,
        nav=OneIntegration.nav,
        notice=OneIntegration.notice,
        actions=_actions(),
        current="integrations",
        crumbs=(("Integrations", "/integrations"),),
        on_theme=OneIntegration.keep_theme,
        tab_title=rx.cond(OneIntegration.row.name != "", f"{OneIntegration.row.name} · Tocsin", "Integration · Tocsin"),
    )
