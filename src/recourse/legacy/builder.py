"""`RecourseBuilder` of the old library: one person's cheapest actions as plain dictionaries."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.errors import InputError
from recourse.flipsets.result import FlipsetResult
from recourse.legacy.classifier import Classifier
from recourse.legacy.items import ask_flipset, enumeration_of, feature_info
from recourse.search import Status
from recourse.tables import read_row


class RecourseBuilder:
    """One person's cheapest action as plain values: `fit` for one of them, `populate` for several.

    Its attribute `max_items` limits how many features may change at once; it may be assigned.

    Parameters
    ----------
    action_set : ActionSet
        What the person can do. It is read and never changed.
    x : one person, optional
        A row, a mapping, or values in the action set's order; may be assigned later, and again.
    *classifier
        The classifier, given as for `Flipset`.
    **settings
        Those of `Flipset`, and ``mip_cost_type``: ``"max"`` (default), ``"total"`` or ``"local"``.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 3, 7]})
    >>> info = RecourseBuilder(A, x=[7], coefficients=[-1.0], intercept=3.5).fit()
    >>> info["feasible"], round(info["cost"], 6), info["actions"].tolist()
    (True, 0.2, [-4.0])
    """

    def __init__(self, action_set: ActionSet, x: Any = None, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self.mip_cost_type = settings.pop("mip_cost_type", "max")
        self._given = classifier, settings
        Classifier(action_set, *self._given)
        self.max_items: int | None = None
        self._row: pd.DataFrame | None = None
        if x is not None:
            self.x = x

    @property
    def x(self) -> Any:
        """The person, in the action set's order; None before one was given."""
        return None if self._row is None else self._row.to_numpy()[0]

    @x.setter
    def x(self, value: Any) -> None:
        self._row = read_row(value, self.action_set.names, self.action_set.dtypes)

    def fit(
        self, time_limit: float | None = None, node_limit: float | None = None, display_flag: bool | None = None
    ) -> dict[str, Any]:
        """Return the cheapest action.

        Parameters
        ----------
        time_limit : float, optional
            Seconds for the search.
        node_limit, display_flag
            Accepted and without effect: there are no nodes, and nothing is printed.

        Returns
        -------
        dict
            feasible, status, cost, costs, actions, upperbound, lowerbound, gap, runtime. Without recourse, feasible is
            False, cost and bounds are inf, costs and actions NaN; for somebody approved already, feasible and cost are
            NaN and actions 0; after the time limit feasible is NaN.
        """
        row, started = self._person(), time.perf_counter()
        result = self._solve(row, 1, "subsets", time_limit)
        runtime = time.perf_counter() - started
        if len(result):
            return feature_info(result[0], row, runtime)
        nothing = np.full(row.shape[1], np.nan)
        unknown = {"feasible": math.nan, "cost": math.nan, "costs": nothing, "actions": nothing.copy()}
        bounds = {"upperbound": math.inf, "lowerbound": 0.0, "gap": math.inf, "runtime": runtime}
        if result.status is None:
            stay = {"costs": np.zeros(row.shape[1]), "actions": np.zeros(row.shape[1]), "upperbound": 0.0, "gap": 0.0}
            return {**unknown, "status": "approved already", **bounds, **stay}
        if result.status is Status.INFEASIBLE:
            none = {"feasible": False, "cost": math.inf, "lowerbound": math.inf}
            return {**unknown, "status": result.status.label, **bounds, **none}
        return {**unknown, "status": result.status.label, **bounds}

    def populate(
        self,
        total_items: float = 10,
        enumeration_type: str = "distinct_subsets",
        time_limit: float | None = None,
        node_limit: float | None = None,
        display_flag: bool | None = None,
    ) -> list[dict[str, Any]]:
        """Return the cheapest actions, each as `fit` would.

        Parameters
        ----------
        total_items, enumeration_type, time_limit
            As for `Flipset.populate`.
        node_limit, display_flag
            Accepted and without effect.

        Returns
        -------
        list of dict
            At most `total_items`, cheapest first.
        """
        row, started = self._person(), time.perf_counter()
        result = self._solve(row, total_items, enumeration_of(enumeration_type), time_limit)
        runtime = time.perf_counter() - started
        return [feature_info(item, row, runtime) for item in result]

    def _person(self) -> pd.DataFrame:
        if self._row is None:
            raise InputError("there is no person yet: give x= to RecourseBuilder, or assign builder.x.")
        return self._row

    def _solve(self, row: pd.DataFrame, total: float, distinct: str, time_limit: float | None) -> FlipsetResult:
        settings = (self.mip_cost_type, time_limit, self.max_items)
        classifier = Classifier(self.action_set, *self._given)
        return ask_flipset(classifier, row, self.action_set, total, distinct, *settings)
