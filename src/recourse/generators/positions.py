"""Where a search moves: among the features themselves, or in a latent space that decodes to them.

A position stands for a *move*: how far a person is from today's point, in standard deviations of each feature. So
a feature that did not move is where it was, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from recourse.arrays import FloatArray, IntArray
from recourse.generators.latent import LatentSpace

PullToPositions: TypeAlias = Callable[[FloatArray], FloatArray]
"""Turns slopes with respect to moves, [n, K, d], into slopes with respect to positions, [n, K, p]."""


class Positions(Protocol):
    """The positions that a search may take: where it starts, between which bounds, and the moves they stand for."""

    start: FloatArray
    low: FloatArray
    high: FloatArray

    def moves(self, position: FloatArray, people: IntArray) -> tuple[FloatArray, PullToPositions]:
        """Return the moves that positions of some people stand for, and how slopes are pulled back."""


class FeaturePositions:
    """Positions that are moves, within the box that each person can reach."""

    def __init__(self, low: FloatArray, high: FloatArray) -> None:
        self.start, self.low, self.high = np.zeros_like(low), low, high

    def moves(self, position: FloatArray, people: IntArray) -> tuple[FloatArray, PullToPositions]:
        """Return the positions themselves, and slopes as they are."""
        return position, lambda slopes: slopes


class LatentPositions:
    """Positions in a latent space: free, and what they decode to is clipped to the box that each person can reach.

    So what can't move does not, and the model is asked about points that people can reach. A slope that leads out of
    a box is cut, as nothing would follow it; one that leads back in counts, though the clipped value stays for now.
    """

    def __init__(
        self,
        latent: LatentSpace,
        columns: IntArray,
        today: FloatArray,
        deviation: FloatArray,
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        self._latent, self._columns, self._deviation = latent, columns, deviation[columns]
        self._today, self._box = np.nan_to_num(today[..., columns]), (low, high)
        self.start = latent.encode(self._today)
        self.low, self.high = np.full_like(self.start, -np.inf), np.full_like(self.start, np.inf)

    def moves(self, position: FloatArray, people: IntArray) -> tuple[FloatArray, PullToPositions]:
        """Return how far what positions decode to is from today, and how slopes are pulled back from there."""
        low, high = (end[people] for end in self._box)
        decoded, pull_back = self._latent.decode(position)
        moves = np.zeros((*position.shape[:2], low.shape[-1]))
        moves[..., self._columns] = (decoded - self._today[people]) / self._deviation
        moves = clip(moves, low, high)

        def pull(slopes: FloatArray) -> FloatArray:
            inward = slopes * (np.where(slopes > 0, low, high) != moves)
            return pull_back(inward[..., self._columns] / self._deviation)

        return moves, pull


def clip(position: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return positions within their bounds."""
    clipped: FloatArray = np.minimum(np.maximum(position, low), high)
    return clipped
