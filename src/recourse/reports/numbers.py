"""How numbers are written, everywhere the same: counts, shares, costs and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTHING = "–"


def count(value: Any) -> str:
    """Write a number of people.

    >>> count(30000)
    '30,000'
    """
    return NOTHING if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """Write a share as a percentage; one that is not quite 0 or 1 never reads as if it were.

    >>> share(0.1234), share(0.99999), share(1.0), share(0.0001)
    ('12.3 %', '>99.9 %', '100 %', '<0.1 %')
    """
    if value is None:
        return NOTHING
    if value in (0, 1):
        return f"{value:.0%}".replace("%", " %")
    if value < 0.001:
        return "<0.1 %"
    if value > 0.999:
        return ">99.9 %"
    return f"{100 * value:.1f} %"


def cost(value: float | None) -> str:
    """Write a cost with four significant digits.

    >>> cost(0.123456), cost(12.0), cost(None)
    ('0.1235', '12', '–')
    """
    return NOTHING if value is None else "∞" if value == float("inf") else f"{value:.4g}"


def value(raw: Any) -> str:
    """Write a feature's value as a person would.

    >>> value(3.0), value(0.30000000000000004), value("rent")
    ('3', '0.3', 'rent')
    """
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, float):
        return f"{raw:.10g}"
    return NOTHING if raw is None else str(raw)


def spread(measure: Mapping[str, Any] | None) -> str:
    """Write a mean over repeats with its standard deviation, where there are several.

    >>> spread({"mean": 0.1, "sd": 0.02}), spread({"mean": 0.1, "sd": None}), spread(None)
    ('0.1000 ± 0.0200', '0.1000', '–')
    """
    if measure is None:
        return NOTHING
    mean = f"{measure['mean']:.4f}"
    return mean if measure["sd"] is None else f"{mean} ± {measure['sd']:.4f}"
