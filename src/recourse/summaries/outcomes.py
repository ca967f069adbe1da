"""What each action does to each denied person: one table of bits, and the only place that asks the model.

People × distinct actions are asked in large batches of distinct rows. Everything after that, whatever the
rules, prices or settings, is arithmetic on these bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.models import Model
from recourse.summaries.itemsets import Bits, BoolArray, pack
from recourse.summaries.predicates import AnyMove
from recourse.summaries.vocabulary import Levels, Mobility, destinations, today_positions
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.costs import Cost

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Action = tuple[int, ...]
Progress = Callable[[int, int], object]
Admits = Callable[[pd.DataFrame, pd.DataFrame], BoolArray]

TICK = 2.0**-20
"""Prices are whole multiples of this, so that sums are exact and the same in any order."""

BATCH = 1_000_000
"""How many rows are built at once; the model is asked for those that are distinct."""


class Effects:
    """What each move does to each person of a table: the new value, its price and its size.

    people : the table; moves : the moves; how, levels : each moved feature's mobility and levels
    possible, changes : bool[moves, n]
    """

    def __init__(
        self,
        people: pd.DataFrame,
        moves: Sequence[AnyMove],
        how: dict[Name, Mobility],
        levels: dict[Name, Levels],
    ) -> None:
        self.people, self.moves, self.how, self.levels = people, tuple(moves), how, levels
        n = len(people)
        self.features: tuple[Name, ...] = tuple(dict.fromkeys(move.feature for move in moves))
        self.column = np.array([self.features.index(move.feature) for move in moves], dtype=np.int64)
        self.today: list[IntArray] = []
        self.values: list[Any] = []
        self._distinct: list[FloatArray] = []
        self._new: list[IntArray] = []
        self.possible = np.zeros((len(moves), n), dtype=bool)
        self.changes = np.zeros((len(moves), n), dtype=bool)
        for name in self.features:
            mine = how[name]
            codes, distinct = pd.factorize(people[name], use_na_sentinel=False)
            seen = pd.Series(distinct).astype(people[name].dtype)
            at = today_positions(seen, mine)
            self.today.append(codes.astype(np.int64))
            self._distinct.append(at)
            known = {value: k for k, value in enumerate(at.tolist()) if value == value}
            code_of = np.array(
                [known.get(value, len(at) + k) for k, value in enumerate(mine.domain.tolist())], dtype=np.int64
            )
            self.values.append(_joined(seen, mine.raw))
            for m, move in enumerate(moves):
                if move.feature == name:
                    new = destinations(move, at, mine)
                    stays = new == at
                    to = code_of[np.clip(np.searchsorted(mine.domain, new), 0, max(len(mine.domain) - 1, 0))]
                    table = np.where(stays, np.arange(len(at)), np.where(np.isnan(new), -1, to))
                    self.possible[m] = (table >= 0)[codes]
                    self.changes[m] = ((table >= 0) & ~stays)[codes]
                    self._new.append(table)
                else:
                    continue
        # moves come feature by feature, so `_new` is in the moves' order
        assert list(self.column) == sorted(self.column)

    def new_codes(self, move: int) -> IntArray:
        """Return every person's new value under a move, as a position in `values`; −1 where impossible."""
        codes: IntArray = self._new[move][self.today[self.column[move]]]
        return codes

    def apply(self, action: Action, people: IntArray) -> pd.DataFrame:
        """Return the rows of some people after an action that is possible for all of them."""
        frame = self.people.take(people).reset_index(drop=True)
        for move in action:
            j = self.column[move]
            frame[self.features[j]] = self.values[j].take(self.new_codes(move)[people])
        return frame

    def prices(self, cost: Cost) -> FloatArray:
        """Return what each move costs each person, in whole ticks: float64[moves, n], 0 where nothing changes."""
        priced = np.zeros((len(self.moves), len(self.people)))
        for m, table in enumerate(self._new):
            j = int(self.column[m])
            feature, at = self.how[self.features[j]].action, self._distinct[j]
            per_value = np.zeros(len(table))
            new = self._positions(j)[np.maximum(table, 0)]
            changed = (table >= 0) & (table != np.arange(len(table)))
            if cost.has_positions:
                there, here = cost.position(feature, new[changed]), cost.position(feature, at[changed])
                per_value[changed] = cost.weight(feature) * np.abs(there - here)
            else:
                for k in np.flatnonzero(changed):
                    per_value[k] = cost.prices(feature, at[k], new[k : k + 1])[0]
            priced[m] = (np.round(per_value / TICK) * TICK)[self.today[j]]
        return priced

    def magnitudes(self) -> FloatArray:
        """Return how far each move takes each person: steps between bins, 1 for an unordered change."""
        sizes = np.zeros((len(self.moves), len(self.people)))
        for m, table in enumerate(self._new):
            j = int(self.column[m])
            levels = self.levels[self.features[j]]
            codes = levels.codes(pd.Series(self.values[j], name=self.features[j]))
            here = codes[: len(table)]
            steps = levels.steps(here, codes[np.maximum(table, 0)])
            changed = (table >= 0) & (table != np.arange(len(table)))
            sizes[m] = np.where(changed, steps, 0.0)[self.today[j]]
        return sizes

    def _positions(self, j: int) -> FloatArray:
        """The positions of everything in `values[j]`."""
        return np.concatenate([self._distinct[j], self.how[self.features[j]].domain])


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
    model: Model,
    effects: Effects,
    actions: Sequence[Action],
    *,
    all_change: bool,
    admits: Admits | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Outcomes:
    """Ask the model what each action does to each person.

    all_change : try an action only for people whom all of its moves change (rules that pin today's values)
    admits : which rows a joint constraint lets people reach, given today's rows and the new ones
    batch : how many rows are held at once, which bounds the memory
    """
    n = len(effects.people)
    keys, radix = _row_keys(effects)
    deltas = {}
    success = np.zeros((len(actions), n), dtype=bool)
    refused = np.zeros((len(actions), n), dtype=bool)
    asked = 0
    pending: list[tuple[int, IntArray]] = []
    held = 0

    def flush() -> None:
        nonlocal asked, held
        if not pending:
            return
        who = np.concatenate([people for _, people in pending])
        which = np.concatenate([np.full(len(people), a) for a, people in pending])
        if keys is None:
            first, kind = np.arange(len(who)), np.arange(len(who))
        else:
            key = np.concatenate([keys[people] + _delta(actions[a])[people] for a, people in pending])
            kind, distinct = pd.factorize(key)
            first = np.zeros(len(distinct), dtype=np.int64)
            first[kind[::-1]] = np.arange(len(kind))[::-1]
        rows = _rows(effects, actions, which[first], who[first])
        approved = model.approves(rows)[kind]
        asked += len(first)
        if admits is not None:
            today = effects.people.take(who).reset_index(drop=True)
            good = admits(today, rows.take(kind).reset_index(drop=True))
            refused[which[~good], who[~good]] = True
            approved &= good
        success[which[approved], who[approved]] = True
        if progress is not None:
            progress(pending[-1][0] + 1, len(actions))
        pending.clear()
        held = 0

    def _delta(action: Action) -> IntArray:
        total = np.zeros(n, dtype=np.int64)
        for move in action:
            if move not in deltas:
                j = effects.column[move]
                deltas[move] = (effects.new_codes(move) - effects.today[j]) * radix[j]
            total += deltas[move]
        return total

    for a, action in enumerate(actions):
        people = np.flatnonzero(needed(effects, action, all_change=all_change))
        if len(people) and held + len(people) > batch:
            flush()
        if len(people):
            pending.append((a, people))
            held += len(people)
    flush()
    return Outcomes(tuple(actions), pack(success), pack(refused), asked)


def _rows(effects: Effects, actions: Sequence[Action], which: IntArray, who: IntArray) -> pd.DataFrame:
    """The rows that action `which[k]` leads person `who[k]` to."""
    columns: dict[Name, Any] = {}
    moved: dict[int, IntArray] = {j: effects.today[j][who] for j in range(len(effects.features))}
    order = np.argsort(which, kind="stable")
    bounds = np.flatnonzero(np.diff(which[order], prepend=-1, append=-2))
    for start, stop in pairwise(bounds.tolist()):
        at = order[start:stop]
        for move in actions[which[at[0]]]:
            moved[int(effects.column[move])][at] = effects.new_codes(move)[who[at]]
    for name in effects.people.columns:
        if name in effects.features:
            j = effects.features.index(name)
            columns[name] = effects.values[j].take(moved[j])
        else:
            columns[name] = effects.people[name].array.take(who)
    return pd.DataFrame(columns, columns=effects.people.columns)


def _row_keys(effects: Effects) -> tuple[IntArray | None, list[int]]:
    """A number a person that tells rows apart, and what a feature's code counts in it; None if it won't fit."""
    rest = [name for name in effects.people.columns if name not in effects.features]
    kind = tables.distinct_rows(effects.people[rest])[1] if rest else np.zeros(len(effects.people), dtype=np.int64)
    size = int(kind.max(initial=0)) + 1
    keys, radix = kind.astype(np.int64), []
    for j, values in enumerate(effects.values):
        radix.append(size)
        if size * len(values) >= 2**62:
            return None, [0] * len(effects.values)
        keys = keys + effects.today[j] * size
        size *= len(values)
    return keys, radix


def _joined(seen: pd.Series[Any], raw: npt.NDArray[Any]) -> Any:
    """Today's distinct values and then the targets, as one array of the column's kind where they fit it."""
    targets = pd.Series(raw)
    if seen.dtype.kind not in "biuf" and len(targets):
        try:
            targets = targets.astype(seen.dtype)
        except (TypeError, ValueError):
            targets = targets.astype(object)
    if not len(targets):
        return seen.array
    return pd.concat([seen, targets], ignore_index=True).array
