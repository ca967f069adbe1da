"""What a search takes from a population: the scale of each feature, and the centres of the target class.

Both are read off training data, never off the people whom a search is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.arrays import FloatArray
from recourse.errors import InputError
from recourse.generators.penalties import Gravity
from recourse.menus.projection import coordinates
from recourse.models import Model

MOST_TARGETS = 1000
"""Random target points are drawn from at most so many people, as in the paper's code."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Means, deviations and median absolute deviations of a population, feature by feature."""

    mean: FloatArray
    deviation: FloatArray
    mad: FloatArray


def scaling_of(actions: ActionSet, population: Any) -> Scaling:
    """Measure the population given, or else the table that the action set was inferred from.

    What does not vary, or is never known, counts as varying by 1.
    """
    table = None if population is None else actions.table(population)
    rows = []
    for feature in actions:
        seen = feature.observed
        column = np.repeat(seen.values, seen.counts) if table is None else coordinates(feature, table)
        column = column[np.isfinite(column)]
        if not len(column):
            rows.append((0.0, 1.0, 1.0))
            continue

        # where most people are equal, the mean absolute deviation stands for the median one
        spread = np.abs(column - np.median(column))
        mad = float(np.median(spread)) or float(spread.mean()) or 1.0
        rows.append((float(column.mean()), float(column.std()) or 1.0, mad))
    return Scaling(*(np.array(column) for column in zip(*rows, strict=True)))


def centres_of(
    gravity: Gravity | None,
    model: Model,
    people: pd.DataFrame,
    actions: ActionSet,
    population: Any,
    targets: Any,
    seed: int,
) -> FloatArray | None:
    """Return where `Gravity` pulls each person, float64[n, d]: the mean of the target class, or of some drawn of it."""
    if gravity is None:
        return None
    if targets is None:
        everybody = people if population is None else actions.table(population)
        targets = everybody[model.approves(everybody)]
    table = actions.table(targets)
    rows = np.nan_to_num(np.column_stack([coordinates(feature, table) for feature in actions]))
    if not len(rows):
        raise InputError(
            "Gravity pulls to people of the target class, but there are none: the model approves nobody in the "
            "population. Pass targets=, a table of such people."
        )

    # one centre for everybody, or for each person that of a few drawn at random
    if gravity.points is None:
        return np.broadcast_to(rows.mean(axis=0), people.shape)
    drawn = np.random.default_rng([seed, 0])
    if len(rows) > MOST_TARGETS:
        rows = rows[drawn.choice(len(rows), MOST_TARGETS, replace=False)]
    draws = drawn.integers(len(rows), size=(len(people), gravity.points))
    centres: FloatArray = rows[draws].mean(axis=1)
    return centres
