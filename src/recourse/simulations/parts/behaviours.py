"""What people do with a recommendation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.menus.projection import Reach

if TYPE_CHECKING:
    from recourse.actions import ActionSet


@dataclass(frozen=True)
class Behaviour:
    """What people do with a recommendation. By default all follow it, at once and to the letter.

    comply : the share who act at all, drawn anew each time
    effort : how much of the way they go
    effort_sd : how much that varies from person to person and from time to time: a standard deviation. Who goes
        more than all of the way goes beyond what was recommended, nobody goes backwards
    noise : standard deviation of what comes out differently, in deviations of the features
    delay : rounds until they act; they are out of the pool meanwhile

    Whatever they do stays within the action set.
    """

    comply: float = 1.0
    effort: float = 1.0
    noise: float = 0.0
    delay: int = 0
    effort_sd: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.comply <= 1 or not 0 <= self.effort <= 1:
            raise InputError("comply and effort are shares from 0 to 1.")
        if not self.noise >= 0 or self.delay < 0 or not self.effort_sd >= 0:
            raise InputError("noise, delay and effort_sd can't be negative.")

    def act(
        self, today: pd.DataFrame, new: pd.DataFrame, actions: ActionSet, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, BoolArray]:
        """Return where people end up, and who acts."""
        acts = rng.random(len(today)) < self.comply
        if self.effort < 1 or self.noise > 0 or self.effort_sd > 0:
            reach = Reach(actions, today)
            there = reach.choices(Reach(actions, new).today)  # linked features follow the choices, once
            way = np.where(np.isnan(there) | np.isnan(reach.today), 0.0, there - reach.today)
            deviations = np.array([_deviation(feature) for feature in actions])
            spread = self.noise * deviations * rng.standard_normal(way.shape)
            effort = np.maximum(self.effort + self.effort_sd * rng.standard_normal((len(today), 1)), 0.0)
            new = reach.rows(reach.settle(reach.today + effort * way + spread))
        return new, acts


def _deviation(feature: Any) -> float:
    seen = feature.observed
    return float(np.sqrt(np.cov(seen.values, fweights=seen.counts, ddof=0))) if len(seen.values) > 1 else 0.0
