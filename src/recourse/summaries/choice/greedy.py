"""Choosing rules step by step: greedily, or by the paper's local search; and what submodularity proves about it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.summaries.choice.problem import ROUNDING, ChoiceProblem


def anytime_bound(problem: ChoiceProblem, chosen: IntArray) -> float:
    """Bound the best value from any set at hand, without a solver.

    Covering is submodular: a rule adds to any larger set at most what it adds to this one. So no set is worth
    more than what `chosen` covers plus the `max_rules` largest gains, each net of its price, where positive.
    """
    covered = problem.times(chosen) > 0
    gains = problem.cover @ np.where(covered, 0.0, problem.weight) - problem.price
    best = np.sort(np.maximum(gains, 0.0))[::-1][: problem.max_rules]
    return float(problem.weight @ covered + best.sum())


def greedy(problem: ChoiceProblem, *, start: IntArray | None = None, among: BoolArray | None = None) -> IntArray:
    """Add the rule with the largest gain, lowest number first among equals, while one gains anything.

    start : rules to begin with; among : bool[rules], where not all may be added
    """
    chosen = np.empty(0, dtype=np.int64) if start is None else start
    while len(chosen) < problem.max_rules:
        gains = _gains(problem, chosen, among)
        best = int(np.argmax(gains))
        if not gains[best] > ROUNDING:
            break
        chosen = np.append(chosen, best)
    return np.sort(chosen)


def local_search(problem: ChoiceProblem, *, drop: int = 1, delta: float = 0.01, runs: int = 1) -> IntArray:
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
        single = greedy(replace(part, max_rules=1))
        found = exchanges(part, single, drop=drop, factor=1.0 + delta / max(part.rules, 1) ** 4)
        value = part.value(found)
        if value > best_value + ROUNDING:
            best, best_value = left[found], value
        left = np.delete(left, found)
        if not len(found):
            break
    return np.sort(best)


def exchanges(
    problem: ChoiceProblem,
    chosen: IntArray,
    *,
    drop: int = 1,
    factor: float = 1.0,
    among: BoolArray | None = None,
) -> IntArray:
    """Improve a set of rules by the best deletion, or addition that drops up to `drop` others, while there is one.

    factor : by how much a move must raise the value; among : bool[rules], where not all may be added
    """
    value = problem.value(chosen)
    while True:
        # deletions alone, and additions after dropping none, one, … of the rules
        best_value, best = max(value * factor, value + ROUNDING), None
        for k in range(min(drop, len(chosen)) + 1):
            for out in combinations(range(len(chosen)), k):
                rest = np.delete(chosen, out)
                base = problem.value(rest)
                if k and base > best_value:
                    best_value, best = base, rest
                if len(rest) == problem.max_rules:
                    continue
                gains = _gains(problem, rest, among)
                one = int(np.argmax(gains))
                if base + gains[one] > best_value + ROUNDING:
                    best_value, best = base + float(gains[one]), np.append(rest, one)

        if best is None:
            return np.sort(chosen)
        chosen, value = best, problem.value(best)


def _gains(problem: ChoiceProblem, chosen: IntArray, among: BoolArray | None) -> FloatArray:
    """What each rule would add to a set's value; −∞ where the limits forbid it."""
    times = problem.times(chosen)
    gains = problem.cover @ np.where(times > 0, 0.0, problem.weight) - problem.price

    # what would break a limit: one more subgroup, too many people in several rules, the same rule twice
    groups = np.unique(problem.group[chosen])
    if len(groups) >= problem.max_groups:
        gains[~np.isin(problem.group, groups)] = -np.inf
    if problem.max_overlap is not None:
        doubled = problem.cover @ np.where(times == 1, problem.people, 0.0)
        gains[doubled + problem.people @ (times > 1) > problem.max_overlap] = -np.inf
    gains[chosen] = -np.inf
    if among is not None:
        gains[~among] = -np.inf
    return np.asarray(gains, dtype=np.float64)
