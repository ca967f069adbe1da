"""Choosing the rules: maximise people covered, minus what each rule costs, under limits on rules and subgroups.

The paper's local search and the greedy choice come with a bound, the exact choice with a proof. Whichever way, the
value is recomputed from the rules chosen, and the bound stands beside it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

import numpy as np

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.summaries.choice.exact import Proof, prove
from recourse.summaries.choice.greedy import anytime_bound, greedy, local_search
from recourse.summaries.choice.problem import ROUNDING, ChoiceProblem, settled


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
        """Return what a value and an upper bound prove, and the bound: the value itself where they are equal.

        Parameters
        ----------
        value, bound : float
            What the choice is worth, and what no choice is worth more than.

        Returns
        -------
        tuple of SelectionStatus and float
        """
        return (cls.OPTIMAL, value) if settled(bound, value) else (cls.FEASIBLE, float(bound))


@dataclass(frozen=True, eq=False)
class Selection:
    """The rules chosen (ascending), their value, an upper bound on any set's, and what that proves.

    promising : the rules that the proof looked at; a good start for choosing under similar limits
    interrupted : whether the time limit, `Budget.cancel` or Ctrl-C ended the choice before its proof
    """

    chosen: IntArray
    value: float
    bound: float
    status: SelectionStatus
    promising: IntArray
    interrupted: bool = False


def select(
    problem: ChoiceProblem, *, method: str = "exact", budget: Budget | None = None, start: IntArray | None = None
) -> Selection:
    """Choose the rules.

    method : "exact" (with a proof, or the best set and bound known when the budget is exhausted), "local" (the
    paper's search) or "greedy"; these two come with the anytime bound
    start : rules to look at first; they make a proof quicker, and change neither the value nor the bound
    """
    budget = Budget.of(budget)
    useful = np.flatnonzero(problem.cover @ problem.weight - problem.price > ROUNDING)
    everything, problem = problem, problem.restrict(useful)
    if not len(useful):
        return Selection(useful, 0.0, 0.0, SelectionStatus.OPTIMAL, useful)

    # a set in hand, and a bound that needs no solver
    active = np.empty(0, dtype=np.int64) if start is None else np.flatnonzero(np.isin(useful, start))
    chosen = local_search(problem, drop=2, runs=3) if method == "local" else greedy(problem)
    bound = anytime_bound(problem, chosen)
    if method == "exact" and not settled(bound, problem.value(chosen)):
        proof = _proven(problem, chosen, active, bound, budget)
        chosen, bound, active = proof.chosen, proof.bound, proof.promising

    value = everything.value(useful[chosen])
    status, bound = SelectionStatus.of(value, bound)
    interrupted = method == "exact" and status is SelectionStatus.FEASIBLE and budget.exhausted
    return Selection(useful[chosen], value, bound, status, useful[active], interrupted)


def _proven(problem: ChoiceProblem, chosen: IntArray, active: IntArray, bound: float, budget: Budget) -> Proof:
    """Prove the choice, first without the limit on subgroups: that seldom matters, and is quicker."""
    if len(np.unique(problem.group)) > problem.max_groups:
        relaxed = replace(problem, max_groups=problem.rules)
        free = prove(relaxed, chosen, active, bound, budget.part(budget.remaining / 2))
        bound, active = free.bound, free.promising
        if problem.allows(free.chosen) and problem.value(free.chosen) > problem.value(chosen):
            chosen = free.chosen
        if settled(bound, problem.value(chosen)):
            return Proof(chosen, bound, active)
    return prove(problem, chosen, active, bound, budget)
