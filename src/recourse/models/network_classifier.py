"""A classifier that can be retrained: small ReLU networks and deep ensembles of them, trained in NumPy.

`NetworkClassifier` goes on from where it was, round after round, and states itself as `Layers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from recourse.arrays import FloatArray, IntArray
from recourse.checks import number, whole_number
from recourse.errors import InputError, ModelError
from recourse.models.logits import logistic
from recourse.models.statements.network import Layers


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A linear model, a ReLU network or a deep ensemble of them, trained by Adam and retrained from where it was.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers; ``()`` is a linear model, ``(32,)`` the 2-32-1 network of the papers.
    members : int
        How many networks, each with its own start and its own order of batches; their mean probability decides.
    epochs : int
        Passes over the data in the first `fit`.
    warm_epochs : int
        Passes over the data in every later `fit`, if `warm_start`.
    batch_size : int
        Rows a step of Adam, whose state starts afresh with every `fit`.
    learning_rate : float
        Of Adam, above 0.
    shuffle : bool
        Draw a new order of batches in every epoch.
    standardize : bool
        Scale the inputs by the mean and deviation of the *first* data fitted. A warm start keeps that scaling: moving
        it would move the boundary under weights that did not change.
    warm_start : bool
        Whether a second `fit` goes on from the current weights.
    random_state : int, Generator or None
        Of the first weights and the batch orders.

    Notes
    -----
    It is trained in NumPy, without PyTorch: for networks as small as these, recording a step for automatic
    differentiation costs more than the step (``benchmarks/dynamics.py`` measures both).

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> clf = NetworkClassifier(hidden=(), epochs=200, random_state=0).fit(X, y)
    >>> clf.predict([[-1.0], [4.0]]).tolist()
    ['no', 'yes']
    """

    classes_: npt.NDArray[Any]
    layers_: Layers

    def __init__(
        self,
        hidden: Sequence[int] = (32,),
        *,
        members: int = 1,
        epochs: int = 100,
        warm_epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 1e-2,
        shuffle: bool = True,
        standardize: bool = True,
        warm_start: bool = True,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.members = members
        self.epochs = epochs
        self.warm_epochs = warm_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.shuffle = shuffle
        self.standardize = standardize
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> NetworkClassifier:
        """Train on a table of numbers and two labels; with `warm_start` go on where the last `fit` ended.

        Parameters
        ----------
        X : DataFrame or array
            n rows of finite numbers.
        y : array of labels
            n of them, of two kinds; of those seen first, in a warm start.

        Returns
        -------
        NetworkClassifier
            Itself.

        Raises
        ------
        InputError
            For settings of the wrong kind.
        ModelError
            For labels of one kind, of more than two, or other ones than in the first `fit`.
        """
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import column_or_1d, validate_data

        # what goes in, checked as scikit-learn does
        self._check_settings()
        warm = self.warm_start and hasattr(self, "layers_")
        X, y = validate_data(self, X, y, dtype=np.float64, reset=not warm)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        classes = np.unique(y)
        if warm and not np.isin(classes, self.classes_).all():
            raise ModelError(f"the labels {classes.tolist()} are not those it was first fitted on.")
        if not warm:
            if len(classes) != 2:
                many = "Only binary classification is supported. " if len(classes) > 2 else ""
                plural = "es" if len(classes) != 1 else ""
                raise ModelError(f"{many}A network tells two labels apart, but y has {len(classes)} class{plural}.")
            self.classes_ = classes

        # train from where it was, or from the first weights
        rng = np.random.default_rng(self.random_state)
        start = self.layers_ if warm else self._first_layers(X, rng)
        targets = (y == self.classes_[1]).astype(np.float64)
        epochs, batch_size = int(self.warm_epochs if warm else self.epochs), int(self.batch_size)
        inputs = (X - start.shift) * start.scale
        self.layers_ = _train(start, inputs, targets, epochs, batch_size, self.learning_rate, self.shuffle, rng)
        return self

    @property
    def coef_(self) -> FloatArray:
        """float64[1, features]: the weights of a linear model in raw units; `AttributeError` for any other network."""
        return (self._single_layer().weights[0][0, :, 0] * self.layers_.scale)[None]

    @property
    def intercept_(self) -> FloatArray:
        """float64[1]: the constant of a linear model in raw units; `AttributeError` for any other network."""
        bias: FloatArray = self._single_layer().biases[0][0, :, 0]
        return bias - self.coef_ @ self.layers_.shift

    def _single_layer(self) -> Layers:
        if len(self.layers_.weights) > 1 or self.layers_.members > 1:
            raise AttributeError("only a single network without hidden layers has coefficients.")
        return self.layers_

    def decision_function(self, X: Any) -> FloatArray:
        """Return the log odds of the mean probability: above 0 exactly where `predict` says the second label.

        Parameters
        ----------
        X : DataFrame or array
            n rows of finite numbers.

        Returns
        -------
        float64[n]
        """
        logits = self._logits(X)
        if len(logits) == 1:
            single: FloatArray = logits[0]
            return single
        p, tiny = logistic(logits).mean(axis=0), np.finfo(np.float64).tiny
        odds: FloatArray = np.log(np.maximum(p, tiny)) - np.log(np.maximum(1 - p, tiny))
        return odds

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of both labels: the mean over members.

        Parameters
        ----------
        X : DataFrame or array
            n rows of finite numbers.

        Returns
        -------
        float64[n, 2]
            P(first label), P(second label).
        """
        p = logistic(self._logits(X)).mean(axis=0)
        return np.column_stack([1 - p, p])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the likelier label of each row.

        Parameters
        ----------
        X : DataFrame or array
            n rows of finite numbers.

        Returns
        -------
        array of n labels
        """
        second = (self.decision_function(X) > 0).astype(np.int64)
        labels: npt.NDArray[Any] = self.classes_[second]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _logits(self, X: Any) -> FloatArray:
        from sklearn.utils.validation import check_is_fitted, validate_data

        names = getattr(self, "feature_names_in_", None)
        if names is not None and isinstance(X, pd.DataFrame) and list(X.columns) == names.tolist():
            array = X.to_numpy(dtype=np.float64)  # as checked as it needs to be, in a tenth of the time
            if len(array) and np.isfinite(array).all():
                return self.layers_.logits(array)
        check_is_fitted(self)
        return self.layers_.logits(validate_data(self, X, dtype=np.float64, reset=False))

    def _first_layers(self, X: FloatArray, rng: np.random.Generator) -> Layers:
        """Uniform in ±1/√in, as is customary, with inputs scaled if that is wanted."""
        d = X.shape[1]
        shift, scale = np.zeros(d), np.ones(d)
        if self.standardize:
            deviation = X.std(axis=0)
            shift, scale = X.mean(axis=0), 1 / np.where(deviation > 0, deviation, 1.0)
        sizes, members = [d, *map(int, self.hidden), 1], int(self.members)
        weights, biases = [], []
        for n_in, n_out in pairwise(sizes):
            reach = 1 / math.sqrt(n_in)
            weights.append(rng.uniform(-reach, reach, (members, n_in, n_out)))
            biases.append(rng.uniform(-reach, reach, (members, 1, n_out)))
        return Layers(tuple(weights), tuple(biases), shift, scale)

    def _check_settings(self) -> None:
        """Raise `InputError` for a setting of the wrong kind. They stay as they were given, as scikit-learn wants."""
        if isinstance(self.hidden, str) or not isinstance(self.hidden, Iterable):
            raise InputError(f"hidden must be the sizes of the hidden layers, such as (32,), not {self.hidden!r}.")
        for size in self.hidden:
            whole_number("each size in hidden", size, least=1)
        whole_number("members", self.members, least=1)
        whole_number("epochs", self.epochs)
        whole_number("warm_epochs", self.warm_epochs)
        whole_number("batch_size", self.batch_size, least=1)
        number("learning_rate", self.learning_rate, above=0)


def _train(
    start: Layers,
    inputs: FloatArray,
    targets: FloatArray,
    epochs: int,
    batch: int,
    rate: float,
    shuffle: bool,
    rng: np.random.Generator,
) -> Layers:
    """Minimise the mean cross-entropy by Adam with a fresh state; `start` stays as it is.

    All parameters live in one flat vector, so that Adam's arithmetic is a few calls a step whatever the
    number of layers; the layers are views of it. It is one long function because calls inside the loop would cost as
    much as the arithmetic of networks this small.
    """
    # one vector each for parameters, slopes and Adam's moments
    members, n = start.members, len(inputs)
    shapes = [array.shape for array in start.parameters()]
    theta = np.concatenate([array.ravel() for array in start.parameters()])
    grad, first, second, step = (np.zeros_like(theta) for _ in range(4))
    # a single network needs no axis for members, and NumPy is quicker without
    inner_shapes = [shape[1:] for shape in shapes] if members == 1 else shapes
    arrays, slopes = _views(theta, inner_shapes), _views(grad, inner_shapes)
    W, b, gW, gb = arrays[::2], arrays[1::2], slopes[::2], slopes[1::2]
    last, t = len(W) - 1, 0
    signs = 1 - 2 * targets[:, None]

    for _ in range(epochs):
        order = _shuffled(members, n, rng) if shuffle else slice(None)
        X_epoch, signs_epoch = inputs[order], signs[order]
        for i in range(0, n, batch):
            # forward
            a = X_epoch[..., i : i + batch, :]
            inner = [a]
            for w, c in zip(W[:last], b[:last], strict=True):
                a = np.maximum(a @ w + c, 0.0)
                inner.append(a)

            # backward
            delta = a @ W[last]
            delta += b[last]
            # the logistic function minus the target is (tanh(z / 2) + 1 − 2y) / 2
            delta *= 0.5
            np.tanh(delta, out=delta)
            delta += signs_epoch[..., i : i + batch, :]
            delta *= 0.5 / delta.shape[-2]
            for k in range(last, -1, -1):
                np.matmul(inner[k].swapaxes(-1, -2), delta, out=gW[k])
                np.add.reduce(delta, axis=-2, keepdims=True, out=gb[k])
                if k:
                    delta = (delta @ W[k].swapaxes(-1, -2)) * (inner[k] > 0)

            # Adam
            t += 1
            first *= 0.9
            first += grad
            second *= 0.999
            second += np.multiply(grad, grad, out=step)
            np.sqrt(second, out=step)
            # the moments lack their factors 0.1 and 0.001, which come in with the corrections for the start
            root = math.sqrt(0.001 / (1 - 0.999**t))
            step += 1e-8 / root
            np.divide(first, step, out=step)
            theta -= np.multiply(step, 0.1 * rate / (1 - 0.9**t) / root, out=step)

    trained = _views(theta, shapes)
    return Layers(tuple(trained[::2]), tuple(trained[1::2]), start.shift, start.scale)


def _shuffled(members: int, n: int, rng: np.random.Generator) -> IntArray:
    """A new order of n rows for each member; for a single one without an axis for members."""
    order = np.argsort(rng.random((members, n)), axis=1)
    return order[0] if members == 1 else order


def _views(flat: FloatArray, shapes: Sequence[tuple[int, ...]]) -> list[FloatArray]:
    """The arrays of these shapes that lie in `flat`, one after the other."""
    views, at = [], 0
    for shape in shapes:
        size = math.prod(shape)
        views.append(flat[at : at + size].reshape(shape))
        at += size
    return views
