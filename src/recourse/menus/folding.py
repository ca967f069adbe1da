"""Folding a joint condition into one menu.

The features it ties become one block, whose menu lists every joint state that is admitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.constraints.constraint import Constraint
from recourse.actions.feature import FeatureActions
from recourse.arrays import FloatArray, IntArray
from recourse.errors import InputError
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
    """The menus of one block, flat: what `Menus` concatenates over blocks."""

    names: tuple[Name, ...]
    row_of_person: IntArray
    lengths: IntArray
    codes: IntArray
    domains: tuple[npt.NDArray[Any], ...]
    prices: FloatArray
    peaks: FloatArray
    changed: npt.NDArray[np.uint64]
    parts: FloatArray | None = None

    @classmethod
    def alone(cls, name: Name, single: dict[Name, FeatureMenu]) -> FlatMenus:
        menu = single[name]
        changed = np.ones(len(menu.codes), dtype=np.uint64)
        changed[menu.start[:-1]] = 0
        return cls(
            (name,), menu.row_of_person, menu.lengths, menu.codes, (menu.domain,), menu.prices, menu.prices, changed
        )

    @classmethod
    def of(
        cls, block: _Block, single: dict[Name, FeatureMenu], features: dict[Name, FeatureActions], X: pd.DataFrame
    ) -> FlatMenus:
        """List every joint state that the block's constraints admit, for each distinct row of today."""
        table = X[list(block.read)]
        first, kind = tables.distinct_rows(table)
        owner = np.arange(len(first))
        picks: dict[Name, IntArray] = {}
        for name in block.names:
            if name not in single:
                continue
            menu = single[name]
            lengths = menu.lengths[menu.row_of_person[first]][owner]
            pick = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            picks = {other: np.repeat(array, lengths) for other, array in picks.items()}
            owner, picks[name] = np.repeat(owner, lengths), pick
        today = table.iloc[first[owner]].reset_index(drop=True)
        columns = {name: tables.values_of(today[name]) for name in block.read}
        parts = np.zeros((len(owner), len(block.names)))
        changed = np.zeros(len(owner), dtype=np.uint64)
        for bit, name in enumerate(block.names):
            if name not in single:
                continue
            menu = single[name]
            items = menu.start[menu.row_of_person[first[owner]]] + picks[name]
            columns[name] = menu.domain[menu.codes[items]]
            parts[:, bit] = menu.prices[items]
            changed |= np.where(picks[name] > 0, np.uint64(1) << np.uint64(bit), np.uint64(0))
        undefined = np.zeros(len(owner), dtype=bool)
        for constraint in _in_order([one for one in block.constraints if one.induced()]):
            for source, targets in constraint.induced().items():
                before = features[source].encode(tables.values_of(today[source]))
                after = features[source].encode(columns[source])
                # Leaving "missing" has no distance, so what it would induce is undefined.
                undefined |= np.isnan(before) & ~np.isnan(after)
                shift = np.where(np.isnan(before) | np.isnan(after), 0.0, after - before)
                for target, scale in targets.items():
                    moved = columns[target].astype(np.float64) + scale * shift
                    columns[target] = features[target].decode(
                        np.where(shift == 0, columns[target].astype(np.float64), moved)
                    )
        new = pd.DataFrame(columns)
        kept = ~undefined
        for constraint in block.constraints:
            kept &= constraint.holds(today, new)
        where = np.flatnonzero(kept | (changed == 0))
        return cls(
            block.names,
            kind,
            np.bincount(owner[where], minlength=len(first)),
            np.arange(len(where)),
            tuple(columns[name][where] for name in block.names),
            parts[where].sum(axis=1),
            parts[where].max(axis=1),
            changed[where],
            parts[where],
        )


def _in_order(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Constraints that induce changes, sources before their targets, so that changes travel along chains."""
    leads_to: dict[int, set[int]] = {k: set() for k in range(len(constraints))}
    for k, one in enumerate(constraints):
        moved = {target for targets in one.induced().values() for target in targets}
        for other, later in enumerate(constraints):
            if moved & set(later.induced()):
                leads_to[other].add(k)
    try:
        return [constraints[k] for k in TopologicalSorter(leads_to).static_order()]
    except CycleError:
        names = ", ".join(repr(one) for one in constraints)
        raise InputError(f"linkages must not move each other in a circle: {names}.") from None
