"""ReLU networks as data: what a linear model, a network or an ensemble of networks states about itself.

`Layers` holds weights, biases and the scaling in front of them. Gradient generators differentiate it, and interval
arithmetic over it proves what no point of a box can reach. `Network` is the same over the menus of one grid, tried
on random actions before it is believed, for the exact search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from recourse.actions.grid import ActionGrid
    from recourse.models.model import Model

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layers:
    """What a network of affine and ReLU layers states about itself: one logit a member, for the second label.

    weights : arrays [members, in, out], from the input on; biases : arrays [members, 1, out]
    shift, scale : the inputs enter as ``(x − shift) · scale``

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
class Network:
    """What a ReLU network, or an ensemble of them, states about the people and menus of one grid.

    A row is approved if its `score` is above 0, or there if the model says so, up to `tolerance`: a bound on how
    far the score may be from the model's own, in rounding. Features that can move enter as *inputs*, scaled.

    layers : for scaled inputs; today : float64[n, all inputs]
    inputs : for each block of the grid, the inputs that its features are
    values : for each block, float64[its domain, its inputs]
    bar : the logit of the probability to be reached
    """

    layers: Layers
    today: FloatArray
    inputs: tuple[npt.NDArray[np.int64], ...]
    values: tuple[FloatArray, ...]
    bar: float
    tolerance: float

    def score(self, inputs: FloatArray) -> FloatArray:
        """Return how far above the bar rows are: one network's logit, or an ensemble's mean probability."""
        logits = self.layers.logits(inputs)
        reached: FloatArray = logits[0] if len(logits) == 1 else logistic(logits).mean(axis=0)
        return reached - self.level

    @property
    def level(self) -> float:
        """What is to be reached: a logit by one network, a mean probability by an ensemble."""
        return self.bar if self.layers.members == 1 else float(logistic(np.array(self.bar)))

    def inputs_at(self, grid: ActionGrid, people: npt.ArrayLike, picks: npt.ArrayLike) -> FloatArray:
        """Return the scaled inputs that actions lead to: float64[k, all inputs]."""
        at = self.today[np.asarray(people, dtype=np.int64)]
        states = grid.codes[grid.items(people, picks)]
        for j, columns in enumerate(self.inputs):
            at[:, columns] = self.values[j][states[:, j]]
        return at


CHECKS = 500
"""So many random actions are put to the model before its layers are believed."""


def network_on(
    model: Model,
    grid: ActionGrid,
    *,
    compared: float = 0.5,
    precision: float = float(np.finfo(np.float64).eps),
    probabilities: Callable[[pd.DataFrame], FloatArray] | None = None,
) -> Network | None:
    """State a model's layers over a grid's menus; None where it has none, they are not what decides, or nothing moves.

    compared : the probability that the model compares its own with, if it does: rounding there counts
    precision : the unit roundoff of the model's own arithmetic
    probabilities : asks the model for P(desired), to be compared with what the layers say

    Values that are no finite numbers (words, missing ones) are none that layers can read. What is stated is tried
    on random actions: the probabilities, and the decisions where they are clear of rounding.
    """
    layers = model.layers()
    if layers is None or not len(grid):
        return None
    names = list(model.feature_names or grid.X.columns)
    at = {name: k for k, name in enumerate(names)}
    try:
        today = np.column_stack([grid.X[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names])
        read = [[k for k, name in enumerate(block) if name in at] for block in grid.blocks]
        tables = [
            np.column_stack([np.empty((len(d[0]), 0)), *(np.asarray(d[k], dtype=np.float64) for k in ks)])
            for d, ks in zip(grid.domains, read, strict=True)
        ]
    except (TypeError, ValueError):
        return None
    used = [table[np.unique(grid.codes[span])] for table, span in zip(tables, grid.block_items, strict=True)]
    if not all(np.isfinite(table).all() for table in (today, *used)):
        return None
    inputs = [np.array([at[names[k]] for k in ks], dtype=np.int64) for names, ks in zip(grid.blocks, read, strict=True)]
    largest = np.abs(today).max(axis=0)
    for columns, table in zip(inputs, used, strict=True):
        largest[columns] = np.maximum(largest[columns], np.abs(table).max(axis=0, initial=0.0))
    # The textbook bound on the rounding of sums (Higham 2002, ch. 4), layer after layer, for both computations.
    size: FloatArray = (largest + np.abs(layers.shift)) * np.abs(layers.scale)
    terms = 8
    for w, b in zip(layers.weights, layers.biases, strict=True):
        size = size @ np.abs(w) + np.abs(b)
        terms += w.shape[1] + 8
    bar = float(getattr(model, "bar", 0.0))
    rounding = 4 * terms * precision * (float(size.max()) + abs(bar))
    if layers.members == 1:
        rounding += 8 * precision / (compared * (1 - compared))
    else:
        rounding = rounding / 4 + 8 * precision
    scaled = replace(layers, shift=np.zeros(len(names)), scale=np.ones(len(names)))
    if not any(len(columns) for columns in inputs):
        return None
    network = Network(
        scaled,
        (today - layers.shift) * layers.scale,
        tuple(inputs),
        tuple(
            (table - layers.shift[columns]) * layers.scale[columns]
            for columns, table in zip(inputs, tables, strict=True)
        ),
        bar,
        rounding,
    )
    return network if _holds(network, model, grid, probabilities) else None


def _holds(
    network: Network, model: Model, grid: ActionGrid, probabilities: Callable[[pd.DataFrame], FloatArray] | None
) -> bool:
    """Whether the statement is true of random actions."""
    rng = np.random.default_rng(0)
    people = rng.integers(0, len(grid), CHECKS)
    lengths = np.diff(grid.row_ptr)[grid.rows[people]]
    picks = (rng.random(lengths.shape) * lengths).astype(np.int64)
    rows, inputs = grid.points(people, picks), network.inputs_at(grid, people, picks)
    score = network.score(inputs)
    clear = np.abs(score) > network.tolerance
    if ((score > 0) != model.approves(rows))[clear].any():
        return False
    if probabilities is None:
        return True
    ours = logistic(network.layers.logits(inputs)).mean(axis=0)
    return bool((np.abs(ours - probabilities(rows)) <= network.tolerance + 1e-9).all())


def layers_of(estimator: Any) -> Layers | None:
    """Return the layers of a fitted classifier of two labels, or None if it is not known to have any.

    Known: `NetworkClassifier`, scikit-learn's linear classifiers and its `MLPClassifier` with ReLU, bare or
    behind the scalers that `recourse.models.linear` unfolds.
    """
    from recourse.models.linear import linear_form

    own = getattr(estimator, "layers_", None)
    if isinstance(own, Layers):
        return own
    form = linear_form(estimator)
    if form is not None:
        return affine_layers(form.weights, form.intercept)
    return _behind_scalers(estimator)


def affine_layers(weights: FloatArray, intercept: float) -> Layers:
    """Return a linear model as the network of one layer that it is."""
    d = len(weights)
    return Layers((weights.reshape(1, d, 1),), (np.full((1, 1, 1), intercept),), np.zeros(d), np.ones(d))


def _behind_scalers(estimator: Any) -> Layers | None:
    """A network as the last step of a pipeline whose other steps scale columns."""
    from sklearn.neural_network import MLPClassifier

    from recourse.models.linear import _scaler

    steps = [step for _, step in getattr(estimator, "steps", [])] or [estimator]
    final = steps[-1]
    inner = getattr(final, "layers_", None)
    if (
        type(final) is MLPClassifier
        and final.activation == "relu"
        and getattr(final, "out_activation_", "") == "logistic"
    ):
        inner = Layers(
            tuple(np.asarray(w, dtype=np.float64)[None] for w in final.coefs_),
            tuple(np.asarray(b, dtype=np.float64)[None, None] for b in final.intercepts_),
            np.zeros(final.n_features_in_),
            np.ones(final.n_features_in_),
        )
    if not isinstance(inner, Layers):
        return None
    shift, scale = inner.shift, inner.scale
    for step in reversed(steps[:-1]):
        affine = _scaler(step, len(shift))
        if affine is None:
            return None
        factor, offset = affine
        if (factor == 0).any():
            return None
        # ((x · factor + offset) − shift) · scale
        shift, scale = (shift - offset) / factor, scale * factor
    return Layers(inner.weights, inner.biases, shift, scale)


def logistic(z: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(−z)), without overflow."""
    p: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * z))
    return p
