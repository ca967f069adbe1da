"""Latent spaces: a variational autoencoder learns where people lie, and a recipe searches among what it decodes.

An `Autoencoder` is a setting; `fit` makes a `LatentSpace` of it, which can be passed to any number of recipes.
PyTorch trains it; the search itself encodes, decodes and pulls slopes back in NumPy.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.feature import FeatureActions
from recourse.actions.settings import LEVEL_TYPES
from recourse.errors import InputError, nearest
from recourse.generators.torch import import_torch, undisturbed
from recourse.menus.projection import coordinates

if TYPE_CHECKING:
    from recourse.actions import ActionSet

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Autoencoder:
    """How a variational autoencoder is built and trained (Kingma & Welling, 2014); by default as in Altmeyer et al.

    latent, hidden : sizes of the latent space and of the one hidden layer (ReLU) of the encoder, from d features to
        means and deviations of `latent` normal variables, and of the decoder back
    epochs, batch_size, learning_rate : of its training by Adam
    warm_epochs : in a simulation, so many more passes whenever the model is retrained, over the people as they are
        by then; 0: the space stays as it was at the start (the paper's runs had 10, see `Recipe.altmeyer2023`)
    noise : the deviation of what is decoded from what is seen, in standard deviations of a feature, that the
        likelihood assumes. The smaller, the nearer people are to what they decode to, and the less the latent
        distances mean. The paper does not say; at about 1 a space for two features collapses to one dimension

    Everything is measured in the means and deviations of the people it is fitted to.

    >>> import recourse as rs
    >>> people = rs.datasets.moons(200).X
    >>> space = Autoencoder().fit(people)  # doctest: +NEEDS_TORCH
    >>> space.encode(people.to_numpy()).shape  # doctest: +NEEDS_TORCH
    (200, 2)
    """

    latent: int = 2
    hidden: int = 32
    epochs: int = 100
    warm_epochs: int = 0
    batch_size: int = 50
    learning_rate: float = 1e-3
    noise: float = 0.1

    def __post_init__(self) -> None:
        for name, least in (("latent", 1), ("hidden", 1), ("epochs", 1), ("warm_epochs", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be a whole number ≥ {least}, not {value!r}.")
        for name in ("learning_rate", "noise"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 < value < math.inf):
                raise InputError(f"{name} must be a number above 0, not {value!r}.")

    def fit(self, X: Any, *, random_state: Any = 0) -> LatentSpace:
        """Return the latent space of a population; the same table and seed give the same one.

        X : table of numbers, one row a person: training data, never test data. Missing values count as the mean
        random_state : seed of the first weights, of the order of batches and of the draws

        Raises `InputError` for columns that are not numbers, and `RecourseError` where torch is missing.
        """
        frame = tables.read(X)
        columns = [_numbers(frame[name]) for name in frame.columns]
        if not columns or not len(frame):
            raise InputError(f"an autoencoder learns from people, but X has the shape {frame.shape}.")
        seen = [column[~np.isnan(column)] for column in columns]
        mean = np.array([column.mean() if len(column) else 0.0 for column in seen])
        deviation = np.array([(column.std() if len(column) else 0.0) or 1.0 for column in seen])
        rng = np.random.default_rng(random_state)
        shapes = pairwise((len(mean), self.hidden, 2 * self.latent)), pairwise((self.latent, self.hidden, len(mean)))
        weights: list[FloatArray] = []
        for n_in, n_out in (pair for half in shapes for pair in half):
            reach = 1 / math.sqrt(n_in)  # as `NetworkClassifier` starts
            weights += [rng.uniform(-reach, reach, (n_in, n_out)), rng.uniform(-reach, reach, n_out)]
        space = LatentSpace(self, tuple(frame.columns), mean, deviation, tuple(weights))
        return space._trained(space._standardised(np.column_stack(columns)), self.epochs, rng)


@dataclass(frozen=True, eq=False, repr=False)
class LatentSpace:
    """What an `Autoencoder` learned: made by its `fit`, and passed to recipes as their `space`.

    names : the d features it knows, of which the action set may make some immutable
    mean, deviation : [d], of the people it was fitted to
    weights : of encoder and decoder, weights and biases in turn

    A point decodes to numbers that no action set has seen: a search takes people only as far in their direction as
    they can go (see `Recipe.space`).
    """

    settings: Autoencoder
    names: tuple[tables.Name, ...]
    mean: FloatArray
    deviation: FloatArray
    weights: tuple[FloatArray, ...]

    def encode(self, points: FloatArray) -> FloatArray:
        """Return where points lie, the means of their latent distributions: float64[..., d] → [..., latent]."""
        into, bias, out, offset = self.weights[:4]
        flat = self._standardised(points.reshape(-1, points.shape[-1]))
        means = (np.maximum(flat @ into + bias, 0.0) @ out + offset)[:, : self.settings.latent]
        return means.reshape(*points.shape[:-1], -1)

    def decode(self, latents: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        """Return points, float64[..., latent] → [..., d], and the function that pulls slopes back the other way."""
        into, bias, out, offset = self.weights[4:]
        inner = np.maximum(latents.reshape(-1, latents.shape[-1]) @ into + bias, 0.0)
        points = self.mean + self.deviation * (inner @ out + offset)

        def pull_back(slopes: FloatArray) -> FloatArray:
            delta = (slopes.reshape(-1, slopes.shape[-1]) * self.deviation) @ out.T
            return ((delta * (inner > 0)) @ into.T).reshape(latents.shape)

        return points.reshape(*latents.shape[:-1], -1), pull_back

    def warmed(self, X: Any, *, random_state: Any = 0) -> LatentSpace:
        """Return this space after `warm_epochs` more passes over a table of people, from the weights it has.

        Means and deviations stay: moving them would move people under weights that did not change.
        """
        columns = [_numbers(column) for _, column in tables.select(tables.read(X), self.names).items()]
        inputs = self._standardised(np.column_stack(columns))
        return self._trained(inputs, self.settings.warm_epochs, np.random.default_rng(random_state))

    def columns(self, features: Iterable[FeatureActions]) -> npt.NDArray[np.int64]:
        """Return the places of `names` among features, or raise `InputError` where they don't go together."""
        features = list(features)
        names = [feature.name for feature in features]
        for name in self.names:
            if name not in names:
                raise InputError(f"the latent space has {name!r}, the action set has not. {nearest(name, names)}")
        for feature in features:
            if feature.actionable and feature.name not in self.names:
                raise InputError(
                    f"{feature.name!r} can change, but the latent space does not know it. Fit the autoencoder to a "
                    "table with that column, or make it immutable."
                )
        return np.array([names.index(name) for name in self.names])

    def __repr__(self) -> str:
        digest = zlib.crc32(b"".join(array.tobytes() for array in (self.mean, self.deviation, *self.weights)))
        return f"LatentSpace({self.settings.latent} of {len(self.names)} features, {self.settings!r}, {digest:08x})"

    def _standardised(self, points: FloatArray) -> FloatArray:
        return np.nan_to_num((points - self.mean) / self.deviation)

    def _trained(self, inputs: FloatArray, epochs: int, rng: np.random.Generator) -> LatentSpace:
        """Raise the evidence lower bound by Adam with a fresh state; all draws come from `rng`."""
        torch = import_torch("an autoencoder is trained", "A LatentSpace that was fitted elsewhere works")
        latent, batch, noise = self.settings.latent, self.settings.batch_size, self.settings.noise
        with undisturbed():
            theta = [torch.tensor(array, requires_grad=True) for array in self.weights]
            optimiser = torch.optim.Adam(theta, lr=self.settings.learning_rate)
            for _ in range(epochs):
                people = torch.tensor(inputs[rng.permutation(len(inputs))])
                draws = torch.tensor(rng.standard_normal((len(inputs), latent)))
                for seen, drawn in zip(people.split(batch), draws.split(batch), strict=True):
                    mean, log_sd = _layers(torch, seen, theta[:4]).split(latent, dim=1)
                    decoded = _layers(torch, mean + torch.exp(log_sd) * drawn, theta[4:])
                    misfit = ((seen - decoded) ** 2).sum() / (2 * noise**2)
                    divergence = 0.5 * (mean**2 + torch.exp(2 * log_sd) - 1 - 2 * log_sd).sum()
                    optimiser.zero_grad()
                    ((misfit + divergence) / len(seen)).backward()
                    optimiser.step()
        return replace(self, weights=tuple(array.detach().numpy() for array in theta))


def latent_space(
    space: Autoencoder | LatentSpace, actions: ActionSet, population: Any, random_state: Any
) -> LatentSpace:
    """Return a recipe's space: as it was passed, or fitted to the numbers of a population.

    Raises `InputError` where it does not go with the action set, or there is nothing to fit it to.
    """
    if isinstance(space, Autoencoder):
        if population is None:
            raise InputError(
                "an autoencoder has to learn where people lie: pass population=, a table of training data, or "
                "space=Autoencoder().fit(...), which can be used again."
            )
        space = space.fit(in_numbers(actions, population), random_state=random_state)
    space.columns(actions)
    return space


def in_numbers(actions: ActionSet, X: Any) -> pd.DataFrame:
    """Return the features that are not levels, as numbers, missing ones as NaN."""
    table = actions.table(X)
    return pd.DataFrame({one.name: coordinates(one, table) for one in actions if one.variable_type not in LEVEL_TYPES})


def _layers(torch: Any, x: Any, weights: list[Any]) -> Any:
    into, bias, out, offset = weights
    return torch.addmm(offset, torch.relu(torch.addmm(bias, x, into)), out)


def _numbers(column: pd.Series[Any]) -> FloatArray:
    values = tables.values_of(column)
    if values.dtype.kind not in "biuf":
        raise InputError(f"an autoencoder learns from numbers, but column {column.name!r} holds other values.")
    return values.astype(np.float64)
