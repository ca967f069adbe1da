"""Penalties: what a generated point is kept near to, or away from, beside the loss.

Each is weighed by λ, its `weight`, and states its slopes in closed form; those of a function of the user's are
found by PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recourse.checks import function_of, number, one_of, true_or_false, whole_number
from recourse.errors import InputError
from recourse.generators.losses import FunctionLoss, Loss
from recourse.generators.objective import Block, Part, Slopes
from recourse.generators.torch import differentiated, torch_for_functions
from recourse.identity import OwnFunction, Settings

NORMS = ("l2", "l1", "mad")
"""Norms of `Distance`: unsquared Euclidean, sum of absolute values, and that in median absolute deviations."""


@dataclass(frozen=True)
class Distance(Settings):
    """λ · distance from today's point.

    Parameters
    ----------
    weight : float
        λ ≥ 0. The larger, the nearer to today the search ends, and the more often it ends denied.
    norm : {"l2", "l1", "mad"}
        Unsquared Euclidean, the sum of absolute differences, or that sum in units of each feature's median absolute
        deviation in the population.

    Raises
    ------
    InputError
        If the weight is negative or no number, or the norm is another word.

    Examples
    --------
    >>> Distance(0.1, "mad")
    Distance(weight=0.1, norm='mad')
    """

    weight: float = 0.1
    norm: str = "l2"

    def __post_init__(self) -> None:
        number("the weight of Distance", self.weight, least=0)
        one_of("norm", self.norm, NORMS)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes; 0 in what has not moved.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        moved = block.points - block.today
        if self.norm == "l2":
            return Slopes(points=self.weight * block.direction(moved))
        unit = self.weight / block.mad if self.norm == "mad" else self.weight
        return Slopes(points=unit * np.sign(moved))


@dataclass(frozen=True)
class OldLabel(Settings):
    """λ · cross-entropy with the *old* label, once in the target class: ClaPROAR's price of shifting the model.

    It counts for those who have crossed the boundary only, so a search that stops there never meets it.

    Parameters
    ----------
    weight : float
        λ ≥ 0. The larger, the nearer to the boundary people are left.

    Raises
    ------
    InputError
        If the weight is negative or no number.
    """

    weight: float = 5.0

    def __post_init__(self) -> None:
        number("the weight of OldLabel", self.weight, least=0)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes of log(1 + exp(z)), for those who have crossed.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        return Slopes(logits=self.weight * block.share * block.likelihood * block.crossed)


@dataclass(frozen=True)
class Gravity(Settings):
    """λ · distance from the centre of the target class.

    Parameters
    ----------
    weight : float
        λ ≥ 0. The larger, the nearer to the centre, and so the further past the boundary, people are led.
    points : int or None
        How many people of the target class, drawn at random for each person, make up that person's centre (50 in
        the paper, from at most 1,000). None: all of them, the same centre for everybody.
    frozen : bool
        In a simulation, whether the target class is that of the start. Otherwise it is today's, and since recourse
        itself moves people there, the centre drifts with it.

    Raises
    ------
    InputError
        If the weight is negative or no number, or `points` is not a whole number above 0.
    """

    weight: float = 5.0
    points: int | None = None
    frozen: bool = True

    def __post_init__(self) -> None:
        number("the weight of Gravity", self.weight, least=0)
        whole_number("points", self.points, least=1, or_none=True)
        true_or_false("frozen", self.frozen)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes: away from the centre.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        assert block.centre is not None
        return Slopes(points=self.weight * block.direction(block.points - block.centre))


@dataclass(frozen=True)
class Diversity(Settings):
    """−λ · det K over a person's counterfactuals, K_ij = 1 / (1 + ‖x_i − x_j‖): DiCE's wish for different ones.

    Parameters
    ----------
    weight : float
        λ ≥ 0. The larger, the further apart the counterfactuals of one person end. Without effect on a single one.

    Raises
    ------
    InputError
        If the weight is negative or no number.

    References
    ----------
    Mothilal, Sharma & Tan (2020), "Explaining machine learning classifiers through diverse counterfactual
    explanations", FAT*.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        number("the weight of Diversity", self.weight, least=0)

    def slopes(self, block: Block) -> Slopes:
        """Return the slopes, by Jacobi's formula: ∂ det K / ∂K_ij = det K · (K⁻¹)_ji.

        Parameters
        ----------
        block : Block
            Where the search stands.

        Returns
        -------
        Slopes
        """
        apart = block.points[:, :, None, :] - block.points[:, None, :, :]
        length = np.sqrt((apart * apart).sum(axis=3))
        kernel = 1 / (1 + length)

        # equal starts make K singular; a ridge keeps the determinant smooth, as in DiCE
        ridged = kernel + 1e-4 * np.eye(kernel.shape[1])
        cofactors = np.linalg.det(ridged)[:, None, None] * np.linalg.inv(ridged)

        # each x_i is in a row and in a column of K, and ∂K_ij / ∂‖x_i − x_j‖ = −K_ij²
        length[length == 0] = np.inf
        pull = 2 * self.weight * cofactors * kernel**2 / length
        return Slopes(points=(pull[..., None] * apart).sum(axis=2))


@dataclass(frozen=True)
class FunctionPenalty(OwnFunction):
    """A torch function as a penalty, differentiated by PyTorch.

    Parameters
    ----------
    function : function
        From a `Block` of torch tensors to one number, summed over its people.
    identity : str, optional
        What it is, in words of yours, for checkpoints: needed only for a function that can't be imported by its
        name, such as a lambda. Two functions with one identity count as the same.

    Raises
    ------
    InputError
        If `function` is not a function.

    Examples
    --------
    >>> FunctionPenalty(lambda block: block.points.square().sum(), identity="ridge").to_dict()
    {'kind': 'FunctionPenalty', 'identity': 'ridge'}
    """

    def __post_init__(self) -> None:
        function_of("a penalty", self.function, "It takes a Block of torch tensors and returns one number.")

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
        return differentiated(self.function, block)


PenaltySetting: TypeAlias = Part | Callable[[Block], Any]
"""A penalty as a recipe takes it: an object that states its slopes, or a function of a `Block` of torch tensors."""


def check_penalties(penalties: Any) -> tuple[PenaltySetting, ...]:
    """Return a recipe's penalties as a tuple, or raise `InputError` for what is no penalty."""
    how = "penalties are a tuple, such as penalties=(Distance(0.1),)"
    if not isinstance(penalties, (tuple, list)):
        raise InputError(f"{how}, not {penalties!r}.")
    for penalty in penalties:
        if isinstance(penalty, type):
            raise InputError(f"a penalty is the class {penalty.__name__} itself; make one of it: {penalty.__name__}().")
        if isinstance(penalty, (Loss, FunctionLoss)):
            raise InputError(f"{penalty!r} is a loss, not a penalty; pass it as loss=.")
        if not isinstance(penalty, Part) and not callable(penalty):
            raise InputError(f"{penalty!r} is not a penalty: it neither states slopes nor is a function. {how}.")
    return tuple(penalties)


def penalty_part(penalty: PenaltySetting) -> Part:
    """Return a penalty as a summand of the objective; `RecourseError` if it needs torch, which is missing."""
    part = penalty if isinstance(penalty, Part) else FunctionPenalty(penalty)
    if isinstance(part, FunctionPenalty):
        torch_for_functions()
    return part
