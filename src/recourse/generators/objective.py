"""The parts of the one objective, loss(M(x′), target) + Σ λ · penalty: losses, penalties, optimisers and stops.

A recipe names parts; `descent` runs them for many people at once. A descent only ever asks which way is down,
so a part says its *slopes*, for a block of people × counterfactuals × features: those of this library in
closed form, and for a function of yours PyTorch finds them (`Differentiated`). Losses and penalties are
*summed* over people, never averaged, so that no person's path depends on who else is in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from recourse.arrays import BoolArray, FloatArray
from recourse.generators.torch import import_torch
from recourse.models.statements.network import logistic


@dataclass(eq=False)
class Block:
    """Where the search stands for the people who are still searching; what losses and penalties read.

    points, today : [n, K, d] and [n, 1, d], in the units of the distances (see `Recipe.chain_rule`)
    logits : [n, K], in favour of the desired label
    crossed : bool[n, K], which are approved; with `joint`, True only once all K of a person are
    mad : [d], the population's median absolute deviations in the same units
    centre : [n, 1, d], the point that Gravitational pulls to; None for recipes without one
    joint : one norm over a person's K counterfactuals instead of one each
    share : the weight of one counterfactual's loss: 1, or 1/K where they are averaged

    They are NumPy arrays; a function of yours gets the same block with torch tensors in their place.
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
        """The logistic function of the logits, [n, K]."""
        return logistic(self.logits)

    def direction(self, difference: FloatArray) -> FloatArray:
        """The slope of Euclidean norms of [n, K, d]: unit vectors. At 0, where there is none, it counts as 0."""
        length = np.sqrt((difference * difference).sum(axis=(1, 2) if self.joint else 2, keepdims=True))
        length[length == 0] = np.inf
        unit: FloatArray = difference / length
        return unit


class Slopes(NamedTuple):
    """The slopes of one part: with respect to the points as such, [n, K, d], and to the logits, [n, K]; or 0."""

    points: FloatArray | float = 0.0
    logits: FloatArray | float = 0.0


class Part(Protocol):
    """One summand of the objective: a loss or a penalty."""

    def slopes(self, block: Block) -> Slopes:
        """Return which way it rises."""


def imported_torch() -> Any:
    return import_torch(
        "a loss or penalty of your own is differentiated", "The losses and penalties of this library work"
    )
