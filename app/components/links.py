"""Links: within Tocsin without a reload, and out of it in a new tab."""

from typing import Any

import reflex as rx
from reflex.style import color_mode
from reflex_components_core.el.element import Element
from reflex_components_core.react_router.dom import ReactRouterLink

from app.components.marks import Text


class _Anchor(Element):
    """The browser's own link: Reflex's would go by its router, and a place in the page is no page."""

    tag = "a"
    href: rx.Var[str]


def place_link(*content: Any, place: str, **props: Any) -> rx.Component:
    """A link to the element with the id `place` in this page."""
    return _Anchor.create(*content, href=f"#{place}", **props)


def leaving_link(*content: Any, href: Text, **props: Any) -> rx.Component:
    """A link that the browser follows by itself, away from this page: to a route that leads on elsewhere."""
    return _Anchor.create(*content, href=href, **props)


def page_link(*content: Any, to: Text, **props: Any) -> rx.Component:
    """A link to another page of Tocsin; the page changes without a reload and its state is loaded anew."""
    return ReactRouterLink.create(*content, to=to, **props)


def outside_link(*content: Any, href: Text, **props: Any) -> rx.Component:
    """A link out of Tocsin in a new tab, which learns nothing of where it was followed from."""
    props.setdefault("class_name", "link")
    return rx.el.a(*content, href=href, target="_blank", rel="noopener noreferrer", **props)


def help_link(*content: Any, **props: Any) -> rx.Component:
    """A link to the guide for responders, which is no page of Reflex and is told this browser's theme."""
    return _Anchor.create(*content, href=f"/help?theme={color_mode}", **props)
