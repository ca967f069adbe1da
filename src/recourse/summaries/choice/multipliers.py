"""Bounds on all rules from the multipliers of a linear program over some of them.

Column generation: solve over the active rules, price all others by the multipliers, activate those that would pay.
"""

from __future__ import annotations

import numpy as np

from recourse.arrays import FloatArray, IntArray
from recourse.budget import Budget
from recourse.summaries.choice.problem import ROUNDING, ChoiceProblem
from recourse.summaries.choice.program import limited_groups, maximise, program, rounded

FEW = 100
"""Deciding among so few rules is quicker than another linear program to leave some of them out."""


class Multipliers:
    """A linear program over some of the rules, and what its multipliers prove about all of them.

    `bound` is the best proven so far, and `potential` bounds for each rule any set that contains it. Both hold
    for whatever multipliers, so it doesn't matter how exactly the program was solved.
    """

    def __init__(self, problem: ChoiceProblem, chosen: IntArray, *, start: int = 100, more: int = 150) -> None:
        """Begin with the rules chosen and the `start` best alone; `more` are activated at most in each step."""
        self.problem, self.more = problem, more
        alone = problem.cover @ problem.weight - problem.price
        best_alone = np.argsort(-alone, kind="stable")[:start]
        self.active = np.union1d(best_alone, chosen)
        self.bound = np.inf
        self.solution: tuple[IntArray, FloatArray] | None = None
        self.potential = np.full(problem.rules, np.inf)
        self.exclusive, self.limited = problem.exclusive, len(limited_groups(problem)) > 0

    def best(self, k: int) -> IntArray:
        """The k active rules with the highest potential."""
        return self.active[np.argsort(-self.potential[self.active], kind="stable")[:k]]

    def suggestion(self) -> tuple[IntArray, IntArray]:
        """Return the rules that the last linear program suggests, and the descriptors used where they are limited."""
        if self.solution is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        active, x = self.solution
        found, used = rounded(self.problem.restrict(active).merged()[0], x, np.inf)
        return active[found], used

    def step(self, budget: Budget) -> bool:
        """Solve over the active rules, bound all rules, activate those that would pay.

        True when none would, or when few rules are left that can be in a set worth more than the program over the
        active ones: then deciding among these is quicker than better multipliers. Also when the time is up.
        """
        problem = self.problem
        part, kind = problem.restrict(self.active).merged()
        result = maximise(*program(part), budget)
        if result.x is None:
            return True
        self.solution = self.active, result.x

        # a merged cell's multiplier is shared among the cells that it stands for
        cells = part.cover.shape[1]
        dual = np.maximum(-np.asarray(result.ineqlin.marginals), 0.0)
        people = part.people[kind]
        share = np.divide(problem.people, people, out=np.zeros(len(people)), where=people > 0)
        worth = self._price(dual[:cells][kind] * share, float(dual[cells]))
        if np.count_nonzero(self.potential > -result.fun) <= FEW:
            return True

        # activate the rules that would pay most
        inactive = ~np.isin(np.arange(problem.rules), self.active)
        entering = np.flatnonzero((worth > ROUNDING) & inactive)
        if not len(entering):
            return True
        best = entering[np.argsort(-worth[entering], kind="stable")[: self.more]]
        self.active = np.union1d(self.active, best)
        return False

    def _price(self, per_cell: FloatArray, per_rule: float) -> FloatArray:
        """Update the bounds from multipliers: `per_cell` a cell, `per_rule` a rule chosen; return what rules pay."""
        problem = self.problem
        if self.exclusive:
            fixed = float(per_cell.sum())
            worth = problem.cover @ (problem.weight - per_cell) - problem.price
        else:
            per_cell = np.minimum(per_cell, problem.weight)
            fixed = float((problem.weight - per_cell).sum())
            worth = problem.cover @ per_cell - problem.price

        # the rules with the highest worth, as many as there may be; another one would take the last one's place
        best = np.sort(np.maximum(worth, 0.0))[::-1][: problem.max_rules]
        last = best[-1] if len(best) == problem.max_rules else 0.0
        self._lower(fixed + float(best.sum()), np.minimum(worth - last, 0.0))

        # where subgroups are limited, also the best of these, with all that their rules are worth
        if self.limited:
            assert problem.also is not None
            net = worth - per_rule
            by_group = np.sort(problem.also.T @ np.maximum(net, 0.0))[::-1][: problem.max_groups]
            self._lower(fixed + per_rule * problem.max_rules + float(by_group.sum()), np.minimum(net, 0.0))
        return worth - per_rule

    def _lower(self, bound: float, less: FloatArray) -> None:
        """Note a bound on all sets, and by how much lower it is for those with a given rule."""
        bound += 1e-9 * max(1.0, abs(bound))
        self.bound = min(self.bound, bound)
        self.potential = np.minimum(self.potential, bound + less)
