"""What kind of feature a column of the population holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

VARIABLE_TYPES = ("boolean", "integer", "real", "ordinal", "categorical")
LEVEL_TYPES = ("ordinal", "categorical")


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
