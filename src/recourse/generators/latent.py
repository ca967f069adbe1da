"""Latent spaces: a variational autoencoder learns where people lie, and a recipe searches among what it decodes.

An `Autoencoder` is a setting; `fit` makes a `LatentSpace` of it, which can be passed to any number of recipes.
PyTorch trains it; the search itself encodes, decodes and pulls slopes back in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.actions.settings import LEVEL_TYPES
from recourse.arrays import FloatArray, IntArray
from recourse.budget import Budget
from recourse.checks import number, whole_number
from recourse.errors import InputError, nearest
from recourse.generators.torch import import_torch, undisturbed
from recourse.identity import Settings, content_hash
from recourse.menus.projection import coordinates


@dataclass(frozen=True, kw_only=True)
class Autoencoder(Settings):
    """How a variational autoencoder is built and trained; by default as in Altmeyer et al. (2023).

    Everything is measured in the means and deviations of the people it is fitted to.

    Parameters
    ----------
    latent : int
        Number of dimensions of the latent space.
    hidden : int
        Size of the one hidden layer (ReLU) of the encoder, which leads from d features to means and deviations of
        `latent` normal variables, and of the decoder back.
    epochs : int
        Passes of training over the people.
    warm_epochs : int
        In a simulation, so many more passes whenever the model is retrained, over the people as they are by then.
        0: the space stays as it was at the start (the paper's runs had 10, see `Recipe.altmeyer2023`).
    batch_size : int
        People a training step.
    learning_rate : float
        Of Adam, which trains it.
    noise : float
        The deviation of what is decoded from what is seen, in standard deviations of a feature, that the likelihood
        assumes. The smaller, the nearer people are to what they decode to, and the less the latent distances mean.
        The paper does not say; at about 1 a space for two features collapses to one dimension.

    Raises
    ------
    InputError
        If a setting is out of range.

    References
    ----------
    Kingma & Welling (2014), "Auto-encoding variational Bayes", ICLR.

    Examples
    --------
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
        whole_number("latent", self.latent, least=1)
        whole_number("hidden", self.hidden, least=1)
        whole_number("epochs", self.epochs, least=1)
        whole_number("warm_epochs", self.warm_epochs)
        whole_number("batch_size", self.batch_size, least=1)
        number("learning_rate", self.learning_rate, above=0)
        number("noise", self.noise, above=0)

    def fit(self, X: Any, *, random_state: Any = 0, budget: Budget | None = None) -> LatentSpace:
        """Return the latent space of a population; the same table and seed give the same one.

        Parameters
        ----------
        X : table
            Numbers, one row a person: training data, never test data. Missing values count as the mean.
        random_state : int, Generator or None
            Seed of the first weights, of the order of batches and of the draws.
        budget : Budget, optional
            Where it runs out, training ends with the epoch that is under way; the space is then less trained.

        Returns
        -------
        LatentSpace

        Raises
        ------
        InputError
            For columns that are not numbers, and for a table without people.
        RecourseError
            Where torch is missing.
        """
        frame = tables.read(X)
        columns = [_numbers(frame[name]) for name in frame.columns]
        if not columns or not len(frame):
            raise InputError(f"an autoencoder learns from people, but X has the shape {frame.shape}.")

        # means and deviations of what is known
        seen = [column[~np.isnan(column)] for column in columns]
        mean = np.array([column.mean() if len(column) else 0.0 for column in seen])
        deviation = np.array([(column.std() if len(column) else 0.0) or 1.0 for column in seen])

        # first weights as `NetworkClassifier` draws them
        rng = np.random.default_rng(random_state)
        encoder = pairwise((len(mean), self.hidden, 2 * self.latent))
        decoder = pairwise((self.latent, self.hidden, len(mean)))
        weights: list[FloatArray] = []
        for n_in, n_out in (*encoder, *decoder):
            reach = 1 / math.sqrt(n_in)
            weights += [rng.uniform(-reach, reach, (n_in, n_out)), rng.uniform(-reach, reach, n_out)]

        space = LatentSpace(self, tuple(frame.columns), mean, deviation, tuple(weights))
        return space._trained(space._standardised(np.column_stack(columns)), self.epochs, rng, budget)


@dataclass(frozen=True, eq=False, repr=False)
class LatentSpace:
    """What an `Autoencoder` learned: made by its `fit`, and passed to recipes as their `space`.

    A point decodes to numbers that no action set has seen: a search takes people only as far in their direction as
    they can go (see `Recipe`).

    Parameters
    ----------
    settings : Autoencoder
        How it was trained.
    names : tuple
        The d features it knows, of which the action set may make some immutable.
    mean, deviation : float64[d]
        Of the people it was fitted to.
    weights : tuple of array
        Of encoder and decoder, weights and biases in turn.
    """

    settings: Autoencoder
    names: tuple[tables.Name, ...]
    mean: FloatArray
    deviation: FloatArray
    weights: tuple[FloatArray, ...]

    def encode(self, points: FloatArray) -> FloatArray:
        """Return where points lie: the means of their latent distributions.

        Parameters
        ----------
        points : float64[..., d]
            In the units and the order of the table that the space was fitted to.

        Returns
        -------
        float64[..., latent]
        """
        into, bias, out, offset = self.weights[:4]
        flat = self._standardised(points.reshape(-1, points.shape[-1]))
        means = (np.maximum(flat @ into + bias, 0.0) @ out + offset)[:, : self.settings.latent]
        return means.reshape(*points.shape[:-1], -1)

    def decode(self, latents: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        """Return the points that latent positions stand for, and the function that pulls slopes back.

        Parameters
        ----------
        latents : float64[..., latent]
            Positions in the latent space.

        Returns
        -------
        points : float64[..., d]
            In the units of the table that the space was fitted to.
        pull_back : function
            From slopes with respect to the points to slopes with respect to `latents`.
        """
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

        Parameters
        ----------
        X : table
            People as they are by now, with the columns that the space knows.
        random_state : int, Generator or None
            Seed of the order of batches and of the draws.

        Returns
        -------
        LatentSpace
            Another one: nothing changes in place.

        Raises
        ------
        InputError
            For a column that is absent or holds no numbers.
        RecourseError
            Where torch is missing.
        """
        columns = [_numbers(column) for _, column in tables.select(tables.read(X), self.names).items()]
        inputs = self._standardised(np.column_stack(columns))
        return self._trained(inputs, self.settings.warm_epochs, np.random.default_rng(random_state), None)

    def columns(self, features: Iterable[FeatureActions]) -> IntArray:
        """Return the places of `names` among an action set's features.

        Parameters
        ----------
        features : iterable of FeatureActions
            An action set, or its features in order.

        Returns
        -------
        int64[d]

        Raises
        ------
        InputError
            If the space knows a feature that is not there, or a feature can change that the space does not know.
        """
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

    def to_dict(self) -> dict[str, Any]:
        """Return the settings, the features and a hash of what was learned, as plain data."""
        return {
            "kind": "LatentSpace",
            "settings": self.settings.to_dict(),
            "names": [name if isinstance(name, (str, int)) else repr(name) for name in self.names],
            "learned": content_hash(self.mean, self.deviation, *self.weights),
        }

    def __repr__(self) -> str:
        digest = content_hash(self.mean, self.deviation, *self.weights)[:8]
        return f"LatentSpace({self.settings.latent} of {len(self.names)} features, {self.settings!r}, {digest})"

    def _standardised(self, points: FloatArray) -> FloatArray:
        return np.nan_to_num((points - self.mean) / self.deviation)

    def _trained(self, inputs: FloatArray, epochs: int, rng: np.random.Generator, budget: Budget | None) -> LatentSpace:
        """Raise the evidence lower bound by Adam with a fresh state; all draws come from `rng`."""
        torch = import_torch("an autoencoder is trained", "A LatentSpace that was fitted elsewhere works")
        latent, batch, noise = self.settings.latent, self.settings.batch_size, self.settings.noise
        with undisturbed():
            theta = [torch.tensor(array, requires_grad=True) for array in self.weights]
            optimiser = torch.optim.Adam(theta, lr=self.settings.learning_rate)
            for _ in range(epochs):
                if budget is not None and budget.exhausted:
                    break
                people = torch.tensor(inputs[rng.permutation(len(inputs))])
                draws = torch.tensor(rng.standard_normal((len(inputs), latent)))
                for seen, drawn in zip(people.split(batch), draws.split(batch), strict=True):
                    # encode, draw one latent point a person, and decode it
                    mean, log_sd = _layers(torch, seen, theta[:4]).split(latent, dim=1)
                    decoded = _layers(torch, mean + torch.exp(log_sd) * drawn, theta[4:])

                    # the negative bound: how far the decoded lie off, and the divergence from a standard normal
                    misfit = ((seen - decoded) ** 2).sum() / (2 * noise**2)
                    divergence = 0.5 * (mean**2 + torch.exp(2 * log_sd) - 1 - 2 * log_sd).sum()
                    optimiser.zero_grad()
                    ((misfit + divergence) / len(seen)).backward()
                    optimiser.step()
        return replace(self, weights=tuple(array.detach().numpy() for array in theta))


SpaceSetting: TypeAlias = Autoencoder | LatentSpace | None
"""The space of a recipe: an autoencoder to be fitted, a space that was fitted before, or None for the features."""


def check_space(space: Any) -> None:
    """Raise `InputError` unless a recipe's space is an autoencoder, a fitted one, or None."""
    if space is not None and not isinstance(space, (Autoencoder, LatentSpace)):
        raise InputError(f"space must be an Autoencoder(), what its fit returns, or None, not {space!r}.")


def latent_space(
    space: Autoencoder | LatentSpace,
    actions: ActionSet,
    population: Any,
    random_state: Any,
    budget: Budget | None = None,
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
        space = space.fit(in_numbers(actions, population), random_state=random_state, budget=budget)
    space.columns(actions)
    return space


def in_numbers(actions: ActionSet, X: Any) -> pd.DataFrame:
    """Return the features that are not levels, as numbers, missing ones as NaN."""
    table = actions.table(X)
    return pd.DataFrame({one.name: coordinates(one, table) for one in actions if one.variable_type not in LEVEL_TYPES})


def _layers(torch: Any, x: Any, weights: list[Any]) -> Any:
    """An affine layer, a ReLU, and an affine layer."""
    into, bias, out, offset = weights
    return torch.addmm(offset, torch.relu(torch.addmm(bias, x, into)), out)


def _numbers(column: pd.Series[Any]) -> FloatArray:
    values = tables.values_of(column)
    if values.dtype.kind not in "biuf":
        raise InputError(f"an autoencoder learns from numbers, but column {column.name!r} holds other values.")
    return values.astype(np.float64)
