"""What each person can reach, as a box: the one place where generators meet the action set.

Immutable features stay, others move within their bounds and in their direction, whole numbers stay whole.
Real features move freely between the bounds: the steps of the action set are for menus, and a gradient
search has none. Every start, every step and every answer of a generator passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from recourse.actions import ActionSet

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Reach:
    """The points that n people can reach in an action set, in raw units.

    today : float64[n, d], the people, in the action set's order of features
    low, high : float64[n, d], the smallest box that holds today's point and every point in reach

    Somebody who is outside the bounds today may stay there or move inside, but to nowhere in between; a
    search may pass there, an answer (see `settle`) may not stay.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 30, 60], "income": [1.5, 2.0, 9.5]})
    >>> A["age"].actionable, A["income"].step_direction, A["income"].bounds = False, 1, (1, 8)
    >>> reach = Reach(A, A.table({"age": [30], "income": [2.5]}))
    >>> reach.settle(np.array([[45.0, 12.0]])).tolist()
    [[30.0, 8.0]]
    """

    def __init__(self, actions: ActionSet, X: pd.DataFrame) -> None:
        table = actions.table(X)
        self.today: FloatArray = table.to_numpy(dtype=np.float64)
        self.low, self.high = self.today.copy(), self.today.copy()
        self._inside_low, self._inside_high = self.today.copy(), self.today.copy()
        self._domains: dict[int, FloatArray] = {}
        self._directions: FloatArray = np.zeros(self.today.shape[1])
        for j, feature in enumerate(actions):
            if not feature.actionable or not feature.size:
                continue
            low, high = feature.bounds
            x, way = self.today[:, j], feature.step_direction
            # the part of low … high that lies in the person's direction; nothing if it is behind them
            first, last = (np.maximum(low, x) if way > 0 else low), (np.minimum(high, x) if way < 0 else high)
            first, last = np.broadcast_to(first, x.shape), np.broadcast_to(last, x.shape)
            some = first <= last
            self._inside_low[:, j], self._inside_high[:, j] = np.where(some, first, x), np.where(some, last, x)
            self.low[:, j] = np.minimum(self._inside_low[:, j], x)
            self.high[:, j] = np.maximum(self._inside_high[:, j], x)
            self._directions[j] = way
            if feature.variable_type != "real":
                self._domains[j] = feature.grid

    @property
    def movable(self) -> BoolArray:
        """bool[n]: who can move at all."""
        movable: BoolArray = np.less(self.low, self.high).max(axis=1, initial=False)
        return movable

    @property
    def discrete(self) -> bool:
        """Whether an answer may differ from where the search stands: some feature takes only some values."""
        outside = (self.today < self._inside_low) | (self.today > self._inside_high)
        return bool(self._domains) or bool(outside.any())

    def settle(self, points: FloatArray, people: npt.NDArray[np.int64] | slice = slice(None)) -> FloatArray:
        """Return the nearest reachable points: float64[k, d] or [k, m, d] for k of the people.

        Values go to the nearest within the bounds, whole-number features to the nearest of their values;
        of today's value and the nearest other one, the nearer (today's if they are equally near).
        """
        shape = (-1, *[1] * (points.ndim - 2), points.shape[-1])
        today, low, high = (array[people].reshape(shape) for array in (self.today, self._inside_low, self._inside_high))
        settled = np.clip(points, low, high)
        for j, domain in self._domains.items():
            value = settled[..., j]
            at = np.clip(np.searchsorted(domain, value), 1, max(len(domain) - 1, 1))
            before, after = domain[at - 1], domain[np.minimum(at, len(domain) - 1)]
            nearest = np.where(value - before < after - value, before, after)
            within = (nearest >= low[..., j]) & (nearest <= high[..., j])
            settled[..., j] = np.where(within, nearest, np.broadcast_to(today[..., j], value.shape))
        stays = np.abs(points - today) <= np.abs(points - settled)
        return np.where(stays, today, settled)

    def clip(self, points: FloatArray) -> FloatArray:
        """Return the nearest points of the boxes, where a search may pass."""
        return np.clip(points, self.low, self.high)


def as_rows(points: FloatArray, X: pd.DataFrame) -> pd.DataFrame:
    """Return points as rows of the table they came from: unmoved values to the last bit, dtypes kept.

    A whole-number column stays one; a column of whole numbers turns real only where a real feature moved.
    """
    columns = {}
    for j, name in enumerate(X.columns):
        column, values = X[name].to_numpy(), points[:, j]
        moved = values != column.astype(np.float64)
        if not moved.any():
            columns[name] = column
        elif column.dtype.kind in "iub" and np.array_equal(values, np.round(values)):
            columns[name] = np.where(moved, values, column).astype(column.dtype)
        else:
            kind = column.dtype if column.dtype.kind == "f" else np.dtype(np.float64)
            columns[name] = np.where(moved, values.astype(kind), column.astype(kind))
    return pd.DataFrame(columns, index=X.index, columns=X.columns)
