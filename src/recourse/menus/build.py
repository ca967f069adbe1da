"""From settings to menus: what each person can reach, feature by feature, and jointly where features are tied.

A constraint over few enough combinations is folded: its features become one block, whose menu lists every
joint state that the constraint admits. What cannot be folded stays wide, for the searches to respect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.constraints.constraint import Constraint
from recourse.actions.feature import FeatureActions
from recourse.costs.cost import Cost
from recourse.menus.feature_menus import FeatureMenu
from recourse.menus.folding import FlatMenus, blocks_of
from recourse.menus.menus import LinearRow, Menus

TIE = 1e-12
"""Prices that differ by less than this, relative to 1 + price, are equal where the largest price counts."""


def build(
    features: Sequence[FeatureActions],
    constraints: Sequence[Constraint],
    X: pd.DataFrame,
    cost: Cost,
    max_changes: int | None,
) -> Menus:
    """Return the grid of the people in `X`, a checked table with one column a feature."""
    single = {feature.name: FeatureMenu(feature, X[feature.name], cost) for feature in features if feature.actionable}
    single = {name: menu for name, menu in single.items() if len(menu.codes) > len(menu.lengths)}
    if cost.combine == "max":
        _join_ties(list(single.values()))
    for constraint in constraints:
        if isinstance(constraint, AtMost) and not constraint.features:
            max_changes = constraint.k if max_changes is None else min(max_changes, constraint.k)
    tied = [one for one in constraints if one.induced() or any(name in single for name in one.features)]
    blocks, wide = blocks_of(tied, single, X)
    by_name = {feature.name: feature for feature in features}
    flat_menus = [
        FlatMenus.of(block, single, by_name, X) if block.constraints else FlatMenus.alone(block.names[0], single)
        for block in blocks
    ]
    flat_menus = [menu for menu in flat_menus if len(menu.codes) > len(menu.lengths)]
    menus = _assemble(flat_menus, X, cost, max_changes, tuple(wide))
    if not wide:
        return menus
    rows = tuple(row for constraint in wide for row in _linear_rows(constraint, menus))
    return Menus(**{**{f: getattr(menus, f) for f in menus.__dataclass_fields__}, "linear": rows})


def _join_ties(flat_menus: Sequence[FeatureMenu]) -> None:
    """Make prices that differ by rounding alone the same number, over all features.

    Where the largest price counts, rounding must not decide which of two equal percentile shifts (each a
    difference of fractions) is the larger one.
    """
    if not flat_menus:
        return
    levels, position = np.unique(np.concatenate([menu.prices for menu in flat_menus]), return_inverse=True)
    apart = np.concatenate([[True], np.diff(levels) > TIE * (1 + levels[1:])])
    joined = levels[apart][np.cumsum(apart) - 1][position]
    start = 0
    for menu in flat_menus:
        menu.prices = joined[start : start + len(menu.prices)]
        start += len(menu.prices)


def _assemble(
    flat_menus: Sequence[FlatMenus], X: pd.DataFrame, cost: Cost, max_changes: int | None, wide: tuple[Constraint, ...]
) -> Menus:
    rows = np.zeros((len(X), len(flat_menus)), dtype=np.int32)
    start = 0
    for column, menu in enumerate(flat_menus):
        rows[:, column] = menu.row_of_person + start
        start += len(menu.lengths)

    def joined(arrays: Sequence[npt.NDArray[Any]], dtype: Any) -> Any:
        return np.concatenate([np.empty(0, dtype=dtype), *arrays]).astype(dtype, copy=False)

    prices = joined([menu.prices for menu in flat_menus], np.float64)
    same = all(menu.peaks is menu.prices for menu in flat_menus)
    return Menus(
        X=X,
        blocks=tuple(menu.names for menu in flat_menus),
        rows=rows,
        row_ptr=np.concatenate([[0], np.cumsum(joined([menu.lengths for menu in flat_menus], np.int64))]).astype(
            np.int64
        ),
        codes=joined([menu.codes for menu in flat_menus], np.int32),
        domains=tuple(menu.domains for menu in flat_menus),
        prices=prices,
        peaks=prices if same else joined([menu.peaks for menu in flat_menus], np.float64),
        changed=joined([menu.changed for menu in flat_menus], np.uint64),
        parts=tuple(menu.parts for menu in flat_menus),
        combine=cost.combine,
        max_changes=max_changes,
        wide=wide,
    )


def _linear_rows(constraint: Constraint, menus: Menus) -> list[LinearRow]:
    """A wide constraint as rows over the grid's items; none if it has no linear form."""
    rows = []
    first = menus.row_ptr[:-1]
    for linear in constraint.linear() or ():
        coefficients = np.zeros(len(menus.codes))
        still = np.ones(len(menus.codes), dtype=bool)
        constant = np.zeros(len(menus))
        blocks = []
        for name, term in linear.terms.items():
            block = next((j for j, names in enumerate(menus.blocks) if name in names), None)
            if block is None:
                values = tables.values_of(menus.X[name])
                constant += np.asarray(term(values, values), dtype=np.float64)
                continue
            items = menus.block_items[block]
            domain = menus.domains[block][menus.blocks[block].index(name)]
            new = domain[menus.codes[items]]
            today = domain[menus.codes[first[menus.item_row[items]]]]
            coefficients[items] += np.asarray(term(today, new), dtype=np.float64)
            still[items] &= np.asarray((new == today) | (pd.isna(new) & pd.isna(today)), dtype=bool)
            blocks.append(block)
        blocks = sorted(set(blocks))
        staying = constant + coefficients[first[menus.rows[:, blocks]]].sum(axis=1)
        rows.append(
            LinearRow(
                coefficients, linear.low - constant, linear.high - constant, staying - constant, still, tuple(blocks)
            )
        )
    return rows
