"""Forms and their fields. Fields are never bound to a state by the key stroke: they are read when the form is sent."""

from typing import Any

import reflex as rx
from reflex_components_core.el.element import Element

from app.components.labels import icon, key_hint
from app.components.marks import Text


class NativeForm(Element):
    """A form that the browser sends itself, as sign-in and sign-out need; `rx.el.form` always prevents that."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


native_form = NativeForm.create


def hidden(name: str, value: Text) -> rx.Component:
    """A value that goes with a form and is not shown."""
    return rx.el.input(type="hidden", name=name, value=value, read_only=True)


def browser_zone() -> rx.Component:
    """Sends the browser's time zone and language with a native form, as `timezone` and `locale`."""
    return rx.fragment(
        rx.el.input(type="hidden", name="timezone", data_timezone=""),
        rx.el.input(type="hidden", name="locale", data_locale=""),
    )


def field(
    id: str, label: Any, control: rx.Component, *, help: Any = "", error: Text = "", optional: bool = False, is_spoken: bool = False
) -> rx.Component:
    """A label, its control, a line of help and the sentence that says what is wrong. `control` comes from the functions below.

    With `is_spoken` the sentence is an alert: a screen reader says it when it comes.
    """
    spoken = {"role": "alert"} if is_spoken else {}
    wrong = error != ""
    return rx.el.div(
        rx.el.label(label, rx.el.span(" optional", class_name="dimmer") if optional else rx.fragment(), html_for=id),
        control,
        complaint(f"{id}-error", error, **spoken),
        rx.el.small(help, id=f"{id}-help"),
        class_name=rx.cond(wrong, "fld bad", "fld"),
    )


def complaint(id: str, error: Text, **props: Any) -> rx.Component:
    """The sentence that says what is wrong, in an element that is there before it is."""
    sentence = rx.el.span(icon("circle-alert", 14), error, class_name="line")
    return rx.el.small(rx.cond(error != "", sentence), class_name="wrong", id=id, **props)


def _described(id: str, error: Text) -> dict[str, Any]:
    return {"id": id, "aria_describedby": f"{id}-error {id}-help", "aria_invalid": rx.cond(error != "", "true", "false")}


def text_field(
    name: str,
    label: Any,
    *,
    type: str = "text",
    help: Any = "",
    error: Text = "",
    optional: bool = False,
    size: str = "2",
    before: Any = None,
    after: Any = None,
    id: str = "",
    **props: Any,
) -> rx.Component:
    """One line of text, sent as `name`; other props go to the input.

    `before` and `after` stand in the field, as "@" before a handle or "min" after a time.
    """
    identity = id or f"field-{name}"
    slots = [rx.text_field.slot(words, side=side) for words, side in ((before, "left"), (after, "right")) if words is not None]
    control = rx.text_field(*slots, name=name, type=type, size=size, **{**_described(identity, error), **props})
    return field(identity, label, control, help=help, error=error, optional=optional)


def text_area(
    name: str,
    label: Any,
    *,
    help: Any = "",
    error: Text = "",
    optional: bool = False,
    is_spoken: bool = False,
    draft: Text = "",
    preview: bool = False,
    id: str = "",
    **props: Any,
) -> rx.Component:
    """Several lines, sent as `name`. With `preview` what is typed can be looked at as it will be shown.

    With `draft` the browser keeps what is typed under that key until the app says it was stored.
    With `is_spoken` a screen reader says the error when it comes.
    """
    identity = id or f"field-{name}"
    props.setdefault("min_height", "110px")
    control = rx.text_area(name=name, **_described(identity, error), **keeps_draft(draft), **props)
    shown = rx.fragment(control, draft_key()) if _is_set(draft) else control
    if preview:
        shown = rx.fragment(shown, preview_pane(identity), rx.el.span(preview_button(identity), class_name="line"))
    return field(identity, label, shown, help=help, error=error, optional=optional, is_spoken=is_spoken)


def _is_set(text: Text) -> bool:
    return isinstance(text, rx.Var) or text != ""


def keeps_draft(draft: Text) -> dict[str, Any]:
    """The attribute that makes `tocsin.js` keep the text of a field under the key `draft`."""
    return {"data_draft": draft} if _is_set(draft) else {}


def preview_button(field_id: str) -> rx.Component:
    """Switches the preview of a field on and off; tocsin.js does it, and by Ctrl E in the field."""
    return rx.el.button(
        icon("eye", 15),
        rx.el.span("Preview"),
        key_hint("Ctrl E"),
        type="button",
        class_name="previewer",
        data_preview=field_id,
        aria_controls=f"{field_id}-preview",
    )


def preview_pane(field_id: str) -> rx.Component:
    """Where tocsin.js shows what the field holds, as it will look; nothing while the preview is off."""
    return rx.el.div(class_name="prose preview", id=f"{field_id}-preview", role="region", aria_label="Preview", tab_index=0)


def draft_key() -> rx.Component:
    """A hidden input `draft_key` beside a kept field: tocsin.js writes the draft's own id into it, the same until it is stored.

    A service that gets the same id twice stores the text once; the page then puts it into `sent_draft`, and the draft is forgotten.
    """
    return rx.el.input(type="hidden", name="draft_key", data_draft_key="")


def sent_draft(key: Text) -> rx.Component:
    """Tells tocsin.js that the draft with this id was stored."""
    return rx.el.span(hidden=True, data_draft_sent=key)


def renewed_draft(key: Text) -> rx.Component:
    """Tells tocsin.js that what stands in the draft with this id is another text from now on, with an id of its own."""
    return rx.el.span(hidden=True, data_draft_renewed=key)


def select(
    name: str, label: Any, choices: Any, *, help: Any = "", error: Text = "", optional: bool = False, id: str = "", **props: Any
) -> rx.Component:
    """One of several, by the browser's own menu; see `bare_select`."""
    identity = id or f"field-{name}"
    control = bare_select(choices, name=name, **_described(identity, error), **props)
    return field(identity, label, control, help=help, error=error, optional=optional)


def bare_select(choices: Any, *, also: Any = None, **props: Any) -> rx.Component:
    """A select without a label of its own, for tool bars: give it an `aria_label`.

    `choices` is a list of (value, label) or a Var of a list of ChoiceView. `also` is the value that is chosen now, where that may be
    none of a list that was drawn before it was known.
    """
    if isinstance(choices, rx.Var):
        options = [rx.foreach(choices, lambda one: rx.el.option(one.label, value=one.value))]
    else:
        options = [rx.el.option(text, value=value) for value, text in choices]
    if also is not None:
        values = rx.Var.create([value for value, _ in choices])
        options.append(rx.cond(values.contains(also), rx.fragment(), rx.el.option(also, value=also)))
    return rx.el.span(rx.el.select(*options, **props), icon("chevron-down", 14), class_name="select")


def chooser(
    name: str,
    label: Any,
    *choices: Any,
    help: Any = "",
    error: Text = "",
    nothing: str = "",
    after: Any = None,
    id: str = "",
    **props: Any,
) -> rx.Component:
    """One line of text, sent as `name`, with choices that fill it: typing narrows them, Enter takes the first, the arrows walk.

    `choices` are made by `choice`. What is typed may be none of them, so the handler looks at it. `nothing` is said when none is left;
    `after` stands in the field, at its end.
    """
    identity = id or f"field-{name}"
    control = rx.el.div(
        rx.text_field(
            *([rx.text_field.slot(after, side="right")] if after is not None else []),
            name=name,
            size="2",
            role="combobox",
            aria_autocomplete="list",
            aria_controls=f"{identity}-choices",
            auto_complete=False,
            spell_check=False,
            data_narrows="",
            **_described(identity, error),
            **props,
        ),
        rx.el.div(
            rx.el.ul(*choices, class_name="choices", role="listbox", aria_label="Choices", id=f"{identity}-choices"),
            *([rx.el.p(nothing, class_name="dim", data_no_choice="")] if nothing else []),
            class_name="pop",
        ),
        class_name="chooser",
        data_chooser="",
    )
    return field(identity, label, control, help=help, error=error)


def choice(words: Text, fills: Text, *content: Any, **props: Any) -> rx.Component:
    """A choice of a `chooser`, found by `words`: it puts `fills` into the field."""
    return rx.el.li(
        rx.el.button(
            *content, type="button", role="option", aria_selected="false", tab_index=-1, data_choice=words, data_fills=fills, **props
        ),
        role="presentation",
    )


def checkbox(name: str, label: Any, *, hint: Any = "", id: str = "", **props: Any) -> rx.Component:
    """A box to tick with its label; sent as `name`=on when ticked."""
    identity = id or f"field-{name}"
    return rx.el.div(
        rx.checkbox(name=name, id=identity, size="1", **props),
        rx.el.label(label, rx.el.span(hint, class_name="dimmer"), html_for=identity),
        class_name="line check",
    )


def field_set(legend: Any, *ticks: rx.Component, error: Text = "", id: str) -> rx.Component:
    """Several boxes to tick under one heading, with the sentence that says what is wrong with the choice."""
    wrong = error != ""
    return rx.el.fieldset(
        rx.el.legend(legend),
        rx.el.div(*ticks, class_name="ticks"),
        rx.el.small(rx.cond(wrong, rx.el.span(icon("circle-alert", 14), error, class_name="line")), class_name="wrong", id=f"{id}-error"),
        class_name=rx.cond(wrong, "fld bad", "fld"),
        aria_describedby=f"{id}-error",
    )
