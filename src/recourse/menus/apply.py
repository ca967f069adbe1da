"""How a choice of new values becomes a row of the table, changes that it brings along included.

This is the one place where a choice becomes a row. Menus, summaries, generators and simulated behaviour call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.constraints.constraint import Constraint
from recourse.actions.constraints.linkage import Link, links_in_order
from recourse.actions.settings import LEVEL_TYPES
from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError
from recourse.tables import Name

Values = Any
"""A NumPy or pandas array of raw values, one a row."""


def apply(actions: ActionSet, today: pd.DataFrame, chosen: Mapping[Name, Values]) -> pd.DataFrame:
    """Return the rows that choices lead to: the values chosen, and what they move along chains of linkages.

    Parameters
    ----------
    actions : ActionSet
        Whose linkages apply. Whether its other constraints hold is not asked (see `admitted`).
    today : DataFrame
        The rows as they are; columns that no choice and no linkage moves may be left out or may be others'.
    chosen : mapping from feature to array of raw values
        For each feature that somebody chooses, its new values, one a row: today's where it stays.

    Returns
    -------
    DataFrame
        With the index and columns of `today`, which stays as it is. A target that is chosen too moves by both. A
        target without a value, today or chosen, stays without one.

    Raises
    ------
    InputError
        If a linkage moves a feature that is no number.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"years": [0, 5, 9], "age": [30, 41, 52]})
    >>> A.add_constraint(rs.constraints.Linkage("years", {"age": 1.0}))
    1
    >>> apply(A, A.table({"years": [0, 5], "age": [30, 41]}), {"years": [2, 5]})
       years  age
    0      2   32
    1      5   41
    """
    new = today.copy(deep=False)
    for name, values in chosen.items():
        new[name] = tables.fitting(values, today[name].dtype)

    links = [link for link in followed(actions, chosen) if link.target in today.columns]
    if not links:
        return new

    # In codes a distance is a difference, and a missing value is NaN, which no shift makes a value.
    linked = dict.fromkeys(name for link in links for name in (link.source, link.target))
    features = {name: actions[name] for name in linked}
    before = {name: features[name].encode(tables.values_of(today[name])) for name in linked}
    after = {name: features[name].encode(tables.values_of(new[name])) for name in linked}
    for name, codes in carry(links, before, after).items():
        where = np.flatnonzero((codes != after[name]) & ~np.isnan(codes))
        new[name] = tables.replaced(new[name], where, features[name].decode(codes[where]))
    return new


def carry(
    links: Iterable[Link], today: Mapping[Name, FloatArray], chosen: Mapping[Name, FloatArray]
) -> dict[Name, FloatArray]:
    """Return where the targets of linkages end up: what was chosen of them, shifted by what their sources moved.

    Parameters
    ----------
    links : iterable of Link
        In the order in which changes travel, as `followed` returns them.
    today, chosen : mapping from feature to float64[n]
        Codes, at least of the linked features: as they are, and as people choose them.

    Returns
    -------
    dict from feature to float64[n]
        The codes of every target.
    """
    ends: dict[Name, FloatArray] = {}
    for link in links:
        shift = _shift(today[link.source], ends.get(link.source, chosen[link.source]))
        target = ends.get(link.target, chosen[link.target])
        ends[link.target] = np.where(shift == 0, target, target + link.scale * shift)
    return ends


def choices_of(
    links: Iterable[Link], today: Mapping[Name, FloatArray], new: Mapping[Name, FloatArray]
) -> dict[Name, FloatArray]:
    """Return what was chosen of the targets of linkages: the inverse of `carry`.

    Parameters
    ----------
    links : iterable of Link
        In the order in which changes travel, as `followed` returns them.
    today, new : mapping from feature to float64[n]
        Codes, at least of the linked features: as they are, and where they end up.

    Returns
    -------
    dict from feature to float64[n]
        The codes of every target; what differs from today by rounding alone was not chosen.
    """
    chosen: dict[Name, FloatArray] = {}
    for link in links:
        shift = _shift(today[link.source], new[link.source])
        target = chosen.get(link.target, new[link.target])
        chosen[link.target] = np.where(shift == 0, target, target - link.scale * shift)
    for name, codes in chosen.items():
        near = np.abs(codes - today[name]) <= 1e-9 * (1 + np.abs(today[name]))
        chosen[name] = np.where(near, today[name], codes)
    return chosen


def _shift(today: FloatArray, new: FloatArray) -> FloatArray:
    """How far a source moved; nowhere where it has no value before or after."""
    shift = new - today
    return np.where(np.isnan(shift), 0.0, shift)


def followed(actions: ActionSet, movable: Iterable[Name]) -> list[Link]:
    """Return the links that changes of some features follow, directly or along a chain.

    Parameters
    ----------
    actions : ActionSet
        Whose linkages are looked at.
    movable : iterable of names
        The features that somebody may choose to change.

    Returns
    -------
    list of Link
        In the order in which changes travel.

    Raises
    ------
    InputError
        If one of them moves a feature that is no number.
    """
    moved, links = set(movable), []
    for link in links_in_order(actions.constraints.values()):
        if link.source in moved:
            moved.add(link.target)
            links.append(link)
    for link in links:
        feature = actions[link.target]
        if feature.variable_type in LEVEL_TYPES:
            raise InputError(f"a linkage moves numbers, but {link.target!r} is {feature.variable_type}.")
    return links


def admitted(
    actions: ActionSet,
    constraints: Sequence[Constraint],
    today: pd.DataFrame,
    new: pd.DataFrame,
    changed: Mapping[Name, BoolArray],
) -> BoolArray:
    """Return who may go from today's rows to the new ones, which `apply` made.

    Parameters
    ----------
    actions : ActionSet
        Whose linkages apply.
    constraints : sequence of Constraint
        Those that are to hold, of the action set's.
    today, new : DataFrame
        n rows each, with equal index.
    changed : mapping from feature to bool[n]
        For each feature that was chosen, in which rows it changes.

    Returns
    -------
    bool[n]
        False where a constraint is broken, and for somebody whose feature has no value today and who chooses one
        where that would move others along: there is no distance between "missing" and a value.
    """
    good = np.ones(len(today), dtype=bool)
    for source in dict.fromkeys(link.source for link in followed(actions, changed)):
        feature = actions[source]
        before, after = (feature.encode(tables.values_of(frame[source])) for frame in (today, new))
        good &= ~(np.isnan(before) & ~np.isnan(after))
    for constraint in constraints:
        good &= constraint.holds(today, new, changed)
    return good
