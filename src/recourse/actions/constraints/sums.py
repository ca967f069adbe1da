"""A weighted sum of numbers that must stay between two bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import (
    Constraint,
    FileEntry,
    Linear,
    Setting,
    Term,
    change_of,
    feature_names,
    number_columns,
    value_after,
)
from recourse.arrays import BoolArray
from recourse.checks import number
from recourse.errors import InputError
from recourse.tables import Name


class Sum(Constraint):
    """lb ≤ Σ coefficient · value ≤ ub over several numeric features, after the action.

    Parameters
    ----------
    coefficients : mapping from feature to number
        The weights of the sum.
    lb, ub : float
        The smallest and largest sum that is possible; without limits by default.
    of_changes : bool
        Whether changes are added up instead of the values that come out.

    Raises
    ------
    InputError
        If `lb` is above `ub`, and for a coefficient that is no number.

    Notes
    -----
    With ``of_changes=True`` the changes count instead of the values: ``Sum({"total": 1, "a": -1, "b": -1}, 0,
    0, of_changes=True)`` keeps a total in step with its parts (additive linkage), and
    ``Sum({"years_at_job": 1, "age": -1}, ub=0)`` keeps one feature below another.

    Examples
    --------
    >>> Sum({"years_at_job": 1, "age": -1}, ub=0).admits(
    ...     pd.DataFrame({"years_at_job": [5], "age": [30]}), pd.DataFrame({"years_at_job": [31], "age": [30]})
    ... ).tolist()
    [False]
    """

    entry = FileEntry(
        "sum",
        "A weighted sum of features, or of their changes, stays between `lb` and `ub`.",
        (
            Setting(
                "coefficients",
                "rates",
                "a table of numbers by feature, such as { years_at_job = 1, age = -1 }. The weights of the sum.",
            ),
            Setting("lb", "number", "a number. The smallest sum that is possible; left out, there is none.", None),
            Setting("ub", "number", "a number. The largest sum that is possible; left out, there is none.", None),
            Setting("of_changes", "truth", "true or false. Whether changes are added up instead of values.", False),
        ),
        needs="numbers",
    )

    def __init__(
        self,
        coefficients: Mapping[Name, float],
        lb: float = -np.inf,
        ub: float = np.inf,
        *,
        of_changes: bool = False,
    ) -> None:
        self.features = feature_names(list(coefficients), least=1)
        self.coefficients = {
            name: number(f"the coefficient of {name!r}", weight) for name, weight in coefficients.items()
        }
        self.lb, self.ub, self.of_changes = float(lb), float(ub), bool(of_changes)
        if not self.lb <= self.ub:
            raise InputError(f"a sum needs lb ≤ ub, not lb = {lb}, ub = {ub}.")

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
            True where the sum lies within its bounds, give or take rounding.
        """
        weights = np.array(list(self.coefficients.values()))
        values = number_columns(new, self.features, type(self).__name__)
        if self.of_changes:
            values = values - number_columns(today, self.features, type(self).__name__)
        total = values @ weights
        room = 1e-9 * (1 + np.abs(values) @ np.abs(weights))
        return (total >= self.lb - room) & (total <= self.ub + room)

    def linear(self) -> Sequence[Linear]:
        term = change_of if self.of_changes else value_after
        terms: dict[Name, Term] = {
            name: lambda today, new, w=weight: w * term(today, new)  # type: ignore[misc]
            for name, weight in self.coefficients.items()
        }
        return [Linear(terms, self.lb, self.ub)]
