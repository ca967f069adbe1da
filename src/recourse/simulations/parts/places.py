"""Who is approved: everybody whom the model approves, or as many as there are places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.models import Model
from recourse.models.moved_bar import moved_to_last_place, scores
from recourse.simulations.parts.selectors import how_many

if TYPE_CHECKING:
    pass


# -- who is approved ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unlimited:
    """Everybody whom the model approves is approved: there are as many places as it takes.

    at_once : newcomers get their answer when they arrive, and not only at the end of the round
    """

    at_once = True

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved: bool[n]."""
        return model, model.approves(X)


@dataclass(frozen=True)
class Places:
    """There are k places a round, for the people with the highest scores, whatever the model says by itself.

    k : a number of people, or a share of the population below 1; at least one place, at most one each

    They are given at the end of a round, so newcomers wait for it before they are approved or denied. What
    everybody else is told to reach is the score of whoever got the last place. Who has that very score and
    none is told to beat it: equal scores are served in the order of the population, the longest there first.

    >>> from recourse.models import LinearModel
    >>> applicants = pd.DataFrame({"points": [3.0, 1.0, 2.0]})
    >>> rule, approved = Places(2).decide(LinearModel({"points": 1.0}), applicants)
    >>> approved.tolist(), rule.rule
    ([True, False, True], 'score ≥ 2')
    """

    k: float

    at_once = False

    def __post_init__(self) -> None:
        check_places(self.k)

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved: bool[n]."""
        model = model.original
        approved, values = np.zeros(len(X), dtype=bool), scores(model, X)
        best = np.argsort(-values, kind="stable")[: how_many(self.k, len(X))]
        approved[best] = True
        return moved_to_last_place(model, values, approved), approved


DECISIONS: dict[str, Any] = {"model": Unlimited()}
"""The decisions that need no settings, by name."""


def check_places(k: Any) -> None:
    number = isinstance(k, (int, float, np.integer, np.floating)) and not isinstance(k, bool) and np.isfinite(k)
    if not number or not k > 0 or (k > 1 and k != int(k)):
        raise InputError(f"k must be a whole number of people ≥ 1, or a share above 0 and below 1, not {k!r}.")
