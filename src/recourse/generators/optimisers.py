"""How a generator takes a step along a slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recourse.arrays import FloatArray


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
