"""A model as something with slopes: its own threshold holds, modules go the way of layers, and others are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

import recourse as rs
from generator_worlds import denied, free
from recourse.generators import Generic, Gravitational


def test_a_threshold_of_the_model_is_the_bar(models, lender):
    X, _ = lender
    model = rs.as_model(models["mlp"], threshold=0.8)
    people = X[~model.approves(X)].head(20)
    out = Generic().generate(model, people, free(X))
    assert out.valid.all()
    assert (models["mlp"].predict_proba(out.X)[:, 1] >= 0.8).all()


def test_on_the_boundary_itself_the_model_decides():
    A = rs.ActionSet({"income": [1, 2, 6, 9]})  # whole numbers: 4 is exactly on the boundary
    out = Generic(max_steps=1000).generate(rs.LinearModel({"income": 1.0}, intercept=-4), {"income": [3]}, A)
    assert out.X["income"].tolist() == [5]
    margin = rs.LinearModel({"income": 1.0}, intercept=-3, margin=1.0)  # approved on it, too
    assert Generic(max_steps=1000).generate(margin, {"income": [3]}, A).X["income"].tolist() == [4]


def test_a_torch_module_goes_the_way_of_the_layers_it_consists_of(models, lender, needs_torch):
    torch = needs_torch
    X, _ = lender
    layers = models["mlp"].layers_
    first, last = torch.nn.Linear(4, 32).double(), torch.nn.Linear(32, 1).double()
    w = layers.weights[0][0] * layers.scale[:, None]
    with torch.no_grad():
        first.weight[:], first.bias[:] = torch.tensor(w.T), torch.tensor(layers.biases[0][0, 0] - layers.shift @ w)
        last.weight[:], last.bias[:] = torch.tensor(layers.weights[1][0].T), torch.tensor(layers.biases[1][0, 0])

    class Wrapped:
        classes_, n_features_in_ = np.array([0, 1]), 4
        module_ = torch.nn.Sequential(first, torch.nn.ReLU(), last)

        def predict(self, X):
            return models["mlp"].predict(pd.DataFrame(X, columns=lender[0].columns))

    people, A = denied(models["mlp"], X), free(X)
    recipe = Gravitational(max_steps=40)
    ends = [recipe.generate(model, people, A, population=X).X for model in (models["mlp"], Wrapped())]
    pd.testing.assert_frame_equal(*ends, rtol=1e-9)


def test_a_model_without_gradients_is_told_what_works(lender):
    X, y = lender
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    with pytest.raises(rs.ModelError, match="optimal"):
        Generic().generate(forest, X.head(2), free(X))
