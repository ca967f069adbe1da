"""The exact choice of a tree of subgroups: the best split of every part of the people, for every depth.

A part is what some splits' sides have in common, in whatever order, so parts are fewer than trees. The best tree of
a part is one action for all of it, or the best trees of the two sides of a split. Dynamic programming over parts
finds it; the last split of each part is found for all predicates at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.checks import whole_number
from recourse.errors import InputError
from recourse.summaries.choice.problem import ROUNDING, settled

MAX_PARTS = 100_000
"""So many parts of the people are looked at; a tree that may need more is refused before the search begins."""

NOTHING = -1
"""The action of a leaf in which none is worth its price."""

Tree = int | tuple[int, "Tree", "Tree"]
"""A leaf's action (`NOTHING` for none), or a split and the trees of those of whom it is true and is not."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What a tree can be made of, over cells of people of whom the same splits are true.

    people : float64[cells]; true : bool[cells, splits]
    correct, spent : float64[actions, cells], people approved after an action, and the sum of its prices for them
    forbidden : bool[actions, cells], the action set doesn't let somebody of the cell take the action
    touches : bool[actions, splits], the action changes the feature that the split is about
    fcost_weight : how much of a person approved a unit of cost per person counts; least : a leaf has so many people
    precise : whether an action may be given that is correct for so many, of so many people
    """

    people: FloatArray
    true: BoolArray
    correct: FloatArray
    spent: FloatArray
    forbidden: BoolArray
    touches: BoolArray
    fcost_weight: float
    least: int
    precise: Callable[[FloatArray, FloatArray], BoolArray]


@dataclass(frozen=True, eq=False)
class Grown:
    """The best tree found, its value, and an upper bound on that of any tree."""

    tree: Tree
    value: float
    bound: float


def grow_tree(growth: Growth, depth: int, budget: Budget | None = None) -> Grown:
    """Choose the tree with the highest value: people approved − `fcost_weight` × what that costs them.

    Depth 1 first, then 2 and so on, so that out of time (or after Ctrl-C) there is a tree, and a bound that holds. Of
    equally good trees it is one with fewer leaves, then the first split and the first action.
    """
    check_depth(depth, growth.true.shape[1])
    budget = Budget.of(budget)
    search = TreeSearch(growth, budget)
    cells = np.arange(len(growth.people))
    found = Grown(NOTHING, 0.0, search.most(cells))
    try:
        for up_to in range(depth + 1):
            found = search.best((), cells, up_to)
            if settled(search.most(cells), found.value):
                break
    except KeyboardInterrupt:
        budget.cancel()
        found = search.unproven(found, cells)
    bound = found.value if settled(found.bound, found.value) else found.bound
    return Grown(found.tree, found.value, bound)


def check_depth(depth: int, splits: int) -> int:
    """Return a depth as an int; raise `InputError` where trees of it are too many to choose the best of."""
    depth = whole_number("depth", depth, least=1)
    deepest = next((d for d in range(1, depth) if count_parts(d + 1, splits) > MAX_PARTS), depth)
    if deepest < depth:
        raise InputError(
            f"there are about 10^{_digits(depth, splits):,.0f} trees of depth {depth} over {splits} predicates, and "
            f"more than {MAX_PARTS:,} parts of the people to find the best for. Set depth={deepest} or less, name "
            "fewer subgroups, or summarise with fewer bins or a higher min_support, which leaves fewer predicates."
        )
    return depth


def count_parts(depth: int, splits: int) -> int:
    """How many parts of the people a search looks at: those of fewer than `depth` splits' sides.

    >>> count_parts(2, 30), count_parts(3, 30)
    (61, 1801)
    """
    return sum(math.comb(splits, k) << k for k in range(min(depth, splits + 1)))


def _digits(depth: int, splits: int) -> float:
    """The decimal logarithm of the number of trees: T(0) = 1, T(d) = 1 + splits · T(d − 1)²."""
    digits = 0.0
    for _ in range(depth):
        digits = math.log10(splits) + 2 * digits
    return digits


@dataclass(frozen=True, eq=False)
class _Leaves:
    """One action for everybody, in a whole part (place 0) and on both sides of each split (then `splits` places each).

    value, action : of the best action; size : people
    """

    value: FloatArray
    action: IntArray
    size: FloatArray


class TreeSearch:
    """The best tree of each part of the people, kept for the deepest one asked for.

    A part is named by its path: the places in `_Leaves` of the sides whose people have it in common, ascending.
    """

    def __init__(self, growth: Growth, budget: Budget) -> None:
        self.growth, self.budget = growth, budget
        cells, self.splits = growth.true.shape

        # a column for the whole part, then one for the side of each split of which it is true
        self.inside = np.hstack([np.ones((cells, 1)), growth.true]).astype(np.float64)
        self.touches = np.hstack([np.zeros((len(growth.correct), 1), dtype=bool), growth.touches, growth.touches])

        # no tree is worth more for a cell than the best action that its people may take
        worth = np.where(growth.forbidden, 0.0, growth.correct - growth.fcost_weight * growth.spent)
        self.ceiling = worth.max(axis=0, initial=0.0)
        self.known: dict[tuple[int, ...], tuple[int, Grown]] = {}
        self.leaves: dict[tuple[int, ...], _Leaves] = {}

    def most(self, cells: IntArray) -> float:
        """What no tree of these cells is worth more than: every cell gets the best action for it."""
        return float(self.ceiling[cells].sum())

    def unproven(self, found: Grown, cells: IntArray) -> Grown:
        """A tree that was the best of a lower depth, with a bound for any depth."""
        return Grown(found.tree, found.value, max(self.most(cells), found.value))

    def best(self, path: tuple[int, ...], cells: IntArray, depth: int) -> Grown:
        """The best tree of a part, whose cells these are, with at most `depth` splits above a leaf."""
        if path in self.known:
            known_depth, known = self.known[path]
            if known_depth == depth:
                return known
            if self.budget.exhausted:
                return self.unproven(known, cells)
        leaves = self._leaves(path, cells)
        found = Grown(int(leaves.action[0]), float(leaves.value[0]), float(leaves.value[0]))
        if depth == 1:
            found = self._last_split(leaves, found)
        elif depth > 1:
            found = self._first_split(path, cells, depth, leaves, found)
        self.known[path] = depth, found
        return found

    def _last_split(self, leaves: _Leaves, found: Grown) -> Grown:
        """Try all splits of a part into two leaves at once."""
        values = self._after_split(leaves)
        if not self.splits or not values.max() > found.value + ROUNDING:
            return found
        split = int(values.argmax())
        yes, no = int(leaves.action[1 + split]), int(leaves.action[1 + split + self.splits])
        return Grown((split, yes, no), float(values[split]), float(values[split]))

    def _first_split(self, path: tuple[int, ...], cells: IntArray, depth: int, leaves: _Leaves, found: Grown) -> Grown:
        """Try all splits of a part into two trees, those first that are good without further splits."""
        values, most = self._after_split(leaves), self.most(cells)
        tree, value, bound = found.tree, found.value, found.value

        # a tree that was found for a lower depth is one for this depth too
        if path in self.known and self.known[path][1].value > value + ROUNDING:
            tree, value = self.known[path][1].tree, self.known[path][1].value

        for split in np.argsort(-values, kind="stable").tolist():
            if values[split] == -np.inf or settled(most, value):
                break
            if self.budget.exhausted:
                bound = most
                break
            parts, limit = self._sides(path, cells, split, depth, value)
            bound = max(bound, limit)
            if len(parts) == 2:
                yes, no = parts[1 + split], parts[1 + split + self.splits]
                if yes.value + no.value > value + ROUNDING:
                    tree, value = (split, yes.tree, no.tree), yes.value + no.value
        return Grown(tree, value, max(bound, value))

    def _sides(
        self, path: tuple[int, ...], cells: IntArray, split: int, depth: int, value: float
    ) -> tuple[dict[int, Grown], float]:
        """The best trees of both sides of a split by their places, and a bound on the two together.

        The smaller side comes first. Where it leaves nothing better than `value` to be found, the other is left out.
        """
        true = self.growth.true[cells, split]
        sides = [(1 + split, cells[true]), (1 + split + self.splits, cells[~true])]
        sides.sort(key=lambda side: len(side[1]))
        parts: dict[int, Grown] = {}
        limit = self.most(cells)
        for place, members in sides:
            if parts and settled(limit, value):
                break
            parts[place] = self.best(tuple(sorted((*path, place))), members, depth - 1)
            limit += parts[place].bound - self.most(members)
        return parts, limit

    def _after_split(self, leaves: _Leaves) -> FloatArray:
        """What two leaves after each split are worth; −∞ where one has too few people."""
        yes, no = slice(1, 1 + self.splits), slice(1 + self.splits, None)
        fits = np.minimum(leaves.size[yes], leaves.size[no]) >= self.growth.least
        return np.where(fits, leaves.value[yes] + leaves.value[no], -np.inf)

    def _leaves(self, path: tuple[int, ...], cells: IntArray) -> _Leaves:
        """The best action for a part, and for both sides of each split of it; sums are of whole ticks, so exact."""
        if path in self.leaves:
            return self.leaves[path]
        growth = self.growth

        # actions that change no feature on the way here, and may be given: to whom, and not to others
        numbers = np.flatnonzero(~self.touches[:, list(path)].any(axis=1))
        here = np.ix_(numbers, cells)
        size = self._sums(growth.people[None, cells], cells)[0]
        correct = self._sums(growth.correct[here], cells)
        may = ~self.touches[numbers] & (correct > 0) & growth.precise(correct, np.maximum(size, 1.0))
        forbidden = growth.forbidden[here]
        if forbidden.any():
            may &= self._sums(forbidden.astype(np.float64), cells) == 0

        # what each is worth, and the best of them
        value = correct
        if growth.fcost_weight:
            value = correct - growth.fcost_weight * self._sums(growth.spent[here], cells)
        found = _best_action(np.where(may, value, -np.inf), numbers, size)
        self.leaves[path] = found
        return found

    def _sums(self, values: npt.NDArray[Any], cells: IntArray) -> FloatArray:
        """Sums over a part's cells: over all of them, then over each split's side where it is true, and where not."""
        whole_and_true = values @ self.inside[cells]
        return np.hstack([whole_and_true, whole_and_true[:, :1] - whole_and_true[:, 1:]])


def _best_action(value: FloatArray, numbers: IntArray, size: FloatArray) -> _Leaves:
    """The first of the best actions in each place; `NOTHING` where none is worth its price."""
    if not len(numbers):
        return _Leaves(np.zeros(len(size)), np.full(len(size), NOTHING), size)
    best = value.argmax(axis=0)
    top = value[best, np.arange(len(size))]
    good = top > ROUNDING
    return _Leaves(np.where(good, top, 0.0), np.where(good, numbers[best], NOTHING), size)
