"""What each action does to each denied person: one table of bits, and the only place that asks the model.

People × distinct actions are asked in large batches of distinct rows. Everything after that, whatever the
rules, prices or settings, is arithmetic on these bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recourse import tables
from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.costs.cost import Cost
from recourse.costs.per_change import FeatureCost
from recourse.menus.apply import admitted, apply
from recourse.menus.feature_menus import FeatureMenu
from recourse.summaries.evidence.bins import Levels, Mobility
from recourse.summaries.evidence.itemsets import Bits, pack
from recourse.summaries.evidence.moves import AnyMove
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet

Action = tuple[int, ...]
Progress = Callable[[int, int], object]
Approves = Callable[[pd.DataFrame], BoolArray]

TICK = 2.0**-20
"""Prices are whole multiples of this, so that sums are exact and the same in any order."""

BATCH = 100_000
"""How many rows are built at once; the model is asked for those that are distinct. Larger tables take more memory and
are not asked faster."""


class Effects:
    """What each move does to each person of a table: the new value, its price and its size.

    people : the table; moves : the moves, feature by feature; how, levels : of each moved feature
    actions : the action set, whose linkages move features along and whose joint constraints hold
    possible, changes : bool[moves, n]
    """

    def __init__(
        self,
        people: pd.DataFrame,
        moves: Sequence[AnyMove],
        how: dict[Name, Mobility],
        levels: dict[Name, Levels],
        actions: ActionSet,
    ) -> None:
        self.people, self.moves, self.how, self.levels = people, tuple(moves), how, levels
        self.actions, self.constraints = actions, tuple(actions.constraints.values())
        self.judged = list(dict.fromkeys(name for one in self.constraints for name in one.features))
        self.features: tuple[Name, ...] = tuple(dict.fromkeys(move.feature for move in moves))
        self.column = np.array([self.features.index(move.feature) for move in moves], dtype=np.int64)
        assert list(self.column) == sorted(self.column)
        self.menus = [self._menu(name, FeatureCost()) for name in self.features]
        dtypes = [people[name].dtype for name in self.features]
        self.values = [tables.fitting(menu.domain, dtype) for menu, dtype in zip(self.menus, dtypes, strict=True)]
        self.today: list[IntArray] = []
        self._row: list[IntArray] = []
        self._today_code: list[IntArray] = []
        self._new: list[IntArray] = []
        self.possible = np.zeros((len(moves), len(people)), dtype=bool)
        self.changes = np.zeros((len(moves), len(people)), dtype=bool)
        for name, menu in zip(self.features, self.menus, strict=True):
            mine, rows = how[name], len(menu.lengths)
            feature, targets = mine.feature, mine.domain
            assert feature is not None
            codes = feature.encode(menu.domain[len(targets) :])
            # a value of today that is a target is that target, so that equal rows are recognised
            at = np.clip(np.searchsorted(targets, codes), 0, max(len(targets) - 1, 0))
            known = (targets[at] == codes) if len(targets) else np.zeros(rows, dtype=bool)
            code = np.where(known, at, len(targets) + np.arange(rows))
            allowed = ~np.isnan(self._table(menu, len(targets)))
            self._row.append(menu.row_of_person.astype(np.int64))
            self._today_code.append(code)
            self.today.append(code[menu.row_of_person])
            for m in np.flatnonzero(self.column == len(self._row) - 1).tolist():
                new = moves[m].apply(codes, targets, mine.order)
                to = np.clip(np.searchsorted(targets, new), 0, max(len(targets) - 1, 0))
                reached = ~np.isnan(new) & allowed[np.arange(rows), to] if len(targets) else np.zeros(rows, dtype=bool)
                stays = new == codes
                table = np.where(stays, code, np.where(reached, to, -1))
                self.possible[m] = (table >= 0)[menu.row_of_person]
                self.changes[m] = (reached & ~stays)[menu.row_of_person]
                self._new.append(table)

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
        changed = {
            name: code != before[people] for name, code, before in zip(self.features, codes, self.today, strict=True)
        }
        return admitted(self.actions, self.constraints, today, new, changed)

    @property
    def induces(self) -> bool:
        """Whether changing a feature moves others along."""
        return any(constraint.induced() for constraint in self.constraints)

    def prices(self, cost: Cost) -> FloatArray:
        """Return what each move costs each person, in whole ticks: float64[moves, n], 0 where nothing changes."""
        priced = np.zeros((len(self.moves), len(self.people)))
        for j, name in enumerate(self.features):
            targets = len(self.how[name].domain)
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
        feature = self.how[name].feature
        assert feature is not None
        return FeatureMenu(feature, self.people[name], cost)

    def _table(self, menu: FeatureMenu, targets: int) -> FloatArray:
        """A menu as float64[today's values, targets]: prices, NaN where the action set doesn't lead there."""
        table = np.full((len(menu.lengths), max(targets, 1)), np.nan)
        row = np.repeat(np.arange(len(menu.lengths)), menu.lengths)
        moved = menu.codes < targets
        table[row[moved], menu.codes[moved]] = menu.prices[moved]
        return table


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Which actions flip whom: packed bits, one row an action.

    actions : the moves of each; success : approved after it (only where it is possible and changes something);
    refused : where a joint constraint forbids it; rows : how many distinct rows the model was asked
    """

    actions: tuple[Action, ...]
    success: Bits
    refused: Bits
    rows: int


def needed(effects: Effects, action: Action, *, all_change: bool) -> BoolArray:
    """Return whom an action is worth trying for: it is possible, and changes all (or any) of its features."""
    moves = list(action)
    changes = effects.changes[moves]
    changed = changes.all(axis=0) if all_change else changes.any(axis=0)
    return np.asarray(changed & effects.possible[moves].all(axis=0), dtype=bool)


def try_actions(
    approves: Approves,
    effects: Effects,
    actions: Sequence[Action],
    *,
    all_change: bool,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Outcomes:
    """Ask the model what each action does to each person.

    all_change : try an action only for people whom all of its moves change (rules that pin today's values)
    batch : how many rows are held at once, which bounds the memory
    """
    n = len(effects.people)
    keys, radix = _row_keys(effects)
    deltas: dict[int, IntArray] = {}
    success = np.zeros((len(actions), n), dtype=bool)
    refused = np.zeros((len(actions), n), dtype=bool)
    asked = held = 0
    pending: list[tuple[int, IntArray]] = []

    def delta(action: Action) -> IntArray:
        total = np.zeros(n, dtype=np.int64)
        for move in action:
            if move not in deltas:
                j = effects.column[move]
                deltas[move] = (effects.new_codes(move) - effects.today[j]) * radix[j]
            total += deltas[move]
        return total

    def flush() -> None:
        nonlocal asked, held
        if not pending:
            return
        who = np.concatenate([people for _, people in pending])
        which = np.concatenate([np.full(len(people), a) for a, people in pending])
        if keys is None:
            first = kind = np.arange(len(who))
        else:
            kind, distinct = pd.factorize(np.concatenate([keys[p] + delta(actions[a])[p] for a, p in pending]))
            first = np.zeros(len(distinct), dtype=np.int64)
            first[kind[::-1]] = np.arange(len(kind))[::-1]
        rows = effects.rows(_codes(effects, actions, which[first], who[first]), who[first])
        if effects.constraints:
            after = rows[effects.judged].take(kind).reset_index(drop=True)
            bad = ~effects.admits(_codes(effects, actions, which, who), who, after)
            refused[which[bad], who[bad]] = True
        success[which, who] = approves(rows)[kind]
        asked += len(first)
        if progress is not None:
            progress(pending[-1][0] + 1, len(actions))
        pending.clear()
        held = 0

    for a, action in enumerate(actions):
        people = np.flatnonzero(needed(effects, action, all_change=all_change))
        if len(people) and held + len(people) > batch:
            flush()
        if len(people):
            pending.append((a, people))
            held += len(people)
    flush()
    return Outcomes(tuple(actions), pack(success & ~refused), pack(refused), asked)


def to_anybody(actions: Sequence[Action], bits: Bits, keeps: Bits) -> Bits:
    """Return what is true of whom if an action is given to anybody, from what is true where all of its moves change.

    Where some of its moves find nothing to change, an action is what is left of it, and that was tried too.
    bits : uint64[actions, words], success or refusal; keeps : uint64[moves, words], whom a move leaves as they are
    """
    number = {action: a for a, action in enumerate(actions)}
    whole = bits.copy()
    for a, action in enumerate(actions):
        for width in range(1, len(action)):
            for part in combinations(action, width):
                others = [move for move in action if move not in part]
                whole[a] |= bits[number[part]] & np.bitwise_and.reduce(keeps[others], axis=0)
    return whole


def _codes(effects: Effects, actions: Sequence[Action], which: IntArray, who: IntArray) -> list[IntArray]:
    """The values that person `who[k]` has chosen after action `which[k]`: positions, feature by feature."""
    codes = [today[who] for today in effects.today]
    order = np.argsort(which, kind="stable")
    bounds = np.flatnonzero(np.diff(which[order], prepend=-1, append=-2))
    for start, stop in pairwise(bounds.tolist()):
        at = order[start:stop]
        for move in actions[which[at[0]]]:
            codes[int(effects.column[move])][at] = effects.new_codes(move)[who[at]]
    return codes


def _row_keys(effects: Effects) -> tuple[IntArray | None, list[int]]:
    """A number a person that tells rows apart, and what a feature's code counts in it; None if there is none."""
    rest = [name for name in effects.people.columns if name not in effects.features]
    kind = tables.distinct_rows(effects.people[rest])[1] if rest else np.zeros(len(effects.people), dtype=np.int64)
    size = int(kind.max(initial=0)) + 1
    keys, radix = kind.astype(np.int64), []
    for j, values in enumerate(effects.values):
        radix.append(size)
        if effects.induces or size * len(values) >= 2**62:
            return None, [0] * len(effects.values)
        keys = keys + effects.today[j] * size
        size *= len(values)
    return keys, radix
