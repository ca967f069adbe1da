"""How common a feature's values are in a population: the percentiles that prices and bounds are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Distribution:
    """The observed values of one numeric feature, with how many people have each.

    Parameters
    ----------
    values : float64[k]
        Different values, ascending.
    counts : int64[k]
        How many people have each.

    Examples
    --------
    >>> ages = Distribution.of([20, 30, 30, 40])
    >>> ages.cdf([20, 30, 35, 40])
    array([0.2, 0.6, 0.7, 0.8])
    >>> ages.cdf([0, 99])
    array([0.1, 0.9])
    """

    values: FloatArray
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, sample: Any) -> Distribution:
        """Count the values of a sample.

        Parameters
        ----------
        sample : array of numbers
            One value a person; missing ones are left out.

        Returns
        -------
        Distribution
        """
        array = np.asarray(sample, dtype=np.float64)
        values, counts = np.unique(array[~np.isnan(array)], return_counts=True)
        return cls(values, counts.astype(np.int64))

    @classmethod
    def counted(cls, values: FloatArray, counts: npt.NDArray[np.int64]) -> Distribution:
        """Take values that are counted already.

        Parameters
        ----------
        values : float64[k]
            Different values, in any order.
        counts : int64[k]
            How many people have each.

        Returns
        -------
        Distribution
        """
        order = np.argsort(values, kind="stable")
        return cls(values[order], counts[order])

    @property
    def size(self) -> int:
        """How many people were observed."""
        return int(self.counts.sum())

    def cdf(self, at: Any) -> FloatArray:
        """Return the share of people at or below values.

        Parameters
        ----------
        at : array of numbers
            Where to ask, inside the data or not.

        Returns
        -------
        float64, of the shape of `at`
            F(v) = #{i : x_i ≤ v} / (n + 1) at the data and linear in between; NaN where v is missing, and ½
            everywhere if nobody was observed.

        Notes
        -----
        Below the data F is 1 / (2(n + 1)) and above (n + ½) / (n + 1): strictly inside (0, 1) and
        monotone everywhere, so that shares and their logarithms always exist. Beyond the data it is flat.
        """
        n = self.size
        at = np.asarray(at, dtype=np.float64)
        if n == 0:
            return np.full(at.shape, 0.5)
        heights = np.cumsum(self.counts) / (n + 1)
        shares: FloatArray = np.interp(at, self.values, heights, left=0.5 / (n + 1), right=(n + 0.5) / (n + 1))
        return shares

    def quantile(self, percent: float) -> float:
        """Return the value below which a share of the people lie.

        Parameters
        ----------
        percent : float
            From 0, the smallest value, to 100, the largest.

        Returns
        -------
        float
            Linear between the values of neighbouring people; NaN if nobody was observed.

        Examples
        --------
        >>> Distribution.of([20, 30, 30, 40]).quantile(50)
        30.0
        """
        n = self.size
        if n == 0:
            return float("nan")
        position = percent / 100 * (n - 1)
        lower = int(np.floor(position))
        ends = np.cumsum(self.counts)
        low = self.values[np.searchsorted(ends, lower, side="right")]
        high = self.values[np.searchsorted(ends, min(lower + 1, n - 1), side="right")]
        return float(low + (high - low) * (position - lower))

    @property
    def spread(self) -> float:
        """The sample's standard deviation (with n − 1); 0 for a constant or a single person."""
        n = self.size
        if n < 2 or len(self.values) < 2:
            return 0.0
        centre = float(self.values @ self.counts) / n
        return float(np.sqrt(((self.values - centre) ** 2) @ self.counts / (n - 1)))

    def median_absolute_deviation(self) -> float:
        """Return the median distance from the median: the scale of an L1/MAD cost."""
        gaps = np.abs(self.values - self.quantile(50))
        return Distribution.counted(gaps, self.counts).quantile(50)
