"""What an action set carries for the old library alone.

Kernel-density percentiles, its grid of target values, and the signs that `align` records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.actions.percentiles import Distribution
from recourse.arrays import FloatArray
from recourse.errors import InputError

if TYPE_CHECKING:
    from recourse.actions.feature import FeatureActions


@dataclass(frozen=True, eq=False)
class SmoothDistribution:
    """Percentiles as actionable-recourse computed them: a Gaussian density, summed over a feature's grid.

    With the density at the grid's points k, F_k = (1e-6 + Σ_{i≤k} density_i) / (Σ density + 2e-6), linear in
    between, and 1e-6 below and 1 − 1e-6 above the grid. So F depends on the grid, and not only on the people.
    """

    grid: FloatArray
    heights: FloatArray

    @classmethod
    def of(cls, observed: Distribution, grid: FloatArray) -> SmoothDistribution:
        """Smooth what was observed, with Scott's bandwidth; the people must not all be the same."""
        arrays = (observed.values, observed.counts, grid)
        values, counts, points = (np.ascontiguousarray(array, np.float64).tobytes() for array in arrays)
        density = _density(values, counts, points)
        return cls(grid, (TAIL + np.cumsum(density)) / (density.sum() + 2 * TAIL))

    def cdf(self, at: Any) -> FloatArray:
        """Return F(v); NaN where v is missing."""
        shares: FloatArray = np.interp(at, self.grid, self.heights, left=TAIL, right=1 - TAIL)
        return shares


TAIL = 1e-6
"""What a smooth distribution leaves below its grid, and above it."""


@lru_cache(maxsize=256)
def _density(values: bytes, counts: bytes, grid: bytes) -> FloatArray:
    """The Gaussian kernel density at the grid's points. The key is the content, so that it can't be stale."""
    observed = Distribution(np.frombuffer(values), np.frombuffer(counts))  # type: ignore[arg-type]
    n, points = float(observed.counts.sum()), np.frombuffer(grid)
    width = observed.spread * n ** (-1 / 5)
    weights = observed.counts / (n * width * np.sqrt(2 * np.pi))
    density = np.empty(len(points))
    for start in range(0, len(points), 256):  # a block at a time: the whole table would be large
        part = slice(start, start + 256)
        density[part] = np.exp(-0.5 * ((points[part, None] - observed.values[None, :]) / width) ** 2) @ weights
    density.setflags(write=False)
    return density


def slopes(classifier: Any, features: Sequence[FeatureActions]) -> FloatArray:
    """Return a number for each feature whose sign is the way that it moves the score.

    classifier : coefficients in the order of the features, or a fitted classifier with `coef_` (matched by
        name where it was fitted on names); any other one is probed, see `ActionSet.align`.
    """
    weights = getattr(classifier, "coef_", classifier)
    fitted = getattr(classifier, "feature_names_in_", None)
    if hasattr(weights, "predict"):
        return _probe(classifier, features, fitted)
    weights = np.asarray(weights, dtype=np.float64).ravel()
    if fitted is not None:
        weight_of = dict(zip(fitted.tolist(), weights, strict=True))
        return np.array([weight_of.get(feature.name, 0.0) for feature in features])
    if len(weights) != len(features):
        raise InputError(f"{len(weights)} coefficients for {len(features)} features.")
    return weights


def _probe(classifier: Any, features: Sequence[FeatureActions], fitted: Any) -> FloatArray:
    """The score at each feature's upper bound minus that at its lower one, the others at their medians."""
    middle = {feature.name: _middle(feature) for feature in features}
    people = [dict(middle) for _ in range(2 * len(features))]
    for low, high, feature in zip(people[::2], people[1::2], features, strict=True):
        if feature.ordered:
            low[feature.name], high[feature.name] = feature.bounds
    rows = pd.DataFrame(people)
    table = rows.to_numpy() if fitted is None else rows[list(fitted)]
    score = getattr(classifier, "decision_function", None)
    scores = score(table) if score is not None else classifier.predict_proba(table)[:, -1]
    scores = np.asarray(scores, dtype=np.float64).reshape(len(rows))
    return scores[1::2] - scores[::2]


def _middle(feature: FeatureActions) -> Any:
    """The median, or the level in the middle of the list."""
    median = feature.observed.quantile(50)
    return feature.decode(np.array([median if feature.variable_type == "real" else round(median)]))[0]


def target_values(low: float, high: float, step: float) -> FloatArray:
    """Return the grid of actionable-recourse 1.0.1, whose last value may be above `high`, by up to a step.

    >>> target_values(0.0, 1.0, 0.4).tolist()
    [0.0, 0.4, 0.8, 1.2000000000000002]
    """
    return np.arange(low, high + step, step)
