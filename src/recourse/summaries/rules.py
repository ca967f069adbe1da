"""A rule in words and numbers: if the subgroup, if the condition, then the action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.statistics import wilson_interval
from recourse.summaries.evidence.moves import AnyMove
from recourse.summaries.evidence.predicates import Condition, FeaturePredicate


@dataclass(frozen=True)
class Rule:
    """One rule: if `group`, then if `condition`, then `action`.

    Parameters
    ----------
    group, condition : tuple of Condition
        What is true of the people that the rule is for; () of everybody.
    action : tuple of Move or Shift
        What they are told to do.
    n, correct : int
        Denied people who satisfy it, and those of them who are approved after the action.
    cost, change : float
        The mean price of the action over the n people, and the mean magnitude: bins apart, or 1 a category.
    """

    group: tuple[Condition, ...]
    condition: tuple[FeaturePredicate, ...]
    action: tuple[AnyMove, ...]
    n: int
    correct: int
    cost: float
    change: float

    @property
    def precision(self) -> float:
        """The share of correct recourses among the people who satisfy the rule."""
        return self.correct / self.n if self.n else 0.0

    @property
    def wilson(self) -> float:
        """The lower end of the precision's 95 % Wilson interval: what n people can vouch for."""
        return float(wilson_interval(self.correct, self.n)[0])

    @property
    def group_text(self) -> str:
        """The subgroup in words."""
        return " and ".join(map(str, self.group)) or "everyone"

    @property
    def condition_text(self) -> str:
        """The inner condition in words; empty where everybody of the subgroup satisfies it."""
        return " and ".join(map(str, self.condition))

    @property
    def action_text(self) -> str:
        """The action in words."""
        return " and ".join(map(str, self.action))

    @property
    def width(self) -> int:
        """Predicates of the descriptor and the condition together."""
        return len(self.group) + len(self.condition)

    @property
    def inner_text(self) -> str:
        """The inner condition and the action: 'if …, then …'."""
        return f"if {self.condition_text}, then {self.action_text}" if self.condition else self.action_text

    def __str__(self) -> str:
        who = f"If {self.group_text}" if self.group else "Everyone"
        return f"{who}: {self.inner_text}"

    def holds(self, frame: pd.DataFrame) -> BoolArray:
        """Return for each row whether its person satisfies the rule.

        Parameters
        ----------
        frame : DataFrame
            People, with the columns that the rule is about.

        Returns
        -------
        bool[n]
        """
        true = np.ones(len(frame), dtype=bool)
        for predicate in (*self.group, *self.condition):
            true &= predicate.holds(frame[predicate.feature])
        return true


def rule_figures(rule: Rule, assigned: int, spent: float | None, denied: int) -> dict[str, Any]:
    """What tables and documents say of a rule in numbers; see `RecourseSet.to_frame`."""
    return {
        "n": rule.n,
        "correct": rule.correct,
        "reach": rule.n / denied,
        "precision": rule.precision,
        "wilson": rule.wilson,
        "cost": rule.cost,
        "change": rule.change,
        "assigned": assigned,
        "assigned_share": assigned / denied,
        "assigned_cost": spent,
    }
