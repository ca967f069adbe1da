"""What each person can reach feature by feature, with the price of every value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.feature import FeatureActions
from recourse.costs.cost import Cost

MOST_ITEMS = 4_000_000
"""All joint menus of one block together may have so many states."""


class FeatureMenu:
    """The menus of one feature: one row for each of today's distinct values, flat.

    row_of_person : int[n]; lengths : int[rows]; codes : int[items] into `domain`; prices : float64[items]
    """

    def __init__(self, feature: FeatureActions, column: pd.Series[Any], cost: Cost) -> None:
        distinct, self.row_of_person = tables.encode(tables.values_of(column))
        codes, allowed = feature.targets(distinct)
        first = np.ones((len(distinct), 1), dtype=bool)
        row, position = np.nonzero(np.hstack([first, allowed]))

        # The domain holds the targets first and today's values after them, so an item's code needs no search.
        targets = feature.decode(codes)
        self.domain = np.concatenate([targets, distinct])
        today = len(codes) + row
        self.codes = np.where(position == 0, len(codes) + row, position - 1)
        self.lengths = np.bincount(row, minlength=len(distinct))

        # Prices: value by value, as distances between positions, or as what entering a level takes.
        if not cost.has_positions:
            prices = [
                np.concatenate([[0.0], cost.prices(feature, tables.plain_value(x), targets[allowed[k]])])
                for k, x in enumerate(distinct)
            ]
            self.prices = np.concatenate([np.empty(0), *prices])
        elif feature.ordered:
            at = cost.weight(feature) * cost.position(feature, self.domain)
            self.prices = np.abs(at[self.codes] - at[today])
        else:
            entry = cost.weight(feature) * cost.entry(feature, self.domain)
            self.prices = np.where(position == 0, 0.0, entry[self.codes])

        # What the cost doesn't price: giving a value, staying, and leaving an unknown level.
        if feature.from_missing is not None:
            missing = tables.is_missing(distinct, feature.missing)[row]
            self.prices = np.where(missing & (position > 0), feature.from_missing, self.prices)
        self.prices[position == 0] = 0.0
        lost = np.isnan(self.prices)
        if lost.any():  # today's level is none of the ordered ones: there is no distance, only what entry takes
            self.prices[lost] = cost.weight(feature) * cost.entry(feature, self.domain[self.codes[lost]])
        self.start = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
