"""Distance in units of a feature's spread."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.costs.cost import Cost, PricedFeature


class L1Cost(Cost):
    """Distance in units of each feature's median absolute deviation, summed (Wachter et al. 2017).

    Where that deviation is 0 (more than half of the people share one value), the mean absolute deviation
    from the median stands in; a constant feature is measured in its own units. Changing a level
    without order costs 1; the levels of an ordinal feature are one unit apart before scaling.

    Parameters
    ----------
    weights : mapping or None
        Factors ≥ 0 by feature name, 1 for the others.

    Examples
    --------
    >>> import recourse as rs
    >>> debts = rs.ActionSet({"debts": [0, 1, 2, 3, 100]})["debts"]
    >>> L1Cost().prices(debts, 0, np.array([1, 3]))
    array([1., 3.])
    """

    name = "l1"

    def position(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return values in units of the feature's spread.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        values : array[n]
            Raw values of it.

        Returns
        -------
        float64[n]
            Codes divided by the spread of the population.
        """
        observed = feature.observed
        rounding = 1e-12 * float(np.abs(observed.values).max(initial=0.0))
        scale = observed.median_absolute_deviation()
        if not scale > rounding and observed.size:
            spread = np.abs(observed.values - observed.quantile(50))
            scale = float(spread @ observed.counts) / observed.size
        return feature.encode(values) / (scale if scale > rounding else 1.0)

    def entry(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return 1 for each level: any change is one unit.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        values : array[n]
            Levels of it.

        Returns
        -------
        float64[n]
            Ones.
        """
        return np.ones(len(values))
