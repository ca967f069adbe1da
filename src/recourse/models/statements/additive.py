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
    """What an additive model states about the people and menus.

    Person i with picks p is approved if ``score[i] + Σ_j gains[item p_j] > 0`` (``≥ 0`` unless `strict`),
    up to `tolerance`: a bound on how far this sum may be from the model's own score, in rounding.

    score : float64[n], today's distance above the bar; gains : float64[items], along the grid's items,
    0 for staying. Gains may have any sign and need not grow with the move.
    quantum : where all arithmetic is exact (whole points, say), every sum is a multiple of this, and a sum on
    the bar is told from one above it for certain; 0 where sums are rounded.
    """

    score: FloatArray
    gains: FloatArray
    strict: bool
    tolerance: float
    quantum: float = 0.0

    @property
    def lowered(self) -> float:
        """How far to raise the bar (below 0: lower it) so that whatever is out of reach then is so for certain."""
        return (self.quantum if self.strict else -self.quantum) / 2 if self.quantum else -self.tolerance

    @property
    def raised(self) -> float:
        """How far to raise the bar so that whatever reaches it is approved."""
        return self.lowered if self.quantum else self.tolerance


FINEST = 2.0**-10
"""Numbers that are multiples of this, and not too large, multiply and add up without rounding."""


def exact(values: npt.ArrayLike) -> bool:
    """Whether all values are multiples of `FINEST`.

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
    """Return the gain of each of a grid's items: what its values are worth beyond today's, over all features.

    worth : asked once for each feature, with the values of its domain; None where the model doesn't read it
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
