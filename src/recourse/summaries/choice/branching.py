"""Branch and bound over the binary program of choosing rules: a node fixes variables, a linear program bounds it."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from recourse.arrays import FloatArray, IntArray
from recourse.budget import Budget
from recourse.summaries.choice.problem import ROUNDING, ChoiceProblem, settled, tolerance
from recourse.summaries.choice.program import INFEASIBLE, first_group, limited_groups, maximise, program, rounded

WHOLE = 1e-7
"""A variable of a linear program this close to 0 or 1 is whole."""


class _Node(NamedTuple):
    """A part of the choices: those whose variables are between `low` and `high`; the highest bound comes first."""

    minus_bound: float
    number: int
    low: FloatArray
    high: FloatArray


class _Relaxed(NamedTuple):
    """What a linear program says of a node: a bound, its solution, and each free variable's slope.

    A variable's other side costs its slope.
    """

    bound: float
    x: FloatArray
    slopes: FloatArray


class Branching:
    """The best set of rules by branch and bound.

    `bound` is above the value of every set of rules within the limits, `found` is the best set that is worth more
    than `value` (None if there was none), and `used` the descriptors it counts for, where they are limited.
    """

    def __init__(self, problem: ChoiceProblem, value: float) -> None:
        self.problem = problem.merged()[0]
        self.profit, rows, self.limit = program(self.problem, overlap=True)
        self.rows = rows.tocsc()
        self.most = self.rows.maximum(0)  # of each variable in each row

        # whole rules make the cells whole, so these need no branches
        rules, cells = self.problem.cover.shape
        self.whole = np.ones(len(self.profit), dtype=bool)
        if not self.problem.exclusive:
            self.whole[rules : rules + cells] = False

        self.groups = limited_groups(self.problem)
        self.first_group = first_group(self.problem)
        self.bound, self.value = np.inf, value
        self.found: IntArray | None = None
        self.used: IntArray = np.empty(0, dtype=np.int64)

    def search(self, budget: Budget) -> None:
        """Split the node with the highest bound, until none is above the best value or the budget is exhausted."""
        n = len(self.profit)
        nodes = [_Node(-np.inf, 0, np.zeros(n), np.ones(n))]
        made = 0
        while nodes and not settled(-nodes[0].minus_bound, self.value) and not budget.exhausted:
            node = heapq.heappop(nodes)
            relaxed = self._relax(node, budget)
            if relaxed is None:
                heapq.heappush(nodes, node)
                break
            bound = min(relaxed.bound, -node.minus_bound)
            if settled(bound, self.value):
                continue

            # a set of rules from the solution; only at the root is it improved whatever it is worth
            self._try(relaxed.x, self.value if made else -np.inf)
            if settled(bound, self.value):
                continue

            # two nodes that differ in one variable
            low, high = self._fix(node, relaxed)
            at = self._branching_variable(low, high, relaxed.x)
            if at is None:
                continue
            for side in (1.0, 0.0):
                below, above = low.copy(), high.copy()
                below[at] = above[at] = side
                made += 1
                heapq.heappush(nodes, _Node(-bound, made, below, above))
        self.bound = max(-nodes[0].minus_bound, self.value) if nodes else self.value

    def _try(self, x: FloatArray, enough: float) -> None:
        """Round a solution to a set of rules, and keep it if it is the best so far."""
        found, used = rounded(self.problem, x, enough)
        value = self.problem.value(found)
        if value > self.value:
            self.found, self.used, self.value = found, used, value

    def _branching_variable(self, low: FloatArray, high: FloatArray, x: FloatArray) -> int | None:
        """The variable to split: the least decided descriptor, as these decide the most, else the least decided."""
        undecided = np.where(self.whole & (low < high), np.minimum(x, 1.0 - x), -1.0)
        groups = undecided[self.first_group : self.first_group + len(self.groups)]
        at = int(undecided.argmax())
        if len(groups) and groups.max() > WHOLE:
            at = self.first_group + int(groups.argmax())
        return None if undecided[at] < 0 else at

    def _relax(self, node: _Node, budget: Budget) -> _Relaxed | None:
        """Bound a node by a linear program; None if the time was up.

        The bound is weak duality with the program's multipliers, so it holds however exactly that was solved:
        multipliers times limits, plus the slopes that are positive.
        """
        low, free = node.low, node.low < node.high
        base = float(self.profit[~free] @ low[~free])
        limit = self.limit - self.rows[:, ~free] @ low[~free]
        x, slopes = low.copy(), np.zeros(len(low))
        if not free.any():
            return _Relaxed(-np.inf if (limit < -ROUNDING).any() else base, x, slopes)

        # rows that can't be broken any more are left out
        binding = np.asarray(self.most[:, free].sum(axis=1)).ravel() > limit
        rows, limit, profit = self.rows[:, free][binding], limit[binding], self.profit[free]
        multipliers = np.zeros(len(limit))
        if len(limit):
            result = maximise(profit, rows, limit, budget)
            if result.status == INFEASIBLE:
                return _Relaxed(-np.inf, x, slopes)
            if result.x is None:
                return None
            x[free], multipliers = result.x, np.maximum(-result.ineqlin.marginals, 0.0)
        else:
            x[free] = profit > 0

        slopes[free] = profit - rows.T @ multipliers
        bound = base + float(multipliers @ limit) + float(np.maximum(slopes, 0.0).sum())
        return _Relaxed(bound, x, slopes)

    def _fix(self, node: _Node, relaxed: _Relaxed) -> tuple[FloatArray, FloatArray]:
        """Fix what no set better than the one in hand can have otherwise."""
        bound, slopes = relaxed.bound, relaxed.slopes
        enough = self.value + tolerance(self.value)
        low = np.where((slopes > 0) & (bound - slopes <= enough), 1.0, node.low)
        high = np.where((slopes < 0) & (bound + slopes <= enough), 0.0, node.high)
        return low, high
