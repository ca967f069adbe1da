"""From evidence to a problem: what each rule is worth and costs, and the rules that an answer's numbers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.statistics import wilson_bounds
from recourse.summaries.choice.candidates import Candidates
from recourse.summaries.choice.limits import Limits
from recourse.summaries.choice.problem import ChoiceProblem
from recourse.summaries.choice.select import Selection, select
from recourse.summaries.choice.settings import ChoiceSettings
from recourse.summaries.rules import Rule


def value_per_person(found: Mapping[str, Any], fcost_weight: float) -> float:
    """Return people approved minus weighted costs, from measures: the value of trees and of global actions."""
    return float(found["successes"] * (1.0 - fcost_weight * (found["fcost"] or 0.0)))


def rules_of(candidates: Candidates, settings: ChoiceSettings, numbers: IntArray) -> tuple[Rule, ...]:
    """Spell out the rules behind some candidates' numbers."""
    evidence = candidates.evidence
    cost = candidates.mean_over(evidence.prices(settings.cost), numbers)
    change = candidates.mean_over(evidence.sizes, numbers)
    rules = []
    for k, number in enumerate(numbers.tolist()):
        group = candidates.descriptors.sets[candidates.descriptor[number]]
        condition = candidates.conditions.sets[candidates.condition[number]]
        action = evidence.outcomes.actions[candidates.action[number]]
        rules.append(
            Rule(
                tuple(evidence.predicates[item] for item in group),
                tuple(evidence.predicates[item] for item in condition),
                tuple(evidence.effects.moves[move] for move in action),
                int(candidates.n[number]),
                int(candidates.correct[number]),
                float(cost[k]),
                float(change[k]),
            )
        )
    return tuple(rules)


def best_actions(candidates: Candidates, settings: ChoiceSettings) -> tuple[IntArray, FloatArray]:
    """Keep for each descriptor and set of people covered the action with the lowest price to the objective.

    Returns the candidates kept and their prices λ₁·incorrect + λ₃·feature_cost + λ₄·feature_change. It depends on
    costs and weights, so it is part of choosing and not of the candidates.
    """
    evidence, weights = candidates.evidence, settings.limits.lambdas
    numbers = np.arange(len(candidates))
    if settings.limits.min_precision > 0:
        numbers = numbers[precise(settings.limits, candidates.correct, candidates.n)]

    # wrong recourses first: most candidates are not worth these, and costs take longer to work out
    wrong = weights["incorrect_recourse"] * (candidates.n - candidates.correct)[numbers].astype(np.float64)
    useful = weights["cover"] * candidates.n[numbers] > wrong
    numbers, price = numbers[useful], wrong[useful]
    if weights["feature_cost"]:
        price = price + weights["feature_cost"] * candidates.mean_over(evidence.prices(settings.cost), numbers)
    if weights["feature_change"]:
        price = price + weights["feature_change"] * candidates.mean_over(evidence.sizes, numbers)
    useful = weights["cover"] * candidates.n[numbers] > price
    numbers, price = numbers[useful], price[useful]
    if not len(numbers):
        return numbers, price

    # of each coverage (candidates are ordered by it) the first with the least price
    coverage = candidates.coverage[numbers]
    starts = np.flatnonzero(np.diff(coverage, prepend=-1))
    least = np.repeat(np.minimum.reduceat(price, starts), np.diff(starts, append=len(price)))
    cheapest = np.flatnonzero(price == least)
    first = cheapest[np.flatnonzero(np.diff(coverage[cheapest], prepend=-1))]
    return numbers[first], price[first]


def problem_of(candidates: Candidates, limits: Limits, numbers: IntArray, price: FloatArray) -> ChoiceProblem:
    """State the choice among candidates over cells of identical people."""
    evidence = candidates.evidence
    size = np.zeros(evidence.n_cells)
    np.add.at(size, evidence.cells, evidence.counted.astype(np.float64))
    return ChoiceProblem(
        candidates.cover[candidates.coverage[numbers]],
        limits.lambdas["cover"] * size,
        size,
        price,
        candidates.descriptor[numbers],
        limits.max_rules,
        limits.max_subgroups,
        None if limits.max_overlap is None else limits.max_overlap * evidence.n + 1e-9,
    )


def choose_numbers(
    candidates: Candidates, settings: ChoiceSettings, promising: IntArray | None, budget: Budget
) -> tuple[IntArray, Selection]:
    """Choose candidates under the limits; returned by descriptor, and within it by the people covered.

    promising : candidates that an earlier choice from the same evidence looked at; likewise in what is returned
    """
    numbers, price = best_actions(candidates, settings)
    problem = problem_of(candidates, settings.limits, numbers, price)
    start = None
    if promising is not None:
        start = np.flatnonzero(np.isin(candidates.coverage[numbers], candidates.coverage[promising]))
    selection = select(problem, method=settings.limits.method, budget=budget, start=start)
    selection = replace(selection, promising=numbers[selection.promising])
    chosen = numbers[selection.chosen]
    order = np.lexsort((chosen, -candidates.n[chosen], candidates.descriptor[chosen]))
    return chosen[order], selection


def precise(limits: Limits, correct: npt.NDArray[Any], n: npt.NDArray[Any]) -> BoolArray:
    """Return which of many shares `correct` of `n` > 0 people reach the least precision that the limits ask for."""
    if limits.tie_break == "wilson":
        return np.asarray(wilson_bounds(correct, n)[0] >= limits.min_precision)
    return np.asarray(correct >= limits.min_precision * n - 1e-9)
