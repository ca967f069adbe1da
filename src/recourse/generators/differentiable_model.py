"""A model as something with slopes: the layers that it states, or else a torch module that it carries.

Searches descend on its logit and ask its probability when to stop; the user's own `predict` decides at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from recourse.actions import ActionSet
from recourse.arrays import BoolArray, FloatArray
from recourse.errors import ModelError
from recourse.menus.projection import Reach
from recourse.models import Model
from recourse.models.logits import logistic

PullBack: TypeAlias = Callable[[FloatArray], FloatArray]
"""Turns slopes with respect to logits, [n, K], into slopes with respect to raw points, [n, K, d]."""


class DifferentiableModel:
    """A model's logits, probabilities and slopes at points of an action set.

    Parameters
    ----------
    model : Model
        It states its layers or carries a torch module as ``module_``.
    actions : ActionSet
        Says the order of the features of points.

    Raises
    ------
    ModelError
        For a model that has neither layers nor a module.
    """

    def __init__(self, model: Model, actions: ActionSet) -> None:
        names = actions.names
        read = list(model.feature_names or names)
        self.columns = None if read == names else np.array([names.index(name) for name in read])

        self.least_probability = 1 / (1 + np.exp(-model.bar))
        self.strict = model.strict
        self.layers = model.layers()
        self.module, self.sign = model.module, model.sign
        if self.layers is None and self.module is None:
            raise ModelError(
                f"gradient generators need a model that states its layers (linear models, ReLU networks, also behind "
                f"scalers) or carries a torch module as module_; {model.name} does neither. "
                "Any model has exact or black-box recourse: use recourse='optimal', or rs.find."
            )

    def at(self, points: FloatArray) -> tuple[FloatArray, FloatArray, PullBack]:
        """Return what is known at raw points, float64[n, K, d].

        The logit that a search descends on, [n, K]; the probability that decides, [n, K]; and how slopes are pulled
        back through the model. Of an ensemble these are the means over its members.
        """
        shape = points.shape
        x = points.reshape(-1, shape[-1])
        x = x if self.columns is None else x[:, self.columns]
        logits, pull = self._by_module(x) if self.layers is None else self.layers.differentiable(x)
        members = len(logits)
        mean, probability = logits.sum(axis=0) / members, logistic(logits).sum(axis=0) / members

        def pull_back(slope: FloatArray) -> FloatArray:
            read = pull(slope.reshape(1, -1) / members)
            if self.columns is None:
                return read.reshape(shape)
            slopes = np.zeros(shape)
            slopes[..., self.columns] = read.reshape(*shape[:-1], -1)
            return slopes

        return mean.reshape(shape[:-1]), probability.reshape(shape[:-1]), pull_back

    def clears(self, probability: FloatArray) -> BoolArray:
        """Return where the model would approve; exactly at the least probability it says itself whether it does."""
        if self.strict:
            return probability > self.least_probability
        return probability >= self.least_probability

    def can_reach(self, reach: Reach) -> BoolArray:
        """Return bool[n], False only where no point of a person's box can be approved: by interval arithmetic."""
        n = len(reach.today)
        if self.layers is None or not reach.boxed:
            return np.ones(n, dtype=bool)
        low, high = (ends if self.columns is None else ends[:, self.columns] for ends in (reach.low, reach.high))
        highest = self.layers.bounds(low, high)[1]
        highest = highest + 1e-9 * (1 + np.abs(highest))  # more than rounding can be
        can: BoolArray = logistic(highest).mean(axis=0) >= self.least_probability - 1e-12
        return can

    def _by_module(self, x: FloatArray) -> tuple[FloatArray, PullBack]:
        """What `Layers.differentiable` says, by automatic differentiation of a module."""
        import torch

        module: Any = self.module
        points = torch.tensor(x, requires_grad=True)
        z = self.sign * module(points.to(next(module.parameters()).dtype)).reshape(1, -1)

        def pull(slope: FloatArray) -> FloatArray:
            (slopes,) = torch.autograd.grad(z, points, torch.tensor(slope, dtype=z.dtype))
            return slopes.numpy()

        return z.detach().to(torch.float64).numpy(), pull
