"""From evidence to rules: what a set of rules may be and is worth, and the problem that this poses.

Prices, weights and limits enter here, after the evidence: the best action for each set of people is found, the
choice is stated over cells of identical people, and the candidates chosen are spelt out as rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.costs import Cost, FeatureCost, as_cost
from recourse.errors import InputError, is_number, nearest
from recourse.summaries.candidates import Candidates
from recourse.summaries.evidence import Evidence
from recourse.summaries.problem import Problem
from recourse.summaries.rules import Rule
from recourse.summaries.selection import Selection, select
from recourse.tables import Name

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WEIGHTS = ("incorrect_recourse", "cover", "feature_cost", "feature_change")
"""The terms of the objective, by their names in the paper's Table 1."""

TIE_BREAKS = {"precision": "precision", "wilson": "lower end of the precision's interval"}
"""What decides between several rules that somebody satisfies, in words."""


@dataclass(frozen=True)
class Limits:
    """What a set of rules may be and what it is worth; everything that `refit` may change.

    See `summarize` for the meaning of each.
    """

    subgroups: tuple[Name, ...] | None
    cost: Cost
    max_rules: int = 20
    max_width: int = 7
    max_subgroups: int = 10
    apart: bool = False
    min_precision: float = 0.0
    max_overlap: float | None = None
    cost_weight: float = 1.0
    weights: Mapping[str, float] | None = None
    tie_break: str = "precision"
    method: str = "exact"
    time_limit: float = 10.0

    def __post_init__(self) -> None:
        for setting in ("max_rules", "max_width", "max_subgroups"):
            value = getattr(self, setting)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise InputError(f"{setting} must be a whole number ≥ 1, not {value!r}.")
        for setting in ("min_precision", "max_overlap"):
            value = getattr(self, setting)
            if not (value is None and setting == "max_overlap") and not (is_number(value) and 0 <= value <= 1):
                raise InputError(f"{setting} is a share from 0 to 1, not {value!r}.")
        if not (self.weights is None or isinstance(self.weights, Mapping)):
            raise InputError(
                f"weights is a mapping from a term of the objective ({', '.join(WEIGHTS)}) to a number, not "
                f"{self.weights!r}."
            )
        for name in self.weights or ():
            if name not in WEIGHTS:
                raise InputError(f"weights: {name!r} is no term of the objective. {nearest(name, WEIGHTS)}")
        for name, value in {"cost_weight": self.cost_weight, **(self.weights or {})}.items():
            if not (is_number(value) and value >= 0):
                raise InputError(f"the weight {name} must be a finite number ≥ 0, not {value!r}.")
        for setting, options in (("method", ("exact", "local", "greedy")), ("tie_break", tuple(TIE_BREAKS))):
            if getattr(self, setting) not in options:
                raise InputError(
                    f"{setting}={getattr(self, setting)!r} is unknown. {nearest(getattr(self, setting), options)}"
                )
        if self.time_limit != np.inf and not (is_number(self.time_limit) and self.time_limit > 0):
            raise InputError(f"time_limit must be seconds above 0, not {self.time_limit!r}.")

    @property
    def lambdas(self) -> dict[str, float]:
        """The weights of the objective's terms: those given, or people minus `cost_weight` × costs.

        By default one person covered, one wrong recourse less and 1/`cost_weight` of feature cost weigh the same;
        a hundredth of that goes to the magnitude of changes, which only settles ties between near equals.
        """
        if self.weights is not None:
            return {name: float(self.weights.get(name, 0.0)) for name in WEIGHTS}
        return {
            "incorrect_recourse": 1.0,
            "cover": 1.0,
            "feature_cost": self.cost_weight,
            "feature_change": 0.01 * self.cost_weight,
        }


def limits_from(evidence: Evidence, limits: Limits) -> Limits:
    """Check limits against the evidence they are for."""
    for name in limits.subgroups or ():
        if name not in evidence.columns:
            raise InputError(f"subgroups: {name!r} is no column that was read. {nearest(name, evidence.columns)}")
        if evidence.how[name].actionable:
            raise InputError(f"subgroups: {name!r} is actionable, so it can't describe a subgroup.")
    cost = price_list(limits.cost)
    check_cost(cost, evidence.columns)
    return replace(limits, cost=cost)


def check_cost(cost: Cost, names: Sequence[Name]) -> None:
    """Raise `InputError` for a cost that weighs what is no feature, or that doesn't add up."""
    for name in cost.weights:
        if name not in names:
            raise InputError(f"the cost weighs {name!r}, which is no feature. {nearest(name, names)}")
    if cost.combine != "sum":
        raise InputError(
            f"a summary adds up the prices of the features, but the cost {cost.name!r} counts the largest only; "
            "use a cost that adds up."
        )


def check_fcost_weight(weight: float) -> float:
    """Return the weight of costs per person, or raise `InputError` for one that means nothing."""
    if isinstance(weight, str) or not (np.isfinite(weight) and weight >= 0):
        raise InputError(f"fcost_weight must be a finite number ≥ 0, not {weight!r}.")
    return float(weight)


def value_per_person(found: Mapping[str, Any], fcost_weight: float) -> float:
    """Return people approved minus weighted costs, from measures: the value of trees and of global actions."""
    return float(found["successes"] * (1.0 - fcost_weight * (found["fcost"] or 0.0)))


def price_list(cost: Any) -> Cost:
    """Return the cost that a mapping from feature to price, a name or a `Cost` stands for; 1 a feature if None."""
    if cost is None:
        return FeatureCost()
    if isinstance(cost, Mapping):
        return FeatureCost(cost)
    return as_cost(cost)


def plain_settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as `Limits` stores them."""
    done = dict(changes)
    if done.get("subgroups") is not None:
        given = done["subgroups"]
        if not isinstance(given, str) and not isinstance(given, Iterable):
            raise InputError(f"subgroups is a list of columns, [] or None, not {given!r}.")
        done["subgroups"] = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
    return done


def rules_of(evidence: Evidence, limits: Limits, candidates: Candidates, numbers: IntArray) -> tuple[Rule, ...]:
    """Spell out the rules behind some candidates' numbers."""
    cost = evidence.mean_over(candidates, evidence.prices(limits.cost), numbers)
    change = evidence.mean_over(candidates, evidence.sizes(), numbers)
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


def best_actions(evidence: Evidence, candidates: Candidates, limits: Limits) -> tuple[IntArray, FloatArray]:
    """Keep for each descriptor and set of people covered the action with the lowest price to the objective.

    Returns the candidates kept and their prices λ₁·incorrect + λ₃·feature_cost + λ₄·feature_change. It depends on
    costs and weights, so it is part of choosing and not of the candidates.
    """
    weights = limits.lambdas
    numbers = np.arange(len(candidates))
    if limits.min_precision > 0:
        numbers = numbers[precise(limits, candidates.correct, candidates.n)]
    wrong = weights["incorrect_recourse"] * (candidates.n - candidates.correct)[numbers]
    numbers = numbers[weights["cover"] * candidates.n[numbers] > wrong]
    if not len(numbers):
        return numbers, np.zeros(0)
    price = weights["incorrect_recourse"] * (candidates.n - candidates.correct)[numbers].astype(np.float64)
    if weights["feature_cost"]:
        price += weights["feature_cost"] * evidence.mean_over(candidates, evidence.prices(limits.cost), numbers)
    if weights["feature_change"]:
        price += weights["feature_change"] * evidence.mean_over(candidates, evidence.sizes(), numbers)
    useful = weights["cover"] * candidates.n[numbers] > price
    numbers, price = numbers[useful], price[useful]
    if not len(numbers):
        return numbers, price
    coverage = candidates.coverage[numbers]
    starts = np.flatnonzero(np.diff(coverage, prepend=-1))
    least = np.repeat(np.minimum.reduceat(price, starts), np.diff(starts, append=len(price)))
    cheapest = np.flatnonzero(price == least)
    first = cheapest[np.flatnonzero(np.diff(coverage[cheapest], prepend=-1))]
    return numbers[first], price[first]


def problem_of(
    evidence: Evidence, candidates: Candidates, limits: Limits, numbers: IntArray, price: FloatArray
) -> Problem:
    """State the choice among candidates over cells of identical people."""
    size = np.zeros(evidence.n_cells)
    np.add.at(size, evidence.cells, evidence.counted.astype(np.float64))
    cover = evidence.cover_of(candidates)[candidates.coverage[numbers]]
    return Problem(
        cover,
        limits.lambdas["cover"] * size,
        size,
        price,
        candidates.descriptor[numbers],
        int(limits.max_rules),
        int(limits.max_subgroups),
        None if limits.max_overlap is None else limits.max_overlap * evidence.n + 1e-9,
    )


def choose_numbers(
    evidence: Evidence, limits: Limits, candidates: Candidates, promising: IntArray | None
) -> tuple[IntArray, Selection]:
    """Choose candidates under the limits; returned by descriptor, and within it by the people covered.

    promising : candidates that an earlier choice from the same evidence looked at; likewise in what is returned
    """
    numbers, price = best_actions(evidence, candidates, limits)
    problem = problem_of(evidence, candidates, limits, numbers, price)
    start = None
    if promising is not None:
        start = np.flatnonzero(np.isin(candidates.coverage[numbers], candidates.coverage[promising]))
    selection = select(problem, method=limits.method, time_limit=limits.time_limit, start=start)
    selection = replace(selection, promising=numbers[selection.promising])
    chosen = numbers[selection.chosen]
    order = np.lexsort((chosen, -candidates.n[chosen], candidates.descriptor[chosen]))
    return chosen[order], selection


def precise(limits: Limits, correct: npt.NDArray[Any], n: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which of many shares `correct` of `n` > 0 people reach the least precision that the limits ask for."""
    if limits.tie_break == "wilson":
        return np.asarray(wilson_lower(correct, n) >= limits.min_precision)
    return np.asarray(correct >= limits.min_precision * n - 1e-9)


def wilson_lower(correct: npt.NDArray[Any], n: npt.NDArray[Any], z: float = 1.959963984540054) -> FloatArray:
    """The lower end of the 95 % Wilson interval of many shares at once."""
    share = correct / np.maximum(n, 1)
    centre = share + z * z / (2 * n)
    spread = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.asarray((centre - spread) / (1 + z * z / n), dtype=np.float64)
