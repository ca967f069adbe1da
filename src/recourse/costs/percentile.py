"""Costs in percentiles: how many people somebody overtakes (Ustun, Spangher & Liu 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.costs.cost import Cost

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


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
