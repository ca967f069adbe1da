"""The parts of the one objective, loss(M(x′), target) + Σ λ · penalty: losses, penalties, optimisers and stops.

A recipe names parts; `descent` runs them for many people at once. Each part is a small object that says what
it wants and computes it for a block of people × counterfactuals × features. Losses and penalties are *summed*
over people, never averaged, so that no person's path depends on who else is in the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError, RecourseError

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.float64]


def import_torch() -> Any:
    """Return the torch module, or say how to get it."""
    try:
        import torch
    except ImportError:
        raise RecourseError(
            "gradient generators need PyTorch, which is not installed. Install it with: "
            "pip install 'openrecourse[torch]'. Exact recourse, recourse='optimal', works without it."
        ) from None
    return torch


def _bce(z: Tensor) -> Tensor:
    torch = import_torch()
    loss: Tensor = torch.nn.functional.softplus(-z)
    return loss


def _hinge(z: Tensor) -> Tensor:
    loss: Tensor = (1 - z).clamp(min=0)
    return loss


def _squared(z: Tensor) -> Tensor:
    loss: Tensor = (1 - z.sigmoid()) ** 2
    return loss


LOSSES: dict[str, Callable[[Any], Any]] = {"bce": _bce, "hinge": _hinge, "squared": _squared}
"""Losses by name: functions of the logits in favour of the desired label."""


@dataclass(eq=False)
class Block:
    """Where the search stands for the people who are still searching, as tensors; what penalties read.

    points, today : [n, K, d] and [n, 1, d], in the units of the distances (see `Recipe.chain_rule`)
    logits : [n, K], in favour of the desired label
    crossed : bool[n, K], which are approved; with `joint`, True only once all K of a person are
    mad : [d], the population's median absolute deviations in the same units
    centre : [n, 1, d], the point that Gravitational pulls to; None for recipes without one
    joint : one norm over a person's K counterfactuals instead of one each
    share : the weight of one counterfactual's loss: 1, or 1/K where they are averaged
    """

    points: Tensor
    today: Tensor
    logits: Tensor
    crossed: Tensor
    mad: Tensor
    centre: Tensor | None
    joint: bool
    share: float = 1.0

    def norm(self, difference: Tensor) -> Tensor:
        """Euclidean norms, [n] or [n, K]. At 0, where an unsquared norm has no gradient, it counts as 0."""
        torch = import_torch()
        length: Tensor = torch.linalg.vector_norm(difference, dim=(1, 2) if self.joint else 2)
        return length


@dataclass(frozen=True)
class Distance:
    """λ · distance from today's point.

    norm : "l2" (unsquared Euclidean), "l1", or "mad" (L1 in units of the median absolute deviation)
    """

    weight: float = 0.1
    norm: str = "l2"

    def __post_init__(self) -> None:
        if self.norm not in ("l2", "l1", "mad"):
            raise InputError(f"norm must be 'l2', 'l1' or 'mad', not {self.norm!r}.")
        _weight("Distance", self.weight)

    def __call__(self, block: Block) -> Tensor:
        moved = block.points - block.today
        if self.norm == "l2":
            length = block.norm(moved)
        else:
            length = moved.abs() / block.mad if self.norm == "mad" else moved.abs()
        penalty: Tensor = self.weight * length.sum()
        return penalty


@dataclass(frozen=True)
class OldLabel:
    """λ · cross-entropy with the *old* label, once in the target class: ClaPROAR's price of shifting the model.

    It counts for those who have crossed the boundary only, so a search that stops there never meets it.
    """

    weight: float = 5.0

    def __post_init__(self) -> None:
        _weight("OldLabel", self.weight)

    def __call__(self, block: Block) -> Tensor:
        z = block.logits[block.crossed]
        penalty: Tensor = self.weight * block.share * import_torch().nn.functional.softplus(z).sum()
        return penalty


@dataclass(frozen=True)
class Gravity:
    """λ · distance from the centre of the target class.

    points : how many people of the target class, drawn at random for each person, make up that person's
        centre (50 in the paper, from at most 1,000); None: all of them, the same centre for everybody
    frozen : in a simulation, the target class as it was at the start. Otherwise it is today's, and since
        recourse itself moves people there, the centre drifts with it
    """

    weight: float = 5.0
    points: int | None = None
    frozen: bool = True

    def __post_init__(self) -> None:
        _weight("Gravity", self.weight)

    def __call__(self, block: Block) -> Tensor:
        assert block.centre is not None
        penalty: Tensor = self.weight * block.norm(block.points - block.centre).sum()
        return penalty


@dataclass(frozen=True)
class Diversity:
    """−λ · det K over a person's counterfactuals, K_ij = 1 / (1 + ‖x_i − x_j‖): DiCE's wish for different ones."""

    weight: float = 1.0

    def __post_init__(self) -> None:
        _weight("Diversity", self.weight)

    def __call__(self, block: Block) -> Tensor:
        torch = import_torch()
        apart = block.points[:, :, None, :] - block.points[:, None, :, :]
        kernel = 1 / (1 + torch.linalg.vector_norm(apart, dim=3))
        # equal starts make K singular; a ridge keeps the determinant smooth, as in DiCE
        ridge = 1e-4 * torch.eye(kernel.shape[-1], dtype=kernel.dtype)
        penalty: Tensor = -self.weight * torch.linalg.det(kernel + ridge).sum()
        return penalty


Penalty = Distance | OldLabel | Gravity | Diversity | Callable[[Block], Any]
"""A penalty: an object that turns a `Block` into one number, summed over its people."""


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent: x′ ← x′ − rate · gradient."""

    rate: float = 0.01

    def start(self, shape: tuple[int, ...]) -> list[Tensor]:
        """No memory."""
        return []

    def step(self, gradient: Tensor, memory: list[Tensor], t: int) -> Tensor:
        """Return the move."""
        return -self.rate * gradient


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015), with moments of their own for every person."""

    rate: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)

    def start(self, shape: tuple[int, ...]) -> list[Tensor]:
        """The two moments, at 0."""
        torch = import_torch()
        return [torch.zeros(shape, dtype=torch.float64), torch.zeros(shape, dtype=torch.float64)]

    def step(self, gradient: Tensor, memory: list[Tensor], t: int) -> Tensor:
        """Return the move of step t (from 1) and update the moments in place."""
        first, second = memory
        (a, b) = self.betas
        first.mul_(a).add_(gradient, alpha=1 - a)
        second.mul_(b).addcmul_(gradient, gradient, value=1 - b)
        corrected = (second / (1 - b**t)).sqrt_().add_(1e-8)
        return -self.rate / (1 - a**t) * first / corrected


@dataclass(frozen=True)
class Salient:
    """A fixed step along the coordinate with the largest slope, each at most `most` times (Greedy, JSMA)."""

    size: float = 0.1
    most: int = 10

    def start(self, shape: tuple[int, ...]) -> list[Tensor]:
        """How often each coordinate was moved."""
        torch = import_torch()
        return [torch.zeros(shape, dtype=torch.float64)]

    def step(self, gradient: Tensor, memory: list[Tensor], t: int) -> Tensor:
        """Return the move and count it."""
        torch = import_torch()
        (moves,) = memory
        slope = torch.where(moves < self.most, gradient.abs(), -1.0)
        best = slope.argmax(dim=-1, keepdim=True)
        chosen = torch.zeros_like(gradient).scatter_(-1, best, 1.0) * (slope.gather(-1, best) > 0)
        moves += chosen
        move: Tensor = -self.size * chosen * gradient.sign()
        return move


Optimiser = Descent | Adam | Salient


@dataclass(frozen=True)
class Probability:
    """Stop when the desired label has at least this probability, and the model's own bar is cleared.

    Above 0.5 the new point keeps a distance from the boundary ("conservative": 0.9). With this stop the
    search never sees what lies beyond it: a mitigation such as `OldLabel` is then without effect.
    """

    gamma: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.gamma < 1:
            raise InputError(f"gamma must be a probability between 0 and 1, not {self.gamma!r}.")

    def met(self, probability: Tensor, cleared: Tensor, gradient: Tensor) -> Tensor:
        """Return bool[n]: for whom all K are there. `cleared` says where the model's own bar is."""
        return (cleared & (probability >= self.gamma)).all(dim=1)


@dataclass(frozen=True)
class Gradient:
    """Stop when every component of the gradient is below `tolerance`, whatever the model says by then."""

    tolerance: float = 0.01

    def met(self, probability: Tensor, cleared: Tensor, gradient: Tensor) -> Tensor:
        """Return bool[n]: whose search has come to rest."""
        return (gradient.abs() < self.tolerance).flatten(1).all(dim=1)


Stop = Probability | Gradient


def _weight(what: str, weight: float) -> None:
    if isinstance(weight, bool) or not (isinstance(weight, (int, float)) and math.isfinite(weight) and weight >= 0):
        raise InputError(f"the weight of {what} must be a finite number ≥ 0, not {weight!r}.")
