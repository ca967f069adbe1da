"""The additive kernel in plain Python: what it computes, in the fewest words, and what runs without a compiler.

A list dynamic programme, feature by feature: a *state* is a choice for the first features, with its gain, price
and number of changes. Gains and prices are added in feature order, as an action is judged, and adding in a fixed
order is monotone, also in floating point. So a state that another one dominates can go, and so can one that
doesn't reach the bar with the largest gains of all features to come: exactly, without a tolerance. What makes it
quick is a lower bound: the features to come cost at least as much as on their convex hulls.

Answers are exact: OPTIMAL and INFEASIBLE mean what they mean in `additive/`, in C++, which searches few features
where this goes through all. At the cap on states the answer is FEASIBLE, with a bound; the two builds reach it at
different times. 100 to 3,000 times slower.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPTIMAL, FEASIBLE, INFEASIBLE, UNKNOWN = range(4)
FREE, IN, OUT = range(3)
DISTINCT, MINIMAL, EXCLUSIVE = range(3)
EQUAL = 1e-12

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def is_compiled() -> bool:
    """Whether this module is the compiled one."""
    return False


@dataclass(frozen=True)
class Choice:
    """What one feature can do: prices rise, and so do gains, but for staying (item 0) where it comes first."""

    gains: Floats
    prices: Floats
    items: Ints

    def up_to(self, level: float) -> Choice:
        keep = self.prices <= level
        return Choice(self.gains[keep], self.prices[keep], self.items[keep])


@dataclass(frozen=True)
class Answer:
    """What was found and proven for one person."""

    status: int
    picks: Ints
    cost: float = math.inf
    total: float = math.inf
    bound: float = math.inf
    total_bound: float = math.inf


class _Stopped(Exception):  # noqa: N818 - no error: the budget is exhausted
    pass


class Menus:
    """Menu rows; the first item of each is today's value. Only undominated moves matter."""

    def __init__(self, row_ptr: Any, gains: Any, prices: Any, changed: bool) -> None:
        self.ptr, self.gains, self.prices = row_ptr, gains, prices
        self.choice = cache(self._choice)

    def prepare(self, start: int, stop: int) -> None:
        """Rows are prepared when they are asked for."""

    def _choice(self, row: int, mask: int) -> Choice:
        span = slice(self.ptr[row], self.ptr[row + 1])
        gains, prices = self.gains[span], self.prices[span]
        moves = np.arange(1, 1 if mask == OUT else len(gains))
        moves = moves[np.lexsort((-gains[moves], prices[moves]))]
        best = np.maximum.accumulate(np.concatenate([[-np.inf if mask == IN else 0.0], gains[moves]]))
        items = np.concatenate([np.arange(mask != IN), moves[gains[moves] > best[:-1]]]).astype(np.int64)
        return Choice(gains[items], prices[items], items)


class Solver:
    """Solves people over shared `Menus`; see `Solver` in additive.hpp."""

    def __init__(
        self,
        menus: Menus,
        *,
        rows: Any,
        need: Any,
        frozen: Any,
        forced: Any,
        by_max: bool,
        limit: int,
        max_states: int,
        exhausted: Callable[[], bool],
    ) -> None:
        self.menus, self.rows, self.need, self.by_max = menus, rows, need, by_max
        self.max_states, self.exhausted = max_states, exhausted
        self.limit = rows.shape[1] if limit < 0 else limit
        self.masks = np.full(rows.shape, FREE)
        self.masks[frozen is not None and frozen.astype(bool)] = OUT
        self.masks[forced is not None and forced.astype(bool)] = IN

    def solve(self, start: int, stop: int, **out: Any) -> int:
        """Solve people start..stop-1 into `out`; returns the first not solved, where the budget was exhausted."""
        for person in range(start, stop):
            try:
                answer = self._answer(person, self.masks[person])
            except _Stopped:
                return person
            _write(out, person, answer)
        return stop

    def best(self, start: int, stop: int, *, ranks: int, mode: int, **out: Any) -> int:
        """Write the `ranks` best subsets of people start..stop-1, laid out person, rank; returns as `solve`."""
        for person in range(start, stop):
            try:
                answers = self._best(person, ranks, mode)
            except _Stopped:
                return person
            for rank, answer in enumerate(answers):
                _write(out, person * ranks + rank, answer)
        return stop

    # -- one person ---------------------------------------------------------------------------------------

    def _answer(self, person: int, masks: Ints) -> Answer:
        need = float(self.need[person])
        choices = [self.menus.choice(int(row), int(mask)) for row, mask in zip(self.rows[person], masks, strict=True)]
        nothing = np.zeros(len(choices), dtype=np.int64)
        if not self._reaches(choices, need):
            return Answer(INFEASIBLE, nothing)
        level = 0.0
        if self.by_max:  # the smallest largest price: every price but the answer's is too low, or needlessly high
            levels = np.unique(np.concatenate([[0.0], *(choice.prices for choice in choices)]))
            low, high = 0, len(levels) - 1
            while low < high:
                middle = (low + high) // 2
                enough = self._reaches([choice.up_to(levels[middle]) for choice in choices], need)
                low, high = (low, middle) if enough else (middle + 1, high)
            level = float(levels[low])
            choices = [choice.up_to(level) for choice in choices]
        picks, total, bound = self._cheapest(choices, need)
        if picks is None:
            return Answer(UNKNOWN, nothing, bound=level if self.by_max else bound, total_bound=bound)
        self._drop_free_moves(picks, choices, masks, need)
        status = FEASIBLE if bound < total * (1 - EQUAL) else OPTIMAL
        bound = bound if status == FEASIBLE else total
        return Answer(status, picks, level if self.by_max else total, total, level if self.by_max else bound, bound)

    def _reaches(self, choices: list[Choice], need: float) -> bool:
        """Whether at most `limit` changes reach the bar: the largest gain with 0, 1, 2 … changes, added in order."""
        most = np.full(self.limit + 1, -np.inf)
        most[0] = 0.0
        for choice in choices:
            stays = choice.gains[choice.items == 0].max(initial=-np.inf)
            moves = choice.gains[choice.items > 0].max(initial=-np.inf)
            most = np.maximum(most + stays, np.concatenate([[-np.inf], most[:-1] + moves]))
        return bool(most.max() >= need)

    def _cheapest(self, choices: list[Choice], need: float) -> tuple[Ints | None, float, float]:
        """The cheapest picks that reach the bar, their total, and a bound: below the total only at the cap."""
        limited = self.limit < len(choices)
        size = abs(need) + sum(np.abs(choice.gains).max() for choice in choices)
        slack = 8 * (len(choices) + 2) * 2.0**-53 * size  # between sums in different orders
        best_picks, best = self._greedy(choices, need)
        gain, price, count = np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.int64)
        history: list[tuple[Ints, Ints]] = []
        dropped = math.inf
        for j, choice in enumerate(choices):
            if self.exhausted():
                raise _Stopped
            n, k = len(gain), len(choice.items)
            state, item = np.repeat(np.arange(n), k), np.tile(choice.items, n)
            gain, price = np.add.outer(gain, choice.gains).ravel(), np.add.outer(price, choice.prices).ravel()
            count = np.repeat(count, k) + (item > 0 if limited else 0)
            at_most = gain
            for later in choices[j + 1 :]:
                at_most = at_most + later.gains.max()
            steps = _steps(choices[j + 1 :])
            lower = price + np.interp(need - slack - gain, *steps)
            keep = np.flatnonzero((at_most >= need) & (count <= self.limit) & (lower < best * (1 - EQUAL)))
            keep = keep[_undominated(gain[keep], price[keep], count[keep])]
            if len(keep) > self.max_states:
                keep = keep[np.argsort(lower[keep], kind="stable")]
                dropped = min(dropped, float(lower[keep[self.max_states]]))
                keep = keep[: self.max_states]
            gain, price, count = gain[keep], price[keep], count[keep]
            history.append((state[keep], item[keep]))
        if len(price):
            at = int(np.argmin(price))
            best, best_picks = float(price[at]), np.zeros(len(choices), dtype=np.int64)
            for j, (state, item) in reversed(list(enumerate(history))):
                best_picks[j], at = item[at], state[at]
        return best_picks, best, min(best, dropped)

    def _greedy(self, choices: list[Choice], need: float) -> tuple[Ints | None, float]:
        """A good action to begin with, if one is easily found: the best gain for its price, step by step."""
        at = [0] * len(choices)
        forced = sum(choice.items[0] > 0 for choice in choices)
        steps = sorted((slope, j, k) for j, choice in enumerate(choices) for _, _, slope, k in _hull(choice))
        if self.limit < len(choices):  # or the largest gains, where changes are few
            largest = sorted((-choice.gains.max(), j) for j, choice in enumerate(choices) if choice.items[0] == 0)
            steps = [(0.0, j, int(choices[j].gains.argmax())) for _, j in largest[: max(self.limit - forced, 0)]]
        for _, j, k in [(0.0, 0, 0), *steps] if choices else []:
            at[j] = max(at[j], k)
            if sum(choice.gains[i] for choice, i in zip(choices, at, strict=True)) >= need:
                picks = np.array([choice.items[i] for choice, i in zip(choices, at, strict=True)])
                if (picks > 0).sum() <= self.limit:
                    return picks, float(sum(choice.prices[i] for choice, i in zip(choices, at, strict=True)))
        return None, math.inf

    def _drop_free_moves(self, picks: Ints, choices: list[Choice], masks: Ints, need: float) -> None:
        """Undo moves at no price that aren't needed."""
        at = [int(np.flatnonzero(choice.items == pick)[0]) for choice, pick in zip(choices, picks, strict=True)]
        for j, choice in enumerate(choices):
            if masks[j] == FREE and picks[j] and choice.prices[at[j]] == 0.0:
                others = [choices[k].gains[at[k]] for k in range(len(at)) if k != j and picks[k]]
                if sum(others) >= need:
                    picks[j] = 0

    # -- K best -------------------------------------------------------------------------------------------

    def _best(self, person: int, ranks: int, mode: int) -> list[Answer]:
        """Lawler's partition: each found subset splits the rest of its space into features kept in and out."""
        nodes: list[tuple[Answer, Ints]] = []
        found: list[Answer] = []
        unproven = False

        def add(masks: Ints) -> None:
            nonlocal unproven
            answer = self._answer(person, masks)
            unproven = unproven or answer.status == UNKNOWN
            if answer.status <= FEASIBLE:
                nodes.append((answer, masks))

        add(self.masks[person].copy())
        while nodes and len(found) < ranks:
            low = min((one.bound, one.total_bound) for one, _ in nodes)
            node, masks = nodes.pop(min(range(len(nodes)), key=lambda k: (nodes[k][0].cost, nodes[k][0].total)))
            subset = node.picks != 0
            inside = [one.picks != 0 for one in found if mode == MINIMAL and not ((one.picks != 0) & ~subset).any()]
            if inside:
                subset = inside[0]
            elif unproven:
                found.append(replace(node, status=FEASIBLE, bound=0.0, total_bound=0.0))
            else:
                proven = all(a >= b * (1 - EQUAL) for a, b in zip(low, (node.cost, node.total), strict=True)) or (
                    low[0] >= node.cost * (1 - EQUAL) and low[0] > node.cost
                )
                bounds = (node.cost, node.total) if proven else (min(low[0], node.cost), min(low[1], node.total))
                status = node.status if proven else FEASIBLE
                found.append(replace(node, status=status, bound=bounds[0], total_bound=bounds[1]))
            for j in np.flatnonzero((masks == FREE) & (subset | (mode == DISTINCT))):
                part = masks.copy()
                if mode == EXCLUSIVE:
                    part[subset & (masks == FREE)] = OUT
                    add(part)
                    break
                part[j] = OUT if subset[j] else IN
                add(part)
                masks[j] = IN if subset[j] else OUT
        rest = Answer(UNKNOWN, 0 * self.masks[person], bound=0.0, total_bound=0.0)
        if not unproven:
            rest = Answer(INFEASIBLE, 0 * self.masks[person])
        return [*found, *[rest] * (ranks - len(found))]


def _undominated(gain: Floats, price: Floats, count: Ints) -> Ints:
    """States to which no other gives as much gain at no more price and no more changes, by falling gain."""
    order = np.lexsort((count, price, -gain))
    price, count = price[order], count[order]
    keep = np.zeros(len(order), dtype=bool)
    for most in np.unique(count):
        among = np.where(count <= most, price, np.inf)
        before = np.minimum.accumulate(np.concatenate([[np.inf], among[:-1]]))
        keep |= (count == most) & (price < before)
    return order[keep]


def _hull(choice: Choice) -> list[tuple[float, float, float, int]]:
    """The steps of a choice's lower convex hull: gain, price, slope and the position that it leads to."""
    steps: list[tuple[float, float, float, int]] = []
    corners = [0] if len(choice.items) else []
    for k in range(1, len(choice.items)):
        while True:
            rise = choice.gains[k] - choice.gains[corners[-1]]
            cost = choice.prices[k] - choice.prices[corners[-1]]
            slope = float(cost / rise) if cost < 1e300 * rise else 1e300
            if not steps or slope > steps[-1][2]:
                break
            steps.pop()
            corners.pop()
        corners.append(k)
        steps.append((float(rise), float(cost), slope, k))
    return steps


def _steps(choices: list[Choice]) -> tuple[Floats, Floats, float, float]:
    """How price grows with gain on the choices' hulls, as `numpy.interp` wants it; infinite beyond."""
    steps = sorted((slope, gain, price) for choice in choices for gain, price, slope, _ in _hull(choice))
    first = sum(choice.prices[0] for choice in choices)
    gains = np.cumsum([sum(choice.gains[0] for choice in choices), *(gain for _, gain, _ in steps)])
    return gains, np.cumsum([first, *(price for *_, price in steps)]), first, math.inf


def _write(out: dict[str, Any], at: int, answer: Answer) -> None:
    out["picks"][at], out["status"][at] = answer.picks, answer.status
    for name in ("cost", "total", "bound", "total_bound"):
        out[name][at] = getattr(answer, name)
