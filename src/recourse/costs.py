"""What it costs to move a feature from today's value to another one.

A cost prices one feature at a time and says how prices go together: they add up (`combine = "sum"`), or
the largest counts and the sum breaks ties (`combine = "max"`, lexicographic). It asks a feature for its
percentiles and its name, and knows nothing of models or searches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError, nearest

if TYPE_CHECKING:
    from recourse.actions.features import FeatureActions

FloatArray = npt.NDArray[np.float64]


class Cost:
    """Base of all costs. Subclasses define `position`, or override `prices` altogether.

    A cost with positions prices a move between ordered values by the distance between two points,
    ``weight · |position(v) − position(x)|``, and a move to a level without order by what it takes to enter
    it, ``weight · entry(v)``; that is what lets a whole population share one table a feature. A cost without
    positions overrides `prices`, which is called once for every distinct pair of feature and today's value.

    weights : mapping from feature name to a factor ≥ 0, default 1.
    """

    name = "cost"
    combine: Literal["sum", "max"] = "sum"
    has_positions = True

    def __init__(self, weights: Mapping[Any, float] | None = None) -> None:
        self.weights = dict(weights or {})
        for feature, weight in self.weights.items():
            if not (np.isfinite(weight) and weight >= 0):
                raise InputError(f"the weight of {feature!r} must be a finite number ≥ 0, not {weight!r}.")

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        """Return where values lie on the line along which this cost measures distance."""
        raise NotImplementedError

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving to each of these levels, wherever one comes from.

        By default 1 − s_v, where s_v is how common the level is: what few people have is harder to get.
        """
        return 1 - feature.share(values)

    def prices(self, feature: FeatureActions, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving `feature` from `x` to each of `values`, 0 for staying.

        >>> import recourse as rs
        >>> age = rs.ActionSet({"age": [20, 30, 30, 40]})["age"]
        >>> TotalCost().prices(age, 20, np.array([20, 30, 40]))
        array([0. , 0.4, 0.6])
        """
        values = np.asarray(values)
        if not feature.ordered:
            return self.weight(feature) * np.where(values == x, 0.0, self.entry(feature, values))
        here, there = self.position(feature, np.array([x])), self.position(feature, values)
        return self.weight(feature) * np.abs(there - here)

    def weight(self, feature: FeatureActions) -> float:
        """Return the factor on this feature's prices."""
        return float(self.weights.get(feature.name, 1.0))


class TotalCost(Cost):
    """Total percentile shift: Σ |F(x′) − F(x)|, the share of people overtaken, summed over features."""

    name = "total"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return feature.percentile(values)


class LocalCost(Cost):
    """Total log-percentile shift: Σ |log((1 − F(x′)) / (1 − F(x)))| (Ustun, Spangher & Liu 2019, eq. 5).

    The same step costs more for somebody who is near the top of the population already.
    """

    name = "local"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return -np.log1p(-feature.percentile(values))

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return -np.log(feature.share(values))


class MaxCost(TotalCost):
    """Maximum percentile shift: the largest |F(x′) − F(x)| over features (Ustun, Spangher & Liu 2019).

    Lexicographic: of all actions with the smallest largest shift, the one whose shifts have the smallest
    sum. A weighted sum "max + ε · sum" is not the same: no fixed ε is small enough for every menu.
    """

    name = "max"
    combine = "max"


class L1Cost(Cost):
    """Distance in units of each feature's median absolute deviation, summed (Wachter et al. 2017).

    Where that deviation is 0 (more than half of the people share one value), the mean absolute deviation
    from the median stands in; a constant feature is measured in its own units. Changing a level
    without order costs 1; the levels of an ordinal feature are one unit apart before scaling.
    """

    name = "l1"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        observed = feature.observed
        rounding = 1e-12 * float(np.abs(observed.values).max(initial=0.0))
        scale = observed.median_absolute_deviation()
        if not scale > rounding and observed.size:
            spread = np.abs(observed.values - observed.quantile(50))
            scale = float(spread @ observed.counts) / observed.size
        return feature.encode(values) / (scale if scale > rounding else 1.0)

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return np.ones(len(values))


class FunctionCost(Cost):
    """A user's own prices: ``function(feature, x, values) → prices``, one per value, finite and ≥ 0.

    `feature` is the `FeatureActions` (with `.name`, `.percentile`, `.observed`), `x` today's value.
    `combine` says whether prices add up ("sum") or the largest counts ("max"). The price of staying is
    always 0, whatever the function returns for it.
    """

    name = "custom"
    has_positions = False

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        combine: Literal["sum", "max"] = "sum",
        weights: Mapping[Any, float] | None = None,
    ) -> None:
        super().__init__(weights)
        if combine not in ("sum", "max"):
            raise InputError(f"combine must be 'sum' or 'max', not {combine!r}.")
        self.function, self.combine = function, combine

    def prices(self, feature: FeatureActions, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        prices = np.asarray(self.function(feature, x, values), dtype=np.float64)
        if prices.shape != np.shape(values):
            raise InputError(
                f"the cost function returned {prices.shape} prices for {len(values)} values of {feature.name!r}."
            )
        wrong = ~(np.isfinite(prices) & (prices >= 0))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"the cost function returned {prices[at]} for moving {feature.name!r} from {x!r} to "
                f"{values[at]!r}; a price must be a finite number ≥ 0."
            )
        return self.weight(feature) * np.where(np.asarray(values) == x, 0.0, prices)


COSTS: dict[str, type[Cost]] = {cost.name: cost for cost in (TotalCost, LocalCost, MaxCost, L1Cost)}
"""The costs that have a name."""


def as_cost(cost: str | Cost | Callable[..., Any]) -> Cost:
    """Return the cost that a name, a `Cost` or a user's function stands for.

    >>> as_cost("max").combine
    'max'
    """
    if isinstance(cost, Cost):
        return cost
    if isinstance(cost, str):
        if cost not in COSTS:
            raise InputError(f"{cost!r} is not a cost. {nearest(cost, COSTS)}")
        return COSTS[cost]()
    if callable(cost):
        return FunctionCost(cost)
    raise InputError(f"a cost is a name, a Cost or a function, not {type(cost).__name__}.")
