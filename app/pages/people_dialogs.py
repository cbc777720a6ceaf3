"""The dialogs of the page of the people: an invitation, a change, and a link that is shown once."""

from typing import Any

import reflex as rx

from app.components.ages import moment
from app.components.controls import button
from app.components.dialogs import callout, confirm, dialog, shown_once
from app.components.forms import hidden, select, text_field
from app.components.links import page_link
from app.components.people import ROLES
from app.states.people import People


def all_of_them() -> tuple[rx.Component, ...]:
    """Each of them, closed until the state opens it."""
    return _invitation(), _change(), _link(), _leaving(), _report()


def _name(field_id: str, **props: Any) -> rx.Component:
    return text_field("name", "Name", error=People.errors["name"], id=field_id, max_length=120, auto_complete="off", **props)


def _role(field_id: str, **props: Any) -> rx.Component:
    return select("role", "Role", ROLES, error=People.errors["role"], id=field_id, **props)


def _manager(field_id: str, **props: Any) -> rx.Component:
    return select(
        "manager_id",
        "Manager",
        People.managers,
        error=People.errors["manager_id"],
        id=field_id,
        help="Gets this person's incidents when they leave.",
        **props,
    )


def _invitation() -> rx.Component:
    errors = People.errors
    return dialog(
        "Invite somebody",
        _name("person-name"),
        text_field("email", "E-mail", type="email", error=errors["email"], id="person-email", max_length=254, auto_complete="off"),
        text_field(
            "handle",
            "Handle",
            before="@",
            error=errors["handle"],
            id="person-handle",
            optional=True,
            help="Made of the name when it is empty.",
            max_length=41,
            auto_complete="off",
            auto_capitalize="none",
        ),
        _role("person-role"),
        _manager("person-manager"),
        open=People.is_inviting,
        on_open_change=People.ask_to_invite,
        on_submit=People.invite,
        verb="Invite",
        refusal=People.refusal,
        note="You then get a link to send to them.",
        width="440px",
    )


def _change() -> rx.Component:
    row = People.changing
    return dialog(
        f"Change {row.person.name}",
        hidden("user_id", row.person.id),
        _name("changed-name", default_value=row.person.name),
        _role("changed-role", default_value=row.role, help="Whoever becomes a viewer has no incidents: they go as if the person left."),
        _manager("changed-manager", default_value=row.manager_id),
        open=People.is_changing,
        on_open_change=People.close_change,
        on_submit=People.change,
        verb="Save",
        refusal=People.refusal,
        width="440px",
    )


def _link() -> rx.Component:
    choosing = rx.cond(People.link_is_invitation, "chooses the password and is in", "chooses a new password")
    return shown_once(
        rx.cond(People.link_is_invitation, f"Invitation for {People.link_for}", f"Password link for {People.link_for}"),
        rx.fragment(
            "It works once, until ", moment(People.link_until), ", and replaces links made before. Whoever opens it ", choosing,
            ", so send it to them alone.",
        ),
        People.link,
        "Password link",
        rx.el.p(People.link_mailed, role="status", class_name="dim"),
        open=People.link != "",
        on_open_change=People.close_link,
    )  # fmt: skip


def _moved(told: Any, *, as_links: bool) -> rx.Component:
    """Who gets what and why, and what else there is to know."""

    def incident(row: Any) -> rx.Component:
        number = (
            page_link(row.number, to=f"/incidents/{row.number}", class_name="link mono")
            if as_links
            else rx.el.span(row.number, class_name="mono")
        )
        return rx.el.li(number, rx.el.span(row.title, class_name="cut", dir="auto"), class_name="line", key=row.number)

    every = f"and {told.more} more"
    more = page_link(every, to=f"/incidents?view=now&assignee={told.heir}", class_name="link") if as_links else rx.el.span(every)
    listed = rx.fragment(
        rx.el.ul(
            rx.foreach(told.incidents, incident),
            rx.cond(told.more > 0, rx.el.li(rx.cond(told.heir != "", more, rx.el.span(every)), class_name="dim")),
            class_name="card plain-list moved",
            aria_label="Incidents",
        ),
        rx.el.p("Their timelines say: ", rx.el.q(told.why), ".", class_name="dim"),
    )
    return rx.fragment(rx.cond(told.why != "", listed), rx.foreach(told.notes, lambda note: callout(note, tone="info", icon_name="info")))


def _leaving() -> rx.Component:
    told = People.leaving
    they = rx.cond(told.is_me, "You are signed out", "They are signed out")
    rest = rx.el.p(
        they, " everywhere at once, and their keys and links end. What they wrote stays, and they can be activated again.", class_name="dim"
    )
    return confirm(
        told.title,
        told.summary,
        _moved(told, as_links=False),
        rest,
        open=People.is_leaving,
        on_open_change=People.close_leaving,
        on_confirm=People.deactivate(told.person.id),
        verb="Deactivate",
        refusal=told.refusal,
        width="520px",
    )


def _report() -> rx.Component:
    told = People.report
    return rx.dialog.root(
        rx.dialog.content(
            rx.el.header(rx.dialog.title(told.title, custom_attrs={"as": "h2"})),
            rx.el.div(rx.el.p(told.summary), _moved(told, as_links=True), class_name="body"),
            rx.el.footer(rx.el.span(rx.dialog.close(button("Done", kind="solid")), class_name="push line")),
            class_name="dlg",
            style={"--w": "520px"},
            aria_describedby="",
        ),
        open=People.is_reporting,
        on_open_change=People.close_report,
    )
