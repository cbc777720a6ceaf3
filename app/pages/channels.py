"""The channels of the organisation: where it is told of its incidents."""

from typing import Any

import reflex as rx

from app.components.ages import age, moment
from app.components.controls import button
from app.components.dialogs import callout, confirm, dialog, shown_once
from app.components.empty import empty, skeleton_rows
from app.components.forms import field_set, text_field
from app.components.labels import tag
from app.components.links import page_link
from app.components.marks import SEVERITIES
from app.components.settings import settings
from app.components.shell import shell
from app.pages.integrations import bulb
from app.states.channels import Channels
from models.vocabulary import ChannelEvent, ChannelKind

_EDITED = Channels.edited
_EVENTS = {
    ChannelEvent.OPENED: "Opened",
    ChannelEvent.ACKNOWLEDGED: "Acknowledged",
    ChannelEvent.UNACKNOWLEDGED: "Given back",
    ChannelEvent.INVESTIGATING: "Investigated",
    ChannelEvent.RESOLVED: "Resolved",
    ChannelEvent.REOPENED: "Reopened",
    ChannelEvent.SEVERITY_CHANGED: "Severity changed",
    ChannelEvent.ASSIGNED: "Assigned",
    ChannelEvent.COMMENTED: "Commented",
}


def _act(words: Any, on_click: Any, row: Any, **more: Any) -> rx.Component:
    return button(words, size="1", on_click=on_click, needs_connection=True, aria_label=f"{words}: {row.name}", **more)


def _acts(row: Any) -> rx.Component:
    waits = Channels.testing == row.id
    return rx.el.div(
        button(
            rx.cond(waits, "Sending…", "Send a test"),
            size="1",
            icon_name="send",
            on_click=Channels.send_test(row.id),  # type: ignore[operator]
            disabled=waits,
            needs_connection=True,
            aria_label=f"Send a test: {row.name}",
        ),
        _act("Edit", Channels.ask_for_channel(row.id, row.kind), row, icon_name="pencil"),  # type: ignore[operator]
        rx.cond(
            row.enabled,
            _act("Switch off", Channels.switch(row.id, False), row),  # type: ignore[operator]
            _act("Switch on", Channels.switch(row.id, True), row),  # type: ignore[operator]
        ),
        rx.cond(row.kind == ChannelKind.WEBHOOK.value, _act("New secret", Channels.ask(row.id, "renew"), row)),  # type: ignore[operator]
        _act("Remove", Channels.ask(row.id, "remove"), row),  # type: ignore[operator]
        class_name="line wrap",
    )


def _state(row: Any) -> rx.Component:
    waiting = rx.cond(row.waiting_count > 0, rx.el.span(f" · {row.waiting_count} waiting", class_name="dim"))
    return rx.match(
        row.light,
        ("off", rx.el.span("off", class_name="dim")),
        ("trouble", rx.el.span("fails for ", age(row.failing_since, coarse=True), waiting, class_name="late")),
        ("lit", rx.el.span("last told ", age(row.last_sent_at, coarse=True), " ago", waiting)),
        rx.el.span("nothing told yet", waiting, class_name="dim"),
    )


def _notes(row: Any) -> rx.Component:
    tried = rx.cond(row.waiting_count > 0, "What waits is tried again by itself, for a day.", "")
    result = rx.cond(
        Channels.test_went_well,
        callout(rx.el.b("The test arrived. "), Channels.test_said, tone="info", icon_name="check"),
        callout(rx.el.b("The test did not arrive. "), Channels.test_said, tone="bad"),
    )
    return rx.fragment(
        rx.cond(row.off_reason != "", callout(rx.el.b("Tocsin switched it off. "), row.off_reason)),
        rx.cond(
            row.light == "trouble",
            callout(rx.el.b(age(row.last_error_at, coarse=True), " ago: "), row.last_error, " ", tried, tone="bad"),
        ),
        rx.cond(
            row.previous_secret_until != "",
            callout("The secret before this one signs as well until ", moment(row.previous_secret_until), ".", icon_name="key-round"),
        ),
        rx.cond(Channels.tested == row.id, rx.el.div(result, role="status")),
    )


def _card(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(bulb(row.light), rx.el.h2(row.name), tag(row.kind_name), class_name="line wrap"),
            rx.el.span(_state(row), class_name="push"),
            class_name="line wrap",
        ),
        rx.el.div(rx.el.span(row.told), rx.el.span(row.place, class_name="mono dimmer"), class_name="stack words"),
        _notes(row),
        _acts(row),
        class_name="card channel",
        key=row.id,
    )


def _delivery(one: Any) -> rx.Component:
    state = rx.match(
        one.state,
        ("sent", tag("sent", tone="good")),
        ("failed", tag("failed", tone="bad")),
        ("cancelled", tag("left out")),
        tag("waits", tone="warn"),
    )
    return rx.el.tr(
        rx.el.td(moment(one.created_at), class_name="num dim"),
        rx.el.td(one.channel),
        rx.el.td(rx.cond(one.number != "", page_link(one.number, to=f"/incidents/{one.number}", class_name="link mono"))),
        rx.el.td(one.what),
        rx.el.td(state),
        rx.el.td(one.attempts, class_name="r"),
        rx.el.td(one.error, class_name="dim words"),
        key=one.id,
    )


def _latest() -> rx.Component:
    heads = (("When", ""), ("Channel", ""), ("Incident", ""), ("What", ""), ("State", ""), ("Tries", "r"), ("What came back", ""))
    return rx.el.section(
        rx.el.h2("Told last"),
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(*[rx.el.th(words, class_name=look) for words, look in heads])),
                rx.el.tbody(rx.foreach(Channels.latest, _delivery)),
                class_name="tbl small",
            ),
            class_name="sideways card",
            tab_index=0,
            role="region",
            aria_label="Told last",
        ),
        class_name="wide",
    )


def _new(kind: ChannelKind, words: str, icon_name: str, look: str = "plain") -> rx.Component:
    return button(
        words,
        kind=look,
        icon_name=icon_name,
        on_click=Channels.ask_for_channel("", kind.value),  # type: ignore[operator]
        needs_connection=True,
    )


def _nothing() -> rx.Component:
    return empty(
        "megaphone",
        "Nothing outside is told of incidents yet",
        "A room in Slack or Mattermost gets one message when an incident is opened, acknowledged and resolved. A webhook tells a program "
        "everything, signed.",
        _new(ChannelKind.SLACK, "Slack or Mattermost", "message-square", "solid"),
        _new(ChannelKind.WEBHOOK, "Webhook", "webhook"),
    )


def _tick(name: str, words: Any, chosen: Any) -> rx.Component:
    return rx.el.label(rx.el.input(type="checkbox", name=name, default_checked=chosen), words)


def _dialog() -> rx.Component:
    errors = Channels.errors
    is_chat = _EDITED.kind == ChannelKind.SLACK.value
    is_new = _EDITED.id == ""
    return dialog(
        rx.cond(is_new, rx.cond(is_chat, "New channel in Slack or Mattermost", "New webhook"), f"Edit {_EDITED.name}"),
        text_field(
            "name",
            "Name",
            default_value=_EDITED.name,
            error=errors["name"],
            id="channel-name",
            max_length=120,
            auto_complete="off",
            auto_focus=True,
            help=rx.cond(is_chat, "The name of the room, for instance.", "What listens there."),
        ),
        text_field(
            "url",
            rx.cond(is_chat, "Address of the incoming webhook", "Address"),
            error=errors["url"],
            id="channel-url",
            placeholder=rx.cond(is_chat, "https://hooks.slack.com/services/…", "https://example.org/hook"),
            max_length=2000,
            auto_complete="off",
            spell_check=False,
            help=rx.cond(is_new, "It is not shown again.", f"Leave it empty to keep {_EDITED.place}"),
        ),
        field_set(
            "Of which incidents",
            *[_tick(f"severity-{severity}", words, _EDITED.severities.contains(severity)) for severity, words in SEVERITIES.items()],
            error=errors["severities"],
            id="channel-severities",
        ),
        field_set(
            "When an incident is",
            *[_tick(f"event-{event.value}", words, _EDITED.events.contains(event.value)) for event, words in _EVENTS.items()],
            error=errors["events"],
            id="channel-events",
        ),
        open=Channels.is_editing,
        on_open_change=Channels.set_editing,
        on_submit=Channels.save,
        verb=rx.cond(is_new, "Make", "Save"),
        refusal=Channels.refusal,
        width="500px",
    )


def _secret() -> rx.Component:
    return shown_once(
        f"The secret of {Channels.secret_for}",
        "The receiver checks with it that a message is from here. Lost it? Make a new one.",
        Channels.secret,
        "Signing secret",
        rx.el.p(
            "Messages are signed as ",
            rx.el.a("Standard Webhooks", href="https://www.standardwebhooks.com", class_name="link", rel="noreferrer"),
            " describes it: most languages have a library that checks it.",
            class_name="dim",
        ),
        open=Channels.secret != "",
        on_open_change=Channels.close_secret,
        width="560px",
    )


def _questions() -> rx.Component:
    about = Channels.about
    return rx.fragment(
        confirm(
            f"Make a new secret for {about.name}?",
            "For another 24 hours messages are signed with the one before as well, so change the receiver before then.",
            open=Channels.asking == "renew",
            on_open_change=Channels.set_asking,
            on_confirm=Channels.renew(about.id),  # type: ignore[operator]
            verb="Make a new secret",
        ),
        confirm(
            f"Remove {about.name}?",
            "It is told nothing from now on, and what waits for it is not sent. This cannot be undone.",
            open=Channels.asking == "remove",
            on_open_change=Channels.set_asking,
            on_confirm=Channels.remove(about.id),  # type: ignore[operator]
            verb="Remove",
        ),
    )


def page() -> rx.Component:
    """All channels, and what they were told last."""
    content = rx.cond(
        Channels.rows.length() > 0,  # type: ignore[attr-defined]
        rx.fragment(
            rx.el.ul(rx.foreach(Channels.rows, _card), class_name="channels", role="list", aria_label="Channels"),
            rx.cond(Channels.latest.length() > 0, _latest()),  # type: ignore[attr-defined]
        ),
        _nothing(),
    )
    return shell(
        "Channels",
        settings(Channels.nav, "channels", rx.cond(Channels.is_loaded, content, skeleton_rows(5))),
        _dialog(),
        _secret(),
        _questions(),
        for_admins=True,
        nav=Channels.nav,
        notice=Channels.notice,
        current="profile",
        actions=(
            rx.cond(
                Channels.nav.is_admin,
                rx.fragment(
                    _new(ChannelKind.SLACK, "Slack or Mattermost", "plus"),
                    _new(ChannelKind.WEBHOOK, "Webhook", "plus"),
                ),
            ),
        ),
        on_theme=Channels.keep_theme,
    )
