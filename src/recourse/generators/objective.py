"""The objective of a gradient search, loss(M(x′), target) + Σ λ · penalty, and what its summands have to state.

A descent only asks which way is down, so every summand states its *slopes*. Losses and penalties are summed over
people, never averaged: nobody's path depends on who else is searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from recourse.arrays import BoolArray, FloatArray
from recourse.models.logits import logistic


@dataclass(frozen=True, eq=False)
class Block:
    """Where the search stands for n people with K counterfactuals each: what losses and penalties read.

    A function of the user's gets the same block with torch tensors in the place of NumPy arrays.

    Parameters
    ----------
    points : float64[n, K, d]
        The counterfactuals, in the units in which distances are measured (see `Recipe.chain_rule`).
    today : float64[n, 1, d]
        The people as they are, in the same units.
    logits : float64[n, K]
        The model's logits in favour of the desired label.
    crossed : bool[n, K]
        Which points the model approves. With `joint`, True only once all K of a person are approved.
    mad : float64[d]
        The population's median absolute deviations, in the same units.
    centre : float64[n, 1, d] or None
        The point that `Gravity` pulls to; None for recipes without that penalty.
    joint : bool
        Whether a person's K counterfactuals share one norm instead of having one each.
    share : float
        The weight of one counterfactual's loss: 1, or 1/K where losses are averaged.
    """

    points: FloatArray
    today: FloatArray
    logits: FloatArray
    crossed: BoolArray
    mad: FloatArray
    centre: FloatArray | None
    joint: bool
    share: float = 1.0

    @cached_property
    def likelihood(self) -> FloatArray:
        """The probability of the desired label, float64[n, K]: the logistic function of the logits."""
        return logistic(self.logits)

    def direction(self, difference: FloatArray) -> FloatArray:
        """Return the slopes of Euclidean norms: unit vectors, and 0 where the norm is 0 and has no slope.

        Parameters
        ----------
        difference : float64[n, K, d]
            The vectors whose norms are taken: one norm a counterfactual, or with `joint` one a person.

        Returns
        -------
        float64[n, K, d]
        """
        length = np.sqrt((difference * difference).sum(axis=(1, 2) if self.joint else 2, keepdims=True))
        length[length == 0] = np.inf
        unit: FloatArray = difference / length
        return unit


class Slopes(NamedTuple):
    """The slopes of one summand of the objective.

    Parameters
    ----------
    points : float64[n, K, d] or float
        With respect to the points themselves, the model aside.
    logits : float64[n, K] or float
        With respect to the model's logits; the search takes them through the model.
    """

    points: FloatArray | float = 0.0
    logits: FloatArray | float = 0.0


@runtime_checkable
class Part(Protocol):
    """One summand of the objective: a loss or a penalty.

    A `to_dict` beside `slopes`, which returns the settings as plain values, is needed only where a recipe is part
    of a checkpoint.
    """

    def slopes(self, block: Block) -> Slopes:
        """Return which way the summand rises.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
            Of the sum over all people and counterfactuals.
        """
