"""A change of one feature that moves others along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import Constraint, FileEntry, Setting, feature_names
from recourse.arrays import BoolArray
from recourse.checks import number
from recourse.errors import InputError
from recourse.tables import Name


class Linkage(Constraint):
    """Changing one feature moves others along: each target by `scale` per unit, actionable or not.

    The induced changes have no price and may leave the targets' own bounds: they are consequences, not
    choices. A target that can also be chosen moves by both.

    Parameters
    ----------
    source : name
        The feature that people change.
    targets : mapping from feature to number
        By how much each moves per unit of the source.

    Examples
    --------
    >>> Linkage("years_at_job", {"age": 1.0})
    Linkage(years_at_job, age; source='years_at_job', targets={'age': 1.0})
    """

    entry = FileEntry(
        "linkage",
        "Changing one feature moves others along, actionable or not: each by so much per unit.",
        (
            Setting("source", "name", "the name of a feature. The one that people change."),
            Setting(
                "targets",
                "rates",
                "a table of numbers by feature, such as { age = 1 }. By how much each moves per unit.",
            ),
        ),
        needs="numbers",
    )

    def __init__(self, source: Name, targets: Mapping[Name, float]) -> None:
        self.source = source
        self.targets: dict[Name, float] = {
            name: number(f"how far {name!r} moves per unit of {source!r}", scale) for name, scale in targets.items()
        }
        self.features = feature_names([source, *targets], least=2)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return which of some changes the condition admits, row by row.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.

        Returns
        -------
        bool[n]
            True everywhere: a linkage moves features and forbids nothing.
        """
        return np.ones(len(new), dtype=bool)

    def induced(self) -> Mapping[Name, Mapping[Name, float]]:
        return {self.source: self.targets}


class Link(NamedTuple):
    """One feature that moves another: by `scale` per unit."""

    source: Name
    target: Name
    scale: float


def links_in_order(constraints: Iterable[Constraint]) -> tuple[Link, ...]:
    """Return what constraints induce, link by link, in the order in which changes travel along chains.

    Parameters
    ----------
    constraints : iterable of Constraint
        In any order; most induce nothing.

    Returns
    -------
    tuple of Link
        A link comes after all links that move its source.

    Raises
    ------
    InputError
        For features that move each other in a circle.

    Examples
    --------
    >>> links_in_order([Linkage("b", {"c": 2}), Linkage("a", {"b": 1})])
    (Link(source='a', target='b', scale=1.0), Link(source='b', target='c', scale=2.0))
    """
    links = [
        Link(source, target, scale)
        for constraint in constraints
        for source, targets in constraint.induced().items()
        for target, scale in targets.items()
    ]
    moved_by: dict[Name, list[Name]] = {}
    for link in links:
        moved_by.setdefault(link.target, []).append(link.source)

    try:
        order = list(TopologicalSorter(moved_by).static_order())
    except CycleError as error:
        circle = " → ".join(map(repr, error.args[1]))
        raise InputError(f"linkages must not move each other in a circle: {circle}.") from None
    rank = {name: k for k, name in enumerate(order)}
    return tuple(sorted(links, key=lambda link: rank[link.source]))
