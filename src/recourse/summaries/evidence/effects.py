"""What each move does to each person: the new value, its price, how far it is, and the row that an action leads to.

Nothing here asks the model; `outcomes` does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.costs.cost import Cost
from recourse.costs.per_change import FeatureCost
from recourse.menus.apply import admitted, apply
from recourse.menus.feature_menus import FeatureMenu
from recourse.summaries.evidence.bins import Levels, Mobility
from recourse.summaries.evidence.moves import AnyMove
from recourse.tables import Name

Action = tuple[int, ...]
"""The numbers of an action's moves, in order; each changes another feature."""

TICK = 2.0**-20
"""Prices are whole multiples of this, so that sums are exact and the same in any order."""


class Effects:
    """What each move does to each person of a table: the new value, its price and its size.

    people : the table; moves : the moves, feature by feature; mobility, levels : of each moved feature
    actions : the action set, whose linkages move features along and whose joint constraints hold
    possible, changes : bool[moves, n]
    """

    def __init__(
        self,
        people: pd.DataFrame,
        moves: Sequence[AnyMove],
        mobility: dict[Name, Mobility],
        levels: dict[Name, Levels],
        actions: ActionSet,
    ) -> None:
        self.people, self.moves = people, tuple(moves)
        self.mobility, self.levels = mobility, levels
        self.actions, self.constraints = actions, tuple(actions.constraints.values())
        self.judged = list(dict.fromkeys(name for one in self.constraints for name in one.features))
        self.features: tuple[Name, ...] = tuple(dict.fromkeys(move.feature for move in moves))
        self.column = np.array([self.features.index(move.feature) for move in moves], dtype=np.int64)
        assert list(self.column) == sorted(self.column)
        self.menus = [self._menu(name, FeatureCost()) for name in self.features]
        dtypes = [people[name].dtype for name in self.features]
        self.values = [tables.fitting(menu.domain, dtype) for menu, dtype in zip(self.menus, dtypes, strict=True)]

        # of each feature: which row of its menu a person is in, and today's code in each row and of each person
        self._row: list[IntArray] = [menu.row_of_person.astype(np.int64) for menu in self.menus]
        self._today_code: list[IntArray] = [self._codes_today(j) for j in range(len(self.menus))]
        self.today: list[IntArray] = [code[row] for code, row in zip(self._today_code, self._row, strict=True)]

        # of each move: where it leads from each row, −1 where it is impossible
        self._new: list[IntArray] = []
        self.possible = np.zeros((len(moves), len(people)), dtype=bool)
        self.changes = np.zeros((len(moves), len(people)), dtype=bool)
        for j in range(len(self.features)):
            allowed = ~np.isnan(self._table(self.menus[j], len(mobility[self.features[j]].domain)))
            for m in np.flatnonzero(self.column == j).tolist():
                new, changes = self._lead(j, moves[m], allowed)
                self.possible[m] = (new >= 0)[self._row[j]]
                self.changes[m] = changes[self._row[j]]
                self._new.append(new)

    def _codes_today(self, j: int) -> IntArray:
        """Today's value in each row of a feature's menu, as a position in `values`.

        A value that is a target too is that target, so that equal rows are recognised.
        """
        targets = self.mobility[self.features[j]].domain
        codes = self._raw_codes(j)
        own = len(targets) + np.arange(len(codes))
        if not len(targets):
            return own
        nearest = np.clip(np.searchsorted(targets, codes), 0, len(targets) - 1)
        return np.where(targets[nearest] == codes, nearest, own)

    def _raw_codes(self, j: int) -> FloatArray:
        """Today's value in each row of a feature's menu, as the feature encodes it."""
        mine = self.mobility[self.features[j]]
        assert mine.feature is not None
        codes: FloatArray = mine.feature.encode(self.menus[j].domain[len(mine.domain) :])
        return codes

    def _lead(self, j: int, move: AnyMove, allowed: BoolArray) -> tuple[IntArray, BoolArray]:
        """Where a move leads from each row of its feature's menu, −1 for nowhere; and whether that is a change.

        allowed : bool[rows, targets], the action set leads there
        """
        mine, codes = self.mobility[self.features[j]], self._raw_codes(j)
        targets, rows = mine.domain, len(codes)
        new = move.apply(codes, targets, mine.order)
        stays = new == codes
        to = np.clip(np.searchsorted(targets, new), 0, max(len(targets) - 1, 0))
        reached = np.zeros(rows, dtype=bool)
        if len(targets):
            reached = ~np.isnan(new) & allowed[np.arange(rows), to]
        leads = np.where(stays, self._today_code[j], np.where(reached, to, -1))
        return leads, reached & ~stays

    def new_codes(self, move: int) -> IntArray:
        """Return every person's new value under a move, as a position in `values`; −1 where impossible."""
        codes: IntArray = self._new[move][self._row[self.column[move]]]
        return codes

    def apply(self, action: Action, people: IntArray) -> tuple[pd.DataFrame, BoolArray]:
        """Return where an action leads some people, for all of whom it is possible, and whom constraints let go."""
        codes = [today[people] for today in self.today]
        for move in action:
            codes[self.column[move]] = self.new_codes(move)[people]
        new = self.rows(codes, people)
        return new, self.admits(codes, people, new)

    def rows(self, codes: Sequence[IntArray], people: IntArray) -> pd.DataFrame:
        """Return some people's rows after they chose these values: positions in `values`, feature by feature."""
        today = self.people.take(people).reset_index(drop=True)
        chosen = {name: values.take(new) for name, values, new in zip(self.features, self.values, codes, strict=True)}
        return apply(self.actions, today, chosen)

    def admits(self, codes: Sequence[IntArray], people: IntArray, new: pd.DataFrame) -> BoolArray:
        """Return which of these people the joint constraints let go to their new rows: the columns in `judged`."""
        if not self.constraints:
            return np.ones(len(people), dtype=bool)
        today = self.people[self.judged].take(people).reset_index(drop=True)
        changed = {}
        for name, code, before in zip(self.features, codes, self.today, strict=True):
            changed[name] = code != before[people]
        return admitted(self.actions, self.constraints, today, new, changed)

    @property
    def induces(self) -> bool:
        """Whether changing a feature moves others along."""
        return any(constraint.induced() for constraint in self.constraints)

    def prices(self, cost: Cost) -> FloatArray:
        """Return what each move costs each person, in whole ticks: float64[moves, n], 0 where nothing changes."""
        priced = np.zeros((len(self.moves), len(self.people)))
        for j, name in enumerate(self.features):
            targets = len(self.mobility[name].domain)
            per_value = np.round(self._table(self._menu(name, cost), targets) / TICK) * TICK
            for m in np.flatnonzero(self.column == j):
                table = self._new[m]
                changed = (table >= 0) & (table != self._today_code[j])
                price = np.zeros(len(table))
                price[changed] = per_value[changed, table[changed]]
                priced[m] = price[self._row[j]]
        return priced

    def magnitudes(self) -> FloatArray:
        """Return how far each move takes each person: steps between bins, 1 for an unordered change."""
        sizes = np.zeros((len(self.moves), len(self.people)))
        for m, table in enumerate(self._new):
            j = int(self.column[m])
            levels, today = self.levels[self.features[j]], self._today_code[j]
            codes = levels.codes(pd.Series(self.values[j], name=self.features[j]))
            changed = (table >= 0) & (table != today)
            sizes[m] = np.where(changed, levels.steps(codes[today], codes[np.maximum(table, 0)]), 0.0)[self._row[j]]
        return sizes

    def _menu(self, name: Name, cost: Cost) -> FeatureMenu:
        feature = self.mobility[name].feature
        assert feature is not None
        return FeatureMenu(feature, self.people[name], cost)

    def _table(self, menu: FeatureMenu, targets: int) -> FloatArray:
        """A menu as float64[today's values, targets]: prices, NaN where the action set doesn't lead there."""
        table = np.full((len(menu.lengths), max(targets, 1)), np.nan)
        row = np.repeat(np.arange(len(menu.lengths)), menu.lengths)
        moved = menu.codes < targets
        table[row[moved], menu.codes[moved]] = menu.prices[moved]
        return table
