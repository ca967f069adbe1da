"""What all results share: they show themselves in a terminal, in a notebook and as a page."""

from __future__ import annotations

from typing import Any, ClassVar

from recourse.reports.view import View


class Report:
    """A result that is shown by rendering the document that its `to_dict()` returns.

    A class of results says with `view` how its documents are rendered.
    """

    view: ClassVar[View]

    def to_dict(self) -> dict[str, Any]:
        """Return the document: plain values that JSON can hold, from which every view is rendered."""
        raise NotImplementedError

    def to_html(self) -> str:
        """Return a self-contained HTML page, without scripts."""
        return self.view.page(self.to_dict())

    def __repr__(self) -> str:
        return self.view.text(self.to_dict())

    def _repr_html_(self) -> str:
        return self.view.html(self.to_dict())
