"""A cost that is a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.checks import function_of, one_of
from recourse.costs.cost import Cost, PricedFeature
from recourse.errors import InputError
from recourse.identity import plain_setting


class FunctionCost(Cost):
    """Prices by a function of yours, called once for every distinct pair of feature and today's value.

    Parameters
    ----------
    function : callable
        ``function(feature, x, values) → prices``: `feature` is what moves (with ``.name``, ``.percentile``,
        ``.observed``, …), `x` today's raw value, `values` the raw values it may move to. It returns one price for
        each, finite and ≥ 0; the price of staying is 0, whatever it returns for it.
    combine : {"sum", "max"}
        Whether the prices of several features add up, or the largest counts.
    weights : mapping or None
        Factors on what the function returns, by feature name.
    identity : str or None
        A name of yours for these prices, by which caches and checkpoints know them again; give another to other
        prices. None: the name that imports the function. A lambda, and a function inside a function or in a
        script that was started, has no such name, so what needs an identity (`to_dict`) refuses it.

    Raises
    ------
    InputError
        If the function can't be called or the settings mean nothing; from `prices`, if it returns something else than
        prices.

    Examples
    --------
    >>> cost = FunctionCost(lambda feature, x, values: abs(values - x), identity="distance")
    >>> import recourse as rs
    >>> cost.prices(rs.ActionSet({"age": [20, 30, 40]})["age"], 20, np.array([20, 40]))
    array([ 0., 20.])
    >>> cost.to_dict()
    {'name': 'custom', 'combine': 'sum', 'function': {'told': 'distance'}, 'weights': {}}
    """

    name = "custom"
    has_positions = False

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        combine: Literal["sum", "max"] = "sum",
        weights: Mapping[Any, float] | None = None,
        identity: str | None = None,
    ) -> None:
        super().__init__(weights)
        self.function = function_of("a cost's function", function, "It takes (feature, x, values) and returns prices.")
        self.combine = one_of("combine", combine, ("sum", "max"))
        if identity is not None and not (isinstance(identity, str) and identity):
            raise InputError(f"identity must be a name such as 'distance-2024' or None, not {identity!r}.")
        self.identity = identity

    def prices(self, feature: PricedFeature, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        """Return what the function says of moving a feature, checked.

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
            Prices ≥ 0, 0 for staying.

        Raises
        ------
        InputError
            If the function does not return one finite price ≥ 0 for each value.
        """
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

    def to_dict(self) -> dict[str, Any]:
        """Return everything that prices depend on, as plain data; the function stands in it as its name.

        Returns
        -------
        dict
            ``name``, ``combine``, ``function`` (the `identity` given, else the importable name) and ``weights``.

        Raises
        ------
        InputError
            If no `identity` was given and the function can't be imported by name.
        """
        function = {"told": self.identity}
        if self.identity is None:
            function = plain_setting("the cost's function", self.function)
        weights = plain_setting("the cost's weights", self.weights)
        return {"name": self.name, "combine": self.combine, "function": function, "weights": weights}

    def _settings(self) -> dict[str, Any]:
        # costs that were given an identity are told apart by it, whatever object the function is
        function = self.function if self.identity is None else None
        return {"function": function, "weights": self.weights, "identity": self.identity}

    def _arguments(self) -> list[str]:
        said = [str(getattr(self.function, "__qualname__", self.function))]
        said += [f"combine={self.combine!r}"] if self.combine != "sum" else []
        said += [f"weights={self.weights!r}"] if self.weights else []
        return [*said, *([f"identity={self.identity!r}"] if self.identity is not None else [])]
