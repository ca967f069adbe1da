"""What a generated point is kept near to, or away from: penalties beside the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recourse.errors import InputError
from recourse.generators.objective import Block, Part, Slopes, imported_torch


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

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes; 0 in what has not moved."""
        moved = block.points - block.today
        if self.norm == "l2":
            return Slopes(points=self.weight * block.direction(moved))
        unit = self.weight / block.mad if self.norm == "mad" else self.weight
        return Slopes(points=unit * np.sign(moved))


@dataclass(frozen=True)
class OldLabel:
    """λ · cross-entropy with the *old* label, once in the target class: ClaPROAR's price of shifting the model.

    It counts for those who have crossed the boundary only, so a search that stops there never meets it.
    """

    weight: float = 5.0

    def __post_init__(self) -> None:
        _weight("OldLabel", self.weight)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes of log(1 + exp(z)), where it counts."""
        return Slopes(logits=self.weight * block.share * block.likelihood * block.crossed)


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

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes: away from the centre."""
        assert block.centre is not None
        return Slopes(points=self.weight * block.direction(block.points - block.centre))


@dataclass(frozen=True)
class Diversity:
    """−λ · det K over a person's counterfactuals, K_ij = 1 / (1 + ‖x_i − x_j‖): DiCE's wish for different ones."""

    weight: float = 1.0

    def __post_init__(self) -> None:
        _weight("Diversity", self.weight)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes, by Jacobi's formula: ∂ det K / ∂K_ij = det K · (K⁻¹)_ji."""
        apart = block.points[:, :, None, :] - block.points[:, None, :, :]
        length = np.sqrt((apart * apart).sum(axis=3))
        kernel = 1 / (1 + length)
        # equal starts make K singular; a ridge keeps the determinant smooth, as in DiCE
        ridged = kernel + 1e-4 * np.eye(kernel.shape[1])
        cofactors = np.linalg.det(ridged)[:, None, None] * np.linalg.inv(ridged)
        length[length == 0] = np.inf
        # each x_i is in a row and in a column of K, and ∂K_ij / ∂‖x_i − x_j‖ = −K_ij²
        pull = 2 * self.weight * cofactors * kernel**2 / length
        return Slopes(points=(pull[..., None] * apart).sum(axis=2))


@dataclass(frozen=True)
class Differentiated:
    """A function of yours as a part: from a `Block` of torch tensors to one number, summed over its people.

    Raises `RecourseError` where torch is missing.
    """

    function: Callable[[Block], Any]

    def __post_init__(self) -> None:
        imported_torch()

    def slopes(self, block: Block) -> Slopes:
        """Ask PyTorch for the slopes."""
        torch = imported_torch()
        named = {name: getattr(block, name) for name in ("points", "today", "logits", "crossed", "mad", "centre")}
        tensors = {name: torch.tensor(array) for name, array in named.items() if array is not None}
        free = [tensors[name].requires_grad_(True) for name in ("points", "logits")]
        value = torch.as_tensor(self.function(replace(block, **tensors)))
        if not value.requires_grad:
            return Slopes()
        found = torch.autograd.grad(value, free, allow_unused=True)
        return Slopes(*(0.0 if slope is None else slope.numpy() for slope in found))


Penalty = Part | Callable[[Block], Any]
"""A penalty: an object that states its slopes, or a function from a `Block` of torch tensors to one number."""


def penalty_part(penalty: Any) -> Part:
    """Return a penalty as a part: as it is, or a function made one."""
    part: Part = penalty if hasattr(penalty, "slopes") else Differentiated(penalty)
    return part


def _weight(what: str, weight: float) -> None:
    if isinstance(weight, bool) or not (isinstance(weight, (int, float)) and math.isfinite(weight) and weight >= 0):
        raise InputError(f"the weight of {what} must be a finite number ≥ 0, not {weight!r}.")
