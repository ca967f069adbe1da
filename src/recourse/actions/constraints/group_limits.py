"""Limits on how many of a group of 0/1 features are on after an action."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from recourse.actions.constraints.constraint import (
    Constraint,
    FileEntry,
    Linear,
    Setting,
    feature_names,
    number_columns,
    value_after,
)
from recourse.arrays import BoolArray
from recourse.checks import whole_number
from recourse.errors import InputError
from recourse.tables import Name


class GroupLimit(Constraint):
    """At least `lb` and at most `ub` of a group of 0/1 features are on.

    Parameters
    ----------
    names : sequence of names
        The group.
    lb : int
        How many are on at least.
    ub : int, optional
        How many at most; by default all may be.

    Raises
    ------
    InputError
        If `lb` is above `ub`.

    Examples
    --------
    >>> GroupLimit(["email", "phone", "post"], ub=2)
    GroupLimit(email, phone, post; lb=0, ub=2)
    """

    entry = FileEntry(
        "group_limit",
        "At least `lb` and at most `ub` of a group of 0/1 features are on.",
        (
            Setting("features", "names", "a list of different features. The group."),
            Setting("lb", "whole", "a whole number of 0 or more. How many are on at least.", 0),
            Setting("ub", "whole", "a whole number of 0 or more. How many at most.", None),
        ),
        needs="0/1 features",
    )

    def __init__(self, names: Sequence[Name], lb: int = 0, ub: int | None = None) -> None:
        self.features = feature_names(names, least=1)
        self.lb: int = whole_number("lb of a group limit", lb)
        self.ub: int = len(self.features) if ub is None else whole_number("ub of a group limit", ub)
        if self.lb > self.ub:
            raise InputError(f"a group limit needs 0 ≤ lb ≤ ub, not lb = {lb}, ub = {ub}.")

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
            True where at least `lb` and at most `ub` of the features are on afterwards.
        """
        on = number_columns(new, self.features, type(self).__name__).sum(axis=1)
        return (on >= self.lb) & (on <= self.ub)

    def linear(self) -> Sequence[Linear]:
        return [Linear(dict.fromkeys(self.features, value_after), self.lb, self.ub)]


class OneHot(GroupLimit):
    """Exactly one of a group of 0/1 features is on (at most one, if the encoding drops a reference level).

    Members may be immutable: then the others can't be switched on past them. A categorical column needs no
    such constraint; this is for tables that were encoded before they got here.

    Parameters
    ----------
    names : sequence of names
        The 0/1 features of the group.
    at_most : bool
        True where the encoding left a level out: then all features may be off.

    Examples
    --------
    >>> OneHot(["rents", "owns"]).at_most
    False
    """

    entry = FileEntry(
        "one_hot",
        "Exactly one of a group of 0/1 features is on; at most one if the encoding left a level out.",
        (
            Setting(
                "features", "names", "a list of two or more different features. The columns of the group.", least=2
            ),
            Setting("at_most", "truth", "true or false. Whether all of them may be off.", False),
        ),
        needs="0/1 features",
    )

    def __init__(self, names: Sequence[Name], *, at_most: bool = False) -> None:
        super().__init__(names, 0 if at_most else 1, 1)

    @property
    def at_most(self) -> bool:
        """Whether all of them may be off."""
        return self.lb == 0
