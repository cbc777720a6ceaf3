"""Links: within Tocsin without a reload, and out of it in a new tab."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from app.components.marks import Text


def page_link(*content: Any, to: Text, **props: Any) -> rx.Component:
    """A link to another page of Tocsin; the page changes without a reload and its state is loaded anew."""
    return ReactRouterLink.create(*content, to=to, **props)


def outside_link(*content: Any, href: Text, **props: Any) -> rx.Component:
    """A link out of Tocsin in a new tab, which learns nothing of where it was followed from."""
    props.setdefault("class_name", "link")
    return rx.el.a(*content, href=href, target="_blank", rel="noopener noreferrer", **props)
