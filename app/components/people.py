"""People, as the initials in their own colour."""

import reflex as rx

from app.components.marks import Text
from models.vocabulary import Role

ROLES = [
    (Role.RESPONDER.value, "Responder: acts on incidents"),
    (Role.VIEWER.value, "Viewer: reads"),
    (Role.MANAGER.value, "Manager: also sets up services and rules"),
    (Role.ADMIN.value, "Admin: also people, integrations and keys"),
]
"""What a select offers where a role is given; what most need stands first."""


def avatar(initials: Text, colour: Text, name: Text, *, size: int = 20, alone: bool = False, class_name: Text = "") -> rx.Component:
    """The initials of somebody in a disc of `size` pixels (16, 20, 24 or 28). `alone` names it to a screen reader, too."""
    spoken = {"role": "img", "aria_label": name} if alone else {}
    return rx.el.span(
        rx.el.span(initials, class_name="rt-AvatarFallback rt-two-letters", aria_hidden="true"),
        class_name=f"rt-reset rt-AvatarRoot rt-r-size-1 rt-variant-soft av av-{size} {class_name}",
        data_accent_color=colour,
        title=name,
        **spoken,
    )


def person_avatar(person: rx.Var | object, *, size: int = 20, alone: bool = False, is_here: bool | rx.Var[bool] = False) -> rx.Component:
    """The avatar of a PersonView; with a green ring when they look at the same page now."""
    ring = rx.cond(is_here, "here", "") if isinstance(is_here, rx.Var) else "here" if is_here else ""
    return avatar(person.initials, person.colour, person.name, size=size, alone=alone, class_name=ring)  # type: ignore[union-attr]


def assignee(initials: Text, colour: Text, name: Text, is_mine: bool | rx.Var[bool], *, short: Text = "") -> rx.Component:
    """Who has an incident: disc and name, "you" where it is the viewer. `short` is shown instead where the name would be cut."""
    return rx.cond(
        name != "",
        rx.fragment(
            avatar(initials, colour, name),
            rx.el.span(
                rx.el.span(name if isinstance(short, str) and not short else short, dir="auto"),
                rx.cond(is_mine, rx.el.span(" · you", class_name="dimmer")),
                class_name="cut",
                title=name,
            ),
        ),
        rx.el.span("Nobody", class_name="dimmer cut"),
    )
