"""Costs in percentiles: how many people somebody overtakes (Ustun, Spangher & Liu 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.costs.cost import Cost, PricedFeature


class TotalCost(Cost):
    """Total percentile shift: Σ |F(x′) − F(x)|, the share of people overtaken, summed over features.

    Parameters
    ----------
    weights : mapping or None
        Factors ≥ 0 by feature name, 1 for the others.

    Examples
    --------
    >>> import recourse as rs
    >>> age = rs.ActionSet({"age": [20, 30, 30, 40]})["age"]
    >>> TotalCost({"age": 10}).prices(age, 20, np.array([30, 40]))
    array([4., 6.])
    """

    name = "total"

    def position(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return F(v), the share of the population at or below each value.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        values : array[n]
            Raw values of it.

        Returns
        -------
        float64[n]
            Shares strictly between 0 and 1.
        """
        return feature.percentile(values)


class LocalCost(Cost):
    """Total log-percentile shift: Σ |log((1 − F(x′)) / (1 − F(x)))|.

    The same step costs more for somebody who is near the top of the population already.

    Parameters
    ----------
    weights : mapping or None
        Factors ≥ 0 by feature name, 1 for the others.

    References
    ----------
    Ustun, Spangher & Liu, Actionable Recourse in Linear Classification, FAT* 2019, eq. 5.
    """

    name = "local"

    def position(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return −log(1 − F(v)).

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        values : array[n]
            Raw values of it.

        Returns
        -------
        float64[n]
            Finite, as F is below 1.
        """
        return -np.log1p(-feature.percentile(values))

    def entry(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return −log s_v, where s_v is how common the level is.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        values : array[n]
            Levels of it.

        Returns
        -------
        float64[n]
            Finite, as no share is 0.
        """
        return -np.log(feature.share(values))


class MaxCost(TotalCost):
    """Maximum percentile shift: the largest |F(x′) − F(x)| over features.

    Lexicographic: of all actions with the smallest largest shift, the one whose shifts have the smallest
    sum. A weighted sum "max + ε · sum" is not the same: no fixed ε is small enough for every menu.

    Parameters
    ----------
    weights : mapping or None
        Factors ≥ 0 by feature name, 1 for the others.

    References
    ----------
    Ustun, Spangher & Liu, Actionable Recourse in Linear Classification, FAT* 2019.
    """

    name = "max"
    combine = "max"
