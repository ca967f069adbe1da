"""The table of most tests of action sets and menus."""

from __future__ import annotations

import pandas as pd


def five_people() -> pd.DataFrame:
    """Booleans as numbers and as truth values, whole numbers and reals."""
    return pd.DataFrame(
        {
            "owns": [0, 1, 0, 1, 1],
            "overdue": [0, 3, 4, 7, 9],
            "income": [1.5, 2.0, 3.25, 4.0, 8.0],
            "flag": [True, False, True, True, False],
        }
    )
