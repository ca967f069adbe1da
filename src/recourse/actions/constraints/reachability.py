"""From a state only certain other states can be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.constraints.constraint import Constraint, FileEntry, Setting, feature_names
from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.tables import Name


class Reachability(Constraint):
    """From a state only certain other states can be reached: joint values of features, and a matrix.

    Parameters
    ----------
    names : name or sequence of names
        The features.
    states : sequence
        The values they can have together, one tuple a state, or plain values for a single feature. States that are
        not listed can be neither left nor entered.
    reachable : bool[k, k]
        Whether the state of a column can be reached from the state of a row.

    Raises
    ------
    InputError
        If states are listed twice or have not one value a feature, and if the matrix has another shape.

    Examples
    --------
    >>> Reachability("job", ["none", "trained", "senior"], [[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    Reachability(job; states=[('none',), ('trained',), ('senior',)])
    """

    entry = FileEntry(
        "reachability",
        "From a state only certain other states can be reached: joint values of features, and a matrix.",
        (
            Setting("features", "names", "a list of different features."),
            Setting(
                "states",
                "states",
                "a list of values, or of lists with one value a feature. The states.",
                of="features",
            ),
            Setting(
                "reachable",
                "matrix",
                "one row of 0s and 1s a state. From the state of a row to the state of a column.",
            ),
        ),
    )

    def __init__(self, names: Name | Sequence[Name], states: Sequence[Any], reachable: npt.ArrayLike) -> None:
        self.features = feature_names([names] if isinstance(names, str) else names, least=1)  # type: ignore[arg-type]
        self.states = [tuple(state) if isinstance(state, (tuple, list)) else (state,) for state in states]
        if isinstance(reachable, (list, tuple)) and len({np.size(row) for row in reachable}) > 1:
            raise InputError("reachability: the rows of the matrix differ in length.")
        self._reachable = np.asarray(reachable, dtype=bool)
        k = len(self.states)
        if any(len(state) != len(self.features) for state in self.states) or len(set(self.states)) != k:
            raise InputError("reachability: every state needs one value a feature, and no state twice.")
        if self._reachable.shape != (k, k):
            raise InputError(f"reachability: {k} states need a {k} × {k} matrix, not {self._reachable.shape}.")

    @property
    def reachable(self) -> BoolArray:
        """Which states can be reached: row from, column to (a copy)."""
        return self._reachable.copy()

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
            True where both states are listed and the new one can be reached from today's.
        """
        number = {state: i for i, state in enumerate(self.states)}
        there = [self._positions(frame, number) for frame in (today, new)]
        known = (there[0] >= 0) & (there[1] >= 0)
        return known & self._reachable[there[0], there[1]]

    def _positions(self, frame: pd.DataFrame, number: Mapping[Any, int]) -> npt.NDArray[np.int64]:
        columns = (frame[name].tolist() for name in self.features)
        return np.array([number.get(state, -1) for state in zip(*columns, strict=True)], dtype=np.int64)

    def __repr__(self) -> str:
        return f"Reachability({', '.join(map(str, self.features))}; states={self.states!r})"
