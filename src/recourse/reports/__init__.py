"""What people read: every view of a result, rendered from the plain document that its `to_dict()` returns.

Documents in, text out: nothing here knows a model, a search or a result type. `formats` says how numbers
are written, `terminal` lays text out, and `templates/` hold the HTML (autoescaped).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["html", "page", "text"]


def text(document: Mapping[str, Any]) -> str:
    """Render a result's document for a terminal."""
    from recourse.reports import terminal

    return terminal.render(document)


def html(document: Mapping[str, Any]) -> str:
    """Render a result's document as one piece of static HTML, as notebooks show it."""
    from recourse.reports import web

    return web.render(document)


def page(document: Mapping[str, Any]) -> str:
    """Render a result's document as a self-contained HTML page, without scripts."""
    from recourse.reports import web

    return web.page(document)
