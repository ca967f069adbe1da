"""limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recourse.checks import is_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.costs.per_change import FeatureCost
from recourse.errors import InputError, nearest
from recourse.summaries.evidence.evidence import Evidence
from recourse.tables import Name

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


def plain_settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as `Limits` stores them."""
    done = dict(changes)
    if done.get("subgroups") is not None:
        given = done["subgroups"]
        if not isinstance(given, str) and not isinstance(given, Iterable):
            raise InputError(f"subgroups is a list of columns, [] or None, not {given!r}.")
        done["subgroups"] = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
    return done


def price_list(cost: Any) -> Cost:
    """Return the cost that a mapping from feature to price, a name or a `Cost` stands for; 1 a feature if None."""
    if cost is None:
        return FeatureCost()
    if isinstance(cost, Mapping):
        return FeatureCost(cost)
    return as_cost(cost)
