"""A price for each feature that changes, however far it moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.checks import is_number
from recourse.costs.cost import Cost
from recourse.errors import InputError

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


class FeatureCost(Cost):
    """A price a feature, paid whenever it changes, however far: how hard the feature is to change at all.

    costs : mapping from feature name to a price ≥ 0; `default` for the features that it doesn't name.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 30, 40], "debts": [0, 2, 5]})
    >>> FeatureCost({"debts": 3.0}).prices(A["debts"], 5, np.array([0, 2, 5]))
    array([3., 3., 0.])
    """

    name = "feature"
    has_positions = False

    def __init__(self, costs: Mapping[Any, float] | None = None, *, default: float = 1.0) -> None:
        super().__init__(costs)
        if not (is_number(default) and default >= 0):
            raise InputError(f"default must be a finite number ≥ 0, not {default!r}.")
        self.default = float(default)

    def prices(self, feature: FeatureActions, x: Any, values: Any) -> FloatArray:
        return np.asarray(np.where(np.asarray(values) == x, 0.0, self.weight(feature)))

    def weight(self, feature: FeatureActions) -> float:
        return float(self.weights.get(feature.name, self.default))
