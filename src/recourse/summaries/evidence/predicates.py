"""Predicates: what can be true of one feature of a person, as rules and splits of trees say it.

Conditions and subgroups are conjunctions of these; a missing value satisfies none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.arrays import BoolArray, FloatArray
from recourse.tables import Name

OPERATORS = ("=", "≠", "≤", "≥")


@dataclass(frozen=True)
class FeaturePredicate:
    """A statement about one feature of a person: ``feature operator value``.

    A missing value satisfies no predicate, not even ≠; a code for one satisfies "=" that code.

    Parameters
    ----------
    feature : hashable
        The column that it is about.
    operator : str
        "=", "≠", "≤", "≥", or "in" for a bin.
    value : object
        What the feature is compared with; of a bin (low, high), which means low ≤ x < high, None for an open end.
    whole : bool
        The feature holds whole numbers, so that a bin reads "3 to 7".
    order : tuple or None
        The levels of an ordinal feature from low to high; ≤ and ≥ go by rank.
    missing : tuple
        Codes that mean "missing".

    Examples
    --------
    >>> FeaturePredicate("priors", "in", (3, 8), whole=True)
    priors = 3 to 7
    >>> FeaturePredicate("income", "≥", 50.0).holds(pd.Series([20.0, 50.0, np.nan])).tolist()
    [False, True, False]
    """

    feature: Name
    operator: str
    value: Any
    whole: bool = False
    order: tuple[Any, ...] | None = None
    missing: tuple[Any, ...] = ()

    def holds(self, column: pd.Series[Any]) -> BoolArray:
        """Return for each row whether the predicate is true of it.

        Parameters
        ----------
        column : Series
            The feature's column.

        Returns
        -------
        bool[n]
        """
        plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"
        raw = column.to_numpy() if plain else column.to_numpy(dtype=object, na_value=np.nan)
        if self.operator == "=":
            return np.asarray(raw == self.value, dtype=bool)
        known = ~tables.is_missing(raw, self.missing)
        if self.operator == "≠":
            return np.asarray(known & (raw != self.value), dtype=bool)
        values = positions(column, self.order)
        if self.operator == "in":
            low, high = self.value
            above = True if low is None else values >= low
            below = True if high is None else values < high
            return np.asarray(known & above & below, dtype=bool)
        limit = self.value if self.order is None else self.order.index(self.value)
        within = values <= limit if self.operator == "≤" else values >= limit
        return np.asarray(known & within, dtype=bool)

    def holds_at(self, value: FloatArray, order: tuple[Any, ...] | None) -> BoolArray:
        """Return whether the predicate is true of positions.

        Parameters
        ----------
        value : float64[n]
            Numbers, or ranks among the levels; NaN for a missing value.
        order : tuple or None
            The levels that ranks count; None for numbers.

        Returns
        -------
        bool[n]
        """
        if order is None:
            return self.holds(pd.Series(value))
        ranks = np.where(np.isnan(value), -1, value).astype(np.int64)
        return self.holds(pd.Series([None if rank < 0 else order[rank] for rank in ranks], dtype=object))

    def value_text(self) -> str:
        """The value in words: '3 to 7', 'at least 12.5', 'rent'."""
        if self.operator != "in":
            return number_text(self.value)
        low, high = self.value
        if low is None and high is None:
            return "any"
        if high is None:
            return f"at least {number_text(low)}"

        # of whole numbers the last one in the bin is named, of others the end that is not in it
        if self.whole:
            last = high - 1
            if low is None:
                return f"at most {number_text(last)}"
            return number_text(last) if last == low else f"{number_text(low)} to {number_text(last)}"
        return f"below {number_text(high)}" if low is None else f"{number_text(low)} to below {number_text(high)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the predicate as plain values."""
        value = list(self.value) if self.operator == "in" else self.value
        return {"feature": str(self.feature), "operator": self.operator, "value": value, "text": str(self)}

    def __str__(self) -> str:
        return f"{self.feature} {'=' if self.operator == 'in' else self.operator} {self.value_text()}"

    __repr__ = __str__


@dataclass(frozen=True)
class Negation:
    """What is true of everybody of whom a predicate isn't: the other branch of a split. A missing value is there too.

    Parameters
    ----------
    predicate : FeaturePredicate
        What is denied.

    Examples
    --------
    >>> Negation(FeaturePredicate("priors", "in", (3, 8), whole=True)), Negation(FeaturePredicate("sex", "=", "Male"))
    (priors not 3 to 7, sex ≠ Male)
    >>> Negation(FeaturePredicate("income", "≥", 50.0)).holds(pd.Series([20.0, 50.0, np.nan])).tolist()
    [True, False, True]
    """

    predicate: FeaturePredicate

    @property
    def feature(self) -> Name:
        """The feature that it is about."""
        return self.predicate.feature

    def holds(self, column: pd.Series[Any]) -> BoolArray:
        """Return for each row whether the predicate is not true of it.

        Parameters
        ----------
        column : Series
            The feature's column.

        Returns
        -------
        bool[n]
        """
        return ~self.predicate.holds(column)

    def to_dict(self) -> dict[str, Any]:
        """Return the negation as plain values: its predicate's, and that it is not."""
        return {**self.predicate.to_dict(), "negated": True, "text": str(self)}

    def __str__(self) -> str:
        operator = {"=": "≠", "≠": "=", "≤": ">", "≥": "<", "in": "not"}[self.predicate.operator]
        return f"{self.feature} {operator} {self.predicate.value_text()}"

    __repr__ = __str__


Condition = FeaturePredicate | Negation
"""What may be said of a feature: a predicate, or that it is not true."""


def positions(column: pd.Series[Any], order: tuple[Any, ...] | None) -> FloatArray:
    """A column as numbers: its own, or ranks among `order`; NaN where missing or unknown."""
    if order is None:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    rank = {level: float(k) for k, level in enumerate(order)}
    return np.array([rank.get(value, np.nan) for value in column.to_numpy(dtype=object)], dtype=np.float64)


def number_text(value: Any) -> str:
    """Write a value as a person would: 3.0 as '3'."""
    return f"{value:.10g}" if isinstance(value, (float, np.floating)) else str(value)


def nearest_value(values: FloatArray, targets: FloatArray) -> FloatArray:
    """The nearest of ascending targets to each value; of two equally near, the lower."""
    right = np.clip(np.searchsorted(targets, values), 0, len(targets) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(values - targets[left] <= targets[right] - values, targets[left], targets[right])
