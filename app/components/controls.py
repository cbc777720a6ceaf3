"""Buttons, the segmented switch and the box of code to copy."""

from typing import Any

import reflex as rx

from app.components.labels import icon, key_hint
from app.components.marks import Text

_KINDS: dict[str, dict[str, Any]] = {
    "solid": {"variant": "solid"},
    "plain": {"variant": "surface", "color_scheme": "gray"},
    "ghost": {"variant": "ghost", "color_scheme": "gray"},
    "danger": {"variant": "solid", "color_scheme": "red"},
}


def _wiring(key: str, needs_connection: bool) -> dict[str, Any]:
    wiring: dict[str, Any] = {"data_key": key} if key else {}
    if needs_connection:
        wiring |= {"data_needs_connection": "", "data_acts": ""}
    return wiring


def button(
    words: Any,
    *,
    kind: str = "plain",
    icon_name: str = "",
    key: str = "",
    hint: str = "",
    needs_connection: bool = False,
    size: str = "2",
    **props: Any,
) -> rx.Component:
    """A button. `kind` is solid (the one next step), plain (beside it), ghost (tools) or danger (cannot be undone).

    `key` is the key that clicks it, shown as a hint; `hint` is shown instead where tocsin.js handles the key itself ("Ctrl ↵").
    `needs_connection` is for what changes something: it waits, and says so, while the connection is stale.
    """
    props.setdefault("type", "button")
    return rx.button(
        *([icon(icon_name, 15)] if icon_name else []),
        words,
        *([key_hint(hint or key)] if hint or key else []),
        size=size,
        **_KINDS[kind],
        **_wiring(key, needs_connection),
        **props,
    )


def icon_button(
    words: Text, icon_name: Any, *, kind: str = "ghost", key: str = "", size: int = 16, needs_connection: bool = False, **props: Any
) -> rx.Component:
    """A button of one icon; `words` are its name and its title. `icon_name` may be a component instead."""
    props.setdefault("type", "button")
    return rx.icon_button(
        # rx.icon_button gives its first child a size of its own
        rx.fragment(icon(icon_name, size) if isinstance(icon_name, str) else icon_name),
        size="2",
        title=words,
        aria_label=words,
        **_KINDS[kind],
        **_wiring(key, needs_connection),
        **props,
    )


def segmented(name: str, words: str, choices: list[tuple[str, str]], value: Any, on_change: Any) -> rx.Component:
    """One of a few, at once visible: native radio buttons, so arrow keys work. `choices` are (value, label)."""
    return rx.el.fieldset(
        rx.el.legend(words, class_name="sr"),
        *[
            rx.el.label(
                rx.el.input(
                    type="radio",
                    name=name,
                    value=choice,
                    checked=value == choice,
                    on_change=lambda _chosen, choice=choice: on_change(choice),  # type: ignore[misc]
                ),
                text,
            )
            for choice, text in choices
        ],
        class_name="seg",
    )


def copy_button(text: Text = "", *, source: str = "", source_url: Any = "", words: str = "Copy", **props: Any) -> rx.Component:
    """Copies `text`, or what the element with the id `source` holds, or what `source_url` answers. Says "Copied" for two seconds."""
    fetched = isinstance(source_url, rx.Var) or source_url
    wiring = {"data_copy_url": source_url} if fetched else {"data_copy_from": source} if source else {"data_copy": text}
    props = {"size": "1", "variant": "surface", **props}
    return rx.button(
        icon("copy", 14, "copy-before"),
        icon("check", 14, "copy-after"),
        rx.el.span(words, class_name="copy-before"),
        rx.el.span("Copied", class_name="copy-after"),
        type="button",
        color_scheme="gray",
        **wiring,
        **props,
    )


def code_box(code: Any, *, name: str, copy: Text = "", id: str = "") -> rx.Component:
    """Code to copy, scrolling in its own frame. `name` says what it is; `copy` is copied where it differs from what is shown."""
    identity = id or "code-" + "-".join(name.lower().split())
    return rx.el.div(
        copy_button(copy) if copy != "" or isinstance(copy, rx.Var) else copy_button(source=identity),
        rx.el.div(code, class_name="code", id=identity, tab_index=0, role="region", aria_label=name),
        class_name="code-box",
    )
