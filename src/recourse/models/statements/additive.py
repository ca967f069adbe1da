"""A score that is a sum of one term a feature: what an additive model states of itself on a menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.menus.menus import Menus
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class Additive:
    """What an additive model states about n people and their menus.

    Person i who picks items p is approved if ``score[i] + Σ_j gains[item p_j] > 0`` (``≥ 0`` unless `strict`), up to
    rounding. All numbers are in the units of the model's own score.

    Attributes
    ----------
    score : float64[n]
        How far above the bar everybody is today: below 0 for the denied.
    gains : float64[items]
        What each item of the menus adds to the score, 0 for staying. Gains may have any sign and need not grow with
        the move.
    strict : bool
        Whether a score exactly on the bar is denied.
    tolerance : float
        How far, at most, rounding may take the sum from the model's own score.
    quantum : float
        Where all arithmetic is exact (whole points, say), every sum is a multiple of this, so that a sum on the bar
        is told from one above it for certain; 0 where sums are rounded.
    """

    score: FloatArray
    gains: FloatArray
    strict: bool
    tolerance: float
    quantum: float = 0.0

    @property
    def lowered(self) -> float:
        """Where to put the bar so that whatever stays below it is denied for certain, for proofs: mostly below 0.

        Without rounding it lies half a quantum off: on the side that keeps a score on the bar where `strict` puts it.
        """
        return (self.quantum if self.strict else -self.quantum) / 2 if self.quantum else -self.tolerance

    @property
    def raised(self) -> float:
        """Where to put the bar so that whatever reaches it is approved for certain, for actions that must work."""
        return self.lowered if self.quantum else self.tolerance


FINEST = 2.0**-10
"""Numbers that are multiples of this, and not too large, multiply and add up without rounding."""


def exact(values: npt.ArrayLike) -> bool:
    """Say whether all values are multiples of `FINEST`, so that products and sums of them aren't rounded.

    >>> exact([0.5, 3, -7.25]), exact([0.1])
    (True, False)
    """
    units = np.asarray(values, dtype=np.float64) / FINEST
    return bool(np.array_equal(units, np.round(units)))


def quantum_of(score: FloatArray, gains: FloatArray, size: float) -> float:
    """Return the largest power of two, at most 1, of which all exact sums are multiples; 0 if sums may round.

    size : a bound on the sum of the terms' magnitudes. Callers see to it that every term is a product of exact
    numbers (`exact`), so that up to 2³⁰ nothing is rounded, in whatever order it is added.
    """
    if not size < 2.0**30:
        return 0.0
    for power in range(21):
        unit = 2.0**-power
        if all(np.array_equal(array / unit, np.round(array / unit)) for array in (score, gains)):
            return unit
    return 0.0


def gains_along(menus: Menus, worth: Callable[[Name, npt.NDArray[Any]], FloatArray | None]) -> FloatArray:
    """Return the gain of each item of the menus: what its values are worth beyond today's, over all features.

    Parameters
    ----------
    menus : Menus
        People and what they may do.
    worth : function
        Asked once for each feature, with its name and the values of its domain: returns their points, or None where
        the model doesn't read the feature.

    Returns
    -------
    float64[items]
    """
    gains = np.zeros(len(menus.codes))
    first = menus.row_ptr[:-1]
    for block, domains, items in zip(menus.blocks, menus.domains, menus.block_items, strict=True):
        today = menus.codes[first[menus.item_row[items]]]
        for name, domain in zip(block, domains, strict=True):
            terms = worth(name, domain)
            if terms is not None:
                gains[items] += terms[menus.codes[items]] - terms[today]
    return gains
