"""Optimisers: how a search takes a step along a slope.

What an optimiser remembers from step to step is kept by the search, a row a person, so that a step of one person
never depends on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from recourse.arrays import FloatArray
from recourse.checks import number, share, whole_number
from recourse.errors import InputError
from recourse.identity import Settings


@runtime_checkable
class Optimiser(Protocol):
    """What takes steps for people who are searched for side by side; positions are float64[n, K, p]."""

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """Return what is remembered before the first step.

        Parameters
        ----------
        shape : tuple of int
            The shape of the positions, [n, K, p].

        Returns
        -------
        list of array
            Each with n rows; the search drops the rows of those who have arrived.
        """

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the moves of one step.

        Parameters
        ----------
        gradient : float64[n, K, p]
            The slopes of the objective.
        memory : list of array
            What `start` returned; changed in place.
        t : int
            The number of the step, from 1.

        Returns
        -------
        float64[n, K, p]
            What to add to the positions.
        """


@dataclass(frozen=True)
class Descent(Settings):
    """Plain gradient descent: x′ ← x′ − rate · gradient.

    Parameters
    ----------
    rate : float
        The learning rate, above 0. The smaller, the more steps a search takes.

    Raises
    ------
    InputError
        If the rate is not a number above 0.
    """

    rate: float = 0.01

    def __post_init__(self) -> None:
        number("rate", self.rate, above=0)

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """Return nothing: there is no memory.

        Parameters
        ----------
        shape : tuple of int
            The shape of the positions, [n, K, p].

        Returns
        -------
        list of array
        """
        return []

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the moves.

        Parameters
        ----------
        gradient : float64[n, K, p]
            The slopes of the objective.
        memory : list of array
            What `start` returned, or a step left.
        t : int
            The number of the step, from 1.

        Returns
        -------
        float64[n, K, p]
        """
        return -self.rate * gradient


@dataclass(frozen=True)
class Adam(Settings):
    """Adam, with moments of their own for every person.

    Parameters
    ----------
    rate : float
        The learning rate, above 0: about the length of a step in each coordinate.
    betas : tuple of two float
        The decay of the first and the second moment, each from 0 to below 1.

    Raises
    ------
    InputError
        If a setting is out of range.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", ICLR.
    """

    rate: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        number("rate", self.rate, above=0)
        if not isinstance(self.betas, (tuple, list)) or len(self.betas) != 2:
            raise InputError(f"betas must be two shares, such as (0.9, 0.999), not {self.betas!r}.")
        for beta in self.betas:
            share("each of betas", beta, one=False)

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """Return the two moments, at 0.

        Parameters
        ----------
        shape : tuple of int
            The shape of the positions, [n, K, p].

        Returns
        -------
        list of array
        """
        return [np.zeros(shape), np.zeros(shape)]

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the moves and update the moments.

        Parameters
        ----------
        gradient : float64[n, K, p]
            The slopes of the objective.
        memory : list of array
            What `start` returned, or a step left.
        t : int
            The number of the step, from 1.

        Returns
        -------
        float64[n, K, p]
        """
        first, second = memory
        (a, b) = self.betas
        first *= a
        first += (1 - a) * gradient
        second *= b
        second += (1 - b) * gradient**2

        # both moments start at 0 and are too small at first
        corrected = np.sqrt(second / (1 - b**t)) + 1e-8
        return -self.rate / (1 - a**t) * first / corrected


@dataclass(frozen=True)
class Salient(Settings):
    """A fixed step along the coordinate with the largest slope, each coordinate a limited number of times.

    Parameters
    ----------
    size : float
        The length of a step, above 0, in the units of the space that is searched.
    most : int
        How often each coordinate may be moved, at least once.

    Raises
    ------
    InputError
        If a setting is out of range.

    References
    ----------
    Papernot et al. (2016), "The limitations of deep learning in adversarial settings", EuroS&P (the JSMA);
    Schut et al. (2021), "Generating interpretable counterfactual explanations …", AISTATS (Greedy).
    """

    size: float = 0.1
    most: int = 10

    def __post_init__(self) -> None:
        number("size", self.size, above=0)
        whole_number("most", self.most, least=1)

    def start(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """Return how often each coordinate was moved: never.

        Parameters
        ----------
        shape : tuple of int
            The shape of the positions, [n, K, p].

        Returns
        -------
        list of array
        """
        return [np.zeros(shape)]

    def step(self, gradient: FloatArray, memory: list[FloatArray], t: int) -> FloatArray:
        """Return the moves and count them.

        Parameters
        ----------
        gradient : float64[n, K, p]
            The slopes of the objective.
        memory : list of array
            What `start` returned, or a step left.
        t : int
            The number of the step, from 1.

        Returns
        -------
        float64[n, K, p]
        """
        (moves,) = memory
        slope = np.where(moves < self.most, np.abs(gradient), -1.0)
        best = slope.argmax(axis=-1, keepdims=True)
        chosen = (np.arange(slope.shape[-1]) == best) & (slope > 0)
        moves += chosen
        return -self.size * np.where(chosen, np.sign(gradient), 0.0)
