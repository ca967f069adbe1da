"""Results as HTML, from templates that compute nothing and escape everything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from recourse.reports import numbers

TEMPLATES = {
    "openrecourse/audit": "audit.html",
    "openrecourse/flipset": "flipset.html",
    "openrecourse/front": "front.html",
    "openrecourse/simulation": "simulation.html",
    "openrecourse/summary": "summary.html",
}


def render(document: Mapping[str, Any]) -> str:
    """Render a document with the template of its kind."""
    return _environment().get_template(TEMPLATES[document["document"]]).render(doc=document)


def full_page(document: Mapping[str, Any]) -> str:
    """Render a document as a page of its own."""
    return _environment().get_template("page.html").render(content=TEMPLATES[document["document"]], doc=document)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("recourse.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "count": numbers.count,
        "share": numbers.share,
        "cost": numbers.cost,
        "value": numbers.value,
        "spread": numbers.spread,
    }
    environment.filters |= filters
    environment.globals |= {"summary_rows": numbers.SUMMARY_ROWS, "front_columns": numbers.front_columns}
    return environment
