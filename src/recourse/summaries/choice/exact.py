"""The exact choice of rules: bound them all with multipliers, then branch among the few that can matter.

Lagrange multipliers from a linear program over some of the rules bound the value of every set of rules, and of
every set that contains a given rule. Rules that can't be in a better set than the one in hand are dropped, and
branch and bound with linear programs decides among the rest.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize, sparse

from recourse.arrays import FloatArray, IntArray
from recourse.summaries.choice.greedy import exchanges, greedy
from recourse.summaries.choice.problem import ROUNDING, Problem, settled, tolerance

FIRST = 600
"""How many rules the first search decides among; each further one takes four times as many."""

FEW = 100
"""Deciding among so few rules is quicker than another linear program to leave some of them out."""

PROMISING = 150
"""How many rules are named as a start for the next choice under similar limits."""

_WHOLE = 1e-7
"""A variable of a linear program this close to 0 or 1 is whole."""

_INFEASIBLE = 2
"""The status by which SciPy says that no point satisfies a linear program."""


@dataclass(frozen=True, eq=False)
class Proof:
    """The best rules found, an upper bound on any set's value, and the rules with the highest potential."""

    chosen: IntArray
    bound: float
    promising: IntArray


def prove(problem: Problem, chosen: IntArray, start: IntArray, bound: float, deadline: float) -> Proof:
    """Improve on a set of rules and on a bound until they meet, or until the deadline (`time.monotonic`).

    A rule's `potential` is above the value of any set that contains it. So once the best set among the rules
    with a potential above some level is worth that level, no other rule can matter.

    start : rules that the first linear program is over, beside those chosen
    """
    shared, kind = problem.shared()
    pricing = _Multipliers(shared, np.union1d(kind[chosen], kind[start]), start=0 if len(start) else 100)
    while time.monotonic() < deadline and not pricing.step(deadline):
        pass
    bound = min(bound, pricing.bound)

    def better(found: IntArray, used: IntArray) -> IntArray:
        rules = _with_groups(problem.group, kind, found, used)
        return rules if problem.allows(rules) and problem.value(rules) > problem.value(chosen) else chosen

    chosen = better(*pricing.rounded())
    ranked = np.sort(pricing.potential)[::-1]
    size = FIRST
    while not settled(bound, value := problem.value(chosen)) and time.monotonic() < deadline:
        level = max(float(ranked[size]) if size < len(ranked) else -np.inf, value)
        kept = np.flatnonzero(pricing.potential > level + tolerance(value))
        kept = np.union1d(kept, kind[chosen])
        tree = _Tree(shared.restrict(kept), value)
        tree.search(deadline)
        # any set is either among those kept, or contains a rule whose potential is at most `level`
        bound = min(bound, max(tree.bound, level + tolerance(value)))
        if tree.found is not None:
            chosen = better(kept[tree.found], tree.used)
        if level <= value:
            break
        size *= 4
    bound = max(bound, problem.value(chosen))
    return Proof(chosen, bound, np.flatnonzero(np.isin(kind, pricing.best(PROMISING))))


class _Tree:
    """Branch and bound over a binary program: a node fixes some variables, a linear program bounds it.

    `bound` is above the value of every set of rules within the limits, `found` is the best set that is worth more
    than `value` (None if there was none), and `used` the descriptors it counts for, where they are limited.
    """

    def __init__(self, problem: Problem, value: float) -> None:
        self.problem = problem.merged()[0]
        self.profit, rows, self.limit = _program(self.problem, overlap=True)
        self.rows = rows.tocsc()
        self.most = self.rows.maximum(0)  # of each variable in each row
        rules, cells = self.problem.cover.shape
        self.whole = np.ones(len(self.profit), dtype=bool)
        if not self.problem.exclusive:
            self.whole[rules : rules + cells] = False  # whole rules make the cells whole
        self.groups = _limited_groups(self.problem)
        self.first_group = _first_group(self.problem)
        self.bound, self.value = np.inf, value
        self.found: IntArray | None = None
        self.used: IntArray = np.empty(0, dtype=np.int64)

    def search(self, deadline: float) -> None:
        """Split the node with the highest bound, until none is above the best value or the deadline passes."""
        n = len(self.profit)
        nodes = [(-np.inf, 0, np.zeros(n), np.ones(n))]
        made = 0
        while nodes and not settled(-nodes[0][0], self.value) and time.monotonic() < deadline:
            node = heapq.heappop(nodes)
            _, _, low, high = node
            relaxed = self._relax(low, high, deadline)
            if relaxed is None:
                heapq.heappush(nodes, node)
                break
            bound, x = min(relaxed[0], -node[0]), relaxed[1]
            if settled(bound, self.value):
                continue
            found, used = _rounded(self.problem, x, self.value if made else -np.inf)
            if (value := self.problem.value(found)) > self.value:
                self.found, self.used, self.value = found, used, value
            if settled(bound, self.value):
                continue
            low, high = self._fix(low, high, relaxed)
            undecided = np.where(self.whole & (low < high), np.minimum(x, 1.0 - x), -1.0)
            groups = undecided[self.first_group : self.first_group + len(self.groups)]
            # which descriptors are used decides the most, so they are split first
            at = int(undecided.argmax())
            if len(groups) and groups.max() > _WHOLE:
                at = self.first_group + int(groups.argmax())
            if undecided[at] < 0:
                continue
            for side in (1.0, 0.0):
                below, above = low.copy(), high.copy()
                below[at] = above[at] = side
                made += 1
                heapq.heappush(nodes, (-bound, made, below, above))
        self.bound = max(-nodes[0][0], self.value) if nodes else self.value

    def _relax(self, low: FloatArray, high: FloatArray, deadline: float) -> tuple[float, FloatArray, FloatArray] | None:
        """Bound a node: the bound, the linear program's solution, and each free variable's slope; None if too late.

        The bound is weak duality with the program's multipliers, so it holds however exactly that was solved:
        multipliers times limits, plus the slopes that are positive. A variable's other side costs its slope.
        """
        free = low < high
        base = float(self.profit[~free] @ low[~free])
        limit = self.limit - self.rows[:, ~free] @ low[~free]
        x, slopes = low.copy(), np.zeros(len(low))
        if not free.any():
            return (-np.inf if (limit < -ROUNDING).any() else base), x, slopes
        binding = np.asarray(self.most[:, free].sum(axis=1)).ravel() > limit
        rows, limit, profit = self.rows[:, free][binding], limit[binding], self.profit[free]
        multipliers = np.zeros(len(limit))
        if len(limit):
            result = _maximise(profit, rows, limit, deadline)
            if result.status == _INFEASIBLE:
                return -np.inf, x, slopes
            if result.x is None:
                return None
            x[free], multipliers = result.x, np.maximum(-result.ineqlin.marginals, 0.0)
        else:
            x[free] = profit > 0
        slopes[free] = profit - rows.T @ multipliers
        return base + float(multipliers @ limit) + float(np.maximum(slopes, 0.0).sum()), x, slopes

    def _fix(
        self, low: FloatArray, high: FloatArray, relaxed: tuple[float, FloatArray, FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Fix what no set better than the one in hand can have otherwise."""
        bound, _, slopes = relaxed
        enough = self.value + tolerance(self.value)
        low = np.where((slopes > 0) & (bound - slopes <= enough), 1.0, low)
        high = np.where((slopes < 0) & (bound + slopes <= enough), 0.0, high)
        return low, high


def _rounded(problem: Problem, x: FloatArray, enough: float) -> tuple[IntArray, IntArray]:
    """Make a set of rules from a solution of `_program`: what it mostly chose, completed greedily.

    If that is worth more than `enough`, exchanges improve it further. Returns the rules, and the descriptors they
    count for where these are limited.
    """
    used, rules = _limited_groups(problem), problem.rules
    open_ = np.ones(rules, dtype=bool)
    if len(used):
        first = _first_group(problem)
        share = x[first : first + len(used)]
        used = used[np.argsort(-share, kind="stable")[: problem.max_groups]]
        assert problem.also is not None
        open_ = np.asarray(problem.also[:, used].sum(axis=1)).ravel() > 0
    problem = replace(problem, max_groups=rules)
    chosen: IntArray = np.empty(0, dtype=np.int64)
    for rule in np.argsort(-x[:rules], kind="stable")[: problem.max_rules].tolist():
        more = np.append(chosen, rule)
        if x[rule] >= 0.5 and open_[rule] and problem.allows(more):
            chosen = more
    chosen = greedy(problem, start=chosen, among=open_)
    if problem.value(chosen) > enough:
        chosen = exchanges(problem, chosen, among=open_)
    return chosen, used


def _with_groups(group: IntArray, kind: IntArray, found: IntArray, used: IntArray) -> IntArray:
    """For each kind of rule found, its first rule whose descriptor is among those used.

    Where it isn't said which are used, few that do for all kinds are: each time the one that does for most.
    """
    if not len(used):
        members = np.flatnonzero(np.isin(kind, found))
        open_, picked = set(found.tolist()), []
        while open_:
            left = members[np.isin(kind[members], list(open_))]
            groups, times = np.unique(group[left], return_counts=True)
            picked.append(int(groups[np.argmax(times)]))
            open_ -= set(kind[left[group[left] == picked[-1]]].tolist())
        used = np.array(picked, dtype=np.int64)
    fits = np.flatnonzero(np.isin(kind, found) & np.isin(group, used))
    _, first = np.unique(kind[fits], return_index=True)
    return np.sort(fits[first])


class _Multipliers:
    """A linear program over some of the rules, and what its multipliers prove about all of them.

    `bound` is the best proven so far, and `potential` bounds for each rule any set that contains it. Both hold
    for whatever multipliers, so it doesn't matter how exactly the program was solved.
    """

    def __init__(self, problem: Problem, chosen: IntArray, *, start: int = 100, more: int = 150) -> None:
        self.problem, self.more = problem, more
        alone = problem.cover @ problem.weight - problem.price
        order = np.argsort(-alone, kind="stable")[:start]
        self.active = np.union1d(order, chosen)
        self.bound = np.inf
        self.solution: tuple[IntArray, FloatArray] | None = None
        self.potential = np.full(problem.rules, np.inf)
        self.exclusive, self.limited = problem.exclusive, len(_limited_groups(problem)) > 0

    def best(self, k: int) -> IntArray:
        """The k active rules with the highest potential."""
        return self.active[np.argsort(-self.potential[self.active], kind="stable")[:k]]

    def rounded(self) -> tuple[IntArray, IntArray]:
        """Return the rules that the last linear program suggests, and the descriptors used where they are limited."""
        if self.solution is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        active, x = self.solution
        found, used = _rounded(self.problem.restrict(active).merged()[0], x, np.inf)
        return active[found], used

    def step(self, deadline: float = np.inf) -> bool:
        """Solve over the active rules, bound all rules, activate those that would pay.

        True when none would, or when few rules are left that can be in a set worth more than the program over the
        active ones: then deciding among these is quicker than better multipliers. Also when the deadline passes.
        """
        problem = self.problem
        part, kind = problem.restrict(self.active).merged()
        result = _maximise(*_program(part), deadline)
        if result.x is None:
            return True
        self.solution = self.active, result.x
        cells = part.cover.shape[1]
        dual = np.maximum(-np.asarray(result.ineqlin.marginals), 0.0)
        people = part.people[kind]
        share = np.divide(problem.people, people, out=np.zeros(len(people)), where=people > 0)
        worth = self._price(dual[:cells][kind] * share, float(dual[cells]))
        if np.count_nonzero(self.potential > -result.fun) <= FEW:
            return True
        entering = np.flatnonzero((worth > ROUNDING) & ~np.isin(np.arange(problem.rules), self.active))
        if not len(entering):
            return True
        best = entering[np.argsort(-worth[entering], kind="stable")[: self.more]]
        self.active = np.union1d(self.active, best)
        return False

    def _price(self, per_cell: FloatArray, per_rule: float) -> FloatArray:
        """Update the bounds from multipliers: `per_cell` a cell, `per_rule` a rule chosen."""
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


def _maximise(profit: FloatArray, rows: Any, limit: FloatArray, deadline: float) -> Any:
    """Maximise profit · x over 0 ≤ x ≤ 1 with rows · x ≤ limit; the result has no x if the deadline passes before."""
    seconds = max(deadline - time.monotonic(), 0.01)
    options = {"time_limit": seconds}
    return optimize.linprog(-profit, A_ub=rows, b_ub=limit, bounds=(0, 1), method="highs-ds", options=options)


def _limited_groups(problem: Problem) -> IntArray:
    """The descriptors that rules may count for, where their number can matter; otherwise none."""
    assert problem.also is not None
    groups = np.unique(problem.also.indices).astype(np.int64)
    return groups if len(groups) > problem.max_groups else groups[:0]


def _first_group(problem: Problem) -> int:
    """Where the descriptors begin among the variables of `_program`."""
    rules, cells = problem.cover.shape
    return int(rules if problem.exclusive else rules + cells)


def _program(part: Problem, *, overlap: bool = False) -> tuple[FloatArray, sparse.csr_matrix, FloatArray]:
    """The binary program of choosing rules: (profit, A, b) of maximise profit · x subject to A x ≤ b.

    Variables are the rules, then the cells covered (unless nobody may be covered twice), then the descriptors used
    where their number can matter, then, with `overlap` and if that is limited, the cells that several rules cover.
    The rows of the cells come first, in order, then that of the number of rules.
    """
    rules, cells = part.cover.shape
    groups = _limited_groups(part)
    covered, used = 0 if part.exclusive else cells, len(groups)
    incidence = part.cover.T.tocsr()
    size = rules + covered + used
    cells_row = [incidence] if part.exclusive else [-incidence, sparse.identity(covered, format="csr")]
    rows = [_wide(sparse.hstack(cells_row), size), _wide(sparse.csr_matrix(np.ones(rules)), size)]
    limit = [np.full(cells, 1.0 if part.exclusive else 0.0), np.array([float(part.max_rules)])]
    if used:
        assert part.also is not None
        link = sparse.hstack([sparse.identity(rules), sparse.csr_matrix((rules, covered)), -part.also[:, groups]])
        rows += [link, sparse.csr_matrix(np.r_[np.zeros(rules + covered), np.ones(used)])]
        limit += [np.zeros(rules), np.array([float(part.max_groups)])]
    gain = part.cover @ part.weight - part.price if part.exclusive else -part.price
    profit = np.concatenate([gain, part.weight if covered else np.empty(0), np.zeros(used)])
    if overlap and part.max_overlap is not None and not part.exclusive:
        # rules that cover a cell ≤ 1 if it is covered + as many more as there may be if several cover it
        more = np.minimum(np.asarray(part.cover.sum(axis=0)).ravel(), part.max_rules) - 1.0
        several = sparse.diags(-np.maximum(more, 1.0))
        rows = [_wide(block, size + cells) for block in rows]
        rows.append(sparse.hstack([_wide(-sparse.hstack(cells_row), size), several]))
        rows.append(sparse.csr_matrix(np.r_[np.zeros(size), part.people]))
        limit += [np.zeros(cells), np.array([part.max_overlap])]
        profit = np.concatenate([profit, np.zeros(cells)])
    return profit, sparse.vstack(rows).tocsr(), np.concatenate(limit)


def _wide(rows: sparse.spmatrix, columns: int) -> sparse.csr_matrix:
    """The same rows with empty columns to the right."""
    return sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], columns - rows.shape[1]))]).tocsr()
