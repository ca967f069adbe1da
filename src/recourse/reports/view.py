"""How one kind of document is shown: as text, as a piece of HTML, and as a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recourse.reports import page

Document = Mapping[str, Any]
"""What a result's `to_dict()` returns, or what was read back from its JSON."""


@dataclass(frozen=True)
class View:
    """The text and the HTML of one kind of document, whether it comes from a result or from a JSON file.

    Parameters
    ----------
    layout : function
        Takes a document and returns its text for a terminal.
    package : str
        The package whose folder `templates` holds the template, as in ``"recourse.audits"``.
    template : str
        The template's file name. It sees the document as ``doc``.
    names : mapping, optional
        What else the template may use: tables of labels, functions.

    Examples
    --------
    >>> from recourse.flipsets.views import VIEW
    >>> document = {"model": {"name": "M", "approved_if": "score ≥ 0"}, "cost": "total", "distinct": "minimal"}
    >>> print(VIEW.text(document | {"items": [], "reason": "No recourse."}))
    Flipset: M, approved if score ≥ 0; cost total, minimal items
    <BLANKLINE>
    No recourse.
    """

    layout: Callable[[Document], str]
    package: str
    template: str
    names: Mapping[str, Any] = field(default_factory=dict)

    def text(self, document: Document) -> str:
        """Render a document for a terminal.

        Parameters
        ----------
        document : mapping
            What a result's `to_dict()` returned, or the same read back from JSON.
        """
        return self.layout(document).rstrip()

    def html(self, document: Document) -> str:
        """Render a document as one piece of static HTML, as notebooks show it.

        Parameters
        ----------
        document : mapping
            What a result's `to_dict()` returned, or the same read back from JSON. Everything in it is escaped.
        """
        return page.render(self.package, self.template, doc=document, **self.names)

    def page(self, document: Document) -> str:
        """Render a document as a self-contained HTML page, without scripts.

        Parameters
        ----------
        document : mapping
            What a result's `to_dict()` returned, or the same read back from JSON. Everything in it is escaped.
        """
        return page.render(self.package, "page.html", content=self.template, doc=document, **self.names)
