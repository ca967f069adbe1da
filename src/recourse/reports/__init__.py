"""What people read: every view of a result, rendered from the plain document that its `to_dict()` returns.

Documents in, text out: nothing here knows a model, a search or a result type. `formats` says how numbers
are written, `terminal` lays text out, and `templates/` hold the HTML (autoescaped).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Report", "html", "page", "text"]


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


class Report:
    """What every result can do once it has a document: show itself in a terminal, in a notebook, as a page."""

    def to_dict(self) -> dict[str, Any]:
        """Return the document: plain values, from which every view is rendered."""
        raise NotImplementedError

    def to_html(self) -> str:
        """Return a self-contained HTML page, without scripts."""
        return page(self.to_dict())

    def __repr__(self) -> str:
        return text(self.to_dict())

    def _repr_html_(self) -> str:
        return html(self.to_dict())
