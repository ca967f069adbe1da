"""What a document may hold: None, booleans, numbers, text, lists and mappings of these, fit for JSON.

`plain` makes that of whatever tables hold: missing values are None, NumPy's scalars are Python's, and what
JSON has no word for (intervals, dates) is its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Return a value, or everything in a mapping or list, as JSON can hold it.

    >>> plain({"age": np.float64("nan"), "band": pd.Interval(0, 5), "n": np.int64(3)})
    {'age': None, 'band': '(0, 5]', 'n': 3}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)
