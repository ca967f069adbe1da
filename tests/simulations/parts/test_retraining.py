"""How the model learns, and which models can."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import (
    Optimal,
    Retrainer,
)
from simulation_worlds import quick, run, town, values


def test_a_model_is_retrained_when_it_is_due_and_not_at_all_if_so_wished(blobs):
    often = quick(blobs, retrainer=Retrainer("cold", every=2), rounds=4, measure_every=1, repeats=1)
    log = often.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'control'").set_index("round")
    assert log["retrained"].tolist() == [False, False, True, False, True]
    X, y, _ = blobs
    fitted = LogisticRegression().fit(X, y)
    never = quick(blobs, fitted, retrainer="none")
    assert never.arms["model", "move_right"].model is fitted
    table = rs.LinearModel({"x1": 1.0, "x2": 0.0}, intercept=-1.2)
    given = quick(blobs, table, Optimal(), retrainer="none")
    assert values(given, "disagreement")["value"].eq(0).all()
    assert values(given, "success_rate")["value"].eq(1).all()


def test_any_classifier_can_be_simulated_by_cloning_and_fitting(blobs):
    models = {
        "forest": RandomForestClassifier(5, max_depth=3),
        "pipe": make_pipeline(StandardScaler(), LogisticRegression()),
        "warm": NetworkClassifier(epochs=5),
    }
    sim = quick(blobs, models, rounds=2)
    assert all(not arm.stopped for arm in sim.arms.values())
    again = quick(blobs, models, rounds=2)
    pd.testing.assert_frame_equal(sim.to_frame(), again.to_frame())  # though their random_state is None


def test_models_that_can_not_be_retrained_are_refused_with_what_to_do(blobs):
    class Frozen:
        classes_ = np.array([0, 1])

        def predict(self, X):
            return (np.asarray(X)[:, 0] > 1).astype(int)

    for model in (Frozen(), rs.LinearModel({"x1": 1.0, "x2": 0.0})):
        with pytest.raises(rs.ModelError, match="can't be retrained"):
            quick(blobs, model)
    assert quick(blobs, Frozen(), retrainer="none").complete
    with pytest.raises(rs.ModelError, match="adds no estimators"):
        quick(blobs, RandomForestClassifier(3, warm_start=True))
    with pytest.raises(rs.ModelError, match="does not start warm"):
        quick(blobs, LogisticRegression(), retrainer="warm")


def test_a_fixed_model_is_taken_as_it_is_and_fitted_only_where_it_never_was():
    _, _, _, clf = town(0)
    assert run(rounds=1).arms["linear", "exact"].model is not None
    kept = run(rounds=1, model=clf)
    assert kept.arms["linear", "exact"].model is clf
    fresh = LogisticRegression()
    fitted = run(rounds=1, model=fresh).arms["linear", "exact"].model
    assert hasattr(fitted, "coef_")
    assert not hasattr(fresh, "coef_")
    with pytest.raises(rs.ModelError, match="not fitted"):
        run(rounds=1, model=fresh, refit=False)
