"""The settings of the organisation."""

from typing import Any

import reflex as rx

from app.components.controls import button
from app.components.dialogs import callout
from app.components.empty import skeleton_rows
from app.components.forms import bare_select, checkbox, complaint, field, hidden, select, text_area, text_field
from app.components.settings import settings
from app.components.shell import shell
from app.components.zones import places
from app.states.organisation import Organisation
from models.vocabulary import Severity

_STORED, _ERRORS = Organisation.settings, Organisation.errors


def _number(name: str, words: Any, value: Any, unit: str, **more: Any) -> rx.Component:
    """A field for a whole number of `unit`, which stands behind it; drawn anew when the stored number changes."""
    return text_field(
        name, words, after=unit, default_value=value, key=f"{name} {value}", input_mode="numeric", auto_complete="off", max_length=6, **more
    )


def _organisation() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(rx.el.h2("The organisation")),
        rx.el.div(
            text_field(
                "name",
                "Name",
                default_value=_STORED.name,
                key=f"name {_STORED.name}",
                error=_ERRORS["name"],
                help="Stands in the corner of every page, and in mails.",
                max_length=120,
                auto_complete="organization",
            ),
            select(
                "timezone",
                "Time zone",
                places(),
                also=_STORED.timezone,
                default_value=_STORED.timezone,
                key=f"zone {_STORED.timezone}",
                error=_ERRORS["timezone"],
                help="For whoever has chosen none, where the browser names none.",
            ),
            class_name="grid2",
        ),
    )


def _on_call() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(rx.el.h2("Who is called")),
        rx.cond(
            _STORED.on_call == "",
            callout(
                rx.el.b("Nobody is on call by default. "),
                "A new incident belongs to nobody, and all admins are called.",
            ),
        ),
        select(
            "on_call",
            "On call by default",
            Organisation.on_call_choices,
            default_value=_STORED.on_call,
            # the browser shows the first entry where the one that is wanted came later
            key=f"on call {_STORED.on_call} {Organisation.on_call_choices.length()}",
            error=_ERRORS["default_on_call_id"],
            help="New incidents go to this person. If they are deactivated or become a viewer, nobody is on call by default.",
        ),
        _reminders(),
        _timeout(),
    )


def _reminders() -> rx.Component:
    error = _ERRORS["reminder_seconds"]
    each = [
        _number(
            f"reminder-{severity}",
            severity.value.capitalize(),
            _STORED.reminders[severity.value],
            "min",
            aria_describedby="reminders-error",
            aria_invalid=rx.cond(error.contains(severity.value), "true", "false"),
        )
        for severity in Severity
    ]
    return rx.el.fieldset(
        rx.el.legend("Remind after"),
        rx.el.div(*each, class_name="grid4"),
        complaint("reminders-error", error),
        rx.el.small(
            "Who has an open incident that nobody has acknowledged is told again after this time, then the admins too, "
            "until it is acknowledged, resolved or snoozed."
        ),
        class_name="fld",
    )


def _timeout() -> rx.Component:
    error = _ERRORS["acknowledgement_timeout_seconds"]
    key = f"timeout {_STORED.timeout} {_STORED.timeout_unit}"
    control = rx.el.div(
        rx.text_field(
            name="timeout",
            id="field-timeout",
            default_value=_STORED.timeout,
            key=key,
            placeholder="off",
            input_mode="numeric",
            auto_complete="off",
            max_length=6,
            aria_describedby="field-timeout-error field-timeout-help",
            aria_invalid=rx.cond(error != "", "true", "false"),
        ),
        bare_select(
            [("minutes", "minutes"), ("hours", "hours")],
            name="timeout_unit",
            default_value=_STORED.timeout_unit,
            key=f"unit {key}",
            aria_label="Unit of the acknowledgement timeout",
        ),
        class_name="line amount",
    )
    help_text = (
        "An acknowledged incident on which nobody has done anything for so long is open again, and calls begin anew. Empty: it never is."
    )
    return field("field-timeout", "Acknowledgement timeout", control, help=help_text, error=error)


def _over_time() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(rx.el.h2("Quiet and reopened incidents")),
        rx.el.div(
            _number(
                "quiet_days",
                "Ask for a status after",
                _STORED.quiet_days,
                "days",
                error=_ERRORS["quiet_days"],
                placeholder="off",
                help="Without a sign of a person for so long, whoever has the incident is asked how it is going, and again each time. "
                "Empty: nobody is.",
            ),
            _number(
                "reopen_window",
                "Reopen within",
                _STORED.reopen_window,
                "min",
                error=_ERRORS["reopen_window_seconds"],
                placeholder="off",
                help="An alert that fires again so soon after its incident was resolved reopens it. Empty: it always opens a new one.",
            ),
            class_name="grid2",
        ),
    )


def _afterwards() -> rx.Component:
    stored, error = _STORED.post_mortems, _ERRORS["post_mortem_severities"]
    boxes = [
        checkbox(
            f"post-mortem-{severity}",
            severity.value.capitalize(),
            default_checked=stored[severity.value],
            key=f"post-mortem {severity} {stored[severity.value]}",
        )
        for severity in Severity
    ]
    return rx.el.fieldset(
        rx.el.legend(rx.el.h2("After an incident")),
        rx.el.fieldset(
            rx.el.legend("A post-mortem is needed for"),
            rx.el.div(*boxes, class_name="line wrap boxes"),
            complaint("post-mortems-error", error),
            class_name="fld",
        ),
        text_area(
            "causes",
            "Causes",
            default_value=_STORED.causes,
            key=f"causes {_STORED.causes}",
            error=_ERRORS["causes"],
            help="One on each line, in the order in which they are offered when an incident is resolved. "
            "An incident keeps the cause that it was given, also when it is no longer here.",
            rows="8",
            spell_check=True,
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        _organisation(),
        _on_call(),
        _over_time(),
        _afterwards(),
        hidden("version", _STORED.version.to_string()),
        rx.el.div(button("Save", kind="solid", type="submit", hint="Ctrl ↵", needs_connection=True), class_name="line"),
        on_submit=Organisation.save,
        no_validate=True,
        class_name="parts",
    )


def page() -> rx.Component:
    """What holds for everybody of the organisation."""
    return shell(
        "Organisation",
        settings(Organisation.nav, "organisation", rx.cond(Organisation.is_loaded, _form(), skeleton_rows(6))),
        for_admins=True,
        nav=Organisation.nav,
        notice=Organisation.notice,
        current="profile",
        on_theme=Organisation.keep_theme,
    )
