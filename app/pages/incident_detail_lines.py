"""What can be done with one line of an incident's timeline: its menu and its dialogs; on phones they are sheets."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import callout, confirm, dialog
from app.components.forms import hidden, text_area, text_field
from app.components.labels import icon, key_hint
from app.states.incident_detail import IncidentDetail
from app.states.incident_detail_acts import IncidentActs
from app.states.incident_detail_lines import IncidentLines

_HEAD, _LINE = IncidentDetail.head, IncidentLines.line


def line_dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(_menu(), _edit(), _delete(), _hide(), _move(), _versions(), _add())


def _is(name: str) -> dict[str, Any]:
    return {"open": IncidentActs.dialog == name, "on_open_change": IncidentActs.set_dialog_open}


def _whose() -> rx.Component:
    return rx.fragment(hidden("number", _HEAD.number), hidden("event", _LINE.id))


def _zone() -> Any:
    return f"In your time zone, {IncidentDetail.nav.zone}. Never in the future."


def _item(words: Any, icon_name: str, key: str, **props: Any) -> rx.Component:
    return rx.el.button(
        icon(icon_name),
        rx.el.span(words, class_name="cut"),
        rx.el.span(key_hint(key), class_name="push"),
        type="button",
        class_name="item",
        data_key=key,
        data_choice="",
        **props,
    )


def _acting(words: Any, icon_name: str, key: str, handler: Any) -> rx.Component:
    return _item(words, icon_name, key, on_click=handler, data_needs_connection="", data_acts="")


def _asking(words: Any, icon_name: str, key: str, name: str) -> rx.Component:
    return _item(words, icon_name, key, on_click=IncidentActs.open_dialog(name), data_opens="")


def _menu() -> rx.Component:
    number, event = _HEAD.number, _LINE.id
    pin = rx.cond(
        _LINE.is_pinned,
        _acting("Unpin", "pin-off", "p", IncidentLines.pin_line(number, event, False)),
        _acting("Pin above the timeline", "pin", "p", IncidentLines.pin_line(number, event, True)),
    )
    hide = rx.cond(
        _LINE.is_hidden,
        _acting("Show it again", "eye", "h", IncidentLines.show_line_again(number, event)),
        _asking("Hide…", "eye-off", "h", "line-hide"),
    )
    items = rx.el.div(
        rx.cond(_LINE.may_edit, _asking("Edit…", "pencil", "e", "line-edit")),
        rx.cond(_LINE.may_change, rx.fragment(pin, _asking("Change the time…", "clock", "t", "line-move"), hide)),
        rx.cond(
            _LINE.earlier != "",
            _item(_LINE.earlier, "history", "v", on_click=IncidentLines.open_versions(number, event), data_opens=""),
        ),
        _item("Copy link", "link", "l", data_copy_link=f"#event-{_LINE.seq}", on_click=IncidentActs.set_dialog_open(False)),
        rx.cond(_LINE.may_delete, _asking("Delete…", "trash-2", "d", "line-delete")),
        class_name="me-menu",
        data_chooser="",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.el.header(rx.dialog.title(f"Line {_LINE.seq}, {_LINE.time}", custom_attrs={"as": "h2"})),
            rx.el.div(_quote(), items, class_name="body"),
            rx.el.footer(rx.el.span(rx.dialog.close(button("Close", hint="Esc")), class_name="push line")),
            class_name="dlg",
            style={"--w": "380px"},
            aria_describedby="",
        ),
        **_is("line"),
    )


def _quote() -> rx.Component:
    return rx.el.p(rx.cond(_LINE.actor != "", rx.el.b(f"{_LINE.actor} ")), _LINE.summary, class_name="dim quoted")


def _edit() -> rx.Component:
    meanwhile = callout(
        rx.el.b("What the comment says by now"),
        rx.el.div(IncidentLines.meanwhile, class_name="code", tab_index=0, role="region", aria_label="What the comment says by now"),
        tone="info",
        icon_name="git-compare",
    )
    return dialog(
        "Edit your comment",
        _whose(),
        hidden("before", _LINE.text),
        text_area(
            "text",
            "Comment",
            id="field-line-text",
            data_mentions="",
            help="Markdown. What it said before can still be read by everybody.",
            draft=rx.cond(_LINE.id != "", f"line:{_LINE.id}", ""),
            preview=True,
            error=IncidentActs.refusal,
            is_spoken=True,
            auto_focus=True,
            default_value=_LINE.text,
            min_height="160px",
        ),
        rx.cond(IncidentLines.meanwhile != "", meanwhile),
        on_submit=IncidentLines.edit_line,
        verb="Save",
        width="560px",
        **_is("line-edit"),
    )


def _delete() -> rx.Component:
    return confirm(
        f"Delete line {_LINE.seq}?",
        "Its line stays and says that you deleted it. What it said can still be read there, and is not found by the search any more.",
        on_confirm=IncidentLines.delete_line(_HEAD.number, _LINE.id),
        verb="Delete comment",
        **_is("line-delete"),
    )


def _hide() -> rx.Component:
    return dialog(
        f"Hide line {_LINE.seq}",
        _whose(),
        _quote(),
        text_field(
            "reason",
            "Why?",
            help="The others read it in place of the line, and can still open it.",
            error=IncidentActs.refusal,
            auto_focus=True,
            max_length=2000,
        ),
        on_submit=IncidentLines.hide_line,
        verb="Hide",
        icon_name="eye-off",
        **_is("line-hide"),
    )


def _when(words: str, value: Any, **props: Any) -> rx.Component:
    return text_field("at", words, type="datetime-local", step=1, help=_zone(), default_value=value, **props)


def _move() -> rx.Component:
    return dialog(
        f"Change the time of line {_LINE.seq}",
        _whose(),
        hidden("before", _LINE.at),
        _quote(),
        _when("When did it happen?", _LINE.at, id="field-line-at", error=IncidentActs.refusal, auto_focus=True),
        on_submit=IncidentLines.move_line,
        verb="Change the time",
        **_is("line-move"),
    )


def _versions() -> rx.Component:
    def version(one: Any) -> rx.Component:
        return rx.el.li(
            rx.el.small(one.note),
            rx.cond(one.html != "", rx.html(one.html, class_name="prose"), rx.el.p(one.says)),
            rx.el.small(one.time, class_name="dimmer"),
        )

    return rx.dialog.root(
        rx.dialog.content(
            rx.el.header(rx.dialog.title(f"What line {_LINE.seq} said before", custom_attrs={"as": "h2"})),
            rx.el.div(rx.el.ol(rx.foreach(IncidentLines.earlier, version), class_name="versions", role="list"), class_name="body"),
            rx.el.footer(rx.el.span(rx.dialog.close(button("Close", hint="Esc")), class_name="push line")),
            class_name="dlg",
            style={"--w": "560px"},
            aria_describedby="",
        ),
        **_is("line-versions"),
    )


def _add() -> rx.Component:
    return dialog(
        "Add what happened earlier",
        hidden("number", _HEAD.number),
        text_area(
            "body",
            "What happened?",
            id="field-line-body",
            data_mentions="",
            help="Markdown. It stands where it happened, and says when it was added.",
            draft=rx.cond(_HEAD.id != "", f"late:{_HEAD.id}", ""),
            preview=True,
            auto_focus=True,
        ),
        _when("When?", "", id="field-line-when", error=IncidentActs.refusal),
        on_submit=IncidentLines.add_earlier,
        verb="Add",
        **_is("line-add"),
    )
