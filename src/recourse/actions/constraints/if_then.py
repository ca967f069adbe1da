"""If one feature ends up on one side of a value, another one must too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.constraints.constraint import Constraint, FileEntry, Linear, Setting, Term
from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.tables import Name


class IfThen(Constraint):
    """If one feature ends up on one side of a value, another must too.

    Parameters
    ----------
    condition : (name, operator, value)
        What is asked of the new row. Operators are ``=  !=  <  <=  >  >=`` and ``in``, which takes a list of values.
    consequence : (name, operator, value)
        What must then be true of the new row.

    Raises
    ------
    InputError
        For anything else than three things, and for an unknown operator.

    Examples
    --------
    >>> IfThen(("employed", "=", 0), ("hours", "<=", 0))
    IfThen(employed, hours; condition=('employed', '=', 0), consequence=('hours', '<=', 0))
    """

    entry = FileEntry(
        "if_then",
        "If one feature ends up on one side of a value, another must too.",
        (
            Setting(
                "if",
                "clause",
                '[feature, operator, value], such as ["employed", "=", 0]. The condition.',
                attribute="condition",
            ),
            Setting(
                "then",
                "clause",
                '[feature, operator, value], such as ["hours", "<=", 0]. What then must hold.',
                attribute="consequence",
            ),
        ),
    )

    def __init__(self, condition: tuple[Name, str, Any], consequence: tuple[Name, str, Any]) -> None:
        for one in (condition, consequence):
            if len(tuple(one)) != 3 or one[1] not in _OPERATORS:
                raise InputError(f"{one!r} must be (feature, operator, value) with one of {', '.join(_OPERATORS)}.")
        self.condition, self.consequence = tuple(condition), tuple(consequence)
        self.features = tuple(dict.fromkeys((self.condition[0], self.consequence[0])))

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
            True where the condition does not hold afterwards, or the consequence does.
        """
        return ~_compare(new, self.condition) | _compare(new, self.consequence)

    def linear(self) -> Sequence[Linear] | None:
        if len(self.features) < 2:
            return None
        (a, *first), (b, *second) = self.condition, self.consequence
        terms: dict[Name, Term] = {
            a: lambda today, new: _operate(new, *first),
            b: lambda today, new: -_operate(new, *second).astype(float),
        }
        return [Linear(terms, -1, 0)]


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: np.isin(a, list(b)),
}


def _operate(values: npt.NDArray[Any], operator: str, other: Any) -> BoolArray:
    return np.asarray(_OPERATORS[operator](values, other), dtype=bool)


def _compare(frame: pd.DataFrame, condition: tuple[Any, ...]) -> BoolArray:
    name, operator, other = condition
    return _operate(frame[name].to_numpy(), operator, other)
