"""Layers are read from the estimators that hold them, also behind scalers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from recourse.models.network_classifier import NetworkClassifier
from recourse.models.readers.neural import layers_of


@pytest.mark.parametrize(
    "estimator",
    [
        NetworkClassifier((), random_state=0),
        NetworkClassifier((8, 4), random_state=0),
        make_pipeline(MinMaxScaler(), StandardScaler(), NetworkClassifier(random_state=0)),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=20, random_state=0)),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_layers_a_model_states_give_its_own_probabilities(estimator, points):
    X, y = points
    estimator.fit(X, y)
    logits = layers_of(estimator).logits(X)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits[0])), estimator.predict_proba(X)[:, 1], atol=1e-9)
    reverse = rs.as_model(estimator, desired=0).layers()
    np.testing.assert_allclose(reverse.logits(X), -logits, atol=1e-9)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_other_models_state_no_layers(points):
    X, y = points
    assert layers_of(DecisionTreeClassifier(max_depth=2).fit(X, y)) is None
    assert layers_of(make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2)).fit(X, y)) is None
    assert layers_of(MLPClassifier((5,), activation="tanh", max_iter=400, random_state=0).fit(X, y)) is None
