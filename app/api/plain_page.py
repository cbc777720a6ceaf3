"""The frame of the HTML pages that need no Reflex: one answer, without scripts and without anything from outside."""

from __future__ import annotations

from html import escape
from typing import Literal

_STYLE = """
:root{color-scheme:light dark;--line:light-dark(#d9dde3,#39414d);--soft:light-dark(#5a6472,#a3adba)}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
:root{--card:light-dark(#f6f7f9,#1b2027);--link:light-dark(#0b57b0,#8ab4f8)}
:root{background:light-dark(#fff,#111214);color:light-dark(#1c2024,#edeef0)}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem 1rem 6rem;overflow-wrap:anywhere}
a{color:var(--link)}
h1,h2,h3{line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
code{font:.9em ui-monospace,monospace;background:var(--card);padding:.1em .3em;border-radius:4px}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;overflow-wrap:normal;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
td:last-child{overflow-wrap:anywhere}
.soft{color:var(--soft)}
"""

Theme = Literal["system", "light", "dark"]


def page(title: str, body: str, style: str = "", theme: Theme = "system") -> bytes:
    """The page with this `body`, which is HTML. `style` is CSS of its own; the theme `system` follows the device."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · Tocsin</title><style>{_STYLE}{style}</style>"
    )
    return f'<!doctype html><html lang="en" data-theme="{theme}"><head>{head}</head><body>{body}</body></html>'.encode()
