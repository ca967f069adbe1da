"""The classifier as the old classes took it: fitted, or as coefficients; with thresholds, of any type."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import recourse as rs
from legacy_worlds import denied


def test_8_a_model_that_is_not_linear_is_solved_too(people):
    X, y, _, _ = people
    clf = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, y)
    A = rs.ActionSet(X, default_bounds=(10, 90, "percentile"))
    A["income"].step_size = 0.25
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf).populate(total_items=2)
    assert fs.df["flipped"].all()
    assert len(fs)


def test_10_thresholds_and_margins_are_offered(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    chance = clf.predict_proba(rs.flipset(rs.as_model(clf, threshold=0.9), x, A, cost="local").x_new)[:, 1]
    fs = rs.Flipset(x, A, clf=clf, threshold=0.9).populate()
    assert (chance >= 0.9).all()
    assert (1 / (1 + np.exp(-fs.df["score_new"].astype(float))) >= 0.9 - 1e-12).all()
    assert (rs.Flipset(x, A, clf=clf, margin=0.5).populate().df["score_new"] >= 0.5).all()
    assert (
        rs.Flipset(x, A, coefficients=clf.coef_, intercept=clf.intercept_, margin=0.5).populate().df["flipped"]
    ).all()


def test_17_standardised_and_encoded_models_are_solved_in_raw_units(people):
    X, y, *_ = people
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    A = rs.ActionSet(X)
    A.align(clf)
    assert A.flip_direction == [1, -1, 1]
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    for line in fs.df.itertuples():
        for name, new in zip(line.features, line.x_new, strict=True):
            assert new in A[name].grid
    table = X.assign(job=np.where(X["income"] > 8, "office", "field"))
    encode = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    clf = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(table, y)
    A = rs.ActionSet(table)
    A[["overdue", "income"]].actionable = False
    found = rs.Flipset(denied(table, clf).iloc[0], A, clf=clf).populate()
    assert found.df["flipped"].all()
    jobs = [action["job"] for action in found.items]
    assert set(jobs) <= {0.0, "office", "field"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "give one classifier"),
        ({"coefficients": [1, 1, 1], "clf": "clf"}, TypeError, "give one classifier"),
        ({"coefficients": [1, 1]}, rs.InputError, "2 coefficients for 3 names"),
        ({"coefficients": [1, 1, 1], "intercept": [1, 2]}, rs.InputError, "intercept must be one number"),
        ({"coefficients": [1, 1, 1], "solver": "gurobi"}, rs.InputError, "'gurobi' is not a solver"),
        ({"coefficient": [1, 1, 1]}, TypeError, "unknown argument 'coefficient'. Did you mean 'coefficients'"),
    ],
)
def test_classifier_arguments_that_do_not_fit_are_errors(people, arguments, error, message):
    X, _, clf, A = people
    arguments = {key: clf if value == "clf" else value for key, value in arguments.items()}
    for make in (lambda: rs.Flipset(X.iloc[0], A, **arguments), lambda: rs.RecourseAuditor(A, **arguments)):
        with pytest.raises(error, match=message):
            make()
