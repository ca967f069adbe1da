"""Choosing the rules: maximise people covered, minus what each rule costs, under limits on rules and subgroups.

Two ways to the same value: the paper's local search, and an exact one that works on few rules at a time.
Lagrange multipliers from a linear program over some of the rules give an upper bound over all of them; rules
that can't be in a better set than the one in hand are dropped, and a mixed-integer program decides among the
rest. Whichever way, the value is recomputed from the rules chosen, and the bound stands beside it.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROUNDING = 1e-6
"""Values closer than this are equal: what sums of prices and solver tolerances can differ by."""


FIRST = 150
"""How many rules the first mixed-integer program decides among; each further one takes four times as many."""


class SelectionStatus(enum.Enum):
    """What was proven about a set of rules. The values are the sentences that users read."""

    OPTIMAL = "no set of candidate rules within these limits has a higher value"
    FEASIBLE = "these rules are within the limits; a better set may exist, but none above the bound"

    @property
    def label(self) -> str:
        """The status as one lower-case word, as tables and files show it."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class Problem:
    """Which rules to choose: maximise Σ weight over cells covered − Σ price of the rules chosen.

    cover : sparse 0/1 [R, G], which cells of identical people each rule covers; weight : float64[G], what a
    cell covered is worth; people : float64[G], how many people a cell has; price : float64[R]
    group : int64[R], each rule's descriptor; max_rules, max_groups : the limits
    max_overlap : at most so many people may be covered by several rules; None for no limit, 0 for nobody
    also : sparse 0/1 [R, groups], all descriptors that a rule may count for, where that is more than its own
    """

    cover: sparse.csr_matrix
    weight: FloatArray
    people: FloatArray
    price: FloatArray
    group: IntArray
    max_rules: int
    max_groups: int
    max_overlap: float | None = None
    also: sparse.csr_matrix | None = None

    @property
    def rules(self) -> int:
        """How many rules there are to choose from."""
        return int(self.cover.shape[0])

    @property
    def exclusive(self) -> bool:
        """Whether nobody may be covered by two rules."""
        return self.max_overlap is not None and self.max_overlap < 1

    def times(self, chosen: IntArray) -> FloatArray:
        """How many of the chosen rules cover each cell."""
        return np.asarray(self.cover[chosen].sum(axis=0), dtype=np.float64).ravel()

    def value(self, chosen: IntArray) -> float:
        """The objective of a set of rules."""
        return float(self.weight @ (self.times(chosen) > 0) - np.sort(self.price[chosen]).sum())

    def allows(self, chosen: IntArray) -> bool:
        """Whether a set of rules is within the limits."""
        within = len(chosen) <= self.max_rules and len(np.unique(self.group[chosen])) <= self.max_groups
        return within and (self.max_overlap is None or self.overlap(chosen) <= self.max_overlap)

    def overlap(self, chosen: IntArray) -> float:
        """How many people several of the chosen rules cover."""
        return float(self.people @ (self.times(chosen) > 1))

    def restrict(self, kept: IntArray) -> Problem:
        """The same problem with some of the rules."""
        also = None if self.also is None else self.also[kept]
        return replace(self, cover=self.cover[kept], price=self.price[kept], group=self.group[kept], also=also)

    def shared(self) -> tuple[Problem, IntArray]:
        """The same problem with equal rules of several descriptors made one, and which rule became which.

        Rules are equal if they cover the same cells at the same price; one that is chosen needs any of their
        descriptors. Without this, all ways to split one conjunction in two would be equally good solutions.
        """
        rows = self.cover.shape[0]
        lengths = np.diff(self.cover.indptr)
        assert (lengths > 0).all()
        mark = np.random.default_rng(0).integers(0, 2**64, self.cover.shape[1], dtype=np.uint64)
        sums = np.add.reduceat(mark[self.cover.indices], self.cover.indptr[:-1])
        order = np.lexsort((np.arange(rows), self.price, lengths, sums))
        new = np.ones(rows, dtype=bool)
        for key in (sums[order], lengths[order], self.price[order]):
            new[1:] &= key[1:] == key[:-1]
        new[1:] = ~new[1:]
        kind = np.empty(rows, dtype=np.int64)
        kind[order] = np.cumsum(new) - 1
        first = order[new]
        like = np.repeat(self.cover.indptr[first[kind]] - self.cover.indptr[:-1], lengths)
        same = self.cover.indices == self.cover.indices[np.arange(len(like)) + like]
        equal = np.logical_and.reduceat(same, self.cover.indptr[:-1])
        if not equal.all():  # two sums met by chance: keep those rules apart
            kind = np.where(equal, kind, len(first) + np.arange(rows))
            _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
        groups = int(self.group.max()) + 1
        also = sparse.csr_matrix((np.ones(rows), (kind, self.group)), shape=(len(first), groups))
        return replace(self.restrict(first), also=also), kind

    def merged(self) -> tuple[Problem, IntArray]:
        """The same problem over fewer cells, those that the same rules cover made one, and which cell became which."""
        rows = np.packbits(self.cover.toarray().astype(bool).T, axis=1)
        if not rows.size:
            return self, np.arange(self.cover.shape[1])
        view = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
        _, first, kind = np.unique(view, return_index=True, return_inverse=True)
        weight, people = np.zeros((2, len(first)))
        np.add.at(weight, kind.ravel(), self.weight)
        np.add.at(people, kind.ravel(), self.people)
        cover = self.cover.tocsc()[:, first].tocsr()
        return replace(self, cover=cover, weight=weight, people=people), kind.ravel()


@dataclass(frozen=True, eq=False)
class Selection:
    """The rules chosen (ascending), their value, an upper bound on any set's, and what that proves.

    promising : the rules that the proof looked at; a good start for choosing under similar limits
    """

    chosen: IntArray
    value: float
    bound: float
    status: SelectionStatus
    promising: IntArray


def anytime_bound(problem: Problem, chosen: IntArray) -> float:
    """Bound the best value from any set at hand, without a solver.

    Covering is submodular: a rule adds to any larger set at most what it adds to this one. So no set is worth
    more than what `chosen` covers plus the `max_rules` largest gains, each net of its price, where positive.
    """
    covered = problem.times(chosen) > 0
    gains = problem.cover @ np.where(covered, 0.0, problem.weight) - problem.price
    best = np.sort(np.maximum(gains, 0.0))[::-1][: problem.max_rules]
    return float(problem.weight @ covered + best.sum())


def greedy(problem: Problem) -> IntArray:
    """Add the rule with the largest gain, lowest number first among equals, while one gains anything."""
    chosen: list[int] = []
    while len(chosen) < problem.max_rules:
        gains = _gains(problem, np.array(chosen, dtype=np.int64))
        best = int(np.argmax(gains))
        if not gains[best] > ROUNDING:
            break
        chosen.append(best)
    return np.sort(np.array(chosen, dtype=np.int64))


def local_search(problem: Problem, *, drop: int = 1, delta: float = 0.01, runs: int = 1) -> IntArray:
    """Return the paper's approximate solution (Lee, Mirrokni, Nagarajan & Sviridenko 2009).

    From the best single rule on, delete a rule, or add one and drop up to `drop` others, while that improves
    the value by a factor of at least 1 + `delta`/n⁴; do so `runs` times on the rules that are left, and
    return the best set. With `drop` = k and `runs` = k + 1 for k matroids its value is at least
    1/(k + 2 + 1/k + delta) of the best; the limit on subgroups is no matroid, so here that is a heuristic.
    """
    left = np.arange(problem.rules)
    best, best_value = np.empty(0, dtype=np.int64), 0.0
    for _ in range(runs):
        if not len(left):
            break
        part = problem.restrict(left)
        found = _one_search(part, drop, 1.0 + delta / max(part.rules, 1) ** 4)
        value = part.value(found)
        if value > best_value + ROUNDING:
            best, best_value = left[found], value
        left = np.delete(left, found)
        if not len(found):
            break
    return np.sort(best)


def _one_search(problem: Problem, drop: int, factor: float) -> IntArray:
    first = _gains(problem, np.empty(0, dtype=np.int64))
    if not len(first) or not first.max() > 0:
        return np.empty(0, dtype=np.int64)
    chosen = np.array([int(np.argmax(first))], dtype=np.int64)
    value = problem.value(chosen)
    while True:
        best_value, best = max(value * factor, value + ROUNDING), None
        for k in range(min(drop, len(chosen)) + 1):
            for out in combinations(range(len(chosen)), k):
                rest = np.delete(chosen, out)
                base = problem.value(rest)
                if k and base > best_value:
                    best_value, best = base, rest
                if len(rest) == problem.max_rules:
                    continue
                gains = _gains(problem, rest)
                one = int(np.argmax(gains))
                if base + gains[one] > best_value + ROUNDING:
                    best_value, best = base + float(gains[one]), np.append(rest, one)
        if best is None:
            return np.sort(chosen)
        chosen, value = best, problem.value(best)


def _gains(problem: Problem, chosen: IntArray) -> FloatArray:
    """What each rule would add to a set's value; −∞ where the limits forbid it."""
    times = problem.times(chosen)
    gains = problem.cover @ np.where(times > 0, 0.0, problem.weight) - problem.price
    groups = np.unique(problem.group[chosen])
    if len(groups) >= problem.max_groups:
        gains[~np.isin(problem.group, groups)] = -np.inf
    if problem.max_overlap is not None:
        doubled = problem.cover @ np.where(times == 1, problem.people, 0.0)
        gains[doubled + problem.people @ (times > 1) > problem.max_overlap] = -np.inf
    gains[chosen] = -np.inf
    return np.asarray(gains, dtype=np.float64)


def select(
    problem: Problem, *, method: str = "exact", time_limit: float = 10.0, start: IntArray | None = None
) -> Selection:
    """Choose the rules.

    method : "exact" (with a proof, or within `time_limit` seconds the best set and bound known by then),
    "local" (the paper's search) or "greedy"; these two come with the anytime bound
    start : rules to look at first; they make a proof quicker, and change neither the value nor the bound
    """
    started = time.monotonic()
    useful = np.flatnonzero(problem.cover @ problem.weight - problem.price > ROUNDING)
    everything, problem = problem, problem.restrict(useful)
    if not len(useful):
        return Selection(useful, 0.0, 0.0, SelectionStatus.OPTIMAL, useful)
    active = np.empty(0, dtype=np.int64) if start is None else np.flatnonzero(np.isin(useful, start))
    chosen = local_search(problem, drop=2, runs=3) if method == "local" else greedy(problem)
    bound = anytime_bound(problem, chosen)
    if method == "exact" and bound > problem.value(chosen) + ROUNDING:
        if len(np.unique(problem.group)) > problem.max_groups:
            # the limit on subgroups seldom matters, and without it the proof is quicker
            relaxed = replace(problem, max_groups=problem.rules)
            free, bound, active = _exact(relaxed, chosen, active, bound, started + time_limit / 2)
            if problem.allows(free) and problem.value(free) > problem.value(chosen):
                chosen = free
        if bound > problem.value(chosen) + ROUNDING:
            chosen, bound, active = _exact(problem, chosen, active, bound, started + time_limit)
    value = everything.value(useful[chosen])
    proven = bound <= value + ROUNDING * max(1.0, abs(value))
    status = SelectionStatus.OPTIMAL if proven else SelectionStatus.FEASIBLE
    return Selection(useful[chosen], value, value if proven else float(bound), status, useful[active])


def _exact(
    problem: Problem, chosen: IntArray, active: IntArray, bound: float, deadline: float
) -> tuple[IntArray, float, IntArray]:
    """Bound all rules with multipliers, then decide among those with the highest bounds, more and more of them.

    A rule's `potential` is above the value of any set that contains it. So once the best set among the rules
    with a potential above some level is worth that level, no other rule can matter. Returns the rules chosen,
    the bound, and the rules looked at.
    """
    shared, kind = problem.shared()
    pricing = _Multipliers(shared, np.union1d(kind[chosen], kind[active]), start=0 if len(active) else 100)
    while time.monotonic() < deadline and not pricing.step():
        pass
    bound = min(bound, pricing.bound)
    value = problem.value(chosen)
    ranked = np.sort(pricing.potential)[::-1]
    size = FIRST
    while bound > value + ROUNDING and time.monotonic() < deadline:
        level = float(ranked[size]) if size < len(ranked) else -np.inf
        level = max(level, value)
        kept = np.union1d(np.flatnonzero(pricing.potential > level + ROUNDING), kind[chosen])
        found, used, among_kept = _milp(shared.restrict(kept), value, max(deadline - time.monotonic(), 0.1))
        # any set is either among those kept, or contains a rule whose potential is at most `level`
        bound = min(bound, max(among_kept, level + ROUNDING, value))
        rules = _with_groups(problem.group, kind, kept[found], used)
        if problem.allows(rules) and problem.value(rules) > value:
            chosen, value = rules, problem.value(rules)
        if level <= value + ROUNDING:
            break
        size *= 4
    return chosen, max(bound, value), np.flatnonzero(np.isin(kind, pricing.best(FIRST)))


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
        self.potential = np.full(problem.rules, np.inf)
        self.exclusive = problem.exclusive

    def best(self, k: int) -> IntArray:
        """The k active rules with the highest potential."""
        return self.active[np.argsort(-self.potential[self.active], kind="stable")[:k]]

    def step(self) -> bool:
        """Solve over the active rules, bound all rules, activate those that would pay; True when none would."""
        problem = self.problem
        part, kind = problem.restrict(self.active).merged()
        c, A, b = _program(part, exclusive=self.exclusive)
        result = optimize.linprog(-c, A_ub=A, b_ub=b, bounds=(0, 1), method="highs-ds")
        if result.x is None:
            return True
        cells = part.cover.shape[1]
        dual = np.maximum(-np.asarray(result.ineqlin.marginals), 0.0)
        people = part.people[kind]
        share = np.divide(problem.people, people, out=np.zeros(len(people)), where=people > 0)
        worth = self._price(dual[:cells][kind] * share, float(dual[cells]))
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
            worth = problem.cover @ (problem.weight - per_cell) - problem.price - per_rule
        else:
            per_cell = np.minimum(per_cell, problem.weight)
            fixed = float((problem.weight - per_cell).sum())
            worth = problem.cover @ per_cell - problem.price - per_rule
        fixed += per_rule * problem.max_rules
        positive = np.maximum(worth, 0.0)
        assert problem.also is not None
        by_group = np.sort(problem.also.T @ positive)[::-1][: problem.max_groups]
        bound = fixed + min(float(positive.sum()), float(by_group.sum()))
        potential = bound + np.minimum(worth, 0.0)
        slack = 1e-9 * max(1.0, abs(bound))
        self.bound = min(self.bound, bound + slack)
        self.potential = np.minimum(self.potential, potential + slack)
        return np.asarray(worth, dtype=np.float64)


def _program(part: Problem, *, exclusive: bool) -> tuple[FloatArray, Any, FloatArray]:
    """The rows of the linear program: cells first, then the number of rules, then subgroups.

    Variables are the rules, then the cells covered (unless exclusive), then the subgroups used where their
    number can matter. Returned as (profit, A, b) of: maximise profit subject to A x ≤ b.
    """
    rules, cells = part.cover.shape
    assert part.also is not None
    groups = np.flatnonzero(part.also.sum(axis=0))
    limited = len(groups) > part.max_groups
    used = len(groups) if limited else 0
    covered = 0 if exclusive else cells
    incidence = part.cover.T.tocsr()
    eye = sparse.identity(covered, format="csr")
    cells_row = [incidence] if exclusive else [-incidence, eye]
    if limited:
        cells_row.append(sparse.csr_matrix((cells, used)))
    rows = [sparse.hstack(cells_row), sparse.csr_matrix(np.r_[np.ones(rules), np.zeros(covered + used)])]
    limit = [np.full(cells, 1.0 if exclusive else 0.0), np.array([float(part.max_rules)])]
    if limited:
        link = -part.also[:, groups]
        rows.append(sparse.hstack([sparse.identity(rules), sparse.csr_matrix((rules, covered)), link]))
        rows.append(sparse.csr_matrix(np.r_[np.zeros(rules + covered), np.ones(used)]))
        limit += [np.zeros(rules), np.array([float(part.max_groups)])]
    gain = part.cover @ part.weight - part.price if exclusive else -part.price
    profit = np.concatenate([gain, part.weight if covered else np.empty(0), np.zeros(used)])
    return profit, sparse.vstack(rows).tocsr(), np.concatenate(limit)


def _milp(part: Problem, value: float, time_limit: float) -> tuple[IntArray, IntArray, float]:
    """Decide among few rules: the set found, the subgroups it uses (where they are limited), and the bound.

    value : what the set in hand is worth; nothing below it is looked for
    """
    exclusive = part.exclusive
    part = part.merged()[0]
    c, A, b = _program(part, exclusive=exclusive)
    rules, cells = part.cover.shape
    integral = np.ones(len(c))
    if not exclusive:
        integral[rules : rules + cells] = 0  # whole rules make the cells whole
    if part.max_overlap is not None and not exclusive:
        # one more variable a cell: whether several rules cover it
        several = sparse.identity(cells, format="csr") * -float(part.max_rules)
        pad = sparse.csr_matrix((cells, len(c) - rules))
        A = sparse.vstack(
            [
                sparse.hstack([A, sparse.csr_matrix((A.shape[0], cells))]),
                sparse.hstack([part.cover.T, pad, several]),
                sparse.csr_matrix(np.r_[np.zeros(len(c)), part.people]),
            ]
        ).tocsr()
        b = np.concatenate([b, np.ones(cells), [part.max_overlap]])
        c, integral = np.r_[c, np.zeros(cells)], np.r_[integral, np.ones(cells)]
    A, b = sparse.vstack([A, sparse.csr_matrix(-c)]).tocsr(), np.append(b, ROUNDING - value)
    result = optimize.milp(
        -c,
        integrality=integral,
        bounds=optimize.Bounds(0, 1),
        constraints=optimize.LinearConstraint(A, -np.inf, b),
        options={"time_limit": time_limit, "mip_rel_gap": 0.0},
    )
    if result.status == 2:  # infeasible: nothing reaches the value in hand
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), value
    bound = np.inf if result.mip_dual_bound is None else -float(result.mip_dual_bound)
    if result.x is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), bound
    assert part.also is not None
    groups = np.flatnonzero(part.also.sum(axis=0))
    first = rules if exclusive else rules + cells
    used = groups[result.x[first : first + len(groups)] > 0.5] if len(groups) > part.max_groups else groups[:0]
    return np.flatnonzero(result.x[:rules] > 0.5), used, bound + ROUNDING / 10
