"""The timeline: one line or note an event, dividers between days and occurrences, and the box for a comment."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.forms import draft_key, hidden, keeps_draft, preview_button, preview_pane
from app.components.labels import icon, label, tag
from app.components.links import page_link
from app.components.marks import Text, state_mark
from app.components.people import avatar

_PLAIN_ICONS = {
    "assignment": "user-round-plus",
    "severity_change": "signal",
    "edit": "pencil",
    "checklist": "list-checks",
    "merge": "merge",
    "split": "split",
}


def _node(event: Any) -> rx.Component:
    """The sign in the gutter: what kind of line it is, or who wrote the note."""
    state = rx.el.span(state_mark(event.state), class_name=f"node is-state is-{event.state}")
    plain = rx.match(event.type, *[(kind, icon(name, 14)) for kind, name in _PLAIN_ICONS.items()], icon("circle-small", 14))
    writer = avatar(event.actor_initials, event.actor_colour, event.actor, size=24)
    return rx.match(
        event.tone,
        ("fire", rx.el.span(icon("siren", 14), class_name="node is-fire")),
        ("still", rx.el.span(icon("bell-off", 14), class_name="node is-still")),
        ("state", state),
        ("note", rx.el.span(writer, class_name="node is-self")),
        ("resolution", rx.el.span(writer, class_name="node is-self")),
        ("prompt", rx.el.span(icon("message-circle-question", 14), class_name="node")),
        ("gone", rx.el.span(icon("trash-2", 14), class_name="node")),
        ("again", rx.el.span(icon("rotate-ccw", 14), class_name="node")),
        rx.el.span(plain, class_name="node"),
    )


def _sentence(event: Any, on_versions: Any) -> rx.Component:
    return rx.el.div(
        rx.cond(event.actor != "", rx.fragment(rx.el.b(event.actor, dir="auto"), " ")),
        rx.el.span(event.text),
        rx.cond(event.strong != "", rx.fragment(" ", rx.el.b(event.strong, dir="auto"))),
        rx.cond(event.link.url != "", rx.fragment(" ", page_link(event.link.name, to=event.link.url, class_name="link"))),
        rx.cond(event.after != "", rx.el.span(f" {event.after}")),
        rx.foreach(event.labels, lambda one: rx.fragment(" ", label(one.name, one.value))),
        rx.cond(event.rest != "", rx.el.small(f" {event.rest}")),
        _marks(event, on_versions),
        class_name="say",
    )


def _note(event: Any, on_versions: Any) -> rx.Component:
    return rx.el.article(
        rx.el.header(
            rx.cond(event.tone == "resolution", state_mark("resolved")),
            rx.el.b(event.actor, dir="auto"),
            rx.el.span(event.text, class_name="dim"),
            rx.cond(event.rest != "", rx.el.small(event.rest)),
            _marks(event, on_versions),
        ),
        rx.html(event.html, class_name="prose"),
        class_name=rx.match(event.tone, ("resolution", "note is-resolution"), ("prompt", "note is-prompt"), "note"),
    )


def _marks(event: Any, on_versions: Any) -> rx.Component:
    """What people did to the line since it was written, and the way to what it said before."""
    earlier = rx.el.button(event.earlier, type="button", class_name="link", data_opens="", on_click=on_versions(event.id))
    said = [rx.cond(words != "", rx.el.small(f" {words}")) for words in (event.added, event.edited)]
    return rx.fragment(
        *said,
        rx.cond(event.earlier != "", rx.el.small(" · ", earlier)),
        rx.cond(event.pinned != "", rx.el.span(tag(event.pinned, icon_name="pin"), class_name="push")),
    )


def _folded(event: Any, *content: rx.Component) -> rx.Component:
    """A hidden line: who hid it and why, and the line itself for whoever asks for it."""
    return rx.el.details(rx.el.summary(icon("eye-off", 14), rx.el.span(event.hidden), rx.el.span("show", class_name="link")), *content)


def _time(event: Any) -> rx.Component:
    return _link(event, event.time, aria_label=event.time_title)


def _link(event: Any, *content: Any, **props: Any) -> rx.Component:
    """The way to the line, and what the keys walk along."""
    return rx.el.time(rx.el.a(*content, href=f"#event-{event.seq}", title=event.time_title, **props), date_time=event.occurred_at)


def _more(event: Any, on_menu: Any) -> rx.Component:
    return rx.el.button(
        icon("ellipsis", 16),
        type="button",
        class_name="more",
        title="Actions",
        aria_label=f"Actions on line {event.seq}",
        aria_haspopup="dialog",
        data_opens="",
        on_click=on_menu(event.id),
    )


def event_row(event: Any, *, on_menu: Any, on_versions: Any, newest_first: Any = False) -> rx.Component:
    """One EventRow, with the divider of its day before it, and that of what is new to the reader before or, `newest_first`, after it.

    `on_menu(event id)` opens what can be done with the line, `on_versions(event id)` shows what it said before.
    """
    note = _note(event, on_versions)
    whole = rx.match(event.tone, ("note", note), ("resolution", note), ("prompt", note), _sentence(event, on_versions))
    line = rx.el.li(
        _time(event),
        _node(event),
        rx.cond(event.hidden != "", _folded(event, whole), whole),
        _more(event, on_menu),
        id=f"event-{event.seq}",
        class_name=rx.cond(event.hidden != "", "hidden", ""),
        data_seq=event.seq,
        data_type=event.type,
        data_announce=event.announce,
    )
    again = rx.el.li(
        icon("rotate-ccw", 14),
        _link(
            event,
            rx.el.span(event.actor, dir="auto"),
            rx.cond(event.actor != "", " ", ""),
            rx.el.span(event.text),
            rx.cond(event.rest != "", rx.el.span(" · ", event.rest)),
        ),
        _marks(event, on_versions),
        _more(event, on_menu),
        id=f"event-{event.seq}",
        class_name="again",
        title=event.time_title,
        data_seq=event.seq,
        data_type=event.type,
        data_announce=event.announce,
    )
    return rx.fragment(
        rx.cond(event.day != "", rx.el.li(event.day, class_name="day")),
        rx.cond((event.since != "") & ~newest_first, since_divider(event.since)),
        rx.cond((event.tone == "again") & (event.hidden == ""), again, line),
        rx.cond((event.since != "") & newest_first, since_divider(event.since, above=True)),
        key=event.id,
    )


def timeline(*lines: Any, of: Text = "", revealed: Any = 0) -> rx.Component:
    """The log named Timeline of the incident `of`. Give it one or more `rx.foreach` of `event_row`: all of them stand in one list.

    `revealed` is the `seq` of a line that its reader has just written: it is scrolled into sight when it comes.

    The log itself is quiet; tocsin.js tells a screen reader of new comments and state changes, one sentence in five seconds at most.
    """
    return rx.el.div(
        rx.el.ol(*lines, class_name="tl", role="list"),
        rx.el.p(class_name="sr", aria_live="polite", data_announcer=""),
        role="log",
        aria_label="Timeline",
        aria_live="off",
        data_timeline=of,
        data_reveal=revealed,
        tab_index=-1,
    )


def pins(pinned: Any) -> rx.Component:
    """The strip of pinned lines (PinView) above the timeline; each leads to its line."""

    def pin(one: Any) -> rx.Component:
        who = rx.cond(one.actor != "", rx.fragment(rx.el.b(one.actor, dir="auto"), rx.el.b(": ")))
        return rx.el.li(
            icon("pin", 14),
            rx.el.span(one.time, title=one.time_title),
            rx.el.a(who, rx.el.span(one.text), href=f"#event-{one.seq}", title=one.text),
            key=one.id,
        )

    strip = rx.el.section(rx.el.ol(rx.foreach(pinned, pin), role="list"), class_name="pins", aria_label="Pinned lines")
    return rx.cond(pinned.length() > 0, strip)


def since_divider(words: Any, *, above: bool = False) -> rx.Component:
    """The line "7 events since you last looked", below which the page opens; `above` is where they stand above it."""
    if above:
        return rx.el.li(icon("arrow-up", 14), words, class_name="since")
    return rx.el.li(icon("arrow-down", 14), words, class_name="since", data_since="")


def composer(
    on_submit: Any, *, draft: Text, about: Text, error: Text = "", may_write: Any = True, others: Text = "", on_writing: Any = None
) -> rx.Component:
    """The box for a comment. `on_submit` gets `body`, `draft_key` and `number`, which is `about`: where the comment belongs.

    `draft` is the key that the browser keeps the text under. `others` says who else writes; `on_writing(bool)` is told whether somebody
    writes here.

    The field is not bound to a state. When the comment is stored, put its `draft_key` into `forms.sent_draft`: that empties the box.
    """
    box = rx.el.form(
        rx.el.label("Comment", html_for="comment", class_name="sr"),
        preview_pane("comment"),
        rx.el.textarea(
            id="comment",
            name="body",
            class_name="text",
            rows=2,
            placeholder="Write what you see or do",
            data_key="c",
            data_mentions="",
            data_writes="",
            aria_describedby="comment-error comment-help",
            **keeps_draft(draft),
        ),
        draft_key(),
        hidden("number", about),
        rx.el.footer(
            preview_button("comment"),
            rx.el.span("Markdown · draft kept on this device", id="comment-help"),
            rx.el.small(error, id="comment-error", class_name="wrong"),
            rx.el.span(
                button("Comment", kind="plain", hint="Ctrl ↵", size="1", type="submit", needs_connection=True, class_name="send"),
                class_name="push line",
            ),
        ),
        class_name="box",
        on_submit=on_submit,
    )
    return rx.el.div(
        rx.el.p(others, class_name="writing", aria_live="polite"),
        rx.cond(may_write, box) if isinstance(may_write, rx.Var) else box,
        *([_switch("data-writing-switch", on_writing)] if on_writing else []),
        class_name="composer",
    )


def sight_watch(on_sight: Any) -> rx.Component:
    """Tells the state whether the page is in sight: `on_sight(bool)`, clicked by tocsin.js as the tab is hidden and shown."""
    return _switch("data-sight-switch", on_sight)


def _switch(attribute: str, on_turn: Any) -> rx.Component:
    buttons = [
        rx.el.button(words, type="button", tab_index=-1, on_click=on_turn(is_on), custom_attrs={attribute: words})
        for words, is_on in (("true", True), ("false", False))
    ]
    return rx.el.span(*buttons, hidden=True)
