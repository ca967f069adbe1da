"""The exact choice of rules: bound them all with multipliers, then branch among the few that can matter.

Lagrange multipliers from a linear program over some of the rules bound the value of every set of rules, and of
every set that contains a given rule. Rules that can't be in a better set than the one in hand are dropped, and
branch and bound with linear programs decides among the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.summaries.choice.branching import Branching
from recourse.summaries.choice.multipliers import Multipliers
from recourse.summaries.choice.problem import ChoiceProblem, settled, tolerance

FIRST = 600
"""How many rules the first search decides among; each further one takes four times as many."""

PROMISING = 150
"""How many rules are named as a start for the next choice under similar limits."""


@dataclass(frozen=True, eq=False)
class Proof:
    """The best rules found, an upper bound on any set's value, and the rules with the highest potential."""

    chosen: IntArray
    bound: float
    promising: IntArray


def prove(problem: ChoiceProblem, chosen: IntArray, start: IntArray, bound: float, budget: Budget) -> Proof:
    """Improve on a set of rules and on a bound until they meet, or until the budget is exhausted.

    Ctrl-C counts as `budget.cancel()`: the best set and the bound known by then are returned.

    start : rules that the first linear program is over, beside those chosen
    """
    proving = _Proving(problem, chosen, start, bound)
    try:
        proving.run(budget)
    except KeyboardInterrupt:
        budget.cancel()
    return proving.proof()


class _Proving:
    """The best set and the bound so far, which hold at any moment.

    A rule's `potential` is above the value of any set that contains it. So once the best set among the rules
    with a potential above some level is worth that level, no other rule can matter.
    """

    def __init__(self, problem: ChoiceProblem, chosen: IntArray, start: IntArray, bound: float) -> None:
        self.problem, self.chosen, self.bound = problem, chosen, bound
        self.shared, self.kind = problem.shared()
        active = np.union1d(self.kind[chosen], self.kind[start])
        self.pricing = Multipliers(self.shared, active, start=0 if len(start) else 100)

    def run(self, budget: Budget) -> None:
        """Bound all rules, then decide among more and more of them."""
        while not budget.exhausted and not self.pricing.step(budget):
            pass
        self.bound = min(self.bound, self.pricing.bound)
        self._keep(*self.pricing.suggestion())

        potential = self.pricing.potential
        ranked = np.sort(potential)[::-1]
        size = FIRST
        while not settled(self.bound, value := self.problem.value(self.chosen)) and not budget.exhausted:
            # any set is either among those kept, or contains a rule whose potential is at most `level`
            level = max(float(ranked[size]) if size < len(ranked) else -np.inf, value)
            kept = np.flatnonzero(potential > level + tolerance(value))
            kept = np.union1d(kept, self.kind[self.chosen])
            branching = Branching(self.shared.restrict(kept), value)
            branching.search(budget)
            self.bound = min(self.bound, max(branching.bound, level + tolerance(value)))
            if branching.found is not None:
                self._keep(kept[branching.found], branching.used)
            if level <= value:
                break
            size *= 4

    def proof(self) -> Proof:
        """What is known by now."""
        bound = max(min(self.bound, self.pricing.bound), self.problem.value(self.chosen))
        promising = np.flatnonzero(np.isin(self.kind, self.pricing.best(PROMISING)))
        return Proof(self.chosen, bound, promising)

    def _keep(self, found: IntArray, used: IntArray) -> None:
        """Keep a set of kinds of rules if it is within the limits and worth more than the one in hand."""
        rules = _with_groups(self.problem.group, self.kind, found, used)
        if self.problem.allows(rules) and self.problem.value(rules) > self.problem.value(self.chosen):
            self.chosen = rules


def _with_groups(group: IntArray, kind: IntArray, found: IntArray, used: IntArray) -> IntArray:
    """For each kind of rule found, its first rule whose descriptor is among those used.

    Where it isn't said which are used, few that do for all kinds are: each time the one that does for most.
    """
    if not len(used):
        members = np.flatnonzero(np.isin(kind, found))
        missing, picked = set(found.tolist()), []
        while missing:
            left = members[np.isin(kind[members], list(missing))]
            groups, times = np.unique(group[left], return_counts=True)
            picked.append(int(groups[np.argmax(times)]))
            missing -= set(kind[left[group[left] == picked[-1]]].tolist())
        used = np.array(picked, dtype=np.int64)
    fits = np.flatnonzero(np.isin(kind, found) & np.isin(group, used))
    _, first = np.unique(kind[fits], return_index=True)
    return np.sort(fits[first])
