"""A condition that is a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import Constraint, feature_names
from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.tables import Name


class Predicate(Constraint):
    """A condition of the user's own.

    Parameters
    ----------
    function : callable
        ``function(today, new)`` gets two tables, rows as they are and as they would be, and returns a truth value
        for each row. It must be pure: it is called with batches of people and of actions, in any order.
    names : sequence of names
        The columns that it reads; the tables have at least these.

    Examples
    --------
    >>> def no_new_debts(today, new):
    ...     return new["debts"] <= today["debts"]
    >>> Predicate(no_new_debts, ["debts"]).features
    ('debts',)
    """

    def __init__(self, function: Callable[[pd.DataFrame, pd.DataFrame], Any], names: Sequence[Name]) -> None:
        if not callable(function):
            raise InputError("a predicate needs a function of two tables: today's rows and the new ones.")
        self.function, self.features = function, feature_names(names, least=1)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return which of some changes the condition admits, row by row.

        Raises `InputError` if the function does not give one answer a row.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.

        Returns
        -------
        bool[n]
            What the function answers.
        """
        answer = np.asarray(self.function(today, new), dtype=bool)
        if answer.shape != (len(new),):
            raise InputError(
                f"the predicate on {', '.join(map(str, self.features))} gave {answer.shape} for {len(new)} rows."
            )
        return answer
