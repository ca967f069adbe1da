"""How far apart the values are that actions on a number may lead to: equal steps between two bounds."""

from __future__ import annotations

import math

import numpy as np

from recourse.arrays import FloatArray


def steps(low: float, high: float, step: float) -> FloatArray:
    """Return low, low + step, … and exactly high: both bounds are in, nothing is outside.

    >>> steps(0.0, 1.0, 0.4).tolist()
    [0.0, 0.4, 0.8, 1.0]
    """
    inner = low + step * np.arange(1, math.ceil((high - low) / step - 1e-9))
    decimals = min(max(0, 9 - math.floor(math.log10(step))), 300)
    return np.concatenate([[low], np.clip(np.round(inner, decimals), low, high), [high]])


def relative_step(low: float, high: float, share: float, *, whole: bool, legacy: bool = False) -> float:
    """Return a share of the range as a distance; for integers a whole number, which the old grid rounded up."""
    step = share * (high - low)
    if not whole:
        return step
    return float(math.ceil(step) if legacy else max(1, round(step)))
