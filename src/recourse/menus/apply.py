"""How a choice of new values becomes a row of the table, changes that it brings along included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import IntArray

if TYPE_CHECKING:
    pass


def replaced(column: pd.Series[Any], where: IntArray, values: npt.NDArray[Any]) -> Any:
    """A column with some of its values replaced, in its own dtype where the new values fit it."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf" and values.dtype.kind in "biuf":
        array = column.to_numpy()
        array = array.astype(np.result_type(array.dtype, values.dtype))
        array[where] = values
        return array
    objects = column.to_numpy(dtype=object, copy=True)  # pandas 3 hands out read-only views
    objects[where] = values
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):  # a level that this table doesn't list is still that level
        more = [level for level in pd.unique(values) if level not in dtype.categories and not pd.isna(level)]
        dtype = pd.CategoricalDtype([*dtype.categories, *more], dtype.ordered)
    if column.dtype == object:
        return objects
    try:
        array = pd.Series(objects, dtype=dtype).array
        survived = array.astype(object)[where] == values  # Arrow integers, say, drop fractions in silence
    except (TypeError, ValueError, ArithmeticError):
        survived = np.zeros(len(where), dtype=bool)
    if np.asarray(survived, dtype=object).astype(bool).all():
        return array
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.Series(objects, dtype="Float64").array
    return objects
