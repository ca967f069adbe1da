"""The trees kernel in plain Python: what it computes, in the fewest words, and what runs without a compiler.

Best-first branch and bound. A *state* is an item of a block's menu, cheapest first; a *box* allows, in each
block, the states whose bits are set. Its cost is at least that of its first states, its cheapest point; its
score is at most the sum of the best leaves that its states reach. Boxes are looked at from the cheapest on, so
the first approved point is the answer. A box that can't reach the bar is dropped; any other is parted, by the
test at which most score is lost, or into what differs from a point that was refused.

Answers are exact: OPTIMAL and INFEASIBLE mean what they mean in `trees/`, in C++, which finds good actions first
and prunes by them. Here nothing is pruned by price: 100 to 10,000 times slower, more in large forests.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np

DONE, ASK, PAUSED = range(3)
OPEN, APPROVED, DENIED, FORBIDDEN = range(4)
MISSING_LEFT, IN_SET = 1, 2
EQUAL, LOOSE = 1e-12, 1e-7

Box = tuple[int, ...]
Cost = tuple[float, float]


def is_compiled() -> bool:
    """Whether this module is the compiled one."""
    return False


class Shared:
    """What all people read, by name: trees, tests, and menus collapsed to states (see `Shared` in trees.hpp)."""

    def __init__(self, **arrays: Any) -> None:
        self.__dict__.update(arrays)
        self.node = list(zip(*(arrays[name].tolist() for name in ("test", "left", "right", "value")), strict=True))
        self.top = [-math.inf] * len(self.node)  # the best leaf below each node
        for root in self.roots:
            self._find_top(int(root))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def _find_top(self, node: int) -> float:
        test, left, right, value = self.node[node]
        self.top[node] = value if test < 0 else max(self._find_top(left), self._find_top(right))
        return self.top[node]


class Solver:
    """One person's search at a time; `begin`, then `run` until it is `DONE`."""

    bytes = 0

    def __init__(self, shared: Shared) -> None:
        self.s = shared

    def begin(self, person: int, *, excluded: Any, frozen: Any, kinds: Any, asks: bool) -> None:
        """Turn to a person; `excluded` are sets of features that may not change exactly (0), or together (1)."""
        s = self.s
        self.person, self.asks = person, asks
        self.excluded = list(zip(excluded.tolist(), kinds.tolist(), strict=True))
        self.states: list[list[int]] = []
        for row, never in zip(s.rows[person], frozen.tolist(), strict=True):
            states = range(s.state_start[row], s.state_start[row + 1])
            self.states.append([k for k in states if not s.state_changed[k] & never])
        self.peak = [[float(s.state_peak[k]) for k in states] for states in self.states]
        self.price = [[float(s.state_price[k]) for k in states] for states in self.states]
        self.count = [[int(s.state_changed[k]).bit_count() for k in states] for states in self.states]
        self.least = [list(accumulate(reversed(one), min))[::-1] for one in self.price]
        self.fewest = [list(accumulate(reversed(one), min))[::-1] for one in self.count]
        self.tests = [self._test(q, k) for q in range(len(s.sequence_block)) for k in self._cuts(q)]
        self.best: list[int] | None = None
        self.best_cost: Cost = (math.inf, math.inf)
        self.done = 0
        # the last entry stands for what no block moves: one state
        whole = (*((1 << len(states)) - 1 for states in self.states), 1)
        self.boxes: list[tuple[Cost, int, Box]] = [(self._cost(_first(whole)), 0, whole)]
        self.steps = self._search()

    def run(self, verdict: int, boxes: int) -> int:
        """Go on for so many boxes, with the verdict that was asked for; returns DONE, ASK or PAUSED."""
        self.verdict, self.left = verdict, boxes
        return next(self.steps, DONE)

    def answer(self, picks: Any) -> tuple[bool, int, float, float]:
        """Write the best action's items; returns (found, boxes, largest price below, sum below)."""
        if self.best is not None:
            self._write(self.best, picks)
        peak, total = min([self.best_cost, *(box[0] for box in self.boxes[:1])])
        return self.best is not None, self.done, peak, total

    def question(self, picks: Any) -> None:
        """Write the items of the point that a verdict is needed on."""
        self._write(self.point, picks)

    # -- the search ---------------------------------------------------------------------------------------

    def _search(self) -> Iterator[int]:
        while self.boxes and self._cheaper(self.boxes[0][0]):
            if self.left <= 0:
                yield PAUSED
            self.left -= 1
            self.done += 1
            box = self.boxes[0][2]  # it stays open until it is decided
            self.point = _first(box)
            parts: list[Box] = []
            if not any(self._out_of_reach(c, box) for c in range(len(self.s.coefficients))):
                most, here, test = self._score(box)
                if here >= self.s.low:
                    verdict = self._judge(here)
                    if verdict == OPEN:
                        yield ASK
                        verdict = self.verdict
                    if verdict == APPROVED and self._cheaper(self._price()):
                        self.best, self.best_cost = self.point, self._price()
                    parts = list(self._others(box))
                elif most >= self.s.low:
                    block, left = self.tests[test]
                    parts = [_with(box, block, box[block] & left), _with(box, block, box[block] & ~left)]
            heapq.heappop(self.boxes)
            for part in parts:
                first = _first(part)
                cost, changes = self._cost(first), sum(f[k] for f, k in zip(self.fewest, first, strict=False))
                if self._cheaper(cost) and self._within(changes):
                    heapq.heappush(self.boxes, (cost, -self.done, part))
        self.boxes = []

    def _score(self, box: Box) -> tuple[float, float, int]:
        """The box's score at most, its cheapest point's, and the test at which most is lost on the way to it."""
        most = here = 0.0
        lost: dict[int, float] = {}
        for root in self.s.roots.tolist():
            best, at_point, test = self._leaf(root, box)
            most += best
            here += at_point
            if test >= 0:
                lost[test] = lost.get(test, 0.0) + best - at_point
        return most, here, max(lost, key=lambda test: lost[test], default=-1)

    def _leaf(self, node: int, box: Box) -> tuple[float, float, int]:
        """The best leaf within a box, the cheapest point's leaf, and the test that parts the ways to them."""
        test, *children, value = self.s.node[node]
        if test < 0:
            return value, value, -1
        block, left = self.tests[test]
        states = (box[block] & left, box[block] & ~left)
        sides = [(side & -side, side, child) for side, child in zip(states, children, strict=True) if side]
        if len(sides) == 1:
            return self._leaf(sides[0][2], box)
        (_, states_near, near), (_, states_far, far) = sorted(sides)  # the cheapest point's side first
        found = self._leaf(near, _with(box, block, states_near))
        if self.s.top[far] <= found[0]:
            return found
        other = self._leaf(far, _with(box, block, states_far))[0]
        return (other, found[1], test) if other > found[0] else found

    def _judge(self, score: float) -> int:
        """What is to be said of `point`, which reaches the bar; OPEN where the caller must say it."""
        met = [self._meets(c) for c in range(len(self.s.coefficients))]
        if not self._within(sum(self._of(self.count))) or self._is_excluded() or -1 in met:
            return FORBIDDEN
        return OPEN if self.asks or 0 in met or score < self.s.high else APPROVED

    def _others(self, box: Box) -> Iterator[Box]:
        """Part the box without its cheapest point: by the first block in which an action differs from it."""
        for j, k in enumerate(self.point[:-1]):
            yield _with(box, j, box[j] & ~(1 << k))
            box = _with(box, j, 1 << k)

    # -- what a point costs, changes and must meet ----------------------------------------------------------

    def _of(self, table: list[list[Any]]) -> list[Any]:
        return [row[k] for row, k in zip(table, self.point, strict=False)]

    def _price(self) -> Cost:
        return max(self._of(self.peak), default=0.0), sum(self._of(self.price))

    def _cost(self, first: list[int]) -> Cost:
        """What every action of a box costs at least, given its first states."""
        if -1 in first:
            return math.inf, math.inf
        peak = max((row[k] for row, k in zip(self.peak, first, strict=False)), default=0.0)
        return peak, sum(row[k] for row, k in zip(self.least, first, strict=False))

    def _cheaper(self, cost: Cost) -> bool:
        """Whether a cost is below the best action's, by more than rounding; an empty box costs infinity."""
        if self.best is None or cost[0] != self.best_cost[0]:
            return cost < self.best_cost
        return cost[1] < self.best_cost[1] - EQUAL * (1 + self.best_cost[1])

    def _within(self, changes: int) -> bool:
        return self.s.limit < 0 or changes <= self.s.limit

    def _is_excluded(self) -> bool:
        """Whether `point` changes exactly an excluded set, or more than it."""
        changed = [int(self.s.state_changed[k]) for k in self._of(self.states)]
        for bits, larger in self.excluded:
            if all(not b & ~c if larger else b == c for b, c in zip(bits, changed, strict=True)):
                return True
        return False

    def _limits(self, c: int) -> tuple[float, float]:
        return float(self.s.least_sum[c][self.person]), float(self.s.most_sum[c][self.person])

    def _out_of_reach(self, c: int, box: Box) -> bool:
        """Whether no point of the box meets a linear condition: all change what it reads, and no sum fits."""
        least = most = size = 0.0
        stays = True
        for j in np.flatnonzero(self.s.reads[c]):
            states = [k for b, k in enumerate(self.states[j]) if box[j] >> b & 1]
            values = self.s.coefficients[c][states]
            stays = stays and bool(self.s.still[c][states].any())
            least, most = least + values.min(), most + values.max()
            size += abs(values.min()) + abs(values.max())
        low, high = self._limits(c)
        return not stays and (most < low - LOOSE * (1 + size - low) or least > high + LOOSE * (1 + size + high))

    def _meets(self, c: int) -> int:
        """Whether `point` meets a linear condition: 1 yes, -1 no, 0 too close to tell."""
        states = [self._of(self.states)[j] for j in np.flatnonzero(self.s.reads[c])]
        values = self.s.coefficients[c][states].tolist()
        low, high = self._limits(c)
        total, size = sum(values), 1 + sum(map(abs, values))
        if self.s.still[c][states].all() or low - EQUAL * size <= total <= high + EQUAL * size:
            return 1
        size += sum(abs(limit) for limit in (low, high) if math.isfinite(limit))
        return -1 if total < low - LOOSE * size or total > high + LOOSE * size else 0

    # -- tests ------------------------------------------------------------------------------------------------

    def _cuts(self, q: int) -> range:
        return range(self.s.sequence_start[q], self.s.sequence_start[q + 1])

    def _test(self, q: int, k: int) -> tuple[int, int]:
        """The block that test k of sequence q parts, and which of its states go left, as bits."""
        s, block, column, kind = (
            self.s,
            int(self.s.sequence_block[q]),
            self.s.sequence_column[q],
            self.s.sequence_kind[q],
        )
        if block < 0:
            block, cells = len(self.states), s.today[self.person, column : column + 1]
        else:
            group = s.state_group[self.states[block]].astype(np.int64)
            cells = s.cells[s.cell_start[block] + group * s.columns[block] + column]
        if kind == IN_SET:
            left = s.sets[s.cut[k]][cells] > 0
        else:
            left = (cells <= s.cut[k]) & ((cells >= 0) | (kind == MISSING_LEFT))
        return block, int.from_bytes(np.packbits(left, bitorder="little").tobytes(), "little")

    def _write(self, point: list[int], picks: Any) -> None:
        for j, states in enumerate(self.states):
            picks[j] = self.s.state_item[states[point[j]]]


def _first(box: Box) -> list[int]:
    """Each block's first state; -1 where a block has none."""
    return [(states & -states).bit_length() - 1 for states in box]


def _with(box: Box, block: int, states: int) -> Box:
    return (*box[:block], states, *box[block + 1 :])
