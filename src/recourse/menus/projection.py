"""What each person can reach: the one place where generators meet the action set.

Immutable features stay, others move within their bounds and in their direction, whole numbers stay whole,
one-hot groups move together, linked features follow, and joint constraints hold. Real features move freely
between the bounds: the steps of the action set are for menus, and a gradient search has none. Every start,
every step and every answer of a generator passes through here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions import ActionSet
from recourse.actions.constraints.group_limits import OneHot
from recourse.actions.feature import FeatureActions
from recourse.actions.settings import LEVEL_TYPES
from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.menus.apply import admitted, carry, choices_of, followed
from recourse.tables import Name


class Reach:
    """The points that n people can reach in an action set.

    Parameters
    ----------
    actions : ActionSet
        What people can do. Steps of real features are not used.
    X : table of n people
        The people as they are today, with the action set's columns in any order.

    Attributes
    ----------
    today : float64[n, d]
        The people, in the action set's order of features: numbers as they are, levels as their ranks.
    low, high : float64[n, d]
        The smallest box that holds today's point and every single change in reach.

    Notes
    -----
    Somebody who is outside the bounds today may stay there or move inside, but to nowhere in between; a
    search may pass there, an answer (see `settle`) may not stay.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 30, 60], "income": [1.5, 2.0, 9.5]})
    >>> A["age"].actionable, A["income"].step_direction, A["income"].bounds = False, 1, (1, 8)
    >>> reach = Reach(A, A.table({"age": [30], "income": [2.5]}))
    >>> reach.settle(np.array([[45.0, 12.0]])).tolist()
    [[30.0, 8.0]]
    """

    def __init__(self, actions: ActionSet, X: pd.DataFrame) -> None:
        self.table = actions.table(X)
        self.features: list[FeatureActions] = list(actions)
        self.today: FloatArray = np.column_stack([coordinates(f, self.table) for f in self.features])
        self.low, self.high = self.today.copy(), self.today.copy()
        self._inside_low, self._inside_high = self.today.copy(), self.today.copy()
        self._domains: dict[int, FloatArray] = {}

        # the range of each feature that can be changed
        for j, feature in enumerate(self.features):
            if not feature.actionable or not feature.size:
                continue
            codes, x, way = feature.codes, self.today[:, j], feature.step_direction

            # the part of the range that lies in the person's direction; nothing if it is behind them
            first = np.maximum(codes[0], x) if way > 0 else np.full(len(x), codes[0])
            last = np.minimum(codes[-1], x) if way < 0 else np.full(len(x), codes[-1])
            some = first <= last  # never for a missing value, which stays
            self._inside_low[:, j] = np.where(some, first, x)
            self._inside_high[:, j] = np.where(some, last, x)
            self.low[:, j] = np.minimum(self._inside_low[:, j], x)
            self.high[:, j] = np.maximum(self._inside_high[:, j], x)
            if feature.variable_type != "real":
                self._domains[j] = codes

        # the constraints, by position
        constraints = list(actions.constraints.values())
        position = {name: j for j, name in enumerate(actions.names)}
        self._position = position
        self._one_hot = [[position[name] for name in one.features] for one in constraints if isinstance(one, OneHot)]
        self._links = followed(actions, [feature.name for feature in self.features if feature.actionable])
        self._constraints, self._actions = constraints, actions

    @property
    def movable(self) -> BoolArray:
        """bool[n]: who can move at all."""
        movable: BoolArray = np.less(self.low, self.high).max(axis=1, initial=False)
        return movable

    @property
    def boxed(self) -> bool:
        """Whether every answer lies in the boxes: no feature follows another one out of its own bounds."""
        return not self._links

    @property
    def discrete(self) -> bool:
        """Whether an answer may differ from where the search stands."""
        outside = (self.today < self._inside_low) | (self.today > self._inside_high)
        return bool(self._domains) or bool(self._constraints) or bool(outside.any())

    def settle(self, points: FloatArray, people: IntArray | None = None) -> FloatArray:
        """Return reachable points near those given.

        Parameters
        ----------
        points : float64[k, d] or float64[k, m, d]
            Where a search stands, one or m points for each of k people.
        people : int[k], optional
            Positions in the table; everybody by default.

        Returns
        -------
        float64, of the shape of `points`
            Values go to the nearest within the bounds, whole numbers to the nearest of their values; of today's
            value and the nearest other one, the nearer (today's if they are equally near). The largest of a
            one-hot group is its one. Linked features follow. Where a joint constraint does not hold then, the
            person stays as today.
        """
        people = np.arange(len(self.today)) if people is None else people
        rows = np.repeat(people, points.shape[1]) if points.ndim == 3 else people
        flat = points.reshape(-1, points.shape[-1])
        today, low, high = self.today[rows], self._inside_low[rows], self._inside_high[rows]

        # the nearest value within the bounds, or today's where that is nearer
        settled = np.clip(flat, low, high)
        for j, domain in self._domains.items():
            at = np.clip(np.searchsorted(domain, settled[:, j]), 1, max(len(domain) - 1, 1))
            before, after = domain[at - 1], domain[np.minimum(at, len(domain) - 1)]
            nearest = np.where(settled[:, j] - before < after - settled[:, j], before, after)
            within = (nearest >= low[:, j]) & (nearest <= high[:, j])
            settled[:, j] = np.where(within, nearest, today[:, j])
        settled = np.where(np.abs(flat - today) <= np.abs(flat - settled), today, settled)
        settled = np.where(np.isnan(settled), today, settled)

        # what features do together: groups, what moves along, and the constraints that have the last word
        for group in self._one_hot:
            self._choose_one(group, flat, settled, rows)
        changed = (settled != today) & ~np.isnan(settled)
        for name, ends in carry(self._links, self._by_name(today), self._by_name(settled)).items():
            settled[:, self._position[name]] = ends
        if self._constraints:
            by_name = {feature.name: changed[:, j] for j, feature in enumerate(self.features)}
            before_, after_ = self.table.iloc[rows], self.rows(settled, rows)
            good = admitted(self._actions, self._constraints, before_, after_, by_name)
            settled[~good] = today[~good]
        return settled.reshape(points.shape)

    def choices(self, points: FloatArray) -> FloatArray:
        """Return what everybody chose to get to these points.

        Parameters
        ----------
        points : float64[n, d]
            Reachable points, one a person.

        Returns
        -------
        float64[n, d]
            The same points without what linkages moved along.
        """
        chosen = points.copy()
        for name, codes in choices_of(self._links, self._by_name(self.today), self._by_name(points)).items():
            chosen[:, self._position[name]] = codes
        return chosen

    def _by_name(self, points: FloatArray) -> dict[Name, FloatArray]:
        """The coordinates of linked features."""
        linked = {name for link in self._links for name in (link.source, link.target)}
        return {name: points[:, self._position[name]] for name in linked}

    def rows(self, points: FloatArray, people: IntArray | None = None) -> pd.DataFrame:
        """Return points as rows of the table they came from.

        Parameters
        ----------
        points : float64[k, d]
            One a person.
        people : int[k], optional
            Positions in the table; everybody by default.

        Returns
        -------
        DataFrame
            k rows with the people's index. Unmoved values are today's to the last bit, and dtypes are kept: a
            column of whole numbers turns real only where a real value went in.
        """
        people = np.arange(len(self.today)) if people is None else people
        columns = {}
        for j, feature in enumerate(self.features):
            column = self.table[feature.name].iloc[people]
            moved = (points[:, j] != self.today[people, j]) & ~np.isnan(points[:, j])
            if moved.any():
                new = feature.decode(points[moved, j])
                column = pd.Series(tables.replaced(column, np.flatnonzero(moved), new), index=column.index)
            columns[feature.name] = column
        return pd.DataFrame(columns, index=self.table.index[people])

    def _choose_one(self, group: list[int], flat: FloatArray, settled: FloatArray, rows: IntArray) -> None:
        """Settle a one-hot group on its largest member, where everybody concerned may move so."""
        today = self.today[rows][:, group]
        chosen = np.zeros_like(today)
        chosen[np.arange(len(flat)), np.argmax(flat[:, group], axis=1)] = 1.0
        low, high = self._inside_low[rows][:, group], self._inside_high[rows][:, group]
        allowed = ((chosen == today) | ((chosen >= low) & (chosen <= high))).all(axis=1)
        settled[:, group] = np.where(allowed[:, None], chosen, today)


def coordinates(feature: FeatureActions, table: pd.DataFrame) -> FloatArray:
    """Return a column as numbers: levels as ranks, but levels that are numbers and never change as themselves."""
    values = tables.values_of(table[feature.name])
    if feature.variable_type in LEVEL_TYPES and not feature.actionable and values.dtype.kind in "biuf":
        return values.astype(np.float64)
    return feature.encode(values)
