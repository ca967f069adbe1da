"""Moves: what an action of a rule does to one feature of everybody who takes it.

An action is several moves of different features. Where a move leads depends on today's value and on the values that
the action set allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.summaries.evidence.predicates import FeaturePredicate, nearest_value, number_text
from recourse.tables import Name

MOVES = ("to", "at_least", "at_most", "shift")
"""The kinds of moves, by the names that `CandidateSpace(moves=…)` takes."""


@dataclass(frozen=True)
class Move:
    """One change of one feature: to the nearest value of the action set where `goal` holds.

    "=" or a bin sets the feature, "≥" raises it to at least a value, "≤" lowers it to at most one. Somebody
    who satisfies the goal already keeps today's value.

    Parameters
    ----------
    goal : FeaturePredicate
        What is true of the feature after the move.

    Examples
    --------
    >>> raise_it = Move(FeaturePredicate("income", "≥", 30))
    >>> raise_it, raise_it.apply(np.array([10.0, 40.0]), np.array([10.0, 20.0, 32.0, 50.0]))
    (raise income to at least 30, array([32., 40.]))
    """

    goal: FeaturePredicate

    @property
    def feature(self) -> Name:
        """The feature that changes."""
        return self.goal.feature

    def apply(self, today: FloatArray, domain: FloatArray, order: tuple[Any, ...] | None = None) -> FloatArray:
        """Return where the move takes people; NaN where it leads nowhere.

        Parameters
        ----------
        today : float64[n]
            Today's positions: numbers, or ranks among `order`; NaN for a missing value.
        domain : float64[k]
            The positions that an action may lead to, ascending.
        order : tuple or None
            The levels that positions rank; None for numbers.

        Returns
        -------
        float64[n]
        """
        targets = domain[self.goal.holds_at(domain, order)]
        stays = self.goal.holds_at(today, order)
        if not len(targets):
            return np.where(stays, today, np.nan)
        known = np.where(np.isnan(today), targets[0], today)
        return np.where(stays, today, nearest_value(known, targets))

    def to_dict(self) -> dict[str, Any]:
        """Return the move as plain values."""
        kind = {"≥": "at_least", "≤": "at_most"}.get(self.goal.operator, "to")
        return {"feature": str(self.feature), "move": kind, "value": self.goal.to_dict()["value"], "text": str(self)}

    def __str__(self) -> str:
        if self.goal.operator == "≥":
            return f"raise {self.feature} to at least {self.goal.value_text()}"
        if self.goal.operator == "≤":
            return f"lower {self.feature} to at most {self.goal.value_text()}"
        return str(self.goal)

    __repr__ = __str__


@dataclass(frozen=True)
class Shift:
    """One change of one number by an amount: to the first value of the action set at least that far away.

    Parameters
    ----------
    feature : hashable
        The feature that changes.
    amount : float
        By how much, in the feature's unit; negative to lower it.

    Examples
    --------
    >>> Shift("debt", -2.0), Shift("debt", -2.0).apply(np.array([5.0, 1.0]), np.arange(6.0))
    (lower debt by 2, array([ 3., nan]))
    """

    feature: Name
    amount: float

    def apply(self, today: FloatArray, domain: FloatArray, order: tuple[Any, ...] | None = None) -> FloatArray:
        """Return where the shift takes people; NaN where it would leave the action set's values.

        Parameters
        ----------
        today : float64[n]
            Today's numbers; NaN for a missing value.
        domain : float64[k]
            The numbers that an action may lead to, ascending.
        order : None
            Only numbers are shifted; here so that all moves are applied alike.

        Returns
        -------
        float64[n]
        """
        # a value that is a rounding error short of the amount is far enough
        wanted = today + self.amount
        slack = 1e-9 * abs(self.amount)
        if self.amount > 0:
            at = np.searchsorted(domain, wanted - slack)
        else:
            at = np.searchsorted(domain, wanted + slack, side="right") - 1
        inside = (at >= 0) & (at < len(domain)) & ~np.isnan(wanted)
        if not len(domain):
            return np.full(len(today), np.nan)
        return np.where(inside, domain[np.clip(at, 0, len(domain) - 1)], np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the shift as plain values."""
        return {"feature": str(self.feature), "move": "shift", "value": self.amount, "text": str(self)}

    def __str__(self) -> str:
        return f"{'raise' if self.amount > 0 else 'lower'} {self.feature} by {number_text(abs(self.amount))}"

    __repr__ = __str__


AnyMove = Move | Shift
"""What a rule's action is made of."""
