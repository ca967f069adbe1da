"""A table of people, and what must be known before a number is printed about them.

A data set without its licence, its source and its known harms is half a data set, so they travel together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Hold one table with what must be known before it is used.

    `X` has the features that a model may use and `y` the label, on the same index; an index label of `X`
    finds the same person in `frame`, which is the whole table (columns to group by, and rows that `X` leaves
    out, are there). `desired` is the value of `y` that is good for the person. `known_harms` says what the
    table gets wrong.

    >>> from recourse.datasets import lender
    >>> data = lender(200)
    >>> data
    Dataset('lender': 200 people × 7 features, favourable approved = 1 for 61.0 %)
    >>> data.X.shape, data.target, data.desired
    ((200, 7), 'approved', 1)
    """

    name: str
    X: pd.DataFrame
    y: pd.Series[Any]
    target: str
    desired: int | str
    frame: pd.DataFrame
    description: str
    licence: str
    citation: str
    known_harms: tuple[str, ...]

    def __repr__(self) -> str:
        people, features = self.X.shape
        share = (self.y == self.desired).mean()
        return (
            f"Dataset({self.name!r}: {people:,} people × {features} features, "
            f"favourable {self.target} = {self.desired} for {share:.1%})".replace("%)", " %)")
        )
