"""What a person may do about one feature: change it or not, how far, in which direction, in which steps.

Settings are plain values, stored as the user said them and in any order (`settings`); the target values are
derived whenever they are asked for (`target_values`), so nothing can be stale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.actions import legacy
from recourse.actions.target_values import TargetValues
from recourse.actions.variable_types import LEVEL_TYPES
from recourse.arrays import FloatArray
from recourse.errors import InputError


class FeatureActions(legacy.OldFeatureNames, TargetValues):
    """The possible actions on one feature.

    An `ActionSet` makes them, one a column. Each setting may be assigned at any time and in any order; an unknown one
    raises `AttributeError`, a value that can't be `InputError`.

    Attributes
    ----------
    actionable : bool
        Whether a person can change the feature at all. ``mutable`` is the older name of the same setting.
    variable_type : {"boolean", "integer", "real", "ordinal", "categorical"}
        Numbers are boolean (0/1), integer or real; everything else has levels, ordered or not.
    bounds : (lb, ub) or (lb, ub, "percentile")
        The smallest and largest value an action may lead to, in the feature's units or as percentiles
        (0–100) of the population; for an ordinal feature, its lowest and highest level. Also assignable
        one at a time as ``lb`` and ``ub``. Nobody is moved outside; somebody who is outside today may
        stay there, or move to a value inside.
    step_size : float
        The distance between neighbouring target values: in the feature's units (``"absolute"``) or as a
        share of ub − lb (``"relative"``, the default with 0.01). Integers always step in whole numbers.
    step_type : {"relative", "absolute"}
        What `step_size` means.
    step_direction : {-1, 0, 1}
        1: may only grow (for an ordinal feature: only to later levels); −1: may only shrink; 0: either.
    levels : sequence
        The values that an action may lead to; for an ordinal feature in their order. By default those
        seen in the population, missing codes left out.
    from_missing : number or None
        The price of giving a value to a feature that is missing today; None (default): it can't be done.
        A missing value is never a target.
    label, unit : str
        What people call the feature, and what its values are measured in.

    Notes
    -----
    The target values of a number start at the lower bound, step upwards and end exactly at the upper bound.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 4, 7], "housing": ["rent", "own", "free", "own"]})
    >>> A["overdue"].bounds = (0, 4)
    >>> A["overdue"].step_direction = -1
    >>> A["overdue"].feasible_values(3)
    array([3, 0, 1, 2])
    >>> A["housing"].feasible_values("rent").tolist()
    ['rent', 'free', 'own']
    """

    @property
    def ordered(self) -> bool:
        """Whether values have an order, and so percentiles and directions."""
        return self._variable_type != "categorical"

    def share(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return how common levels are in the population.

        Parameters
        ----------
        values : array
            Raw values; they need not have been seen.

        Returns
        -------
        float64, of the shape of `values`
            (n_v + 1) / (n + K) for a level that n_v of n people have, among K levels: never 0.

        Examples
        --------
        >>> import recourse as rs
        >>> rs.ActionSet({"housing": ["own", "own", "rent"]})["housing"].share(np.array(["own", "rent"])).tolist()
        [0.6, 0.4]
        """
        counts = dict(zip(self._values.tolist(), self._counts.tolist(), strict=True))
        n, k = int(self._counts.sum()), len(set(self.levels) | set(counts))
        return np.array([(counts.get(value, 0) + 1) / (n + k) for value in values.tolist()], dtype=np.float64)

    def percentile(self, values: Any) -> FloatArray:
        """Return the share of the population at or below values.

        Parameters
        ----------
        values : array
            Raw values: numbers, or levels of an ordinal feature.

        Returns
        -------
        float64, of the shape of `values`
            Strictly between 0 and 1, and NaN where a value is missing: counted (`Distribution.cdf`), or smoothed as
            the older library did in an action set with ``percentiles="kde"``.

        Raises
        ------
        InputError
            For a categorical feature: its levels have no order.

        Examples
        --------
        >>> import recourse as rs
        >>> rs.ActionSet({"overdue": [0, 1, 1, 3]})["overdue"].percentile([0, 1]).tolist()
        [0.2, 0.6]
        """
        if not self.ordered:
            raise InputError(f"{self._name!r} is categorical: its levels have no order, and so no percentiles.")
        codes = self.encode(np.asarray(values))
        if self._percentiles == "kde" and self._variable_type not in LEVEL_TYPES and self.observed.spread > 0:
            return legacy.SmoothDistribution.of(self.observed, self.codes).cdf(codes)
        return self.observed.cdf(codes)

    def settings(self) -> dict[str, Any]:
        """Return the settings as plain values.

        Returns
        -------
        dict
            What `ActionSet.to_frame` and reports show: the bounds and the number of target values as they come out.
        """
        low, high = self.bounds
        return {
            "name": self._name,
            "variable_type": self._variable_type,
            "actionable": self._actionable,
            "step_direction": self._step_direction,
            "lb": low,
            "ub": high,
            "bound_type": self.bound_type,
            "step_type": self._step_type,
            "step_size": self._step_size,
            "size": self.size,
        }

    def __repr__(self) -> str:
        way = {-1: ", may only shrink", 0: "", 1: ", may only grow"}[self._step_direction]
        if not self._actionable:
            return f"FeatureActions({self._name!r}, {self._variable_type}, immutable)"
        if self._variable_type in LEVEL_TYPES:
            return f"FeatureActions({self._name!r}, {self._variable_type}, {self.size} levels{way})"
        low, high = self._code_bounds()
        return (
            f"FeatureActions({self._name!r}, {self._variable_type}, {low:g} to {high:g} in steps of {self.step:g}{way})"
        )
