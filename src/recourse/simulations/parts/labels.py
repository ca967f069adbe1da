"""Which label people get after they acted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, IntArray
from recourse.checks import function_of
from recourse.identity import Settings
from recourse.models import Model
from recourse.models.moved_bar import scores
from recourse.simulations.parts.part import PartKind, as_part
from recourse.simulations.parts.people import People
from recourse.simulations.parts.places import DECISION, Unlimited
from recourse.simulations.parts.shares import check_number_or_share, how_many


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


@runtime_checkable
class LabelsPeople(Protocol):
    """What a round asks of a labeller."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""


class Labeller(Settings):
    """Base of the labellers of this library: each says who is labelled anew, and who of them favourably."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round.

        Parameters
        ----------
        people : People
            The population after its moves; `people.y` are the labels before.
        moved : int64[m]
            The rows of those who moved in this round.
        features : DataFrame
            The columns of `people.X` that the model knows.
        model : Model
            The rule by which people were approved or denied so far; it is not retrained yet.
        labels : Labels
            The favourable label and the other.
        rng : numpy.random.Generator
            For labels that are drawn.

        Returns
        -------
        array[n]
            One label a person, in the same order.
        """
        rows, favourable = self._favourable(moved, features, model, rng)
        y = people.y.copy()
        y[rows] = labels.of(favourable)
        return y

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        """Return the rows that are labelled, and for each of them whether favourably."""
        raise NotImplementedError


@dataclass(frozen=True)
class ModelLabels(Labeller):
    """People who moved get the label that the current model gives them, before it is retrained."""

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        return moved, model.approves(features.iloc[moved])


@dataclass(frozen=True)
class TargetLabels(Labeller):
    """People who moved get the favourable label, whatever a model says."""

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        return moved, np.ones(len(moved), dtype=bool)


@dataclass(frozen=True)
class OracleLabels(Labeller):
    """People who moved get the label that the world gives them.

    Parameters
    ----------
    truth : callable
        ``truth(X, rng)`` returns for each row of a table of features whether its label is favourable (bool), or the
        probability that it is; labels are then drawn. `lender_intervene` and the structural equations of a simulated
        population are such truths.

    Raises
    ------
    InputError
        If `truth` is no function.

    Examples
    --------
    >>> OracleLabels(lambda X, rng: X["income"] > 10).truth(pd.DataFrame({"income": [5, 20]}), None).tolist()
    [False, True]
    """

    truth: Callable[[pd.DataFrame, np.random.Generator], Any]

    def __post_init__(self) -> None:
        function_of("truth", self.truth, "It takes (X, rng) and returns for each row bool or P(favourable).")

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        says = np.asarray(self.truth(features.iloc[moved], rng))
        return moved, says if says.dtype == bool else rng.random(len(moved)) < says


@dataclass(frozen=True)
class TopLabels(Labeller):
    """Labels are scarce: every round the k people with the highest scores are favourable, all others not.

    Parameters
    ----------
    k : float
        A number of people, or a share of the population below 1; at least one person gets the label, at most all.

    Raises
    ------
    InputError
        If k is neither.
    """

    k: float

    def __post_init__(self) -> None:
        check_number_or_share("k", self.k)

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        best = np.argsort(-scores(model, features), kind="stable")[: how_many(self.k, len(features))]
        favourable = np.zeros(len(features), dtype=bool)
        favourable[best] = True
        return slice(None), favourable


@dataclass(frozen=True)
class DecisionLabels(Labeller):
    """Everybody gets the label of a decision, taken by the model before it is retrained.

    Parameters
    ----------
    decision : Unlimited, Places, or yours
        With limited places, whoever has one is favourable, all others not. ``Design(labeller="decision")`` is this
        with the decision of the simulation.

    Raises
    ------
    InputError
        If `decision` is no decision.
    """

    decision: Any

    def __post_init__(self) -> None:
        as_part(DECISION, self.decision)

    def _favourable(self, moved: IntArray, features: pd.DataFrame, model: Model, rng: Any) -> tuple[Any, BoolArray]:
        decision = as_part(DECISION, self.decision)
        return slice(None), decision.decide(model, features)[1]


LABELLER = PartKind(
    word="labeller",
    protocol=LabelsPeople,
    needs="a method label(people, moved, features, model, labels, rng)",
    # a design puts its own decision into "decision"
    named={"model": ModelLabels(), "target": TargetLabels(), "decision": DecisionLabels(Unlimited())},
    example="TopLabels(0.5)",
)
