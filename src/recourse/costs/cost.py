"""What a cost is: the price of moving a feature from today's value to another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.checks import is_number
from recourse.errors import InputError

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


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
            if not (is_number(weight) and weight >= 0):
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
        >>> rs.TotalCost().prices(age, 20, np.array([20, 30, 40]))
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
