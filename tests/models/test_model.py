"""What a model may be asked for, and how a user's own class becomes one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import recourse as rs
from helpers import world


def test_columns_the_model_reads_must_be_features():
    w = world(4)
    fewer = rs.ActionSet(w.X.rename(columns={"income": "incme"}))
    with pytest.raises(rs.InputError, match="the model reads 'income', which is no feature.*Did you mean 'incme'"):
        rs.audit(w.clf, w.X.rename(columns={"income": "incme"}), fewer)
    nameless = LogisticRegression().fit(w.X.to_numpy()[:, :2], w.y)
    with pytest.raises(rs.InputError, match="fitted on 2 columns without names, but the action set has 4"):
        rs.audit(nameless, w.X, w.actions)


def test_the_column_that_may_not_be_missing_is_the_one_named():
    X = pd.DataFrame({"fills": [1.0, 2.0, np.nan, np.nan], "needs": [1.0, 3.0, 2.0, np.nan]})
    clf = make_pipeline(
        make_column_transformer((SimpleImputer(), ["fills"]), ("passthrough", ["needs"])), LogisticRegression()
    ).fit(X.iloc[:3], [0, 1, 1])
    for rows in (X, X.iloc[[3, 0]]):
        with pytest.raises(rs.InputError, match="column 'needs' is missing in 1 row"):
            rs.as_model(clf).check_rows(rows)
    rs.as_model(clf).check_rows(X.iloc[:3])


class Rich(rs.Model):
    """The least that a user's own model needs."""

    name, desired, rule, feature_names = "rich", 1, "income > 50", ("income",)

    def approves(self, X):
        return X["income"].to_numpy() > 50


class Alone:
    """A model that derives from nothing."""

    name, desired, rule, feature_names = "alone", 1, "never", None


def test_a_users_own_class_needs_a_name_a_label_a_rule_its_columns_and_approves():
    X = pd.DataFrame({"income": [40.0, 50.0, 60.0], "debt": [1.0, 2.0, 3.0]})
    model = Rich()
    assert rs.as_model(model) is model
    menus = rs.ActionSet(X).menus(X)
    assert model.states(menus) is None
    assert not model.has_score
    assert model.score(X) is None
    assert model.probabilities(X) is None
    assert rs.search.solve(model, menus, [0]).found[0]
    assert repr(model) == "Rich(rich: approved if income > 50)"
    with pytest.raises(TypeError, match="approves"):
        type("Nothing", (rs.Model,), {})()
    with pytest.raises(rs.ModelError, match="no predict"):
        rs.as_model(Alone())


def test_a_users_own_score_orders_people_and_gives_probabilities():
    class Scored(Rich):
        def score(self, X):
            return X["income"].to_numpy() - 50.0

    X = pd.DataFrame({"income": [40.0, 50.0, 60.0]})
    assert Scored().has_score
    np.testing.assert_allclose(Scored().probabilities(X), 1 / (1 + np.exp([10.0, 0.0, -10.0])))


def test_own_models_print_as_what_they_are():
    assert repr(rs.LinearModel({"a": 1.0}, -2, margin=0.5)) == "LinearModel({'a': 1.0}, intercept=-2, margin=0.5)"
    assert repr(rs.LinearModel([1.0, 2.0], strict=False)) == "LinearModel([1.0, 2.0], intercept=0, strict=False)"
    card = rs.Scorecard({"age": {"(other)": 1.0}}, cutoff=1, base=2)
    assert repr(card) == "Scorecard(['age'], cutoff=1, base=2)"
