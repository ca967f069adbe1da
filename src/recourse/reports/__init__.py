"""Tools that turn a result's plain document into text for a terminal and into HTML.

Nothing here knows a model, a search or a result: each result's package holds its own `View`, which is a
function that lays its document out as text and a template that lays it out as HTML.
"""

from recourse.reports.report import Report
from recourse.reports.view import View

__all__ = ["Report", "View"]
