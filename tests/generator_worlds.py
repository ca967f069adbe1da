"""People, recipes and action sets that tests of generators share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import recourse as rs
from recourse.generators import (
    RECIPES,
    Autoencoder,
    DiCE,
)

FEATURES = [recipe() for recipe in RECIPES.values() if recipe().space is None]


LATENT = [replace(recipe(), space=Autoencoder(epochs=2)) for recipe in RECIPES.values() if recipe().space is not None]


LATENT.append(replace(DiCE(), space=Autoencoder(epochs=2)))


ALL = [*FEATURES, *LATENT]


def name(recipe):
    """What a test calls a recipe."""
    return recipe.name + "'" * (isinstance(recipe, DiCE) and recipe.space is not None)


def free(X):
    """An action set that lets everybody go almost anywhere."""
    return rs.ActionSet(X, default_bounds=(-20, 20))


def denied(model, X, n=25):
    """The first few people whom a model denies."""
    return X[~rs.as_model(model).approves(X)].head(n)


def assert_within(A, people, out):
    """Assert that rows a generator left are columns, types and values that the action set lets people reach."""
    assert list(out.X.columns) == list(people.columns)
    for feature in A:
        old, new = people[feature.name].to_numpy(), out.X[feature.name].to_numpy()
        moved = old != new
        assert out.X[feature.name].dtype == people[feature.name].dtype
        if not feature.actionable:
            assert not moved.any()
            continue
        assert (np.sign(new - old)[moved] == feature.step_direction).all() or feature.step_direction == 0
        low, high = feature.bounds
        assert ((new >= low - 1e-12) & (new <= high + 1e-12))[moved].all()
        if feature.variable_type != "real":
            assert np.isin(new[moved], feature.target_values).all()
