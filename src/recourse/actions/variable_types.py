"""What kind of feature a column of the population holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.tables import holds_dates, is_missing

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


ENOUGH_ROWS = 50
"""So many rows at least, before a column with a value of its own for each row says anything."""

IDENTIFIER = re.compile(r"(^|[\W_])(id|ids|identifier|index|key|uuid|guid|no|nr|number|row)([\W_]|$)|^unnamed: ", re.I)
"""Names of columns that number rows or people, in words of their own: "customer_id", "Unnamed: 0"."""

CODE = re.compile(r"-9+|-8+|-1|9{2,}")
"""How codes for missing numbers are spelt: −1, −9, −999, 99, 9999."""


def ordered_levels(column: pd.Series[Any], codes: Sequence[Any]) -> list[Any] | None:
    """Return the levels of an ordered Categorical that somebody has, in their order; None for other columns."""
    dtype = column.dtype
    if not (isinstance(dtype, pd.CategoricalDtype) and dtype.ordered):
        return None
    seen = set(column.dropna().unique().tolist()) - set(codes)
    return [level for level in dtype.categories.tolist() if level in seen]


def why_fixed(column: pd.Series[Any], values: npt.NDArray[Any]) -> str:
    """Return why a column is nothing that people can change, in words; empty for all others.

    Dates are not, nor what tells rows apart: words that nobody shares, and whole numbers that nobody shares if they
    count the rows, come in order, or are called an identifier.
    """
    if holds_dates(column):
        return "holds dates"
    known = values[~is_missing(values)]
    if len(known) < max(ENOUGH_ROWS, len(values)) or len(np.unique(known.astype(str))) < len(known):
        return ""
    if known.dtype == object:
        words = all(isinstance(value, str) for value in known)
        return "has a value of its own for each row, like an identifier" if words else ""
    if known.dtype.kind not in "iu" and not pd.api.types.is_integer_dtype(column.dtype):
        return ""
    gaps = np.diff(known)
    counts = int(known.max()) - int(known.min()) == len(known) - 1
    named = IDENTIFIER.search(str(column.name)) is not None
    if counts or named or (gaps > 0).all() or (gaps < 0).all():
        return "has a value of its own for each row, like a row number or an identifier"
    return ""


def likely_code(values: npt.NDArray[Any], variable_type: str) -> float | None:
    """Return a number that probably stands for a missing one: spelt like a code, frequent, and far from the others.

    values : in ascending order, one a person

    >>> likely_code(np.array([-999, -999, 12, 30, 44]), "integer")
    -999.0
    """
    if variable_type not in ("integer", "real") or len(values) < 3:
        return None
    for code, others in ((values[0], values[values != values[0]]), (values[-1], values[values != values[-1]])):
        times = len(values) - len(others)
        if times < 2 or len(np.unique(others)) < 3 or CODE.fullmatch(f"{code:.0f}") is None or code != round(code):
            continue
        if min(abs(code - others[0]), abs(code - others[-1])) > np.ptp(others):
            return float(code)
    return None
