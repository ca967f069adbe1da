"""Distance in units of a feature's spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.costs.cost import Cost

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


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
