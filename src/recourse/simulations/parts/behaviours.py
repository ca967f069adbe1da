"""What people do with a recommendation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse import checks
from recourse.actions import ActionSet
from recourse.arrays import BoolArray
from recourse.identity import Settings
from recourse.menus.projection import Reach
from recourse.simulations.parts.part import PartKind


@runtime_checkable
class Acts(Protocol):
    """What a round asks of a behaviour."""

    def act(
        self, today: pd.DataFrame, new: pd.DataFrame, actions: ActionSet, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, BoolArray]:
        """Return where people end up, and who acts."""


@runtime_checkable
class Delayed(Protocol):
    """A behaviour that takes rounds to act. Without it people act in the round that they are told in."""

    @property
    def delay(self) -> int:
        """Rounds until people act."""


@dataclass(frozen=True)
class Behaviour(Settings):
    """What people do with a recommendation. By default all follow it, at once and to the letter.

    Whatever they do stays within the action set.

    Parameters
    ----------
    comply : float
        The share who act at all, drawn anew each time.
    effort : float
        How much of the way they go, a share.
    noise : float
        Standard deviation of what comes out differently, in standard deviations of each feature.
    delay : int
        Rounds until they act; they are out of the pool meanwhile.
    effort_sd : float
        How much `effort` varies from person to person and from time to time: a standard deviation. Who goes more
        than all of the way goes beyond what was recommended, nobody goes backwards.

    Raises
    ------
    InputError
        If a setting is outside its range.
    """

    comply: float = 1.0
    effort: float = 1.0
    noise: float = 0.0
    delay: int = 0
    effort_sd: float = 0.0

    def __post_init__(self) -> None:
        checks.share("comply", self.comply)
        checks.share("effort", self.effort)
        checks.number("noise", self.noise, least=0)
        checks.whole_number("delay", self.delay, least=0)
        checks.number("effort_sd", self.effort_sd, least=0)

    def act(
        self, today: pd.DataFrame, new: pd.DataFrame, actions: ActionSet, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, BoolArray]:
        """Return where people end up, and who acts.

        Parameters
        ----------
        today : DataFrame
            The features of n people, as they are.
        new : DataFrame
            Where each was told to go.
        actions : ActionSet
            What they can do.
        rng : numpy.random.Generator
            The round's and arm's own.

        Returns
        -------
        DataFrame, bool[n]
            Where each ends up if they act, within the action set, and who acts.
        """
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


BEHAVIOUR = PartKind(
    word="behaviour",
    protocol=Acts,
    needs="a method act(today, new, actions, rng)",
    named={"follow": Behaviour()},
    example="Behaviour(comply=0.5)",
)
