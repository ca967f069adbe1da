"""The frame of an HTML view: templates that compute nothing and escape everything, and the page around them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from recourse.errors import spelled_out
from recourse.reports import numbers

if TYPE_CHECKING:
    import jinja2


def render(package: str, template: str, **names: Any) -> str:
    """Render a template of a package; it may include the frame's own, such as ``style.html``.

    Parameters
    ----------
    package : str
        The package whose folder `templates` is searched first.
    template : str
        The template's file name.
    **names
        What the template may use, beside the filters `count`, `share`, `cost`, `value` and `spread`. A name that
        it uses and that is not there is an error.

    Returns
    -------
    str
        HTML in which every value is escaped, and control and direction characters are spelled out.
    """
    return spelled_out(_environment(package).get_template(template).render(**names))


@cache
def _environment(package: str) -> jinja2.Environment:
    import jinja2

    folders = [jinja2.PackageLoader(name, "templates") for name in (package, "recourse.reports")]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(folders),
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
    return environment
