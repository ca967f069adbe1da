"""From settings to menus: what each person can reach, feature by feature, and jointly where features are tied.

A constraint over few enough combinations is folded: its features become one block, whose menu lists every
joint state that the constraint admits. What cannot be folded stays wide, for the searches to respect.
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
from recourse.actions.constraints import AtMost, Constraint
from recourse.actions.features import FeatureActions
from recourse.actions.grid import ActionGrid, FloatArray, IntArray, LinearRow
from recourse.costs import Cost
from recourse.errors import InputError
from recourse.tables import Name

MOST_STATES = 4_096
"""A person's joint menu may have so many states; constraints that would need more stay wide."""

MOST_ITEMS = 4_000_000
"""All joint menus of one block together may have so many states."""

TIE = 1e-12
"""Prices that differ by less than this, relative to 1 + price, are equal where the largest price counts."""


def build(
    features: Sequence[FeatureActions],
    constraints: Sequence[Constraint],
    X: pd.DataFrame,
    cost: Cost,
    max_changes: int | None,
) -> ActionGrid:
    """Return the grid of the people in `X`, a checked table with one column a feature."""
    single = {feature.name: FeatureMenu(feature, X[feature.name], cost) for feature in features if feature.actionable}
    single = {name: menu for name, menu in single.items() if len(menu.codes) > len(menu.lengths)}
    if cost.combine == "max":
        _join_ties(list(single.values()))
    for constraint in constraints:
        if isinstance(constraint, AtMost) and not constraint.features:
            max_changes = constraint.k if max_changes is None else min(max_changes, constraint.k)
    tied = [one for one in constraints if one.induced() or any(name in single for name in one.features)]
    blocks, wide = _blocks(tied, single, X)
    by_name = {feature.name: feature for feature in features}
    menus = [
        _Flat.of(block, single, by_name, X) if block.constraints else _Flat.alone(block.names[0], single)
        for block in blocks
    ]
    menus = [menu for menu in menus if len(menu.codes) > len(menu.lengths)]
    grid = _assemble(menus, X, cost, max_changes, tuple(wide))
    if not wide:
        return grid
    rows = tuple(row for constraint in wide for row in _linear_rows(constraint, grid))
    return ActionGrid(**{**{f: getattr(grid, f) for f in grid.__dataclass_fields__}, "linear": rows})


def _join_ties(menus: Sequence[FeatureMenu]) -> None:
    """Make prices that differ by rounding alone the same number, over all features.

    Where the largest price counts, rounding must not decide which of two equal percentile shifts (each a
    difference of fractions) is the larger one.
    """
    if not menus:
        return
    levels, position = np.unique(np.concatenate([menu.prices for menu in menus]), return_inverse=True)
    apart = np.concatenate([[True], np.diff(levels) > TIE * (1 + levels[1:])])
    joined = levels[apart][np.cumsum(apart) - 1][position]
    start = 0
    for menu in menus:
        menu.prices = joined[start : start + len(menu.prices)]
        start += len(menu.prices)


class FeatureMenu:
    """The menus of one feature: one row for each of today's distinct values, flat.

    row_of_person : int[n]; lengths : int[rows]; codes : int[items] into `domain`; prices : float64[items]
    """

    def __init__(self, feature: FeatureActions, column: pd.Series[Any], cost: Cost) -> None:
        distinct, self.row_of_person = tables.encode(tables.values_of(column))
        codes, allowed = feature.targets(distinct)
        first = np.ones((len(distinct), 1), dtype=bool)
        row, position = np.nonzero(np.hstack([first, allowed]))
        # The domain holds the targets first and today's values after them, so an item's code needs no search.
        targets = feature.decode(codes)
        self.domain = np.concatenate([targets, distinct])
        self.codes = np.where(position == 0, len(codes) + row, position - 1)
        self.lengths = np.bincount(row, minlength=len(distinct))
        today = len(codes) + row
        if not cost.has_positions:
            prices = [
                np.concatenate([[0.0], cost.prices(feature, _plain(x), targets[allowed[k]])])
                for k, x in enumerate(distinct)
            ]
            self.prices = np.concatenate([np.empty(0), *prices])
        elif feature.ordered:
            at = cost.weight(feature) * cost.position(feature, self.domain)
            self.prices = np.abs(at[self.codes] - at[today])
        else:
            entry = cost.weight(feature) * cost.entry(feature, self.domain)
            self.prices = np.where(position == 0, 0.0, entry[self.codes])
        if feature.from_missing is not None:
            missing = tables.is_missing(distinct, feature.missing)[row]
            self.prices = np.where(missing & (position > 0), feature.from_missing, self.prices)
        self.prices[position == 0] = 0.0
        lost = np.isnan(self.prices)
        if lost.any():  # today's level is none of the ordered ones: there is no distance, only what entry takes
            self.prices[lost] = cost.weight(feature) * cost.entry(feature, self.domain[self.codes[lost]])
        self.start = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)


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


def _blocks(
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
class _Flat:
    """The menus of one block, flat: what `ActionGrid` concatenates over blocks."""

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
    def alone(cls, name: Name, single: dict[Name, FeatureMenu]) -> _Flat:
        menu = single[name]
        changed = np.ones(len(menu.codes), dtype=np.uint64)
        changed[menu.start[:-1]] = 0
        return cls(
            (name,), menu.row_of_person, menu.lengths, menu.codes, (menu.domain,), menu.prices, menu.prices, changed
        )

    @classmethod
    def of(
        cls, block: _Block, single: dict[Name, FeatureMenu], features: dict[Name, FeatureActions], X: pd.DataFrame
    ) -> _Flat:
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


def _assemble(
    menus: Sequence[_Flat], X: pd.DataFrame, cost: Cost, max_changes: int | None, wide: tuple[Constraint, ...]
) -> ActionGrid:
    rows = np.zeros((len(X), len(menus)), dtype=np.int32)
    start = 0
    for column, menu in enumerate(menus):
        rows[:, column] = menu.row_of_person + start
        start += len(menu.lengths)

    def joined(arrays: Sequence[npt.NDArray[Any]], dtype: Any) -> Any:
        return np.concatenate([np.empty(0, dtype=dtype), *arrays]).astype(dtype, copy=False)

    prices = joined([menu.prices for menu in menus], np.float64)
    same = all(menu.peaks is menu.prices for menu in menus)
    return ActionGrid(
        X=X,
        blocks=tuple(menu.names for menu in menus),
        rows=rows,
        row_ptr=np.concatenate([[0], np.cumsum(joined([menu.lengths for menu in menus], np.int64))]).astype(np.int64),
        codes=joined([menu.codes for menu in menus], np.int32),
        domains=tuple(menu.domains for menu in menus),
        prices=prices,
        peaks=prices if same else joined([menu.peaks for menu in menus], np.float64),
        changed=joined([menu.changed for menu in menus], np.uint64),
        parts=tuple(menu.parts for menu in menus),
        combine=cost.combine,
        max_changes=max_changes,
        wide=wide,
    )


def _linear_rows(constraint: Constraint, grid: ActionGrid) -> list[LinearRow]:
    """A wide constraint as rows over the grid's items; none if it has no linear form."""
    rows = []
    first = grid.row_ptr[:-1]
    for linear in constraint.linear() or ():
        coefficients = np.zeros(len(grid.codes))
        still = np.ones(len(grid.codes), dtype=bool)
        constant = np.zeros(len(grid))
        blocks = []
        for name, term in linear.terms.items():
            block = next((j for j, names in enumerate(grid.blocks) if name in names), None)
            if block is None:
                values = tables.values_of(grid.X[name])
                constant += np.asarray(term(values, values), dtype=np.float64)
                continue
            items = grid.block_items[block]
            domain = grid.domains[block][grid.blocks[block].index(name)]
            new = domain[grid.codes[items]]
            today = domain[grid.codes[first[grid.item_row[items]]]]
            coefficients[items] += np.asarray(term(today, new), dtype=np.float64)
            still[items] &= np.asarray((new == today) | (pd.isna(new) & pd.isna(today)), dtype=bool)
            blocks.append(block)
        blocks = sorted(set(blocks))
        staying = constant + coefficients[first[grid.rows[:, blocks]]].sum(axis=1)
        rows.append(
            LinearRow(
                coefficients, linear.low - constant, linear.high - constant, staying - constant, still, tuple(blocks)
            )
        )
    return rows


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
