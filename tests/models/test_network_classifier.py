"""Networks: what they state about themselves, and that training does what an automatic differentiator does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

import recourse as rs
from recourse.errors import ModelError
from recourse.models.network_classifier import NetworkClassifier
from recourse.models.statements.network import Layers
from recourse.search import any_model, brute_force


@pytest.mark.filterwarnings("ignore")  # scikit-learn's own checks warn on purpose
def test_a_network_is_a_scikit_learn_classifier():
    check_estimator(NetworkClassifier(epochs=20, warm_start=False), on_skip=None)


def test_an_ensemble_decides_on_its_mean_probability(points):
    X, y = points
    clf = NetworkClassifier((6,), members=5, epochs=20, random_state=1).fit(X, y)
    each = 1 / (1 + np.exp(-clf.layers_.logits(X)))
    np.testing.assert_allclose(clf.predict_proba(X)[:, 1], each.mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(clf.predict(X), (each.mean(axis=0) > 0.5).astype(int))
    assert np.ptp(each, axis=0).max() > 0.01, "members start apart"


def test_training_goes_the_way_of_an_automatic_differentiator(points, needs_torch):
    torch = needs_torch
    X, y = points
    clf = NetworkClassifier((4,), epochs=0, standardize=False, random_state=0).fit(X / 100, y)
    w1, b1, w2, b2 = (torch.tensor(a[0], requires_grad=True) for a in clf.layers_.parameters())
    optimiser = torch.optim.Adam([w1, b1, w2, b2], lr=1e-2)
    inputs, targets = torch.tensor(X.to_numpy() / 100), torch.tensor(y.to_numpy(), dtype=torch.float64)
    for _ in range(3):
        for i in range(0, 300, 32):
            z = (torch.relu(inputs[i : i + 32] @ w1 + b1) @ w2 + b2)[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, targets[i : i + 32])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    clf.set_params(warm_epochs=3, shuffle=False).fit(X / 100, y)
    for ours, theirs in zip(clf.layers_.parameters(), (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(ours[0], theirs.detach().numpy(), atol=1e-10)


def test_a_warm_start_goes_on_and_keeps_its_scaling(points):
    X, y = points
    clf = NetworkClassifier((), epochs=5, warm_epochs=0, random_state=0).fit(X, y)
    before = clf.layers_
    clf.fit(X * 2, y)
    np.testing.assert_array_equal(before.weights[0], clf.layers_.weights[0])
    np.testing.assert_array_equal(before.shift, clf.layers_.shift)
    cold = clone(clf).fit(X * 2, y)
    assert not np.array_equal(before.shift, cold.layers_.shift)
    with pytest.raises(ModelError, match="not those it was first fitted on"):
        clf.fit(X, y + 5)


def test_columns_in_another_order_are_refused_not_mixed_up(points):
    X, y = points
    clf = NetworkClassifier((), epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(X[["x2", "x1"]])
    with pytest.raises(ValueError, match="NaN"):
        clf.predict(pd.DataFrame({"x1": [np.nan], "x2": [0.0]}))


@pytest.mark.parametrize("setting", [{"members": 0}, {"batch_size": 0}, {"epochs": -1}, {"learning_rate": 0.0}])
def test_impossible_settings_are_refused(setting, points):
    with pytest.raises(rs.InputError, match=next(iter(setting))):
        NetworkClassifier(**setting).fit(*points)


# -- networks without hidden layers ------------------------------------------------------------------------


def small(X):
    actions = rs.ActionSet(X)
    actions.step_size = 0.2
    return actions


@pytest.mark.parametrize(
    "clf",
    [
        NetworkClassifier((), random_state=0),
        NetworkClassifier((), standardize=False, epochs=5, random_state=0),
        make_pipeline(MinMaxScaler(), NetworkClassifier((), random_state=0)),
        make_pipeline(PCA(2), NetworkClassifier((), random_state=0)),
        FixedThresholdClassifier(NetworkClassifier((), random_state=0), threshold=0.6),
        GridSearchCV(NetworkClassifier((), random_state=0), {"epochs": [5, 20]}, cv=2),
    ],
    ids=["standardized", "bare", "scaled", "rotated", "threshold", "grid search"],
)
@pytest.mark.parametrize("settings", [{}, {"desired": 0}, {"threshold": 0.7}], ids=str)
def test_a_network_without_hidden_layers_is_additive(clf, settings, points):
    X, y = points
    model = rs.as_model(clf.fit(X, y), **settings)
    menus = small(X).menus(X[~model.approves(X)].iloc[:30])
    assert model.additive(menus) is not None
    answers, exact = rs.search.solve(model, menus), brute_force.solve(model, menus)
    np.testing.assert_array_equal(answers.codes, exact.codes)
    np.testing.assert_allclose(answers.cost, exact.cost, rtol=1e-9)


def test_only_a_single_layer_of_a_single_network_has_coefficients(points):
    X, y = points
    clf = NetworkClassifier((), epochs=20, random_state=0).fit(X, y)
    np.testing.assert_allclose(X @ clf.coef_[0] + clf.intercept_, clf.decision_function(X), atol=1e-12)
    for other in (NetworkClassifier((3,), epochs=1), NetworkClassifier((), members=2, epochs=1)):
        assert not hasattr(other.fit(X, y), "coef_")
        assert not hasattr(other, "intercept_")
        menus = small(X).menus(X.iloc[:3])
        assert rs.as_model(other).additive(menus) is None
        assert rs.as_model(other, threshold=0.6).additive(menus) is None


@pytest.mark.parametrize("favourable", [0, 1])
@pytest.mark.parametrize("shift", [0.0, 0.1, 1e6])
def test_a_network_decides_itself_about_points_on_its_boundary(favourable, shift):
    """Half of the menu lies on the boundary, exactly or but for rounding: `predict` says which side it is on."""
    X = pd.DataFrame({"a": np.arange(-4.0, 5).repeat(9), "b": np.tile(np.arange(-4.0, 5), 9)})
    clf = NetworkClassifier((), epochs=1, random_state=0).fit(X, X["a"] + X["b"] > 0)
    clf.layers_ = Layers(
        (np.ones((1, 2, 1)),), (np.full((1, 1, 1), 2 * shift / 3),), np.full(2, shift), np.full(2, 1 / 3)
    )
    model = rs.as_model(clf, desired=bool(favourable))
    menus = rs.ActionSet(X, default_bounds=(-4, 4)).menus(X[~model.approves(X)], "l1")
    answers, exact = rs.search.solve(model, menus), brute_force.solve(model, menus)
    np.testing.assert_array_equal(answers.codes, exact.codes)
    np.testing.assert_allclose(answers.cost, exact.cost, rtol=1e-9)


def test_simulations_of_linear_networks_use_the_exact_kernel(points, monkeypatch):
    X, y = points
    monkeypatch.setattr(any_model, "solve", None)
    models = {"linear": NetworkClassifier((), random_state=0)}
    sim = rs.simulate(models, X, y, rs.ActionSet(X), recourse="optimal", rounds=2, repeats=1, random_state=0)
    assert [arm for _, arm in sim.arms] == ["control", "optimal"]
