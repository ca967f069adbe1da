"""Stops: when a search has arrived, which its answer calls *converged*.

A search that stops at a probability never sees what lies beyond the boundary; one that stops on its gradient does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from recourse.arrays import BoolArray, FloatArray
from recourse.checks import number, share
from recourse.identity import Settings


@runtime_checkable
class Stop(Protocol):
    """What says for whom the search has arrived."""

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return for whom the search is over.

        Parameters
        ----------
        probability : float64[n, K]
            Of the desired label, where an answer from here would settle.
        cleared : bool[n, K]
            Whether the model would approve there.
        gradient : float64[n, K, p]
            The slopes of the objective; 0 where the action set leaves no way on.

        Returns
        -------
        bool[n]
        """


@dataclass(frozen=True)
class Probability(Settings):
    """Stop when the desired label has at least this probability and the model approves.

    With this stop the search never sees what lies beyond it: a mitigation such as `OldLabel` is without effect.

    Parameters
    ----------
    gamma : float
        A probability between 0 and 1. Above 0.5 the new point keeps a distance from the boundary.

    Raises
    ------
    InputError
        If `gamma` is not between 0 and 1.
    """

    gamma: float = 0.5

    def __post_init__(self) -> None:
        share("gamma", self.gamma, zero=False, one=False)

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return for whom all K counterfactuals are there.

        Parameters
        ----------
        probability, cleared : arrays [n, K]
            P(desired) where an answer would settle, and whether the model would approve there.
        gradient : float64[n, K, p]
            The slopes of the objective.

        Returns
        -------
        bool[n]
        """
        there = cleared & (probability >= self.gamma)
        met: BoolArray = np.logical_and.reduce(there, axis=1)
        return met


@dataclass(frozen=True)
class Gradient(Settings):
    """Stop when every component of the gradient is below a tolerance, whatever the model says by then.

    Parameters
    ----------
    tolerance : float
        Above 0, in the units of the objective a unit of the space. The smaller, the more steps.

    Raises
    ------
    InputError
        If the tolerance is not a number above 0.
    """

    tolerance: float = 0.01

    def __post_init__(self) -> None:
        number("tolerance", self.tolerance, above=0)

    def met(self, probability: FloatArray, cleared: BoolArray, gradient: FloatArray) -> BoolArray:
        """Return whose search has come to rest.

        Parameters
        ----------
        probability, cleared : arrays [n, K]
            P(desired) where an answer would settle, and whether the model would approve there.
        gradient : float64[n, K, p]
            The slopes of the objective.

        Returns
        -------
        bool[n]
        """
        met: BoolArray = np.logical_and.reduce(np.abs(gradient) < self.tolerance, axis=(1, 2))
        return met
