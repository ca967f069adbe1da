"""What people read: every view of a result, rendered from the plain document that its `to_dict()` returns.

Documents in, text out: nothing here knows a model, a search or a result type. `numbers` says how they
are written, `layout` lays text out, and `templates/` hold the HTML (autoescaped).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Report", "as_html", "as_page", "as_text"]


def as_text(document: Mapping[str, Any]) -> str:
    """Render a result's document for a terminal."""
    from recourse.reports import layout

    return layout.render(document)


def as_html(document: Mapping[str, Any]) -> str:
    """Render a result's document as one piece of static HTML, as notebooks show it."""
    from recourse.reports.page import render

    return render(document)


def as_page(document: Mapping[str, Any]) -> str:
    """Render a result's document as a self-contained HTML page, without scripts."""
    from recourse.reports.page import full_page

    return full_page(document)


class Report:
    """What every result can do once it has a document: show itself in a terminal, in a notebook, as a page."""

    def to_dict(self) -> dict[str, Any]:
        """Return the document: plain values, from which every view is rendered."""
        raise NotImplementedError

    def to_html(self) -> str:
        """Return a self-contained HTML page, without scripts."""
        return as_page(self.to_dict())

    def __repr__(self) -> str:
        return as_text(self.to_dict())

    def _repr_html_(self) -> str:
        return as_html(self.to_dict())
