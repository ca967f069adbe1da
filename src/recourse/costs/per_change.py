"""A price for each feature that changes, however far it moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.checks import number
from recourse.costs.cost import Cost, PricedFeature


class FeatureCost(Cost):
    """A price a feature, paid whenever it changes, however far: how hard the feature is to change at all.

    Parameters
    ----------
    costs : mapping or None
        A price ≥ 0 by feature name.
    default : float
        The price ≥ 0 of features that `costs` doesn't name.

    Raises
    ------
    InputError
        If a price is no finite number ≥ 0.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 30, 40], "debts": [0, 2, 5]})
    >>> FeatureCost({"debts": 3.0}).prices(A["debts"], 5, np.array([0, 2, 5]))
    array([3., 3., 0.])
    """

    name = "feature"
    has_positions = False

    def __init__(self, costs: Mapping[Any, float] | None = None, *, default: float = 1.0) -> None:
        super().__init__(costs)
        self.default: float = number("default", default, least=0)

    def prices(self, feature: PricedFeature, x: Any, values: Any) -> FloatArray:
        """Return the feature's price for each value but today's.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        x : object
            Its raw value today.
        values : array[n]
            Raw values that it may move to.

        Returns
        -------
        float64[n]
            The price, 0 for staying.
        """
        return np.asarray(np.where(np.asarray(values) == x, 0.0, self.weight(feature)))

    def weight(self, feature: PricedFeature) -> float:
        """Return what a change of the feature costs.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.

        Returns
        -------
        float
            Its price, or the default.
        """
        return self.weights.get(feature.name, self.default)

    def _arguments(self) -> list[str]:
        said = [repr(self.weights)] if self.weights else []
        return [*said, *([f"default={self.default!r}"] if self.default != 1.0 else [])]
