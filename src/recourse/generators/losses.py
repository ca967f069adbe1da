"""What a generated point is asked to look like to the model: losses between its logit and the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.generators.objective import Block, Part, Slopes
from recourse.generators.penalties import Differentiated


@dataclass(frozen=True)
class Loss:
    """A loss by its slope, a function of a `Block` that returns one for each logit."""

    slope: Callable[[Block], FloatArray]

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes, each counterfactual with its share."""
        return Slopes(logits=block.share * self.slope(block))


def _bce(block: Block) -> FloatArray:
    """Of log(1 + exp(−z))."""
    return block.likelihood - 1


def _hinge(block: Block) -> FloatArray:
    """Of max(1 − z, 0); where it bends, it still counts."""
    return -(block.logits <= 1).astype(np.float64)


def _squared(block: Block) -> FloatArray:
    """Of (1 − p)²."""
    p = block.likelihood
    return -2 * p * (1 - p) ** 2


def _entropy(block: Block) -> FloatArray:
    """Of −p log p − (1 − p) log(1 − p); on the boundary, where it is highest, no way leads down."""
    p = block.likelihood
    return -block.logits * p * (1 - p)


LOSSES: dict[str, Loss] = {
    "bce": Loss(_bce),
    "hinge": Loss(_hinge),
    "squared": Loss(_squared),
    "entropy": Loss(_entropy),
}
"""Losses by name: cross-entropy, hinge, the squared distance of the probability from 1, and predictive entropy,
which asks for certainty and favours no label."""


def loss_part(loss: str | Callable[[Any], Any]) -> Part:
    """Return the part that a name stands for, or a torch function of the logits."""
    if isinstance(loss, str):
        return LOSSES[loss]
    return Differentiated(lambda block: block.share * loss(block.logits).sum())
