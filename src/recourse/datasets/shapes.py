"""Four small synthetic populations with two features: overlapping and separable blobs, circles, and moons.

They are those of a study of recourse over time (Altmeyer et al., 2023), and can be drawn in a picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import FloatArray, IntArray
from recourse.checks import number, whole_number
from recourse.datasets.dataset import Dataset

_SOURCE = "Altmeyer et al. (2023), Endogenous Macrodynamics in Algorithmic Recourse, SaTML"
_MEANS = ((0.433, -0.314), (1.976, 0.162))
_DEVIATIONS = ((0.51, 0.53), (0.48, 0.53))


def overlapping(n: int = 1000, *, random_state: Any = 0) -> Dataset:
    """Generate two overlapping blobs, half of the people each; a linear model errs for about one in twenty.

    Class means (0.433, −0.314) and (1.976, 0.162), standard deviations (0.51, 0.53) and (0.48, 0.53).

    Parameters
    ----------
    n : int
        How many people, at least 2; half of them, rounded down, are unfavourable.
    random_state : int, Generator or None
        Seed. The same one gives the same people; the global seed is neither read nor changed.

    Returns
    -------
    Dataset
        Features `x1` and `x2`, label `y`, of which 1 is favourable.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least 2.

    Examples
    --------
    >>> overlapping(100)
    Dataset('overlapping': 100 people × 2 features, favourable y = 1 for 50.0 %)
    """
    n0, n1 = _halves(n)
    rng = np.random.default_rng(random_state)
    blobs = zip((n0, n1), _MEANS, _DEVIATIONS, strict=True)
    X = np.vstack([rng.normal(mean, deviation, (k, 2)) for k, mean, deviation in blobs])
    return _dataset("overlapping", X, np.repeat([0, 1], (n0, n1)), rng, "Two overlapping Gaussian blobs.")


def separable(n: int = 1000, *, random_state: Any = 0) -> Dataset:
    """Generate two blobs with centres in ±2, at least 1 apart, and standard deviation 0.1: linearly separable.

    Parameters
    ----------
    n : int
        How many people, at least 2; half of them, rounded down, are unfavourable.
    random_state : int, Generator or None
        Seed. The same one gives the same people; the global seed is neither read nor changed.

    Returns
    -------
    Dataset
        Features `x1` and `x2`, label `y`, of which 1 is favourable.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least 2.

    Examples
    --------
    >>> separable(100).X.shape
    (100, 2)
    """
    n0, n1 = _halves(n)
    rng = np.random.default_rng(random_state)
    centres = rng.uniform(-2, 2, (2, 2))
    while np.linalg.norm(centres[0] - centres[1]) < 1:
        centres = rng.uniform(-2, 2, (2, 2))
    y = np.repeat([0, 1], (n0, n1))
    X = rng.normal(centres[y], 0.1)
    return _dataset("separable", X, y, rng, "Two Gaussian blobs far apart.")


def circles(n: int = 1000, *, random_state: Any = 0) -> Dataset:
    """Generate a circle of radius 1 around one of radius 0.01, with noise of 0.15; the inner one is favourable.

    Parameters
    ----------
    n : int
        How many people, at least 2; half of them, rounded down, are unfavourable.
    random_state : int, Generator or None
        Seed. The same one gives the same people; the global seed is neither read nor changed.

    Returns
    -------
    Dataset
        Features `x1` and `x2`, label `y`, of which 1 is favourable.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least 2.

    Examples
    --------
    >>> circles(100).y.sum()
    np.int64(50)
    """
    n0, n1 = _halves(n)
    rng = np.random.default_rng(random_state)
    radius = np.repeat([1.0, 0.01], (n0, n1))
    angle = rng.uniform(0, 2 * np.pi, len(radius))
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + rng.normal(0, 0.15, (len(radius), 2))
    return _dataset("circles", X, np.repeat([0, 1], (n0, n1)), rng, "A circle around a blob.")


def moons(n: int = 1000, *, noise: float = 0.1, random_state: Any = 0) -> Dataset:
    """Generate two half circles that reach into each other.

    Parameters
    ----------
    n : int
        How many people, at least 2; half of them, rounded down, are unfavourable.
    noise : float
        Standard deviation of the noise around the half circles, at least 0.
    random_state : int, Generator or None
        Seed. The same one gives the same people; the global seed is neither read nor changed.

    Returns
    -------
    Dataset
        Features `x1` and `x2`, label `y`, of which 1 is favourable.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least 2, or the noise is negative.

    Examples
    --------
    >>> moons(100).X.shape
    (100, 2)
    """
    n0, n1 = _halves(n)
    rng = np.random.default_rng(random_state)
    upper, lower = rng.uniform(0, np.pi, n0), rng.uniform(0, np.pi, n1)
    first = np.column_stack([np.cos(upper), np.sin(upper)])
    second = np.column_stack([1 - np.cos(lower), 0.5 - np.sin(lower)])
    X = np.vstack([first, second])
    X += rng.normal(0, number("noise", noise, least=0), (len(X), 2))
    return _dataset("moons", X, np.repeat([0, 1], (n0, n1)), rng, "Two interleaved half circles.")


def _halves(n: int) -> tuple[int, int]:
    """How many people have the unfavourable and the favourable label."""
    n = whole_number("n", n, least=2)
    return n // 2, n - n // 2


def _dataset(name: str, X: FloatArray, y: IntArray, rng: np.random.Generator, description: str) -> Dataset:
    """Points and labels in a random order, as a data set."""
    order = rng.permutation(len(y))
    frame = pd.DataFrame(X[order], columns=["x1", "x2"])
    labels = pd.Series(y[order], name="y")
    return Dataset(
        name=name,
        X=frame,
        y=labels,
        target="y",
        desired=1,
        frame=frame.assign(y=labels),
        description=description,
        licence="generated by this package (Apache-2.0); no personal data",
        citation=_SOURCE,
        known_harms=("Synthetic points, not people.",),
    )
