"""The choice of rules as a linear program, and how a fractional solution of it becomes a set of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import optimize, sparse

from recourse.arrays import FloatArray, IntArray
from recourse.budget import Budget
from recourse.summaries.choice.greedy import exchanges, greedy
from recourse.summaries.choice.problem import ChoiceProblem

INFEASIBLE = 2
"""The status by which SciPy says that no point satisfies a linear program."""


def maximise(profit: FloatArray, rows: Any, limit: FloatArray, budget: Budget) -> Any:
    """Maximise profit · x over 0 ≤ x ≤ 1 with rows · x ≤ limit; the result has no x if the time is up before."""
    options = {"time_limit": max(budget.remaining, 0.01)}
    return optimize.linprog(-profit, A_ub=rows, b_ub=limit, bounds=(0, 1), method="highs-ds", options=options)


def limited_groups(problem: ChoiceProblem) -> IntArray:
    """The descriptors that rules may count for, where their number can matter; otherwise none."""
    assert problem.also is not None
    groups = np.unique(problem.also.indices).astype(np.int64)
    return groups if len(groups) > problem.max_groups else groups[:0]


def first_group(problem: ChoiceProblem) -> int:
    """Where the descriptors begin among the variables of `program`."""
    rules, cells = problem.cover.shape
    return int(rules if problem.exclusive else rules + cells)


def program(part: ChoiceProblem, *, overlap: bool = False) -> tuple[FloatArray, sparse.csr_matrix, FloatArray]:
    """The binary program of choosing rules: (profit, A, b) of maximise profit · x subject to A x ≤ b.

    Variables are the rules, then the cells covered (unless nobody may be covered twice), then the descriptors used
    where their number can matter, then, with `overlap` and if that is limited, the cells that several rules cover.
    The rows of the cells come first, in order, then that of the number of rules.
    """
    rules, cells = part.cover.shape
    groups = limited_groups(part)
    covered, used = 0 if part.exclusive else cells, len(groups)
    incidence = part.cover.T.tocsr()
    size = rules + covered + used

    # a cell counts as covered only if a rule covers it, or is covered at most once; and so many rules
    of_cells = [incidence] if part.exclusive else [-incidence, sparse.identity(covered, format="csr")]
    rows = [_widened(sparse.hstack(of_cells), size), _widened(sparse.csr_matrix(np.ones(rules)), size)]
    limit = [np.full(cells, 1.0 if part.exclusive else 0.0), np.array([float(part.max_rules)])]

    # a rule needs one of its descriptors, and so many of these
    if used:
        assert part.also is not None
        link = sparse.hstack([sparse.identity(rules), sparse.csr_matrix((rules, covered)), -part.also[:, groups]])
        rows += [link, sparse.csr_matrix(np.r_[np.zeros(rules + covered), np.ones(used)])]
        limit += [np.zeros(rules), np.array([float(part.max_groups)])]

    gain = part.cover @ part.weight - part.price if part.exclusive else -part.price
    profit = np.concatenate([gain, part.weight if covered else np.empty(0), np.zeros(used)])

    # rules that cover a cell ≤ 1 if it is covered + as many more as there may be if several cover it
    if overlap and part.max_overlap is not None and not part.exclusive:
        more = np.minimum(np.asarray(part.cover.sum(axis=0)).ravel(), part.max_rules) - 1.0
        several = sparse.diags(-np.maximum(more, 1.0))
        rows = [_widened(block, size + cells) for block in rows]
        rows.append(sparse.hstack([_widened(-sparse.hstack(of_cells), size), several]))
        rows.append(sparse.csr_matrix(np.r_[np.zeros(size), part.people]))
        limit += [np.zeros(cells), np.array([part.max_overlap])]
        profit = np.concatenate([profit, np.zeros(cells)])
    return profit, sparse.vstack(rows).tocsr(), np.concatenate(limit)


def _widened(rows: sparse.spmatrix, columns: int) -> sparse.csr_matrix:
    """The same rows with empty columns to the right."""
    return sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], columns - rows.shape[1]))]).tocsr()


def rounded(problem: ChoiceProblem, x: FloatArray, enough: float) -> tuple[IntArray, IntArray]:
    """Make a set of rules from a solution of `program`: what it mostly chose, completed greedily.

    If that is worth more than `enough`, exchanges improve it further. Returns the rules, and the descriptors they
    count for where these are limited.
    """
    used, rules = limited_groups(problem), problem.rules
    open_ = np.ones(rules, dtype=bool)
    if len(used):
        first = first_group(problem)
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
