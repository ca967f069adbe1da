"""Choosing the rules: maximise people covered, minus what each rule costs, under limits on rules and subgroups.

Two ways to the same value: the paper's local search (`local_search`), and an exact one (`branching`). Whichever way,
the value is recomputed from the rules chosen, and the bound stands beside it.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, replace

import numpy as np

from recourse.arrays import IntArray
from recourse.summaries.choice.exact import prove
from recourse.summaries.choice.greedy import anytime_bound, greedy, local_search
from recourse.summaries.choice.problem import ROUNDING, Problem, settled


class SelectionStatus(enum.Enum):
    """What was proven about a choice. The values are the sentences that users read."""

    OPTIMAL = "no other choice from the candidates within these limits has a higher value"
    FEASIBLE = "this choice is within the limits; a better one may exist, but none above the bound"

    @property
    def label(self) -> str:
        """The status as one lower-case word, as tables and files show it."""
        return self.name.lower()

    @classmethod
    def of(cls, value: float, bound: float) -> tuple[SelectionStatus, float]:
        """Return what a value and an upper bound prove, and the bound: the value itself where they are equal."""
        return (cls.OPTIMAL, value) if settled(bound, value) else (cls.FEASIBLE, float(bound))


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
    if method == "exact" and not settled(bound, problem.value(chosen)):
        if len(np.unique(problem.group)) > problem.max_groups:
            # the limit on subgroups seldom matters, and without it the proof is quicker
            relaxed = replace(problem, max_groups=problem.rules)
            free = prove(relaxed, chosen, active, bound, started + time_limit / 2)
            bound, active = free.bound, free.promising
            if problem.allows(free.chosen) and problem.value(free.chosen) > problem.value(chosen):
                chosen = free.chosen
        if not settled(bound, problem.value(chosen)):
            proof = prove(problem, chosen, active, bound, started + time_limit)
            chosen, bound, active = proof.chosen, proof.bound, proof.promising
    value = everything.value(useful[chosen])
    status, bound = SelectionStatus.of(value, bound)
    return Selection(useful[chosen], value, bound, status, useful[active])
