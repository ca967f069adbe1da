"""Which label people get after they acted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, IntArray
from recourse.models import Model
from recourse.models.moved_bar import scores
from recourse.simulations.parts.people import People
from recourse.simulations.parts.places import check_places
from recourse.simulations.parts.selectors import how_many

if TYPE_CHECKING:
    pass


# -- labels ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """The two labels that the simulation writes: the favourable one and the other."""

    desired: Any
    other: Any
    dtype: Any

    def of(self, approved: BoolArray) -> npt.NDArray[Any]:
        """Return one label a person."""
        labels: npt.NDArray[Any] = np.where(approved, self.desired, self.other).astype(self.dtype)
        return labels


@dataclass(frozen=True)
class ModelLabels:
    """People who moved get the label that the current model gives them, before it is retrained."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        y[moved] = labels.of(model.approves(features.iloc[moved]))
        return y


@dataclass(frozen=True)
class TargetLabels:
    """People who moved get the favourable label, whatever a model says."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        y[moved] = labels.desired
        return y


@dataclass(frozen=True)
class OracleLabels:
    """People who moved get the label that the world gives them: `truth(X, rng)` returns bool or P(favourable).

    Outcomes with probabilities are drawn. `lender_intervene` and the structural equations of a simulated
    population are such truths.
    """

    truth: Callable[[pd.DataFrame, np.random.Generator], Any]

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        says = np.asarray(self.truth(features.iloc[moved], rng))
        y[moved] = labels.of(says if says.dtype == bool else rng.random(len(moved)) < says)
        return y


@dataclass(frozen=True)
class TopLabels:
    """There is room for k: every round the k people with the highest scores are favourable, all others not.

    k : a number of people, or a share of the population below 1; at least one person, at most all
    """

    k: float

    def __post_init__(self) -> None:
        check_places(self.k)

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        best = np.argsort(-scores(model, features), kind="stable")[: how_many(self.k, len(people))]
        approved = np.zeros(len(people), dtype=bool)
        approved[best] = True
        return labels.of(approved)


@dataclass(frozen=True)
class DecisionLabels:
    """Everybody gets the label of a decision, taken by the model before it is retrained.

    decision : `Unlimited`, `Places` or yours. With limited places, whoever has one is favourable, all others not.
        `labeller="decision"` is this with the decision of the simulation
    """

    decision: Any

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        return labels.of(self.decision.decide(model, features)[1])


LABELLERS: dict[str, Callable[[Any], Any]] = {
    "model": lambda decision: ModelLabels(),
    "target": lambda decision: TargetLabels(),
    "decision": DecisionLabels,
}
"""The labellers that need no settings but the decision, by name."""
