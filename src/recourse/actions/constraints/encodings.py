"""Columns that encode one ordered level together: thermometer and one-hot encodings of levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import (
    Constraint,
    FileEntry,
    Linear,
    Setting,
    Term,
    change_of,
    direction_of,
    feature_names,
    minus_change_of,
    minus_value_after,
    number_columns,
    value_after,
)
from recourse.arrays import BoolArray
from recourse.tables import Name

_FEATURES = Setting("features", "names", "a list of two or more different features. From lowest to highest.", least=2)
_DIRECTION = Setting("direction", "direction", '"up", "down" or "any" (1, -1 or 0). Which way the level can go.', 0)


class Thermometer(Constraint):
    """A thermometer encoding: 0/1 features of the form "at least level k" in ascending order of k.

    Each implies the one before it.

    Parameters
    ----------
    names : sequence of names
        Two or more 0/1 features, from the lowest level to the highest.
    direction : {1, 0, −1}
        1: the level may only rise; −1: only fall; 0: either.

    Examples
    --------
    >>> Thermometer(["degree>=1", "degree>=2"], direction=1)
    Thermometer(degree>=1, degree>=2; direction=1)
    """

    entry = FileEntry(
        "thermometer",
        '0/1 features of the form "at least level k", in ascending order: each implies the one before it.',
        (_FEATURES, _DIRECTION),
        needs="0/1 features",
    )

    def __init__(self, names: Sequence[Name], direction: int = 0) -> None:
        self.features, self.direction = feature_names(names, least=2), direction_of(direction)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return which of some changes the condition admits, row by row.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.

        Returns
        -------
        bool[n]
            True where every level that is reached implies those before it, and the level goes in its direction.
        """
        on, before = (
            number_columns(new, self.features, type(self).__name__),
            number_columns(today, self.features, type(self).__name__),
        )
        steps = (np.diff(on, axis=1) <= 0).all(axis=1)
        return steps & ((on.sum(axis=1) - before.sum(axis=1)) * self.direction >= 0)

    def linear(self) -> Sequence[Linear]:
        rows = [
            Linear({lower: value_after, higher: minus_value_after}, 0, 1)
            for lower, higher in zip(self.features, self.features[1:], strict=False)
        ]
        if self.direction:
            rise = dict.fromkeys(self.features, change_of if self.direction > 0 else minus_change_of)
            rows.append(Linear(rise, 0, len(self.features)))
        return rows


class OrdinalEncoding(Constraint):
    """A one-hot encoding of ordered levels: exactly one of the 0/1 features, listed from lowest to highest.

    Parameters
    ----------
    names : sequence of names
        Two or more 0/1 features, from the lowest level to the highest.
    direction : {1, 0, −1}
        1: the level may only rise; −1: only fall; 0: either.
    at_most : bool
        True where the encoding left a level out, the lowest one: then all features may be off.

    Examples
    --------
    >>> OrdinalEncoding(["none", "school", "degree"], direction=1)
    OrdinalEncoding(none, school, degree; direction=1, at_most=False)
    """

    entry = FileEntry(
        "ordinal_encoding",
        "A one-hot encoding of ordered levels: 0/1 features, listed from the lowest level to the highest.",
        (_FEATURES, _DIRECTION, Setting("at_most", "truth", "true or false. Whether all of them may be off.", False)),
        needs="0/1 features",
    )

    def __init__(self, names: Sequence[Name], direction: int = 0, *, at_most: bool = False) -> None:
        self.features, self.direction = feature_names(names, least=2), direction_of(direction)
        self.at_most = at_most

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return which of some changes the condition admits, row by row.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.

        Returns
        -------
        bool[n]
            True where one level is on (or none, with `at_most`), and it goes in its direction.
        """
        on, before = (
            number_columns(new, self.features, type(self).__name__),
            number_columns(today, self.features, type(self).__name__),
        )
        ranks = np.arange(1, len(self.features) + 1)
        one = on.sum(axis=1) <= 1 if self.at_most else on.sum(axis=1) == 1
        return one & ((on @ ranks - before @ ranks) * self.direction >= 0)

    def linear(self) -> Sequence[Linear]:
        rows = [Linear(dict.fromkeys(self.features, value_after), 0 if self.at_most else 1, 1)]
        if self.direction:
            terms: dict[Name, Term] = {
                name: lambda today, new, w=self.direction * rank: w * change_of(today, new)  # type: ignore[misc]
                for rank, name in enumerate(self.features, start=1)
            }
            rows.append(Linear(terms, 0, np.inf))
        return rows
