"""Moves: what an action of a rule does to a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.summaries.evidence.predicates import Predicate, nearest_value, number_text
from recourse.tables import Name

MOVES = ("to", "at_least", "at_most", "shift")


@dataclass(frozen=True)
class Move:
    """One change of one feature: to the nearest value of the action set where `goal` holds.

    "=" or a bin sets the feature, "≥" raises it to at least a value, "≤" lowers it to at most one. Somebody
    who satisfies the goal already keeps today's value.

    >>> raise_it = Move(Predicate("income", "≥", 30))
    >>> raise_it, raise_it.apply(np.array([10.0, 40.0]), np.array([10.0, 20.0, 32.0, 50.0]))
    (raise income to at least 30, array([32., 40.]))
    """

    goal: Predicate

    @property
    def feature(self) -> Name:
        """The feature that changes."""
        return self.goal.feature

    def apply(self, today: FloatArray, domain: FloatArray, order: tuple[Any, ...] | None = None) -> FloatArray:
        """Return where the move takes people: positions from positions, NaN where it leads nowhere.

        domain : the positions an action may lead to, ascending; order : the levels that positions rank.
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

    >>> Shift("debt", -2.0), Shift("debt", -2.0).apply(np.array([5.0, 1.0]), np.arange(6.0))
    (lower debt by 2, array([ 3., nan]))
    """

    feature: Name
    amount: float

    def apply(self, today: FloatArray, domain: FloatArray, order: tuple[Any, ...] | None = None) -> FloatArray:
        """Return where the shift takes people: NaN where it would leave the action set's values."""
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
