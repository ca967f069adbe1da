"""Where on its decision value an estimator of two labels approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recourse.models.logits import logit


@dataclass(frozen=True)
class Cut:
    """A boundary that the estimator itself sets, as scikit-learn's `FixedThresholdClassifier` does.

    Attributes
    ----------
    label : object
        The label predicted where its decision value is at least `value`.
    value : float
        On the decision value in favour of `label`.
    probability : float or None
        The same boundary as a probability of `label`, where the estimator compares probabilities.
    """

    label: Any
    value: float
    probability: float | None


@dataclass(frozen=True)
class Boundary:
    """Where an estimator approves, on the decision value in favour of the desired label.

    Attributes
    ----------
    bar : float
        The decision value from which on people are approved.
    strict : bool
        Whether people exactly on the bar are denied.
    probability : float or None
        The probability that the estimator compares instead, if it does: rounding near it counts.
    """

    bar: float
    strict: bool
    probability: float | None

    @classmethod
    def of(cls, desired: Any, sign: int, threshold: float | None, margin: float, cut: Cut | None) -> Boundary:
        """Return the boundary that settings of `as_model`, or else the estimator's own cut, stand for.

        Without either, scikit-learn predicts the second label above 0 and the first one at 0 and below.
        """
        if threshold is not None:
            return cls(margin + logit(threshold), False, threshold)
        if cut is not None:
            reached = bool(cut.label == desired)
            return cls(margin + (cut.value if reached else -cut.value), not reached and not margin, cut.probability)
        return cls(margin, sign > 0 and not margin, None)
