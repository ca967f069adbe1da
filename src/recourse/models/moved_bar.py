"""How a model orders people, and the same model with its bar elsewhere: where the last of a few places went.

Whoever hands out k places needs an order of people, not a verdict on each. Who got the last place is then the
bar that everybody else is told to reach, and recourse needs that as a `Model` like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.models import Additive, EstimatorModel, Model, TreeEnsemble, as_model
from recourse.models.estimator import working_precision
from recourse.models.readers.additive_pipelines import AdditiveEstimatorModel
from recourse.models.readers.trees import TreeEstimatorModel
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.menus.menus import Menus
    from recourse.models.statements.network import Layers, Network


class Raised(Model):
    """A model that approves whoever scores at least `level` by `scores`, whatever it says by itself.

    It states of itself what the model does, measured from the new level, so exact searches stay exact.

    >>> from recourse.models import LinearModel
    >>> three = pd.DataFrame({"income": [10.0, 20.0, 30.0]})
    >>> Raised(LinearModel({"income": 1.0}, intercept=-15), 15.0).approves(three)
    array([False, False,  True])
    """

    strict = False

    def __init__(self, of: Model, level: float) -> None:
        self.of, self.level = of, level
        self.estimator, self.sign = getattr(of, "estimator", None), int(getattr(of, "sign", 1))
        self.name, self.desired, self.feature_names = of.name, of.desired, of.feature_names
        self.rule = f"{'score' if _has_score(of) else f'P({of.desired!r})'} ≥ {level:.6g}"

    @property
    def bar(self) -> float:
        """The logit from which on people are approved, by the logits that gradient searches see.

        One network's logits are measured from the level, see `layers`. An ensemble decides on the mean of its
        members' probabilities, which no shift of their logits stands for.
        """
        stated = self.of.layers()
        return 0.0 if stated is not None and stated.members == 1 else self._logit

    @property
    def _logit(self) -> float:
        if _has_score(self.of):
            return self.level + (self.of.bar if isinstance(self.of, EstimatorModel) else 0.0)
        p = min(max(self.level, 1e-12), 1 - 1e-12)
        return float(np.log(p) - np.log1p(-p))

    def approves(self, X: pd.DataFrame) -> BoolArray:
        return scores(self.of, X) >= self.level if len(X) else np.zeros(0, dtype=bool)

    def accepts(self, row: pd.DataFrame) -> bool:
        return self.of.accepts(row)

    def check_features(self, names: Sequence[Name]) -> None:
        self.of.check_features(names)

    def additive(self, menus: Menus) -> Additive | None:
        stated = self.of.additive(menus) if _has_score(self.of) else None
        if stated is None:
            return None
        # one rounding more, when the level is subtracted; sums that were exact need not be so any more
        tolerance = stated.tolerance + 4 * float(np.finfo(np.float64).eps) * abs(self.level)
        return Additive(stated.score - self.level, stated.gains, False, tolerance)

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        if not isinstance(self.of, TreeEstimatorModel) or not 0 < self.level < 1:
            return None
        return as_model(self.of.estimator, desired=self.desired, threshold=self.level).trees(menus)

    def layers(self) -> Layers | None:
        stated = self.of.layers()
        if stated is None or stated.members > 1:
            return stated
        return replace(stated, biases=(*stated.biases[:-1], stated.biases[-1] - self._logit))

    def network(self, menus: Menus) -> Network | None:
        from recourse.models.statements.trial import network_on

        if _has_score(self.of):
            asked = getattr(self.of, "input", lambda X: X)
            return network_on(self, menus, precision=working_precision(asked(menus.X)))
        if not isinstance(self.of, EstimatorModel) or not 0 < self.level < 1:
            return None
        return as_model(self.of.estimator, desired=self.desired, threshold=self.level).network(menus)


EQUAL = 1e-9
"""Scores that differ by less, relative to their size (at least 1), are equal: far more than rounding does."""


def raised_to(model: Model, values: FloatArray, approved: BoolArray) -> Raised:
    """Return the model with its bar where the last place went, given everybody's scores and who has a place.

    It lies just below the last one's score, or just above it where somebody scores the same and has no place:
    then that score is not enough.
    """
    last = float(values[approved].min())
    rounding = EQUAL * max(1.0, abs(last))
    tied = bool((values[~approved] >= last - 2 * rounding).any())
    return Raised(model, last + rounding if tied else last - rounding)


def scores(model: Model, X: pd.DataFrame) -> FloatArray:
    """Return a number that orders people in favour of the desired label: float64[n].

    The model's own score or decision value; where it has none, its probability of the desired label; else 1
    for the approved and 0 for the others.
    """
    model = model.of if isinstance(model, Raised) else model
    if _has_score(model):
        return np.asarray(model.score(X), dtype=np.float64)  # type: ignore[attr-defined]
    p = probabilities(model, X)
    return model.approves(X).astype(np.float64) if p is None else p


def _has_score(model: Model) -> bool:
    """Whether a model has a score of its own, in the units of what it states of itself."""
    if not isinstance(model, EstimatorModel):
        return hasattr(model, "score")
    if isinstance(model, TreeEstimatorModel) or len(model.classes) != 2:
        return False
    return isinstance(model, AdditiveEstimatorModel) or hasattr(model.estimator, "decision_function")


def probabilities(model: Model, X: pd.DataFrame) -> FloatArray | None:
    """Return P(desired) of each row, or None for a model that gives none."""
    from recourse.models.statements.network import logistic

    model = model.of if isinstance(model, Raised) else model
    if not isinstance(model, EstimatorModel):
        score = getattr(model, "score", None)
        return None if score is None else logistic(np.asarray(score(X), dtype=np.float64))
    if not hasattr(model.estimator, "predict_proba"):
        return None
    column = list(model.estimator.classes_).index(model.desired)
    p: FloatArray = np.asarray(model.estimator.predict_proba(model.input(X)), dtype=np.float64)[:, column]
    return p
