"""The costs that have a name, and what a name, a `Cost` or a function stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recourse.costs.cost import Cost
from recourse.costs.function import FunctionCost
from recourse.costs.l1 import L1Cost
from recourse.costs.per_change import FeatureCost
from recourse.costs.percentile import LocalCost, MaxCost, TotalCost
from recourse.errors import InputError, nearest

COSTS: dict[str, type[Cost]] = {cost.name: cost for cost in (TotalCost, LocalCost, MaxCost, L1Cost, FeatureCost)}
"""The costs that have a name."""


def as_cost(cost: str | Cost | Callable[..., Any]) -> Cost:
    """Return the cost that a name, a `Cost` or a user's function stands for.

    Parameters
    ----------
    cost : str, Cost or callable
        A name in `COSTS` (that cost without weights), a `Cost` (itself), or ``function(feature, x, values)`` (a
        `FunctionCost`).

    Returns
    -------
    Cost
        What prices are taken from.

    Raises
    ------
    InputError
        If the name is unknown (with the nearest one), a cost's class is passed instead of a cost, or it is none.

    Examples
    --------
    >>> as_cost("max")
    MaxCost()
    """
    if isinstance(cost, Cost):
        return cost
    if isinstance(cost, str):
        if cost not in COSTS:
            raise InputError(f"{cost!r} is not a cost. {nearest(cost, COSTS)}")
        return COSTS[cost]()
    if isinstance(cost, type):
        raise InputError(f"the cost is the class {cost.__name__} itself; make one of it: {cost.__name__}().")
    if callable(cost):
        return FunctionCost(cost)
    raise InputError(f"a cost is a name, a Cost or a function, not {type(cost).__name__}.")
