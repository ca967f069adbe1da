"""What each action does to each denied person: one table of bits, and the only place that asks the model.

People × distinct actions are asked in large batches of distinct rows. Everything after that, whatever the
rules, prices or settings, is arithmetic on these bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from recourse import tables
from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.progress import Advance
from recourse.summaries.evidence.candidate_space import BATCH
from recourse.summaries.evidence.effects import Action, Effects
from recourse.summaries.evidence.itemsets import Bits, pack

Approves = Callable[[pd.DataFrame], BoolArray]

_FEWER = "Allow more time, or try fewer actions: lower max_changes, bins or beam, or raise min_support."


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

    @classmethod
    def joined(cls, parts: Sequence[Outcomes]) -> Outcomes:
        """Put outcomes of different actions one after the other."""
        return cls(
            tuple(action for part in parts for action in part.actions),
            np.concatenate([part.success for part in parts]),
            np.concatenate([part.refused for part in parts]),
            sum(part.rows for part in parts),
        )


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
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Outcomes:
    """Ask the model what each action does to each person.

    all_change : try an action only for people whom all of its moves change (rules that say today's values)
    batch : how many rows are held at once, which bounds the memory
    advance : told how many more actions are tried. Raises `BudgetError` when the budget is exhausted
    """
    trials = _Batches(approves, effects, actions)
    done, budget = 0, Budget.of(budget)
    for number, action in enumerate(actions):
        people = np.flatnonzero(needed(effects, action, all_change=all_change))
        if len(people) and trials.held + len(people) > batch:
            budget.require(f"actions were tried ({number:,} of {len(actions):,})", _FEWER)
            trials.ask()
            if advance is not None:
                advance(number - done)
            done = number
        trials.add(number, people)
    budget.require(f"actions were tried ({done:,} of {len(actions):,})", _FEWER)
    trials.ask()
    if advance is not None:
        advance(len(actions) - done)
    return Outcomes(tuple(actions), pack(trials.success & ~trials.refused), pack(trials.refused), trials.asked)


class _Batches:
    """Rows to ask the model, gathered until there are enough, and the answers so far.

    success, refused : bool[actions, people]; held : rows that wait; asked : distinct rows asked
    """

    def __init__(self, approves: Approves, effects: Effects, actions: Sequence[Action]) -> None:
        self.approves, self.effects, self.actions = approves, effects, actions
        shape = (len(actions), len(effects.people))
        self.success, self.refused = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self.held = self.asked = 0
        self._waiting: list[tuple[int, IntArray]] = []
        self._keys = _RowKeys(effects)

    def add(self, action: int, people: IntArray) -> None:
        """Let an action wait to be tried on some people."""
        if len(people):
            self._waiting.append((action, people))
            self.held += len(people)

    def ask(self) -> None:
        """Try what waits: one question for each distinct row."""
        if not self._waiting:
            return
        who = np.concatenate([people for _, people in self._waiting])
        which = np.concatenate([np.full(len(people), action) for action, people in self._waiting])
        first, kind = self._distinct(len(who))
        rows = self.effects.rows(self._codes_after(which[first], who[first]), who[first])

        # what the action set refuses is asked too, and doesn't count as a success
        if self.effects.constraints:
            codes = self._codes_after(which, who)
            after = rows[self.effects.judged].take(kind).reset_index(drop=True)
            bad = ~self.effects.admits(codes, who, after)
            self.refused[which[bad], who[bad]] = True

        self.success[which, who] = self.approves(rows)[kind]
        self.asked += len(first)
        self._waiting.clear()
        self.held = 0

    def _codes_after(self, which: IntArray, who: IntArray) -> list[IntArray]:
        """The values that person `who[k]` has chosen after action `which[k]`: positions, feature by feature."""
        codes = [today[who] for today in self.effects.today]
        order = np.argsort(which, kind="stable")
        bounds = np.flatnonzero(np.diff(which[order], prepend=-1, append=-2))
        for start, stop in pairwise(bounds.tolist()):
            at = order[start:stop]
            for move in self.actions[which[at[0]]]:
                codes[int(self.effects.column[move])][at] = self.effects.new_codes(move)[who[at]]
        return codes

    def _distinct(self, n: int) -> tuple[IntArray, IntArray]:
        """The first of each kind of row that waits, and the kind of each."""
        if self._keys.today is None:
            each = np.arange(n)
            return each, each
        keys = [self._keys.after(self.actions[action], people) for action, people in self._waiting]
        kind, distinct = pd.factorize(np.concatenate(keys))
        first = np.zeros(len(distinct), dtype=np.int64)
        first[kind[::-1]] = np.arange(len(kind))[::-1]
        return first, kind


class _RowKeys:
    """A number for each person's row, today and after an action: equal rows have equal numbers.

    today : int64[people], None where there is no such number (too many rows, or induced changes)
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._deltas: dict[int, IntArray] = {}
        self._radix: list[int] = []
        self.today: IntArray | None = None

        # people who differ in what nobody changes, then one digit for each feature that may change
        rest = [name for name in effects.people.columns if name not in effects.features]
        kind = tables.distinct_rows(effects.people[rest])[1] if rest else np.zeros(len(effects.people), dtype=np.int64)
        keys, size = kind.astype(np.int64), int(kind.max(initial=0)) + 1
        for j, values in enumerate(effects.values):
            self._radix.append(size)
            if effects.induces or size * len(values) >= 2**62:
                return
            keys = keys + effects.today[j] * size
            size *= len(values)
        self.today = keys

    def after(self, action: Action, people: IntArray) -> IntArray:
        """The numbers of some people's rows after an action."""
        assert self.today is not None
        keys = self.today[people]
        for move in action:
            if move not in self._deltas:
                j = self._effects.column[move]
                self._deltas[move] = (self._effects.new_codes(move) - self._effects.today[j]) * self._radix[j]
            keys = keys + self._deltas[move][people]
        return keys


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
