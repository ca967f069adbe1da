"""How a model orders people, and the same model with its bar elsewhere: where the last of a few places went.

Whoever hands out k places needs an order of people, not a verdict on each. Who got the last place is then the
bar that everybody else is told to reach, and recourse needs that as a `Model` like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.menus.menus import Menus
from recourse.models.fingerprint import class_name
from recourse.models.logits import logit
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import Layers, NetworkStatement
from recourse.models.statements.network_on_menus import network_on
from recourse.models.statements.trees import TreeEnsemble
from recourse.tables import Name


class MovedBar(Model):
    """A model that approves whoever scores at least `level` by `scores`, whatever it says by itself.

    It states of itself what the model does, measured from the new level, so exact searches stay exact.

    Parameters
    ----------
    of : Model
        The model whose scores count.
    level : float
        The score, or else the probability of the desired label, from which on people are approved.

    Examples
    --------
    >>> from recourse.models import LinearModel
    >>> three = pd.DataFrame({"income": [10.0, 20.0, 30.0]})
    >>> MovedBar(LinearModel({"income": 1.0}, intercept=-15), 15.0).approves(three)
    array([False, False,  True])
    """

    strict = False

    def __init__(self, of: Model, level: float) -> None:
        self.of, self.level = of, level
        self.name, self.desired, self.feature_names = of.name, of.desired, of.feature_names
        self.sign = of.sign
        self.rule = f"{'score' if of.has_score else f'P({of.desired!r})'} ≥ {level:.6g}"

        # One network's logits are measured from the level, see `layers`. An ensemble decides on the mean of its
        # members' probabilities, which no shift of their logits stands for.
        stated = of.layers()
        self.bar = 0.0 if stated is not None and stated.members == 1 else self._logit

    @property
    def _logit(self) -> float:
        """The level on the decision value of the model itself."""
        if self.of.has_score:
            return self.level + self.of.bar
        return logit(min(max(self.level, 1e-12), 1 - 1e-12))

    @property
    def original(self) -> Model:
        """The model before its bar was moved."""
        return self.of

    @property
    def module(self) -> Any:
        """The differentiable twin of the model itself, or None."""
        return self.of.module

    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Say whose score is at least the level.

        Parameters
        ----------
        X : DataFrame
            n rows, in raw values.

        Returns
        -------
        bool[n]
        """
        return scores(self.of, X) >= self.level if len(X) else np.zeros(0, dtype=bool)

    def accepts(self, row: pd.DataFrame) -> bool:
        """Say whether the model itself accepts a row with missing values.

        Parameters
        ----------
        row : DataFrame
            One row.
        """
        return self.of.accepts(row)

    def check_features(self, names: Sequence[Name]) -> None:
        """Make sure that the model itself finds the columns it reads.

        Parameters
        ----------
        names : sequence of names
            The features of an action set, in its order.
        """
        self.of.check_features(names)

    def additive(self, menus: Menus) -> Additive | None:
        """Return the model's own terms, measured from the level.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        stated = self.of.additive(menus) if self.of.has_score else None
        if stated is None:
            return None
        # one rounding more, when the level is subtracted; sums that were exact need not be so any more
        tolerance = stated.tolerance + 4 * float(np.finfo(np.float64).eps) * abs(self.level)
        return Additive(stated.score - self.level, stated.gains, False, tolerance)

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        """Return the model's trees, with the level as their threshold.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        same = self._with_threshold()
        return None if same is None else same.trees(menus)

    def layers(self) -> Layers | None:
        """Return the model's layers; one network's logits are measured from the level."""
        stated = self.of.layers()
        if stated is None or stated.members > 1:
            return stated
        return replace(stated, biases=(*stated.biases[:-1], stated.biases[-1] - self._logit))

    def network(self, menus: Menus) -> NetworkStatement | None:
        """Return the model's layers over the menus, measured from the level.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        if self.of.has_score:
            return network_on(
                self.layers(),
                menus,
                names=self.feature_names,
                bar=self.bar,
                approves=self.approves,
                precision=self.of.precision(menus.X),
            )
        same = self._with_threshold()
        return None if same is None else same.network(menus)

    def _with_threshold(self) -> Model | None:
        """The model with the level as its own threshold, where it is ordered by probabilities."""
        return None if self.of.has_score else self.of.with_threshold(self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return which model this is, as plain data.

        Returns
        -------
        dict
            Class, the model itself, and the level.
        """
        return {"class": class_name(type(self)), "of": self.of.to_dict(), "level": float(self.level)}

    def __repr__(self) -> str:
        return f"MovedBar({self.of!r}, {self.level:g})"


EQUAL = 1e-9
"""Scores that differ by less, relative to their size (at least 1), are equal: far more than rounding does."""


def moved_to_last_place(model: Model, values: FloatArray, approved: BoolArray) -> MovedBar:
    """Return the model with its bar where the last place went, given everybody's scores and who has a place.

    It lies just below the last one's score, or just above it where somebody scores the same and has no place:
    then that score is not enough.
    """
    last = float(values[approved].min())
    rounding = EQUAL * max(1.0, abs(last))
    tied = bool((values[~approved] >= last - 2 * rounding).any())
    return MovedBar(model, last + rounding if tied else last - rounding)


def scores(model: Model, X: pd.DataFrame) -> FloatArray:
    """Return a number that orders people in favour of the desired label: float64[n].

    The model's own score or decision value; where it has none, its probability of the desired label; else 1
    for the approved and 0 for the others.
    """
    model = model.original
    values = model.score(X) if model.has_score else model.probabilities(X)
    return np.asarray(model.approves(X) if values is None else values, dtype=np.float64)


def probabilities(model: Model, X: pd.DataFrame) -> FloatArray | None:
    """Return P(desired) of each row, by the model before its bar was moved; None for a model that gives none."""
    return model.original.probabilities(X)
