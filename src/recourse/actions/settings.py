"""What the settings of a feature may be: their names, the words they take, and checks that say what is wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError, nearest
from recourse.tables import Name

VARIABLE_TYPES = ("boolean", "integer", "real", "ordinal", "categorical")
LEVEL_TYPES = ("ordinal", "categorical")
STEP_TYPES = ("relative", "absolute")
BOUND_TYPES = ("absolute", "percentile")
BOUND_CODES = {"a": "absolute", "p": "percentile"}
GRIDS = ("steps", "observed", "legacy")
PERCENTILES = ("empirical", "kde")
SETTINGS = (
    "variable_type",
    "actionable",
    "mutable",
    "step_direction",
    "step_type",
    "step_size",
    "bounds",
    "lb",
    "ub",
    "levels",
    "from_missing",
    "label",
    "unit",
)
"""The settings of a feature, by the names that users write; `mutable` is the older name of `actionable`."""


def is_numeric(values: npt.NDArray[Any]) -> bool:
    """Whether a column holds numbers."""
    return values.dtype.kind in "biuf"


def as_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values as numbers where all of them are; a column with codes such as "?" arrives as objects."""
    if values.dtype == object and len(values) and all(isinstance(v, (int, float, np.number, np.bool_)) for v in values):
        return np.array(values.tolist())
    return values


def infer_type(values: npt.NDArray[Any]) -> str:
    """The narrowest kind that holds all observed values."""
    kinds = ("boolean", "integer", "real", "categorical")
    return next(kind for kind in kinds if not_of_type(kind, values) is None)


def not_of_type(variable_type: str, values: npt.NDArray[Any]) -> Any:
    """The first observed value that contradicts a variable type, if any."""
    if variable_type in LEVEL_TYPES:
        return None
    if not is_numeric(values):
        return values[0] if len(values) else None
    if variable_type == "real":
        return None
    wrong = ~np.isin(values, (0, 1)) if variable_type == "boolean" else values != np.round(values)
    return values[wrong][0].item() if wrong.any() else None


def check_bounds(name: Name, value: Any, *, words: bool = False) -> tuple[Any, Any, str]:
    """Check bounds as a user says them: (lb, ub) or (lb, ub, bound_type)."""
    try:
        low, high, *rest = value
        if isinstance(value, str) or len(rest) > 1:
            raise TypeError
    except (TypeError, ValueError):
        raise InputError(f"bounds of {name!r} must be (lb, ub) or (lb, ub, 'percentile'), not {value!r}.") from None
    kind = rest[0] if rest else "absolute"
    kind = BOUND_CODES.get(kind, kind)
    one_of(name, "bound_type", kind, BOUND_TYPES)
    if words and kind == "absolute":
        return low, high, kind
    low, high = finite_number(name, "lower bound", low), finite_number(name, "upper bound", high)
    if low > high:
        raise InputError(f"bounds of {name!r} are reversed: {low:g} is above {high:g}.")
    if kind == "percentile" and not (0 <= low <= high <= 100):
        raise InputError(f"percentile bounds of {name!r} must lie in 0–100, not ({low:g}, {high:g}).")
    return low, high, kind


def finite_number(name: Name, what: str, value: Any) -> float:
    """A finite number, or an error that names the feature and the setting."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, str) or not math.isfinite(number):
        raise InputError(f"{what} of {name!r} must be a finite number, not {value!r}.")
    return number


def one_of(name: Name, setting: str, value: Any, options: tuple[str, ...]) -> Any:
    """One of the words that a setting takes, or an error that names the nearest."""
    if value not in options:
        raise InputError(f"{setting} of {name!r} can't be {value!r}. {nearest(value, options)}")
    return value
