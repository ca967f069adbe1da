"""Who is approved: everybody whom the model approves, or as many as there are places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.identity import Settings
from recourse.models import Model
from recourse.models.moved_bar import moved_to_last_place, scores
from recourse.simulations.parts.part import PartKind
from recourse.simulations.parts.shares import check_number_or_share, how_many


@runtime_checkable
class DecidesPlaces(Protocol):
    """What a round asks of a decision."""

    @property
    def at_once(self) -> bool:
        """Whether newcomers get their answer when they arrive, and not only at the end of the round."""

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved."""


@dataclass(frozen=True)
class Unlimited(Settings):
    """Everybody whom the model approves is approved: there are as many places as it takes.

    Newcomers get their answer when they arrive (`at_once`), and not only at the end of the round.
    """

    at_once = True

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, and who is approved.

        Parameters
        ----------
        model : Model
            The model as it was trained last.
        X : DataFrame
            The features of n people.

        Returns
        -------
        Model, bool[n]
            The model itself, and whom it approves.
        """
        return model, model.approves(X)


@dataclass(frozen=True)
class Places(Settings):
    """There are k places a round, for the people with the highest scores, whatever the model says by itself.

    They are given at the end of a round, so newcomers wait for it before they are approved or denied. What
    everybody else is told to reach is the score of whoever got the last place. Who has that very score and
    none is told to beat it: equal scores are served in the order of the population, the longest there first.

    Parameters
    ----------
    k : float
        A number of people, or a share of the population below 1; at least one place, at most one each.

    Raises
    ------
    InputError
        If k is neither.

    Examples
    --------
    >>> from recourse.models import LinearModel
    >>> applicants = pd.DataFrame({"points": [3.0, 1.0, 2.0]})
    >>> rule, approved = Places(2).decide(LinearModel({"points": 1.0}), applicants)
    >>> approved.tolist(), rule.rule
    ([True, False, True], 'score ≥ 2')
    """

    k: float

    at_once = False

    def __post_init__(self) -> None:
        check_number_or_share("k", self.k)

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, and who is approved.

        Parameters
        ----------
        model : Model
            The model as it was trained last, or the rule that an earlier round made of it.
        X : DataFrame
            The features of n people.

        Returns
        -------
        Model, bool[n]
            A model that approves whoever reaches the score of the last place, and who has a place.
        """
        model = model.original
        approved, values = np.zeros(len(X), dtype=bool), scores(model, X)
        best = np.argsort(-values, kind="stable")[: how_many(self.k, len(X))]
        approved[best] = True
        return moved_to_last_place(model, values, approved), approved


DECISION = PartKind(
    word="decision",
    protocol=DecidesPlaces,
    needs="`at_once` and a method decide(model, X)",
    named={"model": Unlimited()},
    example="Places(0.1)",
)
