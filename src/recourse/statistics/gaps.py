"""Gaps between groups: the largest and the smallest value of a measure over the levels of a column.

A gap describes; what is fair it does not say.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

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
