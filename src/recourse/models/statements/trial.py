"""The random trial that every statement must pass before it is believed: random actions, put to the model itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.menus.menus import Menus

ACTIONS = 500
"""So many random actions are put to a model before its trees or layers are believed."""


@dataclass(frozen=True, eq=False)
class RandomActions:
    """Actions drawn at random from the menus, the same ones every time.

    Attributes
    ----------
    people : int64[k]
        Who acts: positions in ``menus.X``.
    picks : int64[k, blocks]
        What they do: positions in their own menus.
    rows : DataFrame
        The k rows that these actions lead to, in raw values.
    """

    people: IntArray
    picks: IntArray
    rows: pd.DataFrame


def random_actions(menus: Menus, count: int = ACTIONS) -> RandomActions:
    """Draw actions from the menus of random people."""
    rng = np.random.default_rng(0)
    people = rng.integers(0, len(menus), count)
    lengths = np.diff(menus.row_ptr)[menus.rows[people]]
    picks = (rng.random(lengths.shape) * lengths).astype(np.int64)
    return RandomActions(people, picks, menus.points(people, picks))


def random_values(values: npt.NDArray[Any], count: int, rng: np.random.Generator) -> IntArray:
    """Draw positions among a feature's values; the first two are those of the smallest and the largest number.

    With the first two rows, every feature is at its extremes at once: where sums are largest, and round most.
    """
    drawn = rng.integers(0, len(values), count)
    if values.dtype.kind in "iuf":
        known = np.flatnonzero(~np.isnan(values.astype(np.float64)))
        if len(known):
            drawn[:2] = known[np.argmin(values[known])], known[np.argmax(values[known])]
    return drawn


def decisions_agree(
    score: FloatArray, approved: BoolArray, tolerance: float, *, strict: bool = True, exact: bool = False
) -> bool:
    """Say whether a statement decides random rows as the model itself does, wherever it is clear of rounding.

    Parameters
    ----------
    score : float64[k]
        How far above the bar the rows are, by the statement.
    approved : bool[k]
        What the model says of them.
    tolerance : float
        Scores this near to the bar prove nothing.
    strict : bool
        Whether a score on the bar is denied.
    exact : bool
        Whether scores on the bar count too, because nothing is rounded.

    Examples
    --------
    >>> decisions_agree(np.array([0.5, -0.5, 1e-12]), np.array([True, False, False]), 1e-9)
    True
    >>> decisions_agree(np.array([0.5, -0.5]), np.array([False, False]), 1e-9)
    False
    """
    says = score > 0 if strict else score >= 0
    clear = np.ones(len(score), dtype=bool) if exact else np.abs(score) > tolerance
    return bool((says == approved)[clear].all())
