"""From settings to menus: what each person can reach, feature by feature, and jointly where features are tied.

A constraint over few enough combinations is folded: its features become one block, whose menu lists every
joint state that the constraint admits. What cannot be folded stays wide, for the searches to respect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.constraints.constraint import Constraint, Linear, same_values
from recourse.costs.cost import Cost
from recourse.menus.apply import followed
from recourse.menus.feature_menus import FeatureMenu
from recourse.menus.folding import FlatMenus, blocks_of, folded_menus, menus_alone
from recourse.menus.menus import LinearRow, Menus, joined
from recourse.tables import Name

TIE = 1e-12
"""Prices that differ by less than this, relative to 1 + price, are equal where the largest price counts."""


def build(actions: ActionSet, X: pd.DataFrame, cost: Cost, max_changes: int | None) -> Menus:
    """Return the priced menus of the people in `X`, a checked table with one column a feature."""
    constraints = list(actions.constraints.values())
    for constraint in constraints:
        if isinstance(constraint, AtMost) and not constraint.features:
            max_changes = constraint.k if max_changes is None else min(max_changes, constraint.k)

    # A menu for each feature that somebody can choose.
    single = {feature.name: FeatureMenu(feature, X[feature.name], cost) for feature in actions if feature.actionable}
    single = {name: menu for name, menu in single.items() if len(menu.codes) > len(menu.lengths)}
    if cost.combine == "max":
        _join_ties(list(single.values()))

    # Conditions bind whatever can move, chosen or moved along. Those that are small enough are folded.
    movable = {*single, *(link.target for link in followed(actions, single))}
    binding = [one for one in constraints if one.induced() or any(name in movable for name in one.features)]
    blocks, wide = blocks_of(binding, single, X)
    flat_menus = [
        folded_menus(block, single, actions, X) if block.constraints else menus_alone(block.names[0], single)
        for block in blocks
    ]
    flat_menus = [menu for menu in flat_menus if len(menu.codes) > len(menu.lengths)]

    menus = _assemble(flat_menus, X, cost, max_changes, tuple(wide))
    rows = [_linear_row(linear, menus) for constraint in wide for linear in constraint.linear() or ()]
    return replace(menus, linear=tuple(rows))


def _join_ties(flat_menus: Sequence[FeatureMenu]) -> None:
    """Make prices that differ by rounding alone the same number, over all features.

    Where the largest price counts, rounding must not decide which of two equal percentile shifts (each a
    difference of fractions) is the larger one.
    """
    if not flat_menus:
        return
    prices = np.concatenate([menu.prices for menu in flat_menus])
    levels, position = np.unique(prices, return_inverse=True)

    # a level close to the one before it is the same; each gets the first of those that are the same
    apart = np.concatenate([[True], np.diff(levels) > TIE * (1 + levels[1:])])
    joined = levels[apart][np.cumsum(apart) - 1][position]

    start = 0
    for menu in flat_menus:
        menu.prices = joined[start : start + len(menu.prices)]
        start += len(menu.prices)


def _assemble(
    flat_menus: Sequence[FlatMenus], X: pd.DataFrame, cost: Cost, max_changes: int | None, wide: tuple[Constraint, ...]
) -> Menus:
    """The menus of single blocks end to end: the rows of all blocks are numbered through, and so are the items."""
    # the rows of a block come after those of the blocks before it
    rows = np.zeros((len(X), len(flat_menus)), dtype=np.int32)
    start = 0
    for column, menu in enumerate(flat_menus):
        rows[:, column] = menu.row_of_person + start
        start += len(menu.lengths)

    lengths = joined([menu.lengths for menu in flat_menus], np.int64)
    row_ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    # where every block is one feature, the largest price of an item is its price: one array for both
    prices = joined([menu.prices for menu in flat_menus], np.float64)
    same = all(menu.peaks is menu.prices for menu in flat_menus)
    return Menus(
        X=X,
        blocks=tuple(menu.names for menu in flat_menus),
        rows=rows,
        row_ptr=row_ptr,
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


def _linear_row(linear: Linear, menus: Menus) -> LinearRow:
    """A linear condition across blocks as a row over the items of the menus.

    Each of its features is in a block, where every item adds a term of its own, or stays as it is today, and
    its term is a constant.
    """
    today_item = menus.row_ptr[:-1]
    coefficients = np.zeros(len(menus.codes))
    still = np.ones(len(menus.codes), dtype=bool)
    constant = np.zeros(len(menus))
    block_of = {name: j for j, names in enumerate(menus.blocks) for name in names}

    # Every item's terms, feature by feature; those of features that can't move are constants.
    for name, term in linear.terms.items():
        if name not in block_of:
            constant += _constant(linear, name, menus)
            continue
        block = block_of[name]
        items = menus.block_items[block]

        # what the term is given: who chose to change the feature, or its values
        bit = menus.blocks[block].index(name)
        if linear.of_choices:
            new = (menus.changed[items] >> np.uint64(bit)) & np.uint64(1) == 1
            today = np.zeros(len(new), dtype=bool)
        else:
            domain = menus.domains[block][bit]
            new = domain[menus.codes[items]]
            today = domain[menus.codes[today_item[menus.item_row[items]]]]

        coefficients[items] += np.asarray(term(today, new), dtype=np.float64)
        still[items] &= same_values(today, new)

    # What the condition's sum is for somebody who stays; constants go to the other side.
    blocks = sorted({block_of[name] for name in linear.terms if name in block_of})
    staying = coefficients[today_item[menus.rows[:, blocks]]].sum(axis=1)
    return LinearRow(coefficients, linear.low - constant, linear.high - constant, staying, still, tuple(blocks))


def _constant(linear: Linear, name: Name, menus: Menus) -> Any:
    """The term of a feature that can't move, one number a person."""
    values = np.zeros(len(menus), dtype=bool) if linear.of_choices else tables.values_of(menus.X[name])
    return np.asarray(linear.terms[name](values, values), dtype=np.float64)
