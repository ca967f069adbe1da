"""Probabilities and their log odds."""

from __future__ import annotations

import numpy as np

from recourse.arrays import FloatArray


def logistic(z: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(−z)), without overflow.

    >>> logistic(np.array([0.0, -1e4])).tolist()
    [0.5, 0.0]
    """
    p: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * z))
    return p


def logit(p: float) -> float:
    """Return log(p / (1 − p)).

    >>> logit(0.5)
    0.0
    """
    return float(np.log(p) - np.log1p(-p))
