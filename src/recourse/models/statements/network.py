"""A network of ReLUs as data: what a linear model, a network or an ensemble of networks states of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray, IntArray
from recourse.menus.menus import Menus
from recourse.models.logits import logistic as logistic


@dataclass(frozen=True, eq=False)
class Layers:
    """What a network of affine and ReLU layers states about itself: one logit a member, for the second label.

    Attributes
    ----------
    weights : tuple of float64[members, in, out]
        From the input on, one array a layer.
    biases : tuple of float64[members, 1, out]
        One array a layer.
    shift, scale : float64[inputs]
        The inputs enter as ``(x − shift) · scale``, x in raw units.

    Notes
    -----
    An ensemble *decides* on the mean of its members' probabilities. Gradient searches descend on the mean of
    their logits, which has the same sign only where the members agree, and ask the mean probability when to
    stop; the model itself has the last word.
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    shift: FloatArray
    scale: FloatArray

    @property
    def members(self) -> int:
        """How many networks there are."""
        return int(self.weights[0].shape[0])

    def logits(self, X: npt.ArrayLike) -> FloatArray:
        """Return float64[members, n].

        >>> two = Layers((np.array([[[1.0]], [[3.0]]]),), (np.zeros((2, 1, 1)),), np.zeros(1), np.ones(1))
        >>> two.logits([[2.0]]).tolist()
        [[2.0], [6.0]]
        """
        return self.differentiable(np.asarray(X, dtype=np.float64))[0]

    def differentiable(self, X: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        """Return the logits, and the function that pulls slopes with respect to them back to the rows of `X`.

        It takes float64[members, n], or [1, n] if all members have the same slopes, and returns float64[n, d],
        summed over members. Where a ReLU bends, its slope counts as 0.

        >>> line = Layers((np.array([[[1.0], [-2.0]]]),), (np.zeros((1, 1, 1)),), np.zeros(2), np.ones(2))
        >>> logits, pull_back = line.differentiable(np.array([[3.0, 1.0]]))
        >>> pull_back(np.array([[1.0]])).tolist()
        [[1.0, -2.0]]
        """
        a = (X - self.shift) * self.scale
        inner = []
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = np.maximum(a @ w + b, 0.0)
            inner.append(a)
        logits: FloatArray = (a @ self.weights[-1] + self.biases[-1])[..., 0]

        def pull_back(slopes: FloatArray) -> FloatArray:
            delta = slopes[..., None] * self.weights[-1][:, None, :, 0]
            for w, a in zip(self.weights[-2::-1], inner[::-1], strict=True):
                delta = (delta * (a > 0)) @ w.swapaxes(1, 2)
            pulled: FloatArray = delta.sum(axis=0) * self.scale
            return pulled

        return logits, pull_back

    def bounds(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bound every member's logit over the boxes ``low … high`` (n × d): two float64[members, n].

        Interval arithmetic: never too narrow, up to rounding, and exact for a linear model.
        """
        ends = (low - self.shift) * self.scale, (high - self.shift) * self.scale
        centre, radius = (ends[0] + ends[1]) / 2, np.abs(ends[1] - ends[0]) / 2
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            mid, spread = centre @ w + b, radius @ np.abs(w)
            lower, upper = np.maximum(mid - spread, 0.0), np.maximum(mid + spread, 0.0)
            centre, radius = (lower + upper) / 2, (upper - lower) / 2
        mid = (centre @ self.weights[-1] + self.biases[-1])[..., 0]
        spread = (radius @ np.abs(self.weights[-1]))[..., 0]
        return mid - spread, mid + spread

    def negated(self) -> Layers:
        """Return the same statement with logits in favour of the first label."""
        last = len(self.weights) - 1
        return replace(
            self,
            weights=(*self.weights[:last], -self.weights[last]),
            biases=(*self.biases[:last], -self.biases[last]),
        )

    def parameters(self) -> list[FloatArray]:
        """Return the arrays that training moves, weights and biases in turn."""
        return [array for pair in zip(self.weights, self.biases, strict=True) for array in pair]


@dataclass(frozen=True, eq=False)
class NetworkStatement:
    """What a ReLU network, or an ensemble of them, states about n people and their menus.

    A row is approved if its `score` is above 0, or on 0 if the model says so, up to rounding.

    Attributes
    ----------
    layers : Layers
        For inputs that are scaled already.
    today : float64[n, inputs]
        Everybody's inputs as they are, scaled.
    inputs : tuple of int64 arrays
        For each block of the menus, which inputs its features are.
    values : tuple of float64[states, inputs]
        For each block, the scaled inputs of each of its states.
    bar : float
        The logit of the probability to be reached.
    tolerance : float
        How far, at most, rounding may take the score from the model's own.
    """

    layers: Layers
    today: FloatArray
    inputs: tuple[IntArray, ...]
    values: tuple[FloatArray, ...]
    bar: float
    tolerance: float

    def score(self, inputs: FloatArray) -> FloatArray:
        """Return how far above the bar rows are: one network's logit, or an ensemble's mean probability.

        Parameters
        ----------
        inputs : float64[k, inputs]
            The rows, scaled.

        Returns
        -------
        float64[k]
        """
        logits = self.layers.logits(inputs)
        reached: FloatArray = logits[0] if len(logits) == 1 else logistic(logits).mean(axis=0)
        return reached - self.level

    @property
    def level(self) -> float:
        """What is to be reached: a logit by one network, a mean probability by an ensemble."""
        return self.bar if self.layers.members == 1 else float(logistic(np.array(self.bar)))

    def inputs_at(self, menus: Menus, people: npt.ArrayLike, picks: npt.ArrayLike) -> FloatArray:
        """Return the scaled inputs that actions lead to.

        Parameters
        ----------
        menus : Menus
            The menus that this was stated for.
        people : int64[k]
            Who acts.
        picks : int64[k, blocks]
            The items that they pick in each of their menus.

        Returns
        -------
        float64[k, inputs]
        """
        at = self.today[np.asarray(people, dtype=np.int64)]
        states = menus.codes[menus.items(people, picks)]
        for j, columns in enumerate(self.inputs):
            at[:, columns] = self.values[j][states[:, j]]
        return at


def affine_layers(weights: FloatArray, intercept: float) -> Layers:
    """Return a linear model as the network of one layer that it is."""
    d = len(weights)
    return Layers((weights.reshape(1, d, 1),), (np.full((1, 1, 1), intercept),), np.zeros(d), np.ones(d))
