"""While one feature has a value, others can't change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import (
    Constraint,
    FileEntry,
    Linear,
    Setting,
    Term,
    feature_names,
    same_values,
)
from recourse.arrays import BoolArray
from recourse.tables import Name


class Switch(Constraint):
    """While a feature has this value after the action, the targets can't change.

    Parameters
    ----------
    switch : name
        The feature that is compared.
    value : object
        The value of the switch that holds the targets.
    targets : sequence of names
        The features that it holds.

    Examples
    --------
    >>> Switch("on_leave", 1, ["hours", "bonus"])
    Switch(on_leave, hours, bonus; switch='on_leave', value=1, targets=('hours', 'bonus'))
    """

    entry = FileEntry(
        "switch",
        "While a feature has this value after the action, the targets can't change.",
        (
            Setting("switch", "name", "the name of a feature. The switch."),
            Setting("value", "value", "a value of the switch. The one that holds the targets.", of="switch"),
            Setting("targets", "names", "a list of different features. What it holds."),
        ),
    )

    def __init__(self, switch: Name, value: Any, targets: Sequence[Name]) -> None:
        self.switch, self.value, self.targets = switch, value, feature_names(targets, least=1)
        self.features = feature_names([switch, *targets], least=2)

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
            True where the switch has another value afterwards, or none of the targets changes.
        """
        moved = np.zeros(len(new), dtype=bool)
        for name in self.targets:
            moved |= ~same_values(today[name].to_numpy(), new[name].to_numpy())
        return ~(moved & (new[self.switch].to_numpy() == self.value))

    def linear(self) -> Sequence[Linear]:
        on: Term = lambda today, new: new == self.value  # noqa: E731
        moved: Term = lambda today, new: ~same_values(today, new)  # noqa: E731
        return [Linear({self.switch: on, name: moved}, 0, 1) for name in self.targets]
