"""The parts of the one objective, loss(M(x′), target) + Σ λ · penalty: losses, penalties, optimisers and stops.

A recipe names parts; `descent` runs them for many people at once. A descent only ever asks which way is down,
so a part says its *slopes*, for a block of people × counterfactuals × features: those of this library in
closed form, and for a function of yours PyTorch finds them (`Differentiated`). Losses and penalties are
*summed* over people, never averaged, so that no person's path depends on who else is in the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError
from recourse.generators.pytorch import import_torch
from recourse.models.layers import logistic

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


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
        _torch()

    def slopes(self, block: Block) -> Slopes:
        """Ask PyTorch for the slopes."""
        torch = _torch()
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


def loss_part(loss: str | Callable[[Any], Any]) -> Part:
    """Return the part that a name stands for, or a torch function of the logits."""
    if isinstance(loss, str):
        return LOSSES[loss]
    return Differentiated(lambda block: block.share * loss(block.logits).sum())


def penalty_part(penalty: Any) -> Part:
    """Return a penalty as a part: as it is, or a function made one."""
    part: Part = penalty if hasattr(penalty, "slopes") else Differentiated(penalty)
    return part


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent: x′ ← x′ − rate · gradient."""

    rate: float = 0.01

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """No memory."""
        return []

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the move."""
        return -self.rate * gradient


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015), with moments of their own for every person."""

    rate: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """The two moments, at 0."""
        return [np.zeros(shape), np.zeros(shape)]

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the move of step t (from 1) and update the moments in place."""
        first, second = memory
        (a, b) = self.betas
        first *= a
        first += (1 - a) * gradient
        second *= b
        second += (1 - b) * gradient**2
        corrected = np.sqrt(second / (1 - b**t)) + 1e-8
        return -self.rate / (1 - a**t) * first / corrected


@dataclass(frozen=True)
class Salient:
    """A fixed step along the coordinate with the largest slope, each at most `most` times (Greedy, JSMA)."""

    size: float = 0.1
    most: int = 10

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """How often each coordinate was moved."""
        return [np.zeros(shape)]

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the move and count it."""
        (moves,) = memory
        slope = np.where(moves < self.most, np.abs(gradient), -1.0)
        best = slope.argmax(axis=-1, keepdims=True)
        chosen = (np.arange(slope.shape[-1]) == best) & (slope > 0)
        moves += chosen
        return -self.size * np.where(chosen, np.sign(gradient), 0.0)


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

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return bool[n]: for whom all K are there. `cleared` says where the model's own bar is."""
        there = cleared & (probability >= self.gamma)
        met: BoolArray = np.logical_and.reduce(there, axis=1)
        return met


@dataclass(frozen=True)
class Gradient:
    """Stop when every component of the gradient is below `tolerance`, whatever the model says by then."""

    tolerance: float = 0.01

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return bool[n]: whose search has come to rest."""
        met: BoolArray = np.logical_and.reduce(np.abs(gradient) < self.tolerance, axis=(1, 2))
        return met


Stop = Probability | Gradient


def _torch() -> Any:
    return import_torch(
        "a loss or penalty of your own is differentiated", "The losses and penalties of this library work"
    )


def _weight(what: str, weight: float) -> None:
    if isinstance(weight, bool) or not (isinstance(weight, (int, float)) and math.isfinite(weight) and weight >= 0):
        raise InputError(f"the weight of {what} must be a finite number ≥ 0, not {weight!r}.")
