"""Losses: what a generated point is asked to look like to the model.

Each is a function of the logit z in favour of the desired label, or of its probability p, by its slope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recourse.arrays import FloatArray
from recourse.checks import function_of, one_of
from recourse.errors import InputError
from recourse.generators.objective import Block, Part, Slopes
from recourse.generators.torch import differentiated, torch_for_functions
from recourse.identity import OwnFunction


@dataclass(frozen=True)
class Loss:
    """A loss of this library, by its slope in closed form.

    Parameters
    ----------
    name : str
        Its name in `LOSSES`.
    slope : function
        From a `Block` to the slope for each logit, float64[n, K].
    """

    name: str
    slope: Callable[[Block], FloatArray]

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes with respect to the logits, each counterfactual with its share.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        return Slopes(logits=block.share * self.slope(block))

    def to_dict(self) -> dict[str, Any]:
        """Return the name as plain data."""
        return {"kind": "Loss", "name": self.name}


@dataclass(frozen=True)
class FunctionLoss(OwnFunction):
    """A torch function of the logits as a loss, differentiated by PyTorch.

    Parameters
    ----------
    function : function
        From a tensor [n, K] of logits in favour of the desired label to a tensor of losses, which are summed.
    identity : str, optional
        What it is, in words of yours, for checkpoints: needed only for a function that can't be imported by its
        name, such as a lambda. Two functions with one identity count as the same.

    Raises
    ------
    InputError
        If `function` is not a function.

    Examples
    --------
    >>> FunctionLoss(lambda z: (2 - z).clamp(min=0), identity="hinge at 2").to_dict()
    {'kind': 'FunctionLoss', 'identity': 'hinge at 2'}
    """

    def __post_init__(self) -> None:
        function_of("loss", self.function, "It takes a torch tensor of logits and returns a tensor of losses.")

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes that PyTorch finds.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        return differentiated(lambda tensors: tensors.share * self.function(tensors.logits).sum(), block)


def _cross_entropy(block: Block) -> FloatArray:
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
    """Of −p log p − (1 − p) log(1 − p). On the boundary, where it is highest, no way leads down."""
    p = block.likelihood
    return -block.logits * p * (1 - p)


LOSSES: dict[str, Loss] = {
    "bce": Loss("bce", _cross_entropy),
    "hinge": Loss("hinge", _hinge),
    "squared": Loss("squared", _squared),
    "entropy": Loss("entropy", _entropy),
}
"""Losses by name: cross-entropy, hinge, the squared distance of the probability from 1, and predictive entropy,
which asks for certainty and favours no label."""

LossSetting: TypeAlias = str | FunctionLoss | Callable[[Any], Any]
"""A loss as a recipe takes it: a name in `LOSSES`, a torch function of the logits, or that with an identity."""


def check_loss(loss: Any) -> None:
    """Raise `InputError` unless a recipe's loss is a name in `LOSSES`, a function or a `FunctionLoss`."""
    if isinstance(loss, str):
        one_of("loss", loss, LOSSES)
    elif isinstance(loss, type):
        raise InputError(f"loss is the class {loss.__name__} itself. Choose from {', '.join(map(repr, LOSSES))}.")
    elif not isinstance(loss, FunctionLoss):
        if isinstance(loss, Part):
            raise InputError(f"loss can't be {loss!r}: that belongs among penalties, as in penalties=({loss!r},).")
        names = ", ".join(map(repr, LOSSES))
        function_of("loss", loss, f"Or choose from {names}.")


def loss_part(loss: LossSetting) -> Part:
    """Return a recipe's loss as a summand of the objective; `RecourseError` if it needs torch, which is missing."""
    if isinstance(loss, str):
        return LOSSES[loss]
    torch_for_functions()
    return loss if isinstance(loss, FunctionLoss) else FunctionLoss(loss)


def loss_setting(loss: LossSetting) -> Any:
    """Return a recipe's loss as plain data: its name, or what `FunctionLoss.to_dict` says."""
    if isinstance(loss, str):
        return loss
    part = loss if isinstance(loss, FunctionLoss) else FunctionLoss(loss)
    return part.to_dict()
