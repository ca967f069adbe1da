"""When a generator has arrived."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError


@dataclass(frozen=True)
class Probability:
    """Stop when the desired label has at least this probability, and the model's own bar is cleared.

    Above 0.5 the new point keeps a distance from the boundary ("conservative": 0.9). With this stop the
    search never sees what lies beyond it: a mitigation such as `OldLabel` is then without effect.
    """

    gamma: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.gamma < 1:
            raise InputError(f"gamma must be a probability between 0 and 1, not {self.gamma!r}.")

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return bool[n]: for whom all K are there. `cleared` says where the model's own bar is."""
        there = cleared & (probability >= self.gamma)
        met: BoolArray = np.logical_and.reduce(there, axis=1)
        return met


@dataclass(frozen=True)
class Gradient:
    """Stop when every component of the gradient is below `tolerance`, whatever the model says by then."""

    tolerance: float = 0.01

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return bool[n]: whose search has come to rest."""
        met: BoolArray = np.logical_and.reduce(np.abs(gradient) < self.tolerance, axis=(1, 2))
        return met


Stop = Probability | Gradient
