"""A rule in words and numbers, and what rules do to people.

If the subgroup, if the condition, then the action: `Rule` says it, `Applied` holds what happens to each of
some denied people under a set of rules, and measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray
from recourse.statistics import wilson_interval
from recourse.summaries.evidence.moves import AnyMove
from recourse.summaries.evidence.predicates import Condition, Predicate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """One rule: if `group`, then if `condition`, then `action`.

    n : denied people who satisfy it; correct : of these, approved after the action
    cost : mean price of the action over the n people; change : mean magnitude
    """

    group: tuple[Condition, ...]
    condition: tuple[Predicate, ...]
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
        return f"{f'If {self.group_text}' if self.group else 'Everyone'}: {self.inner_text}"

    def holds(self, frame: pd.DataFrame) -> BoolArray:
        """Return for each row whether its person satisfies the rule."""
        true = np.ones(len(frame), dtype=bool)
        for predicate in (*self.group, *self.condition):
            true &= predicate.holds(frame[predicate.feature])
        return true


@dataclass(frozen=True, eq=False)
class Applied:
    """What rules do to some denied people: satisfied, success : bool[rules, n]; price, change : float64[rules, n].

    Somebody whom the action set doesn't let take an action is not approved after it; its price is then NaN (0
    in sample, where a rule's cost is a mean over everybody it covers).
    assigned : int64[n], the rule prescribed to each, −1 for none
    """

    satisfied: BoolArray
    success: BoolArray
    price: FloatArray
    change: FloatArray
    assigned: IntArray

    def measures(self) -> dict[str, Any]:
        """Count what happens: see `TwoLevelRecourseSet.measures`."""
        n = self.satisfied.shape[1]
        reached = self.satisfied.any(axis=0)
        who = np.flatnonzero(self.assigned >= 0)
        works = self.success[self.assigned[who], who] if len(who) else np.zeros(0, dtype=bool)
        paid = self.price[self.assigned[who], who][works] if len(who) else np.zeros(0)
        anyhow = (self.satisfied & self.success).any(axis=0)
        people = self.satisfied.sum(axis=1)
        sums = [(np.nan_to_num(each) * self.satisfied).sum(axis=1) for each in (self.price, self.change)]
        means = [np.divide(each, people, out=np.zeros(len(people)), where=people > 0) for each in sums]
        return {
            "denied": n,
            "incorrect_recourse": int((self.satisfied & ~self.success).sum()),
            "cover": int(reached.sum()),
            "feature_cost": float(means[0].sum()),
            "feature_change": float(means[1].sum()),
            "reach": float(reached.mean()) if n else None,
            "accuracy": float(works.sum() / n) if n else None,
            "accuracy_any_rule": float(anyhow.mean()) if n else None,
            "fcost": float(paid.mean()) if len(paid) else None,
            "successes": len(paid),
            "overlap": float((self.satisfied.sum(axis=0) > 1).mean()) if n else None,
        }
