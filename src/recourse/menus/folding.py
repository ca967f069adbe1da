"""Folding a joint condition into one menu.

The features it ties become one block, whose menu lists every joint state that is admitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.constraints.constraint import Constraint
from recourse.arrays import FloatArray, IntArray
from recourse.errors import InputError
from recourse.menus.apply import admitted, apply, followed
from recourse.menus.feature_menus import MOST_ITEMS, FeatureMenu
from recourse.tables import Name

MOST_STATES = 4_096
"""A person's joint menu may have so many states; constraints that would need more stay wide."""


@dataclass
class _Block:
    """Features that get one menu together, and the constraints that tie them."""

    names: tuple[Name, ...]
    constraints: tuple[Constraint, ...] = ()

    @property
    def read(self) -> tuple[Name, ...]:
        """Every column that the block's menu depends on."""
        more = (name for constraint in self.constraints for name in constraint.features)
        return tuple(dict.fromkeys((*self.names, *more)))


def blocks_of(
    constraints: Sequence[Constraint], single: dict[Name, FeatureMenu], X: pd.DataFrame
) -> tuple[list[_Block], list[Constraint]]:
    """Fold constraints into blocks while the joint menus stay small; return the blocks and what stays wide."""
    blocks = [_Block((name,)) for name in single]
    wide: list[Constraint] = []
    for constraint in sorted(constraints, key=lambda one: not one.induced()):
        if isinstance(constraint, AtMost) and not constraint.features:
            continue
        induced = {name for targets in constraint.induced().values() for name in targets}
        linked = {name for b in blocks for one in b.constraints if one.induced() for name in one.features}
        reach = set(constraint.features) | induced
        touched = [b for b in blocks if reach & set(b.names) or reach & linked & set(b.read)]
        names = tuple(dict.fromkeys([*(n for b in touched for n in b.names), *sorted(induced, key=str)]))
        merged = _Block(names, (*(c for b in touched for c in b.constraints), constraint))
        if _fits(merged, single, X):
            blocks = [b for b in blocks if b not in touched]
            blocks.append(merged)
        elif induced:
            raise InputError(
                f"{constraint!r} ties features with too many combinations (more than {MOST_STATES:,} a person); "
                "give the features it names fewer values, by larger steps or narrower bounds."
            )
        else:
            wide.append(constraint)
    order: list[Name] = list(X.columns)
    return sorted(blocks, key=lambda b: min(order.index(name) for name in b.names)), wide


def _fits(block: _Block, single: dict[Name, FeatureMenu], X: pd.DataFrame) -> bool:
    """Whether a block's joint menus are small enough to list."""
    first, _ = tables.distinct_rows(X[list(block.read)])
    states = np.ones(len(first))
    for name in block.names:
        if name in single:
            states *= single[name].lengths[single[name].row_of_person[first]]
    return bool(states.max(initial=0) <= MOST_STATES and states.sum() <= MOST_ITEMS)


@dataclass
class FlatMenus:
    """The menus of one block, flat: what `Menus` concatenates over blocks.

    names : the block's features; row_of_person : int[n], which menu each person has
    lengths : int[rows], how many items each menu has; the first is today's state
    codes : int[items], each item's state, a position in `domains`
    domains : the states' raw values, one array a feature
    prices, peaks : float64[items], the sum of an item's prices and the largest of them
    changed : uint64[items], bit b where the item changes the b-th feature by choice
    parts : float64[items, features], the prices one by one; None for a single feature
    """

    names: tuple[Name, ...]
    row_of_person: IntArray
    lengths: IntArray
    codes: IntArray
    domains: tuple[npt.NDArray[Any], ...]
    prices: FloatArray
    peaks: FloatArray
    changed: npt.NDArray[np.uint64]
    parts: FloatArray | None = None


def menus_alone(name: Name, single: dict[Name, FeatureMenu]) -> FlatMenus:
    """The menus of a feature that no condition ties to others."""
    menu = single[name]
    changed = np.ones(len(menu.codes), dtype=np.uint64)
    changed[menu.start[:-1]] = 0
    return FlatMenus(
        (name,), menu.row_of_person, menu.lengths, menu.codes, (menu.domain,), menu.prices, menu.prices, changed
    )


def folded_menus(block: _Block, single: dict[Name, FeatureMenu], actions: ActionSet, X: pd.DataFrame) -> FlatMenus:
    """List every joint state that the block's constraints admit, for each distinct row of today."""
    first, row_of_person = tables.distinct_rows(X[list(block.read)])
    choosable = [name for name in block.names if name in single]

    # Every combination of one item a feature, for each distinct row: many lines, owner by owner.
    owner, picks = _combinations(choosable, single, first)
    person = first[owner]
    items = {name: single[name].start[single[name].row_of_person[person]] + picks[name] for name in choosable}
    changed = {name: picks[name] > 0 for name in choosable}

    # The row that each combination leads to, linked features included.
    today = X[list(block.read)].take(person).reset_index(drop=True)
    chosen = {name: _chosen_values(single[name], items[name], today[name].dtype) for name in choosable}
    new = apply(actions, today, chosen)

    # Staying is always possible; whatever else the constraints don't admit is left out.
    stays = ~np.logical_or.reduce([np.zeros(len(owner), dtype=bool), *changed.values()])
    kept = np.flatnonzero(stays | admitted(actions, block.constraints, today, new, changed))

    parts = np.zeros((len(kept), len(block.names)))
    masks = np.zeros(len(kept), dtype=np.uint64)
    for bit, name in enumerate(block.names):
        if name in single:
            parts[:, bit] = single[name].prices[items[name][kept]]
            masks |= np.where(changed[name][kept], np.uint64(1) << np.uint64(bit), np.uint64(0))

    moved_along = {link.target for link in followed(actions, choosable)}
    domains = []
    for name in block.names:
        if name in single and name not in moved_along:
            menu = single[name]
            domains.append(menu.domain[menu.codes[items[name][kept]]])
        else:
            domains.append(tables.values_of(new[name])[kept])
    return FlatMenus(
        names=block.names,
        row_of_person=row_of_person,
        lengths=np.bincount(owner[kept], minlength=len(first)),
        codes=np.arange(len(kept)),
        domains=tuple(domains),
        prices=parts.sum(axis=1),
        peaks=parts.max(axis=1),
        changed=masks,
        parts=parts,
    )


def _combinations(
    names: Sequence[Name], single: dict[Name, FeatureMenu], first: IntArray
) -> tuple[IntArray, dict[Name, IntArray]]:
    """Every combination of one item a feature, for each of the distinct rows.

    Returns which row each combination belongs to, and by feature which item of its menu it takes (0: today's).
    """
    owner = np.arange(len(first))
    picks: dict[Name, IntArray] = {}
    for name in names:
        menu = single[name]
        lengths = menu.lengths[menu.row_of_person[first]][owner]
        ends = np.cumsum(lengths)

        # Each combination so far is repeated once an item of this feature, and these are numbered from 0.
        number = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)
        picks = {other: np.repeat(array, lengths) for other, array in picks.items()}
        picks[name] = number
        owner = np.repeat(owner, lengths)
    return owner, picks


def _chosen_values(menu: FeatureMenu, items: IntArray, dtype: Any) -> Any:
    """The raw values of items, in the table's dtype where they fit it."""
    return tables.fitting(menu.domain, dtype).take(menu.codes[items])
