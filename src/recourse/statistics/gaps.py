"""Gaps between groups: the largest and the smallest value of a measure over the levels of a column.

A gap describes; what is fair it does not say.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from recourse.errors import InputError


class GroupDifference(NamedTuple):
    """The gap between the groups at the ends, and which groups these are.

    Parameters
    ----------
    difference : float
        The largest value minus the smallest, at least 0.
    largest, smallest : tuple
        The levels with these values; several where they tie.
    """

    difference: float
    largest: tuple[Hashable, ...]
    smallest: tuple[Hashable, ...]


def group_difference(values: Mapping[Any, float]) -> GroupDifference:
    """Subtract the smallest of the groups' values from the largest, and name the groups that attain them.

    A gap is a description, never a verdict; print it with the number of people in each group.

    Parameters
    ----------
    values : mapping
        From group level to a number. Leave out groups for which there is none.

    Returns
    -------
    GroupDifference

    Raises
    ------
    InputError
        If there is no group, or a value is NaN.

    Examples
    --------
    >>> group_difference({"single": 0.75, "married": 0.5, "other": 0.5})
    GroupDifference(difference=0.25, largest=('single',), smallest=('married', 'other'))
    """
    if not values:
        raise InputError("There is no group to compare.")
    if missing := [level for level, value in values.items() if math.isnan(value)]:
        raise InputError(f"No value for {missing[0]!r}: leave out groups without one.")
    top, bottom = max(values.values()), min(values.values())
    return GroupDifference(
        float(top - bottom) if top != bottom else 0.0,  # also where both are infinite
        tuple(level for level, value in values.items() if value == top),
        tuple(level for level, value in values.items() if value == bottom),
    )


GAP_COLUMNS = ("difference", "largest", "level_largest", "n_largest", "smallest", "level_smallest", "n_smallest")


def gaps_by_group(
    values: Mapping[tuple[str, Any], float | None], numbers: Mapping[tuple[str, Any], int]
) -> pd.DataFrame:
    """Tabulate, for each grouping, the largest minus the smallest value of a measure over its levels.

    Parameters
    ----------
    values : mapping
        (grouping, level) → the measure's value there, or None where nobody is there to tell it from.
    numbers : mapping
        (grouping, level) → how many people that value rests on.

    Returns
    -------
    DataFrame
        One row a grouping, in the order of `values`, with the two ends, their levels and their numbers of people.
        Where several levels tie for an end, the first stands for them. Levels without a value are left out, and
        groupings with fewer than two left.

    Examples
    --------
    >>> gaps_by_group({("sex", "f"): 0.5, ("sex", "m"): 0.75}, {("sex", "f"): 4, ("sex", "m"): 8})["difference"]
    group
    sex    0.25
    Name: difference, dtype: float64
    """
    known: dict[str, dict[Any, float]] = {}
    for (group, level), value in values.items():
        if value is not None:
            known.setdefault(group, {})[level] = value
    rows: dict[str, dict[str, Any]] = {}
    for group, levels in known.items():
        if len(levels) < 2:
            continue
        gap = group_difference({level: float(value) for level, value in levels.items()})
        high, low = gap.largest[0], gap.smallest[0]
        rows[group] = {
            "difference": gap.difference,
            "largest": levels[high],
            "level_largest": high,
            "n_largest": numbers[group, high],
            "smallest": levels[low],
            "level_smallest": low,
            "n_smallest": numbers[group, low],
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(GAP_COLUMNS)).rename_axis("group")
