"""The one definition of approved: labels, thresholds, margins, and what readers recognise in an estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import LinearSVC

import recourse as rs
from helpers import LABELS, MODELS, NETWORKS, TREES, world


@pytest.mark.parametrize("labels", sorted(LABELS))
@pytest.mark.parametrize("favourable", [0, 1])
def test_approved_is_what_predict_says(labels, favourable):
    w = world(1, labels=labels, favourable=favourable)
    np.testing.assert_array_equal(w.model.approves(w.X), w.clf.predict(w.X) == w.desired)


@pytest.mark.parametrize("kind", sorted(set(MODELS) - set(TREES) - set(NETWORKS)))
@pytest.mark.parametrize("favourable", [0, 1])
def test_additive_terms_add_up_to_the_estimators_own_score(kind, favourable):
    w = world(2, kind=kind, favourable=favourable)
    menus = w.actions.menus(w.X)
    statement = w.model.additive(menus)
    rng = np.random.default_rng(0)
    lengths = np.diff(menus.row_ptr)[menus.rows]
    picks = (rng.random(lengths.shape) * lengths).astype(int)
    gained = statement.gains[menus.row_ptr[menus.rows] + picks].sum(axis=1)
    after = menus.points(np.arange(len(menus)), picks)
    own = w.model.score(after)
    error = np.abs(own - (statement.score + gained)).max()
    assert error <= statement.tolerance
    assert statement.tolerance < 1e-9
    clear = np.abs(own) > statement.tolerance
    np.testing.assert_array_equal((own > 0)[clear], (w.clf.predict(after) == w.desired)[clear])
    assert statement.strict is bool(favourable) ^ (kind == "threshold"), "a wrapper's threshold counts as reached"


def test_models_that_can_not_be_used_say_why():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    with pytest.raises(rs.ModelError, match="LogisticRegression is not fitted"):
        rs.as_model(LogisticRegression())
    with pytest.raises(rs.ModelError, match="StandardScaler → LogisticRegression is not fitted"):
        rs.as_model(make_pipeline(StandardScaler(), LogisticRegression()))
    with pytest.raises(rs.ModelError, match="3 labels"):
        rs.as_model(LogisticRegression().fit(X, [0, 1, 2]))
    with pytest.raises(rs.ModelError, match="no classes_"):
        rs.as_model(LinearRegression().fit(X, [0, 1, 2]))
    with pytest.raises(rs.ModelError, match="no predict"):
        rs.as_model("model")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Float32", "int64[pyarrow]", "double[pyarrow]"])
def test_nullable_and_arrow_columns_are_linear_too(dtype):
    X = pd.DataFrame({"a": pd.array(range(20), dtype=dtype), "b": np.arange(20.0)})
    plain = pd.DataFrame({"a": np.arange(20), "b": np.arange(20.0)})
    clf = LogisticRegression().fit(plain, np.arange(20) > 12)
    actions = rs.ActionSet(X)
    expected = rs.audit(clf, plain, rs.ActionSet(plain)).people["cost"]
    np.testing.assert_allclose(rs.audit(clf, X, actions).people["cost"], expected)


def test_settings_that_do_not_fit_the_model_say_why():
    X, y = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), [0, 0, 1, 1]
    with pytest.raises(rs.InputError, match="between 0 and 1, not 1.5"):
        rs.as_model(LogisticRegression().fit(X, y), threshold=1.5)
    with pytest.raises(rs.InputError, match="gives no probabilities"):
        rs.as_model(LinearSVC().fit(X, y), threshold=0.5)
    with pytest.raises(rs.InputError, match="margin must be"):
        rs.as_model(LinearSVC().fit(X, y), margin=-1)


def test_the_estimator_gets_the_kind_of_input_it_was_fitted_on():
    w = world(4)
    seen = []

    class Spy(LogisticRegression):
        def predict(self, X):
            seen.append(type(X).__name__ if not isinstance(X, pd.DataFrame) else list(X.columns))
            return super().predict(X)

    named = Spy().fit(w.X, w.y)
    rs.as_model(named, desired=1).approves(w.X[w.X.columns[::-1]])
    assert seen.pop() == list(w.X.columns)
    nameless = Spy().fit(w.X.to_numpy(), w.y)
    rs.as_model(nameless, desired=1).approves(w.X)
    assert seen.pop() == "ndarray"


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=3, random_state=0),
        make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=10_000)),
    ],
)
def test_what_is_not_known_to_be_additive_does_not_say_it_is(estimator):
    w = world(6)
    model = rs.as_model(estimator.fit(w.X, w.y))
    assert model.additive(w.actions.menus(w.X)) is None


def test_a_threshold_is_only_translated_to_a_score_where_probabilities_are_logistic():
    w = world(6)
    clf = SGDClassifier(loss="modified_huber", random_state=0).fit(w.X, w.y)
    assert rs.as_model(clf).additive(w.actions.menus(w.X)) is not None
    assert rs.as_model(clf, threshold=0.7).additive(w.actions.menus(w.X)) is None


def test_a_margin_needs_a_decision_value():
    X, y = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), [0, 0, 1, 1]
    with pytest.raises(rs.InputError, match="RandomForestClassifier has no decision_function.* use threshold="):
        rs.as_model(RandomForestClassifier(2).fit(X, y), margin=0.5)
    with pytest.raises(rs.InputError, match="margin= needs a model of two labels"):
        rs.as_model(LogisticRegression().fit(X, [0, 1, 2, 2]), desired=1, margin=0.5)
