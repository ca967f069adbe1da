"""A limit on how many features an action changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import (
    Constraint,
    FileEntry,
    Linear,
    Setting,
    feature_names,
    same_values,
)
from recourse.arrays import BoolArray
from recourse.checks import whole_number
from recourse.tables import Name


class AtMost(Constraint):
    """At most `k` of these features change at once (of all features, without `names`).

    What a linkage moves along was not chosen, and does not count.

    Parameters
    ----------
    k : int
        How many features may change; 0 lets nobody change any of them.
    names : sequence of names, optional
        The features that are counted; all features of the action set by default.

    Examples
    --------
    >>> AtMost(2, ["income", "savings", "debts"])
    AtMost(income, savings, debts; k=2)
    """

    counts_choices = True
    entry = FileEntry(
        "at_most",
        "At most `k` of these features change at once (of all, if none are listed).",
        (
            Setting("k", "whole", "a whole number of 0 or more. How many may change."),
            Setting(
                "features", "names", "a list of different features. Those that are counted; all if left out.", None
            ),
        ),
    )

    def __init__(self, k: int, names: Sequence[Name] | None = None) -> None:
        self.features = () if names is None else feature_names(names, least=1)
        self.k: int = whole_number("k, how many features may change,", k)

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
            True where at most `k` of the features differ.
        """
        names = self.features or tuple(new.columns)
        changes = sum(~same_values(today[name].to_numpy(), new[name].to_numpy()) for name in names)
        return np.asarray(changes <= self.k)

    def holds(
        self, today: pd.DataFrame, new: pd.DataFrame, changed: Mapping[Name, BoolArray] | None = None
    ) -> BoolArray:
        """Return which of some changes are few enough, row by row.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, in raw values.
        new : DataFrame
            Where they would go, with the same index.
        changed : mapping from feature to bool[n], optional
            In which rows the person chose to change a feature: what is counted. By default wherever it differs.

        Returns
        -------
        bool[n]
            True where at most `k` features were chosen.
        """
        if changed is None:
            return self.admits(today, new)
        changes = np.zeros(len(new), dtype=np.int64)
        for name in self.features or tuple(changed):
            if name in changed:
                changes += changed[name]
        return changes <= self.k

    def linear(self) -> Sequence[Linear]:
        terms = dict.fromkeys(self.features, lambda today, new: ~same_values(today, new))
        return [Linear(terms, 0, self.k, of_choices=True)]
