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

    Parameters
    ----------
    name : str
        As `load` and `available` call it.
    X : DataFrame
        The features that a model may use.
    y : Series
        The label, on the index of `X`.
    target : str
        The name of the label.
    desired : int or str
        The value of `y` that is good for the person.
    frame : DataFrame
        The whole table: columns to group by, and rows that `X` leaves out, are there. An index label of `X` finds the
        same person here.
    description, licence, citation : str
        Whom the table is about, how it may be used, and what to cite.
    known_harms : tuple of str
        What the table gets wrong, in sentences.

    Examples
    --------
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
