"""A cost that is a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.costs.cost import Cost
from recourse.errors import InputError

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


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
